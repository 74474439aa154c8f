"""A report view to render: the design's storage job with both verdicts, a missed clock, late work, two findings.

Tests name only what matters: `sample_view()`, or `sample_view(signed={"guidance": ""})`. Every field of the view is
filled, so that a test can look for each of them on paper. `plain_view` is the usual good case. `sample_photo` gives
the bytes to a photo's hash.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from functools import cache
from typing import Any

from PIL import Image, ImageDraw

from backend.reports import view as v

_SHA = "3f9ac21e70b4d85516ea90c37b2f48d1a64e0d9375c8b21ff07e5a3694bb18c2"
_YE_WEN = (
    ((44, 52), (42, 64), (42, 76), (45, 88)),
    ((42, 54), (51, 51), (61, 49), (70, 48), (70, 60), (66, 70), (63, 77)),
    ((46, 82), (54, 79), (60, 78), (66, 77)),
    ((80, 66), (94, 62), (110, 59), (127, 57)),
    ((104, 34), (106, 60), (105, 88), (98, 122)),
    ((158, 38), (174, 35), (188, 33), (203, 32)),
    ((150, 54), (150, 60), (147, 66), (142, 72)),
    ((152, 54), (172, 49), (192, 46), (214, 45), (210, 54), (202, 60)),
    ((181, 30), (183, 44), (183, 56), (181, 68)),
    ((163, 57), (170, 61)),
    ((161, 67), (169, 70)),
    ((190, 53), (198, 56)),
    ((150, 98), (170, 92), (192, 89), (216, 87)),
    ((196, 91), (188, 109), (170, 123), (144, 133)),
    ((163, 100), (177, 114), (201, 126), (231, 130), (239, 131), (246, 128), (249, 122)),
)
_AN_RAN = (
    ((76, 26), (79, 29), (81, 32), (82, 36)),
    ((46, 44), (45, 52), (42, 58), (37, 63)),
    ((46, 46), (66, 41), (86, 38), (106, 37), (105, 42), (101, 47), (96, 52)),
    ((76, 46), (71, 63), (64, 78), (54, 92), (69, 97), (83, 105), (95, 117)),
    ((96, 66), (88, 90), (71, 108), (46, 120)),
    ((34, 84), (60, 79), (84, 75), (112, 72)),
    ((156, 36), (152, 50), (145, 62), (136, 70)),
    ((150, 46), (158, 44), (165, 42), (172, 42), (168, 62), (154, 80), (134, 92)),
    ((180, 60), (196, 56), (208, 53), (228, 52)),
    ((202, 34), (200, 60), (190, 82), (168, 96)),
    ((203, 62), (211, 76), (223, 86), (239, 92)),
    ((142, 108), (139, 114), (136, 118), (132, 122)),
    ((162, 110), (167, 121)),
    ((186, 107), (194, 118)),
    ((212, 104), (228, 117)),
)


def text(zh: str, en: str) -> v.Text:
    """A shipped text in both languages."""
    return {"zh": zh, "en": en}


def clause(number: str, article: str, zh: str, en: str) -> v.Clause:
    return v.Clause(clause=number, article=article, text=text(zh, en))


@cache
def sample_photo(sha256: str) -> bytes:
    """A JPEG as a phone sends it (1600 x 1200, some 400 KB), different for each hash."""
    seed = int(hashlib.sha256(sha256.encode()).hexdigest()[:8], 16)
    noise = Image.effect_noise((800, 600), 46 + seed % 5).resize((1600, 1200), Image.Resampling.BICUBIC)
    tint = Image.new("RGB", (1600, 1200), (60 + seed % 60, 74 + seed // 7 % 60, 80 + seed // 49 % 60))
    picture = Image.blend(Image.merge("RGB", (noise, noise, noise)), tint, 0.72)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((240, 320, 1360, 880), fill=(51, 59, 62), outline=(93, 104, 107), width=12)
    for i in range(12):
        pen.rectangle((300 + i * 86, 380, 360 + i * 86, 820), fill=(32, 39, 42))
        pen.rectangle(
            (315 + i * 86, 420, 345 + i * 86, 436), fill=(88, 185, 127) if i != seed % 12 else (255, 179, 0)
        )
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=84)
    return out.getvalue()


def _photo(name: str, caption: str, at: str, finding_no: int | None = 1) -> v.Photo:
    return v.Photo(hashlib.sha256(name.encode()).hexdigest(), caption, f"2026-11-23T{at}.000Z", finding_no)


def _findings() -> tuple[v.Finding, ...]:
    battery = v.PartLine("控制器电池模块", "01LJ607", 1, "YM10BG58H042", "YM10BG63N187", "maker", "free", "B-07")
    first = v.Finding(
        no=1,
        asset=v.Asset("storage", "IBM", "FlashSystem 5045", "78F13K2", "B2 机房 3 列 07 柜"),
        symptom_found="2 号控制器电池告警，缓存转直写，写入延迟由 0.6 ms 升到 9 ms。",
        cause_category="wear",
        cause_text="2 号控制器电池模块使用 29 个月，满充容量降到 41%，自检放电未通过，固件将缓存切为直写保护。",
        cause_unknown_until=None,
        fix_category="replaced_part",
        fix_text="在线更换 2 号控制器电池模块，容量学习通过，缓存恢复回写，写入延迟 0.6 ms，观察 15 分钟无告警。",
        outcome="fixed",
        not_fixed_reason=None,
        next_step=None,
        parts=(battery,),
    )
    second = v.Finding(
        no=2,
        asset=v.Asset("switch", "HUAWEI", "CE6857-48S6CQ", "2102352XKL10P3000041", "B2 机房 3 列 08 柜"),
        symptom_found="上联口 CRC 计数每小时增加 200 余次，业务未中断。",
        cause_category="other",
        cause_text="光功率正常，怀疑上联光模块老化，需带回分析。",
        cause_unknown_until="2026-11-30",
        fix_category="guidance",
        fix_text="业务临时切到备用上联口，本机不再承载流量。",
        outcome="not_fixed",
        not_fixed_reason="库里没有同型号光模块，11-25 到货。",
        next_step="11-26 上午带新光模块上门更换，周本负责。",
        parts=(),
    )
    return first, second


def _signed() -> v.Signed:
    return v.Signed(
        document_sha256=_SHA,
        frozen_at="2026-11-23T08:03:40.000Z",
        language="zh",
        short_ref="AR-7K3Q",
        work_order_ref="WO-2026-001872",
        customer_name="西南空港管理局",
        site_name="信息中心 B2 机房",
        site_address="双流区空港二路 218 号",
        contact_name="叶雯",
        contact_phone="138 8010 2276",
        caller_name="何晓",
        channel="phone",
        reported_at="2026-11-23T00:12:00.000Z",
        sent_for_repair_on="2026-11-23",
        repair_count=2,
        previous_repair_on="2025-08-04",
        reported_symptom="存储面板亮黄灯，业务写入变慢。",
        handed_over_on="2026-11-24",
        engineers=(v.Engineer("安然", "0117", True), v.Engineer("周本", "0122", False)),
        moments=(
            v.Moment("departed", "2026-11-23T06:36:00.000Z"),
            v.Moment("arrived", "2026-11-23T07:31:08.000Z"),
            v.Moment("solved", "2026-11-23T07:56:20.000Z"),
        ),
        findings=_findings(),
        guidance="面板灯含义、电池容量查看办法。",
        charges=(
            v.Charge("labour", "free", None, "B-07"),
            v.Charge("travel", "fee", v.Money("120.00", "CNY"), "B-09"),
        ),
        photos=(
            _photo("lamp", "2 号控制器故障灯", "07:36:20"),
            _photo("plate", "换下件序列号", "07:44:02"),
            _photo("part", "换上的电池模块", "07:45:31"),
            _photo("after", "修好后，灯转绿", "07:56:48", None),
        ),
        more=(v.FormField(text("机房温度", "Room temperature"), "23.5 ℃"),),
    )


def _clocks() -> tuple[v.Clock, ...]:
    day = "2026-11-23T"
    return (
        v.Clock(
            "respond",
            clause("B-01", "第一条 1)", "接到故障通知 2 小时内响应", "Response within 2 hours of the call"),
            f"{day}00:12:00.000Z",
            None,
            f"{day}02:12:00.000Z",
            f"{day}00:19:00.000Z",
            "met",
            None,
            None,
        ),
        v.Clock(
            "arrive",
            clause("B-02", "第一条 2)", "6 至 8 小时内到达现场", "On site within 6 to 8 hours"),
            f"{day}00:12:00.000Z",
            f"{day}06:12:00.000Z",
            f"{day}08:12:00.000Z",
            f"{day}07:31:08.000Z",
            "met",
            None,
            None,
        ),
        v.Clock(
            "resolve",
            clause("B-12", "第三条", "7 小时内解决问题", "Repaired within 7 hours"),
            f"{day}00:12:00.000Z",
            None,
            f"{day}07:12:00.000Z",
            f"{day}07:56:20.000Z",
            "missed",
            "配件在双流库，取件多用 55 分钟。",
            None,
        ),
        v.Clock(
            "dispatch",
            clause("B-14", "第四条", "1 小时内派出工程师", "An engineer sent within 1 hour"),
            f"{day}00:12:00.000Z",
            None,
            f"{day}01:12:00.000Z",
            None,
            "excused",
            None,
            "客户要求先远程处理到 11:30。",
        ),
        v.Clock(
            "report",
            clause("B-15", "合同附件 2", "修好后 24 小时内交书面报告", "Written report within 24 hours of repair"),
            f"{day}07:56:20.000Z",
            None,
            "2026-11-24T07:56:20.000Z",
            None,
            "running",
            None,
            None,
        ),
    )


def _check_ins() -> tuple[v.CheckIn, ...]:
    day = "2026-11-23T"
    arrived = v.CheckIn(
        direction="in",
        engineer_name="安然",
        tapped_at=f"{day}07:31:08.800Z",
        corrected_at=f"{day}07:31:08.000Z",
        offset_ms=800,
        quality="good",
        received_at=f"{day}08:32:40.000Z",
        reason_code=None,
        reason_text=None,
        fix=v.Fix(305786200, 1039471800, 12, 3, 115),
        phone_verdict=v.Verdict("on_site", 38, 12, 150, None),
        server_verdict=v.Verdict("on_site", 38, 12, 150, None),
        flags=(),
    )
    left = v.CheckIn(
        direction="out",
        engineer_name="安然",
        tapped_at=f"{day}08:12:30.800Z",
        corrected_at=f"{day}08:12:30.000Z",
        offset_ms=800,
        quality="fair",
        received_at=f"{day}08:32:41.000Z",
        reason_code="indoors",
        reason_text="地下二层收不到卫星。",
        fix=v.Fix(305790100, 1039480200, 90, 41, 62),
        phone_verdict=v.Verdict("on_site", 41, 90, 150, "old_fix"),
        server_verdict=v.Verdict("uncertain", 141, 90, 150, "low_accuracy"),
        flags=("repeated_decimals",),
    )
    return arrived, left


def _course() -> tuple[v.CourseEntry, ...]:
    day = "2026-11-23T"
    return (
        v.CourseEntry(f"{day}00:12:00.000Z", "reported", "何晓来电，柯莉受理并负责", "柯莉", None, None, None),
        v.CourseEntry(
            f"{day}00:19:00.000Z", "contacted", "刘志强回电，转远程，查到电池失效", "刘志强", "柯莉", None, None
        ),
        v.CourseEntry(f"{day}06:36:00.000Z", "departed", "双流库取件后出发", "安然", None, None, None),
        v.CourseEntry(f"{day}06:50:00.000Z", "arrived", "误点到场", "安然", None, None, "走错楼，按错了"),
        v.CourseEntry(
            f"{day}07:56:20.000Z", "solved", "写入延迟恢复 0.6 ms", "安然", None, f"{day}08:32:40.000Z", None
        ),
    )


def _added() -> v.Added:
    return v.Added(
        number="FR-2026-000417",
        work_order_number="WO-2026-001872",
        version=2,
        state="approved",
        submitted_at="2026-11-23T08:33:00.000Z",
        approved_at="2026-11-23T09:20:00.000Z",
        approved_by_name="唐亚当",
        returned_comment="请补一张修好后的照片。",
        priority="important",
        letters=(v.Letter("B", 1, text("网络服务器与存储", "Network servers and storage"), "2024-05-20"),),
        issued_under=clause("B-15", "第五条", "每次维修出具书面故障报告", "A written fault report for every repair"),
        entitlement=v.Entitlement(
            "covered",
            "2027-06-18",
            (clause("B-07", "第二条 1)", "验收起三年免费保修", "Free repair for three years from acceptance"),),
        ),
        clocks=_clocks(),
        check_ins=_check_ins(),
        course=_course(),
        notes=(
            v.Note(
                text("离线写成，签到 61 分钟后才收到", "Written offline; the check-in arrived 61 minutes later"),
                "2026-11-23T08:32:40.000Z",
            ),
        ),
        versions=(
            v.Version(1, "a1" * 32, "2026-11-23T08:01:10.000Z"),
            v.Version(2, _SHA, "2026-11-23T08:05:10.000Z"),
        ),
        check_url="https://service.example/c/7Qm2vX9kT4bLz8RaYw3PnE5d",
    )


def sample_view(**changes: Any) -> v.ReportView:
    """The sample, every field filled; `signed`, `added`, `acceptance` take dicts of fields to change."""
    view = v.ReportView(
        schema=v.SCHEMA,
        tz="Asia/Shanghai",
        made_at="2026-11-23T09:30:00.000Z",
        company=v.Company(
            text("成都衡信设备服务有限公司", "Chengdu Hengxin Equipment Service Co., Ltd."),
            "028-8570 6620",
            text("7×24 小时", "24 hours, every day"),
            "fuwu@hengxin.example",
            "028-8570 6621",
        ),
        account_manager=v.Person("蒋涛", "139 8010 4415"),
        signed=_signed(),
        acceptance=v.Acceptance(
            result="accepted_with_remarks",
            remarks="交换机光模块请按约定时间来换。",
            reason=None,
            signer_name="叶雯",
            signer_title="信息中心主管",
            rating=5,
            signed_at="2026-11-23T08:05:10.000Z",
            document_sha256=_SHA,
            strokes=v.Strokes(290, 150, _YE_WEN),
            photo_sha256=None,
        ),
        engineer_signature=v.EngineerSignature(
            "安然", "0117", "2026-11-23T08:06:00.000Z", v.Strokes(290, 150, _AN_RAN)
        ),
        added=_added(),
    )
    for name, change in changes.items():
        old = getattr(view, name)
        view = replace(view, **{name: replace(old, **change) if isinstance(change, dict) else change})
    return view


def plain_view(**changes: Any) -> v.ReportView:
    """The usual good case, as the design draws it: one finding, everything kept, accepted without remarks."""
    signed = _signed()
    kept = [replace(clock, state="met", missed_reason=None, excused_reason=None) for clock in _clocks()]
    clocks = (
        kept[0],
        kept[1],
        replace(
            kept[2],
            due_at="2026-11-23T08:12:00.000Z",
            clause=clause("B-02", "第三条", "8 小时内解决问题", "Repaired within 8 hours"),
        ),
        replace(kept[4], met_at="2026-11-23T09:20:00.000Z"),
    )
    arrived, left = _check_ins()
    left = replace(
        left,
        reason_code=None,
        reason_text=None,
        fix=v.Fix(305790100, 1039480200, 14, 2, 62),
        phone_verdict=v.Verdict("on_site", 41, 14, 150, None),
        server_verdict=v.Verdict("on_site", 41, 14, 150, None),
        flags=(),
    )
    course = tuple(replace(entry, received_at=None) for entry in _course() if entry.void_reason is None)
    view = sample_view(
        signed={
            "findings": signed.findings[:1],
            "charges": signed.charges[:1],
            "more": (),
            "handed_over_on": "2026-11-23",
        },
        acceptance={"result": "accepted", "remarks": None},
        added={
            "clocks": clocks,
            "check_ins": (arrived, left),
            "course": course,
            "notes": (),
            "version": 1,
            "returned_comment": None,
            "versions": (v.Version(1, _SHA, "2026-11-23T08:05:10.000Z"),),
        },
    )
    return replace(view, **changes)
