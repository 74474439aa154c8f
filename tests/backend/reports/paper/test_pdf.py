"""The PDF: archivable, the same each time, never failed by what somebody typed, and honest about what was signed."""

from __future__ import annotations

import io
import socket
import threading
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader

from backend.reports.paper.glyphs import FontsMissing
from backend.reports.paper.pdf import PdfRenderer
from tests.backend.reports.paper.conftest import pdf_text, squeezed
from tests.factories.report_view import plain_view, sample_photo, sample_view


def _with_cause(text, **signed):
    view = plain_view()
    finding = replace(view.signed.findings[0], cause_text=text)
    return replace(view, signed=replace(view.signed, findings=(finding,), photos=(), **signed))


def test_the_same_view_gives_the_same_bytes(renderer):
    first = renderer.render(sample_view(), "zh", sample_photo)
    renderer.render(sample_view(), "en", sample_photo)
    assert renderer.render(sample_view(), "zh", sample_photo) == first


def test_it_claims_pdf_a_and_ua_and_carries_its_fonts(renderer):
    reader = PdfReader(io.BytesIO(renderer.render(sample_view(), "zh", sample_photo)))
    xmp = reader.trailer["/Root"]["/Metadata"].get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in xmp
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in xmp
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    assert reader.metadata.title == "故障报告 FR-2026-000417 · 西南空港管理局"
    assert reader.trailer["/Root"]["/Lang"].startswith("zh")
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            descriptor = font["/DescendantFonts"][0]["/FontDescriptor"]
            assert {"/FontFile2", "/FontFile3"} & set(descriptor)


def test_pages_are_a4_and_the_usual_report_takes_two(renderer):
    reader = PdfReader(io.BytesIO(renderer.render(plain_view(), "zh", sample_photo)))
    assert [(round(float(p.mediabox.width)), round(float(p.mediabox.height))) for p in reader.pages] == [
        (595, 842)
    ] * 2


def test_photos_are_brought_down_to_what_their_place_on_paper_shows(renderer):
    pdf = renderer.render(plain_view(), "zh", sample_photo)
    sizes = [image.image.size for page in PdfReader(io.BytesIO(pdf)).pages for image in page.images]
    assert sizes.count((400, 300)) == 4
    assert all(max(size) <= 1000 for size in sizes)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_kinds_of_photo_work_too(renderer, kind):
    out = io.BytesIO()
    Image.new("RGBA", (1800, 900), (10, 20, 30, 128)).save(out, kind)
    pdf = renderer.render(plain_view(), "zh", lambda sha256: out.getvalue())
    assert any(image.image.size == (1000, 500) for page in PdfReader(io.BytesIO(pdf)).pages for image in page.images)


@pytest.mark.parametrize(
    ("photos", "words"),
    [
        (lambda sha256: None, "照片还没有收到"),
        (lambda sha256: {}[sha256], "照片还没有收到"),
        (lambda sha256: b"GIF89a", "照片打不开"),
        (lambda sha256: sample_photo("x")[:2000], "照片打不开"),
        (lambda sha256: b"<svg onload='x'/>", "照片打不开"),
    ],
)
def test_a_photo_that_is_not_there_or_broken_leaves_a_frame_that_says_so(renderer, photos, words):
    assert words in pdf_text(renderer.render(plain_view(), "zh", photos))


# ---------------------------------------------------------------- what people type


