"""What a report still lacks, on the vectors the phone runs too."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from backend.reports.rules.complete import LABELS, missing_of

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "report-complete.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_what_is_missing_is_what_the_vectors_say(case):
    found = [asdict(each) for each in missing_of(case["report"], case["step"])]
    assert json.dumps(found) == json.dumps(case["expect"])


def test_labels_are_the_vectors_labels_and_cover_every_answer():
    assert VECTORS["labels"] == LABELS
    assert {each["missing"] for case in VECTORS["cases"] for each in case["expect"]} == set(LABELS)
