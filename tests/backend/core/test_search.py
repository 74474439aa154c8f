"""The tokeniser, on vectors that the phone's copy runs too, and what LIKE finds with it on this database."""

import json
from pathlib import Path

import pytest

from backend.core.search import matches, search_text, tokens_of
from backend.customers.models import Customer
from tests.factories.customers import make_customer

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "search.json").read_text())


@pytest.mark.parametrize("case", VECTORS["tokens"], ids=lambda case: case["text"])
def test_tokens(case):
    assert tokens_of(case["text"]) == case["expect"]


@pytest.mark.parametrize("case", VECTORS["columns"], ids=lambda case: str(case["parts"]))
def test_column(case):
    assert search_text(*case["parts"]) == case["expect"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("机场", True),
        ("蜀都机场集团", True),
        ("集", True),
        ("场机", False),
        ("7XK0", True),
        ("7xk01122", True),
        ("７ＸＫ０", True),
        ("7XK0-1122", True),
        ("XK0", False),
        ("1122", True),
        ("0009", True),
        ("机场 7xk0", True),
        ("机场 9zz", False),
        ("%", False),
        ("_", False),
        ("", False),
        ("𠮷", False),
    ],
)
def test_a_word_is_found_by_what_people_type(cast, session, query, found):
    make_customer(cast.chengdu, name="蜀都机场集团 7XK0-1122", short_name="139 0000 0009", code="k")
    rows = session.query(Customer).filter(matches(Customer.search, query), Customer.code == "k").all()
    assert bool(rows) is found
