"""What the fonts lack becomes visible, what deceives becomes visible, everything else stays as it was typed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.reports.paper.glyphs import plainest, printable, settable


@pytest.fixture(scope="session")
def faces(renderer):
    return renderer.faces


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("2 号控制器，0.6 ms，±12 m，℃", "2 号控制器，0.6 ms，±12 m，℃"),
        ("㛃䶮𫖯𬱖𪩘𬭚", "㛃䶮𫖯𬱖𪩘𬭚"),
        ("a\u202eb\u2066c\u200ed", "a〔U+202E〕b〔U+2066〕c〔U+200E〕d"),
        ("a\x00b\x1bc", "a〔U+0000〕b〔U+001B〕c"),
        ("\ud800\ue000\U0010ffff", "〔U+D800〕〔U+E000〕〔U+10FFFF〕"),
        ("e\u0301", "é"),
        ("x" + "\u0301" * 5000, "x\u0301\u0301…"),
        ("\u0301x", "〔U+0301〕x"),
        ("a\u00adb\u200bc\ufe0fd\ufeff", "abcd"),
        ("a\r\nb\rc\u2028d\x85e\vf", "a\nb\nc\nd\ne\nf"),
        ("\tx", "    x"),
        ("", ""),
    ],
)
def test_what_is_shown_for_what_was_typed(faces, typed, shown):
    assert printable(typed, faces) == shown


def test_without_faces_letters_of_any_script_stay():
    assert printable("𠮷 שלום 😀 \u202e\x07") == "𠮷 שלום 😀 〔U+202E〕〔U+0007〕"


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=[])))
def test_whatever_is_typed_every_shown_character_is_in_a_font(faces, typed):
    shown = printable(typed, faces)
    assert faces.has(shown)
    assert printable(shown, faces) == shown
    shown.encode("utf-8")
    plainest(typed, faces).encode("utf-8")


def test_a_number_stays_with_its_unit_and_long_words_may_break():
    assert settable("写入延迟 0.6 ms，50 GB，3 days") == "写入延迟 0.6\u00a0ms，50\u00a0GB，3\u00a0days"
    assert settable("x" * 24) == "x" * 24
    assert settable("x" * 30) == "x" * 12 + "\u200b" + "x" * 12 + "\u200b" + "x" * 6
    assert settable("长" * 100) == "长" * 100
