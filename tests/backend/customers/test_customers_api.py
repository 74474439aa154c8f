"""Customers, sites and contacts over HTTP: works, forbidden, invalid, repeated."""

import pytest

from backend.customers.models import Contact, Customer, Site
from tests.factories.customers import make_contact, make_customer, make_site
from tests.support import again


def test_a_dispatcher_makes_a_customer_in_her_branch(cast, as_):
    answer = as_(cast.cleo).post("/api/customers", json={"name": "青羊区图书馆"})
    assert answer.status_code == 201
    assert answer.json["branch_id"] == cast.chengdu.id


def test_a_dispatcher_sees_only_her_branches(cast, as_):
    far = make_customer(cast.beijing, name="首都银行")
    client = as_(cast.cleo)
    assert [row["name"] for row in client.get("/api/customers").json["rows"]] == [cast.customer.name]
    assert client.get(f"/api/customers/{far.id}").status_code == 404
    assert len(as_(cast.adam).get("/api/customers").json["rows"]) == 2


def test_a_dispatcher_cannot_put_a_customer_into_another_branch(cast, as_):
    answer = as_(cast.cleo).post("/api/customers", json={"name": "首都银行", "branch_id": cast.beijing.id})
    assert answer.status_code == 403


def test_an_engineer_without_work_there_sees_no_customer(cast, as_):
    assert as_(cast.ben).get("/api/customers").json["rows"] == []
    assert as_(cast.ben).post("/api/customers", json={"name": "x"}).status_code == 403


def test_every_fault_is_named_at_once(cast, as_):
    answer = as_(cast.cleo).post("/api/customers", json={"name": "", "notes": 7, "colour": "red"})
    assert answer.status_code == 422
    assert {fault["path"] for fault in answer.json["faults"]} == {"$.name", "$.notes", "$.colour"}


def test_a_customer_code_is_given_once(cast, as_):
    client = as_(cast.cleo)
    assert client.post("/api/customers", json={"name": "a", "code": "K-1"}).status_code == 201
    answer = client.post("/api/customers", json={"name": "b", "code": "K-1"})
    assert (answer.status_code, answer.json["field"]) == (422, "$.code")


def test_the_page_of_a_customer_shows_sites_and_contacts(cast, as_):
    detail = as_(cast.cleo).get(f"/api/customers/{cast.customer.id}").json
    assert [site["name"] for site in detail["sites"]] == [cast.site.name]
    assert [contact["name"] for contact in detail["contacts"]] == ["Eve"]


