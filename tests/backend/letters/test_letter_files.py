"""Letter files: what is wrong is told all at once, with line and field; references find versions and paths."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from backend.letters import loader
from backend.letters.loader import installed_letters, installed_versions, load_letter, load_letters
from backend.letters.parse import TOP_OPTIONAL, TOP_REQUIRED, WEEKDAYS, parse_letter
from backend.letters.parse_conditions import KNOWN
from backend.letters.rules import LetterFaulty, LetterUnknown, words

from .support import FIFTH, parsed, raw_letter, written

SMALL = """letter: F
version: 1
in_force_from: 2025-01-01
currency: CNY
title: {zh: 信, en: A letter}
clauses:
  - {id: F-01, article: 第一条, quote: 词, text: {zh: 词, en: words}}
"""


def faults(text: str | bytes) -> list[tuple[int | None, str]]:
    with pytest.raises(LetterFaulty) as wrong:
        parse_letter(text, "F.yaml")
    assert all(fault.zh and fault.en and fault.file == "F.yaml" for fault in wrong.value.faults)
    return [(fault.line, fault.path) for fault in wrong.value.faults]


def test_the_smallest_letter():
    letter = parse_letter(SMALL, "F.yaml")
    assert (letter.ref, letter.title["en"], letter.clause("F-01").article) == ("F@1", "A letter", "第一条")


def test_every_fault_of_a_file_comes_at_once_with_line_and_field():
    text = """letter: F
version: none
in_force_from: 2025-02-30
title: {zh: 信}
colour: blue
clauses:
  - {id: F-01, article: 第一条, quote: 词, text: {zh: 词, en: words}}
  - {id: F-01, article: 第二条, quote: 词, text: {zh: 词, en: words}}
  - id: one
calendars:
  office:
    hours:
      - {days: [mon, fun], windows: ["09:00-25:00", "12:00-08:00"]}
  never: {hours: []}
periods:
  year: {from: birthday, years: 1, months: 2}
  none: {from: accepted_on}
warranty: [century]
clocks:
  - {clock: answer, clause: F-09, from: reported_at, due: soon, calendar: home}
  - {clause: F-01, from: reported_at, due: 1 h}
charges:
  - {when: {kind: magic, within: century}, labour: free, parts: gold}
remedies:
  - {remedies: [repair, hug], when: {}}
gates:
  - {gate: a gate, before: lunch, clause: F-01}
duties:
  - {duty: visit, clause: F-01, every: sometimes, on: 13-45}
