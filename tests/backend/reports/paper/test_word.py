"""The Word file: well-formed whatever was typed, nothing of it run, its fonts named for Han."""

from __future__ import annotations

import io
import zipfile

import pytest
from docx import Document
from docx.oxml.ns import qn
from lxml import etree

from backend.reports.paper.build_word_template import TEMPLATE, build
from backend.reports.paper.word import render_docx
from tests.backend.reports.paper.conftest import squeezed, word_text
from tests.backend.reports.paper.test_pdf import HOSTILE, _with_cause
from tests.factories.report_view import plain_view, sample_photo, sample_view


def test_the_committed_template_is_what_the_script_builds():
    assert TEMPLATE.read_bytes() == build()


def test_the_same_view_gives_the_same_bytes():
    assert render_docx(sample_view(), "zh", sample_photo) == render_docx(sample_view(), "zh", sample_photo)


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_was_typed_the_file_opens(name):
    text = HOSTILE[name]
    docx = render_docx(_with_cause(text, customer_name=text, guidance=text), "zh", sample_photo)
    Document(io.BytesIO(docx))
    with zipfile.ZipFile(io.BytesIO(docx)) as package:
        assert package.testzip() is None
        for part in package.namelist():
            if part.endswith((".xml", ".rels")):
                etree.fromstring(package.read(part))


@pytest.mark.parametrize(
    "text",
    [
        "{{7*7}}",
        "{{ ''.__class__.__mro__ }}",
        "{% for x in y %}",
        "{_{7*7}_}",
        "{%_ x _%}",
        "<w:p>&amp;</w:p>",
        "a_b {# c #}",
        "“甲”’乙‘",
    ],
)
def test_template_signs_are_printed_as_they_stand(text):
    docx = render_docx(_with_cause(text, customer_name=text, guidance=text), "zh", sample_photo)
    assert word_text(docx).count(squeezed(text)) >= 3


def test_rare_han_emoji_and_five_thousand_lines_are_kept():
    text = "𠮷田 😀\n" + "\n".join(f"第 {i} 行" for i in range(5000))
    assert squeezed(text) in word_text(render_docx(_with_cause(text), "zh", sample_photo))


def test_every_style_names_a_font_for_han():
    document = Document(io.BytesIO(render_docx(plain_view(), "zh", sample_photo)))
    named = {}
    for style in document.styles:
        if style.name == "Normal" or style.name.startswith("FP "):
            fonts = style.element.rPr.rFonts
            named[style.name] = fonts.get(qn("w:eastAsia"))
    assert len(named) > 10
    assert set(named.values()) == {"Microsoft YaHei", "SimSun"}


ORDER = {
    "tblPr": "tblStyle tblpPr tblW jc tblCellSpacing tblInd tblBorders shd tblLayout tblCellMar tblLook",
    "tcPr": "cnfStyle tcW gridSpan vMerge tcBorders shd noWrap tcMar vAlign",
    "tcBorders": "top left bottom right",
    "pPr": "pStyle keepNext keepLines pageBreakBefore widowControl numPr pBdr shd tabs spacing ind jc outlineLvl rPr sectPr",
    "rPr": "rStyle rFonts b bCs i iCs caps strike color spacing kern sz szCs u bdr shd vertAlign lang",
}


def test_word_finds_every_property_in_the_order_its_schema_wants():
    docx = render_docx(sample_view(), "zh", sample_photo)
    wrong = []
    with zipfile.ZipFile(io.BytesIO(docx)) as package:
        for part in ("word/document.xml", "word/header1.xml", "word/footer1.xml"):
            for node in etree.fromstring(package.read(part)).iter():
                holder = etree.QName(node).localname
                if holder in ORDER:
                    order = ORDER[holder].split()
                    places = [order.index(etree.QName(child).localname) for child in node]
                    if places != sorted(places):
                        wrong.append(f"{part} {holder}: {[etree.QName(child).localname for child in node]}")
    assert wrong == []


def test_pictures_have_words_and_photos_are_on_board():
    docx = render_docx(plain_view(), "zh", sample_photo)
    document = Document(io.BytesIO(docx))
    words = [node.get("descr") for node in document.element.iter(qn("wp:docPr"))]
    assert len(words) >= 4 + 4 + 1 + 2 + 1
    assert all(words)
    with zipfile.ZipFile(io.BytesIO(docx)) as package:
        assert sum(name.endswith((".jpg", ".jpeg")) for name in package.namelist()) == 4


def test_a_photo_that_is_not_there_is_said():
    assert "照片还没有收到" in word_text(render_docx(plain_view(), "zh", lambda sha256: None))
    assert "Photocannotberead" in word_text(render_docx(plain_view(), "en", lambda sha256: b"no picture"))


def test_a_report_nobody_signed_has_no_bar_and_says_so():
    view = sample_view(signed={"document_sha256": None, "frozen_at": None}, acceptance=None, engineer_signature=None)
    docx = render_docx(view, "zh", sample_photo)
    assert "这一份还没有客户签字" in word_text(docx)
    with zipfile.ZipFile(io.BytesIO(docx)) as package:
        body = package.read("word/document.xml").decode()
    assert 'w:left w:val="single" w:sz="18" w:space="0" w:color="FFFFFF"' in body
    assert 'w:left w:val="single" w:sz="18" w:space="0" w:color="131A1B"' not in body


def test_a_signature_that_names_another_text_is_called_out():
    assert "签名对应的不是这一份" in word_text(
        render_docx(sample_view(acceptance={"document_sha256": "b7" * 32}), "zh", sample_photo)
    )


def test_an_empty_report_is_a_readable_paper():
    view = sample_view(
        signed={"findings": (), "photos": (), "charges": (), "moments": (), "more": (), "engineers": (), "guidance": ""},
        acceptance=None, engineer_signature=None, account_manager=None,
        added={"clocks": (), "check_ins": (), "course": (), "notes": (), "versions": (), "letters": (), "entitlement": None},
    )  # fmt: skip
    assert "西南空港管理局" in word_text(render_docx(view, "zh", sample_photo))
