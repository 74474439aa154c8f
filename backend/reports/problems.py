"""What can go wrong with reports."""

from __future__ import annotations

from typing import ClassVar

from backend.core.problems import Invalid, NotAllowedNow


class ReportNotEditable(NotAllowedNow):
    """`extra.state` is where the report stands."""

    slug = "report-not-editable"
    title: ClassVar = {
        "zh": "报告已经提交，不能再改。请办公室退回后再改。",
        "en": "The report has been handed in. Ask the office to return it before changing it.",
    }


class ReportStepNotAllowed(NotAllowedNow):
    slug = "report-step-not-allowed"
    title: ClassVar = {
        "zh": "报告现在的状态不允许这一步。",
        "en": "The report's present state does not allow this step.",
    }


class ReportIncomplete(Invalid):
    slug = "report-incomplete"
    title: ClassVar = {"zh": "报告还差几项。", "en": "The report still lacks something."}


class TooManyReports(Invalid):
    slug = "too-many-reports"
    title: ClassVar = {
        "zh": "一次最多导出这么多份，请缩小范围。",
        "en": "That is more than one export holds; please narrow the choice.",
    }
