"""What can go wrong with a customer's link. Her page shows these words, so they are said to her."""

from __future__ import annotations

from typing import ClassVar

from backend.core.problems import Forbidden, NotAllowedNow, NotFound


class LinkNotValid(NotFound):
    """Wrong, revoked, expired, never made, none at all: the same words, so that nobody learns which."""

    slug = "link-not-valid"
    title: ClassVar = {
        "zh": "这个链接打不开。可能已经到期或收回，也可能没有复制完整。请联系给您链接的人。",
        "en": "This link does not open. It may have ended, or it was not copied whole. Please ask whoever gave it to you.",
    }


class NotInScope(Forbidden):
    slug = "not-in-link"
    title: ClassVar = {
        "zh": "这个链接不能做这件事，请联系给您链接的人。",
        "en": "This link does not allow that; please ask whoever gave it to you.",
    }


class AlreadyAnswered(NotAllowedNow):
    """`extra`: what · who · at of the answer that stands."""

    slug = "already-answered"
    title: ClassVar = {"zh": "已经有过答复了。", "en": "This has been answered already."}


class NothingToAnswer(NotAllowedNow):
    slug = "nothing-to-answer"
    title: ClassVar = {
        "zh": "现在还没有可以验收的结果：工程师还没有说修好了。",
        "en": "There is nothing to accept yet: the engineer has not said that it works.",
    }


class NothingToSign(NotAllowedNow):
    slug = "nothing-to-sign"
    title: ClassVar = {
        "zh": "这份报告现在没有要您签的，可能刚被修改。请刷新看看。",
        "en": "Nothing of this report is waiting for your signature; it may just have been changed. Please reload.",
    }
