"""Assets over HTTP."""

import pytest

from backend.core.ids import new_id
from tests.factories.customers import make_asset, make_contract, make_customer, make_site


def new_asset(cast, **given):
    return {"site_id": cast.site.id, "category": "server", "brand": "IBM", "serial": "7XK0-1122"} | given


def test_an_asset_is_made_at_a_site_and_belongs_to_its_customer(cast, as_):
    answer = as_(cast.cleo).post("/api/assets", json=new_asset(cast, price="5200.00", accepted_on="2026-11-20"))
    assert answer.status_code == 201
    assert answer.json["customer_id"] == cast.customer.id
    assert answer.json["price"] == "5200.00"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"accepted_on": "2026-11-21"}, "$.accepted_on"),
        ({"accepted_on": "2026-02-30"}, "$.accepted_on"),
        ({"category": "fridge"}, "$.category"),
        ({"price": 5200.0}, "$.price"),
        ({"price": "-1.00"}, "$.price"),
        ({"price": "NaN"}, "$.price"),
        ({"stores_data": "true "}, "$.stores_data"),
        ({"site_id": "x"}, "$.site_id"),
    ],
)
def test_a_bad_field_is_named(cast, as_, given, field):
    answer = as_(cast.cleo).post("/api/assets", json=new_asset(cast, **given))
    assert (answer.status_code, answer.json["field"]) == (422, field)


def test_an_asset_at_a_site_one_does_not_see_is_not_made(cast, as_):
    far = make_site(make_customer(cast.beijing, name="首都银行"))
    assert as_(cast.cleo).post("/api/assets", json=new_asset(cast, site_id=far.id)).status_code == 404


def test_assets_are_found_by_the_beginning_of_their_serial(cast, as_):
    make_asset(cast.site, serial="7XK0-1122")
    make_asset(cast.site, serial="9AB1-0000")
    rows = as_(cast.cleo).get("/api/assets", query_string={"q": "7xk0"}).json["rows"]
    assert [row["serial"] for row in rows] == ["7XK0-1122"]


def test_an_asset_is_changed_field_by_field_and_a_collision_shows_both(cast, as_):
    asset = make_asset(cast.site)
    client = as_(cast.cleo)
    url = f"/api/assets/{asset.id}"
    first = client.patch(url, json={"base": {"place": asset.place}, "fields": {"place": "二层"}})
    assert first.status_code == 200
    second = client.patch(url, json={"base": {"place": asset.place}, "fields": {"place": "三层"}})
    assert (second.status_code, second.json["current"]["place"]) == (409, "二层")


def test_a_date_is_compared_as_it_is_written(cast, as_):
    asset = make_asset(cast.site)
    body = {"base": {"accepted_on": "2025-01-12"}, "fields": {"accepted_on": "2025-01-13"}}
    assert as_(cast.cleo).patch(f"/api/assets/{asset.id}", json=body).json["accepted_on"] == "2025-01-13"


def test_an_asset_shows_its_history(cast, as_):
    asset = make_asset(cast.site)
    detail = as_(cast.cleo).get(f"/api/assets/{asset.id}").json
    assert detail["out_of_service"] == [] and detail["accepted_on"] == "2025-01-12"


def test_engineers_change_assets_through_their_phone_only(cast, as_):
    assert as_(cast.ana).post("/api/assets", json=new_asset(cast)).status_code == 403


def test_a_contract_of_another_customer_is_not_taken(cast, as_):
    foreign = make_contract(make_customer(cast.chengdu, name="别家"))
    client = as_(cast.cleo)
    for answer in (
        client.post("/api/assets", json=new_asset(cast, contract_id=foreign.id)),
        client.post("/api/assets", json=new_asset(cast, contract_id=new_id())),
    ):
        assert (answer.status_code, answer.json["field"]) == (422, "$.contract_id")
    asset = make_asset(cast.site)
    body = {"base": {"contract_id": None}, "fields": {"contract_id": foreign.id}}
    assert client.patch(f"/api/assets/{asset.id}", json=body).json["field"] == "$.fields.contract_id"
