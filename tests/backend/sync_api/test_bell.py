"""The bell (M-70 to M-74): who is told, when, and that nobody learns anything else by it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from backend.core.db import db, write_transaction
from backend.core.ids import new_id
from backend.gateway import Gateway
from backend.sync_api.bell import Bell, Seat, Wish, look
from backend.sync_api.feed import SqlFeed, buckets_of
from backend.sync_api.publish import start_epoch
from tests.support import signed_in


def ring(client: Any, device_id: str, epoch: str = "", after: int = 0, **headers: str) -> Any:
    query = {"device_id": device_id, "epoch": epoch, "after": after}
    return client.get("/api/sync/v1/bell", query_string=query, headers=headers)


def test_it_says_where_the_feed_stands_and_nothing_else(phone: Any, cast: Any) -> None:
    ana = phone(cast.ana)
    ana.results(ana.note())
    said = ring(ana.client, ana.device_id)
    assert said.status_code == 200 and set(said.json) == {"epoch", "feed_head"}
    quiet = ring(ana.client, ana.device_id, said.json["epoch"], said.json["feed_head"])
    assert (quiet.status_code, quiet.text, quiet.headers["Retry-After"]) == (204, "", "300")


def test_what_is_new_for_others_is_no_news(app: Any, cast: Any, as_: Any) -> None:
    """Ben's own bucket moves; Ana is not told that anything happened."""
    from tests.factories.work import make_visit, make_work_order

    phones = {user.id: (as_(user), new_id()) for user in (cast.ana, cast.ben)}
    head = ring(*phones[cast.ana.id]).json
    make_visit(make_work_order(cast.site), [cast.ben])
    assert ring(*phones[cast.ana.id], **_at(head)).status_code == 204
    assert ring(*phones[cast.ben.id], **_at(head)).status_code == 200


def _at(head: dict[str, Any]) -> dict[str, Any]:
    return {"epoch": head["epoch"], "after": head["feed_head"]}


def test_a_revoked_device_and_another_ones_hear_nothing(app: Any, cast: Any, as_: Any) -> None:
    device_id = new_id()
    ana, ben = as_(cast.ana), as_(cast.ben)
    ana.post("/api/devices", json={"id": device_id})
    assert ring(ben, device_id).json["type"] == "/problems/device-of-another-user"
    ana.delete(f"/api/devices/{device_id}")
    assert ring(signed_in(app, cast.ana), device_id).json["type"] == "/problems/device-revoked"
    assert ring(app.test_client(), device_id).status_code == 401


@pytest.mark.parametrize("wrong", [{"after": -1}, {"after": "x"}, {"device_id": "d"}])
def test_what_cannot_be_read_is_named(phone: Any, cast: Any, wrong: dict[str, Any]) -> None:
    ana = phone(cast.ana)
    query = {"device_id": ana.device_id, "epoch": "", "after": 0} | wrong
    said = ana.client.get("/api/sync/v1/bell", query_string=query)
    assert (said.status_code, said.json["type"], said.json["field"]) == (
        400,
        "/problems/invalid-parameter",
        next(iter(wrong)),
    )


def test_no_work_goes_out_under_another_ones_session(phone: Any, cast: Any, as_: Any) -> None:
    """Ben signed in on Ana's phone: what her database sends is refused as a whole, also for a device nobody knew."""
    ana = phone(cast.ana)
    ana.client, hers = as_(cast.ben), {"Sync-User": cast.ana.id}
    note = ana.note()
    for said in (
        ana.client.post("/api/sync/v1/push", json=ana.envelope(note), headers=hers),
        ana.client.get("/api/sync/v1/pull", query_string={"device_id": ana.device_id}, headers=hers),
        ring(ana.client, ana.device_id, **hers),
        ana.client.post("/api/files/uploads", headers=hers | {"Upload-Length": "1"}),
    ):
        assert (said.status_code, said.json["type"]) == (403, "/problems/device-of-another-user"), said.text
    assert (
        ana.client.post("/api/devices", json={"id": ana.device_id, "user_id": cast.ana.id}).json["type"]
        == "/problems/device-of-another"
    )
    ana.client = as_(cast.ana)
    assert ana.results(note)[0]["status"] == "applied"


# -- who waits ---------------------------------------------------------------------------------------------------------


def seat(actor: Any, since: int, epoch: str) -> Seat:
    return Seat(Wish(tuple(buckets_of(actor)), epoch, since), since, None)  # type: ignore[arg-type]


class Who:
    def __init__(self, user: Any) -> None:
        self.user_id = user.id


