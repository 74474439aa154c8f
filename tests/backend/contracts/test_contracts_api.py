"""Contracts over HTTP."""

import pytest

from tests.factories.customers import make_contract


def new_contract(cast, **given):
    return {
        "customer_id": cast.customer.id,
        "letters": ["B@1"],
        "signed_on": "2026-01-05",
        "starts_on": "2026-01-12",
    } | given


def test_an_admin_keeps_a_contract_as_signed(cast, as_):
    answer = as_(cast.adam).post("/api/contracts", json=new_contract(cast))
    assert (answer.status_code, answer.json["letters"]) == (201, ["B@1"])


def test_a_dispatcher_reads_contracts_and_does_not_write_them(cast, as_):
    make_contract(cast.customer)
    client = as_(cast.cleo)
    assert len(client.get("/api/contracts").json["rows"]) == 1
    assert client.post("/api/contracts", json=new_contract(cast)).status_code == 403
    assert as_(cast.ana).get("/api/contracts").status_code == 403


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"ends_on": "2026-01-11"}, "$.ends_on"),
        ({"letters": []}, "$.letters"),
        ({"letters": ["../B"]}, "$.letters[0]"),
        ({"starts_on": "2026-13-45"}, "$.starts_on"),
        ({"report_due_s": -1}, "$.report_due_s"),
    ],
)
def test_a_bad_contract_names_its_fault(cast, as_, given, field):
    answer = as_(cast.adam).post("/api/contracts", json=new_contract(cast, **given))
    assert (answer.status_code, answer.json["field"]) == (422, field)


def test_a_contract_may_end_on_the_day_it_starts(cast, as_):
    answer = as_(cast.adam).post("/api/contracts", json=new_contract(cast, ends_on="2026-01-12"))
    assert answer.status_code == 201


def test_a_contract_is_changed_field_by_field(cast, as_):
    contract = make_contract(cast.customer)
    body = {"base": {"letters": ["B@1"]}, "fields": {"letters": ["B@1", "C@1"]}}
    assert as_(cast.adam).patch(f"/api/contracts/{contract.id}", json=body).json["letters"] == ["B@1", "C@1"]
