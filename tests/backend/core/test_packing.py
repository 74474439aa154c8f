"""JSON answers are gzipped for whoever can read that, and are the same for whoever cannot."""

import gzip

import pytest

from backend.core.ids import new_id


@pytest.fixture
def ask(cast, as_):
    client = as_(cast.adam)
    return lambda path, accepted: client.get(path, headers={"Accept-Encoding": accepted})


LARGE = f"/api/sync/v1/pull?schema=1&device_id={new_id()}"


def test_a_large_answer_goes_out_packed_and_is_the_same(ask):
    plain, packed = ask(LARGE, "identity"), ask(LARGE, "gzip, br")
    assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
    assert "Accept-Encoding" in packed.headers["Vary"] and "Accept-Encoding" in plain.headers["Vary"]


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "identity"])
def test_who_cannot_read_gzip_gets_plain_json(ask, accepted):
    assert "Content-Encoding" not in ask(LARGE, accepted).headers


def test_a_small_answer_is_not_worth_it(ask):
    assert "Content-Encoding" not in ask("/api/me", "gzip").headers