def test_each_is_told_of_her_own_buckets_only_and_of_nothing_twice(phone: Any, cast: Any, session: Any) -> None:
    ana = phone(cast.ana)
    ana.results(ana.note(title="x"))
    head = SqlFeed(db.session).head()
    hers, his = seat(Who(cast.ana), head.seq, head.epoch), seat(Who(cast.ben), head.seq, head.epoch)
    assert look(db.session, [hers, his])[0] == []
    ana.results(ana.edit(new_id(), {"title": "y"}, {"title": "x"}))  # no such note: stuck, in Ana's own bucket
    db.session.rollback()
    rung, now = look(db.session, [hers, his])
    assert rung == [hers] and now.seq > head.seq
    assert his.since == now.seq
    db.session.rollback()
    assert look(db.session, [his])[0] == []


def test_a_change_between_the_question_and_the_seat_is_not_missed(phone: Any, cast: Any, session: Any) -> None:
    """The view looked at head n; n+1 commits; only then is the seat taken. The next look still sees n+1."""
    ana = phone(cast.ana)
    head = SqlFeed(db.session).head()
    db.session.rollback()
    ana.results(ana.note())
    late = seat(Who(cast.ana), head.seq, head.epoch)
    assert look(db.session, [late])[0] == [late]


def test_a_desk_is_told_of_what_lies_on_no_phone_and_a_phone_is_not(app: Any, cast: Any, as_: Any) -> None:
    from tests.factories.work import make_work_order

    url, desk = "/api/bell", as_(cast.cleo)
    first = desk.get(url, query_string={"epoch": "", "after": 0})
    assert (first.status_code, set(first.json)) == (200, {"epoch", "feed_head"})
    here = {"epoch": first.json["epoch"], "after": first.json["feed_head"]}
    assert desk.get(url, query_string=here).status_code == 204
    at_desk = Seat(Wish(None, here["epoch"], here["after"]), here["after"], None)  # type: ignore[arg-type]
    head = SqlFeed(db.session).head()
    on_the_road = seat(Who(cast.ana), head.seq, head.epoch)
    assert look(db.session, [at_desk, on_the_road])[0] == []
    db.session.rollback()
    make_work_order(cast.site)  # nobody is sent there yet
    assert look(db.session, [at_desk, on_the_road])[0] == [at_desk]
    news = desk.get(url, query_string=here)
    assert (news.status_code, news.json["feed_head"]) == (200, at_desk.head.seq)


def test_a_new_epoch_rings_for_everybody(phone: Any, cast: Any, session: Any) -> None:
    head = SqlFeed(db.session).head()
    everybody = [seat(Who(user), head.seq, head.epoch) for user in (cast.ana, cast.ben)]
    with write_transaction() as writing:
        start_epoch(writing)
    assert look(db.session, everybody)[0] == everybody


class Scope:
    """A request as granian hands it over."""

    server, client, scheme, http_version, authority = "127.0.0.1:8000", "127.0.0.1:5000", "http", "1.1", "house"

    def __init__(self, method: str, path: str, query: str = "", **headers: str) -> None:
        self.method, self.path, self.query_string, self.headers = method, path, query, headers


class Protocol:
    """granian's half of an answer, kept."""

    def __init__(self, body: bytes = b"") -> None:
        self.body, self.said, self.gone = body, None, asyncio.Event()

    async def __call__(self) -> bytes:
        return self.body

    async def __aiter__(self) -> Any:
        for start in range(0, len(self.body), 70_000):
            yield self.body[start : start + 70_000]

    async def client_disconnect(self) -> None:
        await self.gone.wait()

    def response_bytes(self, status: int, headers: Any, body: bytes) -> None:
        self.said = (status, dict(headers), body)

    def response_empty(self, status: int, headers: Any) -> None:
        self.response_bytes(status, headers, b"")

    def response_stream(self, status: int, headers: Any) -> Any:
        self.response_bytes(status, headers, b"")
        return self

    async def send_bytes(self, data: bytes) -> None:
        status, headers, body = self.said
        self.said = (status, headers, body + data)


class House:
    """A gateway on a loop, its bell looked at by hand."""

    def __init__(self, app: Any, user: Any) -> None:
        self.app, self.bell = app, Bell(app)
        self.gateway = Gateway(app, self.bell)
        self.gateway.loop = self.bell.loop = asyncio.get_running_loop()
        client = signed_in(app, user)
        cookie = client.get_cookie("fieldpledge")
        self.headers = {"cookie": f"fieldpledge={cookie.value}", "x-fieldpledge": "1"}

    async def ask(self, method: str, path: str, query: str = "", body: bytes = b"", **headers: str) -> Protocol:
        protocol = Protocol(body)
        length = {"content-length": str(len(body))} if body else {}
        await self.gateway.__rsgi__(Scope(method, path, query, **self.headers, **length, **headers), protocol)
        return protocol

    async def ring(self, device_id: str, head: Any) -> asyncio.Task[Protocol]:
        """A bell that is held: returns when its seat is taken."""
        taken = len(self.bell.seats)
        task = asyncio.ensure_future(
            self.ask("GET", "/api/sync/v1/bell", f"device_id={device_id}&epoch={head.epoch}&after={head.seq}")
        )
        while len(self.bell.seats) == taken and not task.done():
            await asyncio.sleep(0.001)
        return task

    def look(self) -> None:
        with self.app.app_context():
            self.bell._look(list(self.bell.seats.values()))