HOSTILE = {
    "rare Han and emoji": "𠮷田 😀 𫖯",
    "reading direction": "a\u202egnp.exe\u202c \u2066x",
    "right to left": "שלום مرحبا",
    "combining": "e" + "\u0301" * 5000 + " 中\u0302 \u0301",
    "joined emoji": "👨\u200d👩\u200d👧🏽 1\ufe0f\u20e3 🇨🇳",
    "surrogate and controls": "\ud800 \x00 \x07 \x1b[31m \ufffe \U0010ffff",
    "typst": '#panic("x") $x$ #read("/etc/passwd") #image("http://127.0.0.1/x.png") @a <b> */ // \\',
    "templates": "{{7*7}} {% for x in y %} ${7*7} <img src=http://127.0.0.1> file:///etc/passwd <script>alert(1)</script>",
    "no space": "X" * 3000,
    "separators": "a\u2028b\u2029c\x85d\r\ne\rf\vg\fh\ti",
    "jamo and Thai": "각 ᄀ\u1161 ก็ กำ \u0e33",
    "nothing": "",
    "newlines": "\n\n\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_that_somebody_types_fails_the_paper(renderer, name):
    text = HOSTILE[name]
    view = _with_cause(text, customer_name=text, guidance=text, site_name=text, contact_phone=text)
    finding = view.signed.findings[0]
    asset = replace(finding.asset, serial=text, model=text)
    part = replace(finding.parts[0], name=text, part_no=text, old_serial=text, new_serial=text, origin=text)
    finding = replace(finding, asset=asset, parts=(part,), cause_category=text, fix_category=text)
    view = replace(
        view,
        signed=replace(view.signed, findings=(finding,), engineers=(replace(view.signed.engineers[0], name=text),)),
        acceptance=replace(view.acceptance, signer_name=text, remarks=text),
    )
    assert renderer.render(view, "zh", sample_photo).startswith(b"%PDF")


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(st.characters(exclude_categories=[]), min_size=1, max_size=300))
def test_no_text_at_all_fails_the_paper(renderer, text):
    assert renderer.render(_with_cause(text, guidance=text), "zh", sample_photo).startswith(b"%PDF")


def test_what_was_typed_is_printed_and_never_run(renderer):
    text = '{{7*7}} #panic("x") <img src=http://127.0.0.1> file:///etc/passwd'
    assert squeezed(text) in pdf_text(renderer.render(_with_cause(text), "zh", sample_photo))


def test_a_character_no_font_has_is_named_by_its_code_point(renderer):
    printed = pdf_text(renderer.render(_with_cause("甲\U0003134a乙\u202e丙"), "zh", sample_photo))
    assert "甲〔U+3134A〕乙〔U+202E〕丙" in printed


def test_rare_han_and_emoji_are_printed_as_themselves(renderer):
    assert "𠮷田𫖯😀" in pdf_text(renderer.render(_with_cause("𠮷田𫖯😀"), "zh", sample_photo))


def test_a_cause_of_five_thousand_lines_breaks_over_pages_and_loses_none(renderer):
    pdf = renderer.render(_with_cause("\n".join(f"第 {i} 行" for i in range(5000))), "zh", sample_photo)
    reader = PdfReader(io.BytesIO(pdf))
    assert len(reader.pages) > 60
    assert "第2500行" in pdf_text(pdf)
    assert "第4999行" in pdf_text(pdf)


def test_the_renderer_opens_no_connection_and_no_file(renderer, monkeypatch):
    def refuse(*args, **more):
        raise AssertionError("the paper opened something")

    renderer.render(plain_view(), "zh", sample_photo)
    text = '#read("report.typ") #image("http://127.0.0.1/x.png") /etc/passwd'
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    assert "#read" in pdf_text(renderer.render(_with_cause(text), "zh", sample_photo))


# ---------------------------------------------------------------- what was signed, and what was not (K-8)


def test_what_the_system_added_stands_apart_from_what_was_signed(renderer):
    printed = pdf_text(renderer.render(sample_view(), "zh", sample_photo))
    signed_at, answer_at, added_at = (printed.index(words) for words in ("客户所签", "交验签字", "系统所记"))
    assert signed_at < printed.index("自检放电未通过") < answer_at < added_at
    for words in ("承诺时钟", "到场证据", "过程", "免费，保修到", "服务器可能在现场"):
        assert printed.index(words) > added_at