"""
    assert faults(text) == [
        (1, "(file)"), (2, "version"), (3, "in_force_from"), (4, "title"), (5, "colour"), (8, "clauses[1]"),
        (9, "clauses[2]"), (9, "clauses[2]"), (9, "clauses[2]"), (9, "clauses[2].id"),
        (13, "calendars.office.hours[0].days[1]"), (13, "calendars.office.hours[0].windows[0]"),
        (13, "calendars.office.hours[0].windows[1]"), (14, "calendars.never"), (16, "periods.year"),
        (16, "periods.year.from"), (17, "periods.none"), (18, "warranty[0]"), (20, "clocks[0].calendar"),
        (20, "clocks[0].clause"), (20, "clocks[0].clock"), (20, "clocks[0].due"), (21, "clocks[1]"),
        (23, "charges[0]"), (23, "charges[0]"), (23, "charges[0].parts"), (23, "charges[0].when.kind"),
        (23, "charges[0].when.within"), (25, "remedies[0].remedies[1]"), (25, "remedies[0].when"),
        (27, "gates[0].before"), (27, "gates[0].gate"), (29, "duties[0]"), (29, "duties[0].every"), (29, "duties[0].on"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1), ("[]", 1), ("just words", 1), ("letter: [", 1), ("letter: F\n\tversion: 1", 2), (b"\xff\xfe\x00", 1),
        ("a: &x 1\nb: *x\n", 2), ("x" * 2_000_000, 1), ("[" * 5000, 1),
    ],
)  # fmt: skip
def test_what_is_no_letter_at_all_is_told_with_its_line(text, line):
    assert faults(text)[0][0] == line


def test_a_field_given_twice_is_a_fault():
    assert faults(SMALL + "version: 2\n") == [(8, "version")]


def test_words_keep_what_a_person_wrote():
    raw = raw_letter("E")
    raw["contacts"] = [{"kind": "hotline", "label": {"zh": "热线", "en": "on"}, "value": "0010", "clause": "E-1"}]
    contact = parsed(raw).contacts[0]
    assert (contact["label"]["en"], contact["value"]) == ("on", "0010")


@pytest.mark.parametrize(
    ("section", "row", "path"),
    [
        ("clocks", {"clock": "arrive", "clause": "E-2", "from": "now", "due": "1 h"}, "clocks[0].from"),
        ("clocks", {"clock": "arrive", "clause": "E-2", "from": "reported_at", "due": "1 fortnight"}, "clocks[0].due"),
        ("owed", {"what": "loaner", "clause": "E-2", "due": "tomorrow"}, "owed[0].due"),
        ("pauses", {"reason": "rain", "clause": "E-2", "clocks": "lunch"}, "pauses[0].clocks"),
        ("ceilings", {"percent": "-1", "of": "price", "status": "chargeable"}, "ceilings[0].percent"),
        ("ceilings", {"percent": "5", "of": "hope", "status": "chargeable"}, "ceilings[0].of"),
        ("ceilings", {"percent": "5", "of": "price", "status": "suspended"}, "ceilings[0].status"),
        ("gates", {"gate": "x", "before": "work", "clause": "E-2", "when": {"month": "13"}}, "gates[0].when.month"),
        ("gates", {"gate": "x", "before": "work", "clause": "E-2", "when": {"not": {}}}, "gates[0].when.not"),
        ("gates", {"gate": "x", "before": "work", "clause": "E-2", "when": {"any": "kind"}}, "gates[0].when.any"),
        ("gates", {"gate": "x", "before": "work", "clause": "E-2", "when": {"mood": "good"}}, "gates[0].when.mood"),
        ("gates", {"gate": "x", "before": "work", "clause": "E-2", "when": {"on_site": "yes"}}, "gates[0].when.on_site"),
        ("duties", {"duty": "x", "clause": "E-2", "every": "1 month", "checklist": "none"}, "duties[0].checklist"),
        ("duties", {"duty": "x", "clause": "E-2"}, "duties[0]"),
        ("duties", {"duty": "x", "clause": "E-2", "every": "1 month", "split": "colour"}, "duties[0].split"),
        ("records", {"record": "x", "clause": "E-99"}, "records[0].clause"),
        ("records", {"record": "coverage", "clause": "E-2", "details": {"boat": {}}}, "records[0].details.boat"),
        ("records", {"record": "coverage", "clause": "E-2", "details": {"desk": "x"}}, "records[0].details.desk"),
        ("remedies", {"remedies": "repair", "when": {"earlier_repairs": {"at_least": "2"}}}, "remedies[0].when.earlier_repairs"),
    ],
)  # fmt: skip
def test_one_wrong_rule_is_told_by_its_field(section, row, path):
    raw = raw_letter("E")
    raw[section] = [row]
    assert path in [found for _, found in faults(written(raw))]


def test_the_letters_that_ship():
    assert installed_letters() == ("A", "B", "C", "D")
    assert installed_versions("A") == (1,)
    assert [letter.ref for letter in load_letters(["D", "A@1"])] == ["D@1", "A@1"]
    for letter in load_letters(installed_letters()):
        assert letter.title["zh"] and letter.title["en"]
        assert all(clause.quote and clause.text["zh"] and clause.text["en"] for clause in letter.clauses)


@pytest.mark.parametrize(
    "ref", ["Z", "D@2", "D@", "D@0", "d", "", "../D.yaml", "letters", "D@1@1", "\x00", "/etc/passwd"]
)
def test_an_unknown_letter_is_told_by_its_place(ref):
    with pytest.raises(LetterUnknown) as unknown:
        load_letters(["A", ref])
    assert [fault.path for fault in unknown.value.faults] == ["$.letters[1]"]
    if ref != "/etc/passwd":
        with pytest.raises(LetterUnknown):
            load_letter(ref, allow_paths=True)


def test_a_path_is_read_only_where_paths_are_allowed(tmp_path):
    assert load_letter(str(FIFTH), allow_paths=True).ref == "E@3"
    with pytest.raises(LetterUnknown):
        load_letter(str(FIFTH))
    path = tmp_path / "bad.yaml"
    path.write_text("letter: F\n", "utf-8")
    with pytest.raises(LetterFaulty) as wrong:
        load_letters([str(path)], allow_paths=True)
    assert {fault.path for fault in wrong.value.faults} == {"$.letters[0]"}
    assert all(fault.file == str(path) and fault.line for fault in wrong.value.faults)


def test_versions_have_days_of_effect_and_a_contract_keeps_what_was_signed(tmp_path, monkeypatch):
    (tmp_path / "F.yaml").write_text(SMALL, "utf-8")
    newer = SMALL.replace("version: 1", "version: 2").replace("2025-01-01", "2026-07-01")
    (tmp_path / "F@2.yaml").write_text(newer, "utf-8")
    monkeypatch.setattr(loader, "SHIPPED", tmp_path)
    loader._installed.cache_clear()
    try:
        assert (installed_letters(), installed_versions("F")) == (("F",), (1, 2))
        assert load_letter("F").version == 2
        assert load_letter("F@1").version == 1
        assert load_letter("F", on=date(2026, 6, 30)).version == 1
        assert load_letter("F", on=date(2026, 7, 1)).version == 2
        assert load_letter("F", on=date(2020, 1, 1)).version == 1
    finally:
        loader._installed.cache_clear()


def test_the_page_for_admins_names_every_section_and_every_word_of_a_condition():
    page = (Path(__file__).parents[3] / "docs" / "letters.md").read_text("utf-8")
    for word in (*TOP_REQUIRED, *TOP_OPTIONAL, *KNOWN, *WEEKDAYS[:5], *words.ANCHORS, *words.STARTS, *words.CLOCKS):
        assert re.search(rf"(?<![a-z_]){word}(?![a-z_])", page), word


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", (Path(__file__).parents[3] / "docs" / "letters.md").read_text("utf-8"), re.DOTALL))  # fmt: skip
def test_what_the_page_shows_is_read_without_an_unknown_field(block):
    """The pieces name clauses of other letters, which is the only thing that may be wrong with them."""
    try:
        parse_letter(SMALL + block, "F.yaml")
    except LetterFaulty as error:
        texts = {fault.en for fault in error.faults}
        assert all("has no clause" in text or text.startswith("must be one of") for text in texts), texts
