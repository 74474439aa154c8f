"""What can go wrong with work orders."""

from __future__ import annotations

from typing import ClassVar

from backend.core.problems import NotAllowedNow


class StepNotAllowed(NotAllowedNow):
    slug = "work-order-step-not-allowed"
    title: ClassVar = {
        "zh": "工单现在的状态不允许这一步。",
        "en": "The work order's present state does not allow this step.",
    }


class GatesOpen(NotAllowedNow):
    slug = "gates-open"
    title: ClassVar = {
        "zh": "还缺几样东西，工单不能关闭。",
        "en": "The work order cannot be closed yet; something is missing.",
    }
