"""What can go wrong with visits. A check-in has no problem of its own: it is never refused (K-7)."""

from __future__ import annotations

from typing import ClassVar

from backend.core.problems import NotAllowedNow


class VisitStepNotAllowed(NotAllowedNow):
    """`extra.state` is where the visit stands."""

    slug = "visit-step-not-allowed"
    title: ClassVar = {
        "zh": "这次上门现在的状态不允许这一步。",
        "en": "The visit's present state does not allow this step.",
    }


class WorkOrderEnded(NotAllowedNow):
    slug = "work-order-ended"
    title: ClassVar = {
        "zh": "这张工单已经结束，不能再派人上门。重开之后可以。",
        "en": "This work order has ended; nobody can be sent. Reopen it first.",
    }


class NothingToAccept(NotAllowedNow):
    slug = "check-in-counts-already"
    title: ClassVar = {
        "zh": "这次签到已经算数，不用再确认。",
        "en": "This check-in counts already; there is nothing to accept.",
    }