def test_a_report_nobody_signed_says_so_and_shows_no_bar(renderer):
    view = sample_view(
        signed={"document_sha256": None, "frozen_at": None}, acceptance=None, engineer_signature=None,
        added={"number": None, "state": "draft", "versions": (), "check_url": None, "approved_at": None},
    )  # fmt: skip
    printed = pdf_text(renderer.render(view, "zh", sample_photo))
    for words in ("报告正文", "还没有定稿", "客户还没有答复", "编号待服务器给出", "这一份还没有客户签字", "AR-7K3Q"):
        assert words in printed
    assert "客户所签" not in printed
    assert "竖线" not in printed


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ("rejected", "不验收"),
        ("absent", "客户不在"),
        ("refused", "拒绝签字"),
        ("accepted_with_remarks", "验收，有意见"),
    ],
)
def test_each_answer_of_the_customer_is_said_with_its_reason(renderer, result, words):
    view = sample_view(acceptance={"result": result, "reason": "值班员不肯签", "strokes": None})
    printed = pdf_text(renderer.render(view, "zh", sample_photo))
    assert words in printed
    assert "值班员不肯签" in printed
    assert "没有签字" in printed


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("fixed", "已修好"),
        ("workaround", "临时恢复"),
        ("not_fixed", "没修好"),
        ("no_fault_found", "未发现故障"),
        ("refused", "客户不修"),
    ],
)
def test_each_outcome_is_said(renderer, outcome, words):
    view = plain_view()
    finding = replace(view.signed.findings[0], outcome=outcome, next_step="周五再来")
    printed = pdf_text(
        renderer.render(replace(view, signed=replace(view.signed, findings=(finding,))), "zh", sample_photo)
    )
    assert words in printed
    assert "周五再来" in printed


def test_a_signature_that_names_another_text_is_called_out(renderer):
    other = "b7" * 32
    printed = pdf_text(renderer.render(sample_view(acceptance={"document_sha256": other}), "zh", sample_photo))
    assert "签名对应的不是这一份" in printed
    assert other in printed


def test_a_check_in_without_a_fix_and_one_off_site_say_what_is_known(renderer):
    arrived = sample_view().added.check_ins[0]
    no_fix = replace(
        arrived, fix=None, reason_code="indoors",
        phone_verdict=replace(arrived.phone_verdict, verdict="no_fix", distance_m=None, accuracy_m=None), server_verdict=None,
    )  # fmt: skip
    away = replace(arrived.server_verdict, verdict="off_site", distance_m=1400)
    off_site = replace(arrived, server_verdict=away, phone_verdict=away)
    printed = pdf_text(renderer.render(sample_view(added={"check_ins": (no_fix, off_site)}), "zh", sample_photo))
    for words in ("没有取得位置", "地下或室内", "未判断", "不在现场", "1400米", "在圈外"):
        assert words in printed


def test_a_report_by_phone_with_no_visit_needs_no_arrival(renderer):
    view = sample_view(signed={"photos": (), "moments": ()}, added={"check_ins": (), "clocks": (), "course": ()})
    printed = pdf_text(renderer.render(view, "en", sample_photo))
    assert "Arrival" not in printed
    assert "Promiseclocks" not in printed


# ---------------------------------------------------------------- fonts, threads


def test_a_missing_font_is_one_clear_error(tmp_path):
    with pytest.raises(FontsMissing, match="FONT_DIRS.*Noto Sans SC 400.*npm ci"):
        PdfRenderer([tmp_path])


def test_many_threads_share_one_renderer(renderer):
    made: dict[int, bytes] = {}

    def render(i):
        made[i] = renderer.render(_with_cause(f"原因{i}"), "zh", sample_photo)

    threads = [threading.Thread(target=render, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(f"原因{i}" in pdf_text(made[i]) for i in range(6))


def test_a_clause_too_long_for_the_head_stands_among_the_facts(renderer):
    long = {"zh": "故障排除后以电子文档和书面形式提供故障报告，写明原因和排除方法。", "en": "A report."}
    view = sample_view(added={"issued_under": replace(sample_view().added.issued_under, text=long)})
    printed = pdf_text(renderer.render(view, "zh", sample_photo))
    assert "按售后服务承诺书出具·B-15" in printed
    assert long["zh"] in printed


def test_a_promise_kept_at_once_says_so(renderer):
    clock = sample_view().added.clocks[0]
    clock = replace(clock, due_at=clock.starts_at, met_at=clock.starts_at)
    assert "立即" in pdf_text(renderer.render(sample_view(added={"clocks": (clock,)}), "zh", sample_photo))


def test_a_photo_stands_upright(renderer):
    out = io.BytesIO()
    picture = Image.new("RGB", (800, 400), "red")
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(out, "JPEG", exif=exif)
    pdf = renderer.render(plain_view(), "zh", lambda sha256: out.getvalue())
    sizes = {image.image.size for page in PdfReader(io.BytesIO(pdf)).pages for image in page.images}
    assert sizes == {(400, 800)}