def test_a_held_bell_rings_after_the_commit_and_occupies_no_thread(app: Any, cast: Any) -> None:
    from tests.factories.work import make_visit, make_work_order

    async def play() -> None:
        house = House(app, cast.ana)
        head = await asyncio.to_thread(_head, app)
        held = [await house.ring(new_id(), head) for _ in range(20)]
        assert (await house.ask("GET", "/api/me")).said[0] == 200  # with four threads and twenty bells
        house.look()
        await asyncio.sleep(0)
        assert not any(task.done() for task in held)
        await asyncio.to_thread(_in, app, lambda: make_visit(make_work_order(cast.site), [cast.ana]))
        house.look()
        told = [(await task).said for task in held]
        assert {status for status, _, _ in told} == {200}
        assert all("retry-after" not in headers and headers["cache-control"] == "no-store" for _, headers, _ in told)
        assert b'"feed_head"' in told[0][2] and house.bell.seats == {}

    asyncio.run(play())


def _head(app: Any) -> Any:
    with app.app_context():
        return SqlFeed(db.session).head()


def _in(app: Any, work: Any) -> None:
    with app.app_context():
        work()


def test_who_hangs_up_leaves_the_seat_and_who_finds_none_is_told_when_to_come_again(app: Any, cast: Any) -> None:
    async def play() -> None:
        house = House(app, cast.ana)
        app.config["BELL_SEATS"] = 1
        head = await asyncio.to_thread(_head, app)
        protocol = Protocol()
        query = f"device_id={new_id()}&epoch={head.epoch}&after={head.seq}"
        scope = Scope("GET", "/api/sync/v1/bell", query, **house.headers)
        first = asyncio.ensure_future(house.gateway.__rsgi__(scope, protocol))
        while not house.bell.seats:
            await asyncio.sleep(0.001)
        second = await house.ask("GET", "/api/sync/v1/bell", query)
        assert (second.said[0], second.said[1]["retry-after"]) == (204, "300")
        protocol.gone.set()
        await first
        assert protocol.said is None and house.bell.seats == {}

    asyncio.run(play())


def test_the_end_of_a_process_sends_everybody_away_for_a_moment(app: Any, cast: Any) -> None:
    async def play() -> None:
        house = House(app, cast.ana)
        head = await asyncio.to_thread(_head, app)
        held = await house.ring(new_id(), head)
        house.bell.dismiss()
        status, headers, _ = (await held).said
        assert (status, headers["retry-after"]) == (204, "3")

    asyncio.run(play())


def test_long_bodies_and_answers_pass_the_gateway_in_pieces(app: Any, cast: Any) -> None:
    async def play() -> None:
        house = House(app, cast.ana)
        long = b'{"name": "' + b"x" * 1_500_000 + b'"}'
        said = (await house.ask("PATCH", "/api/me", body=long, **{"content-type": "application/json"})).said
        assert said[0] == 422
        too_long = b'{"name": "' + b"x" * 3_000_000 + b'"}'
        said = (await house.ask("PATCH", "/api/me", body=too_long, **{"content-type": "application/json"})).said
        assert said[0] == 413
        assert (await house.ask("HEAD", "/api/me")).said[::2] == (200, b"")

    asyncio.run(play())


def test_a_long_answer_is_sent_whole_and_closed() -> None:
    closed: list[bool] = []

    class Body:
        def __iter__(self) -> Any:
            return (bytes([65 + n]) * 400_000 for n in range(7))

        def close(self) -> None:
            closed.append(True)

    def wsgi(_environ: Any, start: Any) -> Any:
        start("200 OK", [("Content-Type", "text/plain")])
        return Body()

    async def play() -> None:
        app: Any = SimpleNamespace(wsgi_app=wsgi, config={"THREADS": 1})
        gateway, protocol = Gateway(app, Bell(app)), Protocol()
        gateway.loop = asyncio.get_running_loop()
        await gateway.__rsgi__(Scope("GET", "/long"), protocol)
        assert protocol.said[2] == b"".join(bytes([65 + n]) * 400_000 for n in range(7))
        assert closed == [True]

    asyncio.run(play())