def test_pages_of_customers_meet_without_gap_or_overlap(cast, as_):
    for number in range(7):
        make_customer(cast.chengdu, name=f"客户 {number % 3}")
    seen, cursor = [], None
    while True:
        page = as_(cast.cleo).get(
            "/api/customers", query_string={"limit": 3} | ({"cursor": cursor} if cursor else {})
        )
        seen += [row["id"] for row in page.json["rows"]]
        cursor = page.json["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 8


@pytest.mark.parametrize("query", [{"cursor": "???"}, {"limit": -1}, {"limit": 10**9}])
def test_a_bad_page_is_refused_by_name(cast, as_, query):
    answer = as_(cast.cleo).get("/api/customers", query_string=query)
    assert (answer.status_code, answer.json["field"]) == (422, f"$.{next(iter(query))}")


class TestEdits:
    def patch(self, client, row, base, fields, kind="customers"):
        return client.patch(f"/api/{kind}/{row.id}", json={"base": base, "fields": fields})

    def test_fields_that_others_did_not_touch_are_written(self, cast, as_):
        answer = self.patch(as_(cast.cleo), cast.customer, {"notes": ""}, {"notes": "从北门进"})
        assert (answer.status_code, answer.json["notes"]) == (200, "从北门进")

    def test_only_a_field_that_truly_collided_is_refused_and_nothing_is_changed(self, cast, as_):
        client = as_(cast.cleo)
        self.patch(client, cast.customer, {"short_name": "蜀都机场"}, {"short_name": "机场"})
        answer = self.patch(
            client, cast.customer, {"short_name": "蜀都机场", "notes": ""}, {"short_name": "蜀都", "notes": "新"}
        )
        assert answer.status_code == 409
        assert [fault["path"] for fault in answer.json["faults"]] == ["$.fields.short_name"]
        assert answer.json["current"]["short_name"] == "机场"
        assert again(cast.customer).notes == ""

    def test_two_who_wrote_the_same_agree(self, cast, as_):
        for _ in range(2):
            answer = self.patch(as_(cast.cleo), cast.customer, {"notes": ""}, {"notes": "同样"})
            assert answer.status_code == 200

    def test_an_edit_says_what_was_seen(self, cast, as_):
        answer = self.patch(as_(cast.cleo), cast.customer, {}, {"notes": "x"})
        assert (answer.status_code, answer.json["field"]) == (422, "$.base.notes")

    def test_a_contact_moves_only_to_a_site_of_its_customer(self, cast, as_):
        other = make_site(make_customer(cast.chengdu, name="别家"))
        answer = self.patch(
            as_(cast.cleo), cast.eve, {"site_id": cast.site.id}, {"site_id": other.id}, kind="contacts"
        )
        assert (answer.status_code, answer.json["field"]) == (422, "$.site_id")

    def test_a_customer_has_one_main_contact(self, cast, as_):
        second = make_contact(cast.customer, name="李工")
        self.patch(as_(cast.cleo), second, {"is_main": False}, {"is_main": True}, kind="contacts")
        assert (again(second).is_main, again(cast.eve).is_main) == (True, False)


class TestPoints:
    def site(self, client, customer, point):
        body = {"customer_id": customer.id, "name": "库房", "point": point}
        return client.post("/api/sites", json=body)

    def test_a_point_from_a_chinese_map_is_converted_once_and_says_so(self, cast, as_):
        answer = self.site(as_(cast.cleo), cast.customer, {"lat": "30.5786", "lng": "103.9472", "datum": "GCJ-02"})
        assert answer.status_code == 201
        assert abs(answer.json["lat_e7"] - 305813600) <= 10 and abs(answer.json["lng_e7"] - 1039450737) <= 10
        assert answer.json["datum_entered"] == "GCJ-02"
        assert answer.json["point"]["datum"] == "WGS-84"

    @pytest.mark.parametrize(
        ("point", "field"),
        [
            ({"lat": "91", "lng": "104", "datum": "WGS-84"}, "$.point.lat"),
            ({"lat": "104.06", "lng": "30.6", "datum": "WGS-84"}, "$.point.lat"),
            ({"lat": "30.6", "lng": "181", "datum": "WGS-84"}, "$.point.lng"),
            ({"lat": "0", "lng": "0", "datum": "WGS-84"}, "$.point"),
            ({"lat": 30.6, "lng": "104", "datum": "WGS-84"}, "$.point.lat"),
            ({"lat": "NaN", "lng": "104", "datum": "WGS-84"}, "$.point.lat"),
            ({"lat": "31.2,121.4", "lng": "104", "datum": "WGS-84"}, "$.point.lat"),
            ({"lat": "30.6", "lng": "104", "datum": "CGCS"}, "$.point.datum"),
            ({"lat": "30.6", "lng": "104"}, "$.point.datum"),
            ("30.6,104", "$.point"),
        ],
    )
    def test_a_point_that_cannot_be_is_refused_by_the_field_that_is_wrong(self, cast, as_, point, field):
        answer = self.site(as_(cast.cleo), cast.customer, point)
        assert (answer.status_code, answer.json["field"]) == (422, field)

    def test_a_point_is_changed_by_what_was_seen_of_it(self, cast, as_):
        client = as_(cast.cleo)
        seen = client.get(f"/api/customers/{cast.customer.id}").json["sites"][0]["point"]
        new = {"lat": "30.5000000", "lng": "104.0000000", "datum": "WGS-84"}
        body = {"base": {"point": seen}, "fields": {"point": new}}
        assert client.patch(f"/api/sites/{cast.site.id}", json=body).json["point"] == new
        assert client.patch(f"/api/sites/{cast.site.id}", json=body).status_code == 200
        other = {"base": {"point": seen}, "fields": {"point": new | {"lat": "30.6000000"}}}
        assert client.patch(f"/api/sites/{cast.site.id}", json=other).status_code == 409
        assert again(cast.site).lat_e7 == 305000000


@pytest.mark.parametrize(("path", "model"), [("sites", Site), ("contacts", Contact)])
def test_nothing_is_added_to_a_customer_one_does_not_see(cast, as_, path, model, session):
    far = make_customer(cast.beijing, name="首都银行")
    answer = as_(cast.cleo).post(f"/api/{path}", json={"customer_id": far.id, "name": "x"})
    assert answer.status_code == 404
    assert session.query(model).filter_by(customer_id=far.id).count() == 0
    assert session.query(Customer).count() == 2
