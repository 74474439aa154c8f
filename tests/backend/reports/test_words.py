"""One word per thing: the paper says what the phone showed, and has a word for every code the product writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backend.reports import formats
from backend.reports.models import CAUSES, FIXES, OUTCOMES, RESULTS
from backend.reports.view import Money
from backend.reports.words import CODES, LABELS, label, word
from backend.workorders.rules.entries import WHATS

PHONE = Path(__file__).parents[3] / "pwa" / "src" / "ui" / "i18n"
SAME = {
    "cause": "cause",
    "fix": "fix",
    "outcome": "outcome",
    "result": "signature_result",
    "verdict": "verdict",
    "charge": "charge",
    "origin": "origin",
    "priority": "priority",
    "state": "report_state",
}


def _phone_words(file: str, group: str) -> dict[str, str]:
    text = (PHONE / file).read_text("utf-8")
    body = re.search(rf"^  {group}: \{{(.*?)\}}", text, re.S | re.M)
    assert body, f"{file} has no group {group}"
    return dict(re.findall(r"(\w+): '([^']*)'", body[1]))


@pytest.mark.parametrize(("ours", "theirs"), SAME.items())
@pytest.mark.parametrize(("language", "file"), [("zh", "zh-CN.ts"), ("en", "en.ts")])
def test_paper_and_phone_use_the_same_words(ours, theirs, language, file):
    phone = _phone_words(file, theirs)
    assert phone
    assert {code: word(ours, code, language) for code in phone} == phone


@pytest.mark.parametrize(
    ("group", "codes"),
    [("cause", CAUSES), ("fix", FIXES), ("outcome", OUTCOMES), ("result", RESULTS), ("moment", tuple(WHATS))],
)
def test_every_code_of_the_records_has_its_words(group, codes):
    assert set(codes) <= set(CODES[group])


def test_both_languages_fill_the_same_places():
    for name, (zh, en) in LABELS.items():
        assert set(re.findall(r"{(\w+)}", zh)) == set(re.findall(r"{(\w+)}", en)), name
        assert zh and en


def test_a_code_nobody_knows_is_shown_as_it_is():
    assert word("origin", "third_party_shop", "zh") == "third party shop"
    assert word("origin", None, "zh") == ""
    assert label("nth_time", "zh", n=2) == "第 2 次"


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0, "0 秒", "0 s"),
        (59, "59 秒", "59 s"),
        (60, "1 分", "1 min"),
        (2640, "44 分", "44 min"),
        (26340, "7 时 19 分", "7 h 19 min"),
        (7200, "2 时", "2 h"),
        (86400, "1 天", "1 d"),
        (270000, "3 天 3 时", "3 d 3 h"),
        (-60, "1 分", "1 min"),
    ],
)
def test_spans_are_said_in_words(seconds, zh, en):
    assert formats.span(seconds, "zh") == zh
    assert formats.span(seconds, "en") == en


@pytest.mark.parametrize(
    ("e7", "shown"),
    [
        (305786200, "30.57862"),
        (305786249, "30.57862"),
        (305786250, "30.57863"),
        (-1, "0.00000"),
        (-1039471850, "-103.94719"),
    ],
)
def test_degrees_are_rounded_without_floats(e7, shown):
    assert formats.degrees(e7) == shown


def test_money_times_and_places_of_time():
    assert formats.money(Money("120.00", "CNY")) == "¥120.00"
    assert formats.money(Money("9.50", "CHF")) == "CHF 9.50"
    assert formats.date_time("2026-11-23T16:05:00.000Z", "Asia/Shanghai") == "2026-11-24 00:05"
    assert formats.date_time(None, "Asia/Shanghai") == "—"
    at = "2026-11-23T07:31:08.000Z"
    assert formats.time_beside(at, "2026-11-23T00:12:00.000Z", "Asia/Shanghai") == "15:31"
    assert formats.time_beside(at, "2026-11-22T00:12:00.000Z", "Asia/Shanghai") == "11-23 15:31"
    assert formats.time_beside(at, "2025-11-23T00:12:00.000Z", "Asia/Shanghai", True) == "2026-11-23 15:31:08"
    with pytest.raises(ValueError, match="zone"):
        formats.instant_of("2026-11-23T07:31:08")


@pytest.mark.parametrize(
    ("ms", "zh", "en"),
    [(800, "0.8 秒", "0.8 s"), (-119_900, "119.9 秒", "119.9 s"), (120_000, "2 分", "2 min"),
     (-400 * 86_400_000, "400 天", "400 d")],
)  # fmt: skip
def test_a_clock_far_off_is_not_told_in_seconds(ms, zh, en):
    assert (formats.clock_error(ms, "zh"), formats.clock_error(ms, "en")) == (zh, en)
