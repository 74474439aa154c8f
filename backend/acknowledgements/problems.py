"""What can go wrong when a customer signs."""

from __future__ import annotations

from typing import ClassVar

from backend.core.problems import Invalid


class NoInk(Invalid):
    slug = "no-ink"
    title: ClassVar = {
        "zh": "还没有笔迹，不能算签字。客户不在或不愿签，请选“不在”或“拒签”。",
        "en": "There is no ink, so this is not a signature. If the customer is absent or declines, choose that.",
    }
