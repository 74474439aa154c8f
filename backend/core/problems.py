"""The catalogue of problems: every error is a class with a stable slug, sent as RFC 9457 problem+json.

Slices keep theirs in `<slice>/problems.py`. The client switches on the slug, people read title and detail in their
language; `faults` names every wrong field and what would be right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

Text = dict[str, str]


@dataclass(frozen=True)
class Fault:
    """One wrong field: `path` as `$.asset.accepted_on`, `message` {zh, en} saying what would be right."""

    path: str
    message: Text

    def as_json(self) -> dict[str, Any]:
        return {"path": self.path, "message": self.message}


@dataclass
class Problem(Exception):
    """An error that a person or a client can act on. Subclasses set slug, status and title."""

    detail: Text | None = None
    faults: list[Fault] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    slug: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[Text] = {
        "zh": "服务器出错了，您的内容没有改动。",
        "en": "The server failed; nothing was changed.",
    }

    def as_json(self, language: str = "zh") -> dict[str, Any]:
        """The problem object; `field` is the first fault's path."""
        detail = self.detail or (self.faults[0].message if self.faults else self.title)
        out: dict[str, Any] = {
            "type": f"/problems/{self.slug}",
            "title": self.title.get(language) or self.title["zh"],
            "status": self.status,
            "detail": detail.get(language) or detail["zh"],
            "texts": {"title": self.title, "detail": detail},
        }
        if self.faults:
            out["field"] = self.faults[0].path
            out["faults"] = [fault.as_json() for fault in self.faults]
        return out | self.extra

    def __str__(self) -> str:
        return f"{self.slug}: {(self.detail or self.title)['en']} {[f.path for f in self.faults]}"


class Invalid(Problem):
    slug = "invalid"
    status = 422
    title: ClassVar[Text] = {
        "zh": "有几项填得不对，什么都没有改动。",
        "en": "Some fields are not right; nothing was changed.",
    }


class Unreadable(Problem):
    slug = "unreadable"
    status = 400
    title: ClassVar[Text] = {"zh": "请求读不出来。", "en": "The request cannot be read."}


class NotSignedIn(Problem):
    slug = "not-signed-in"
    status = 401
    title: ClassVar[Text] = {"zh": "请先登录。", "en": "Please sign in."}


class Forbidden(Problem):
    slug = "forbidden"
    status = 403
    title: ClassVar[Text] = {"zh": "您没有权限做这件事。", "en": "You may not do this."}


class NotFound(Problem):
    slug = "not-found"
    status = 404
    title: ClassVar[Text] = {"zh": "没有找到，或者您看不到它。", "en": "Not found, or not visible to you."}


class Stale(Problem):
    slug = "stale"
    status = 409
    title: ClassVar[Text] = {
        "zh": "这一项别人刚改过，请看现在的内容。",
        "en": "Somebody changed this meanwhile; see the current state.",
    }


class NotAllowedNow(Problem):
    slug = "not-allowed-now"
    status = 409
    title: ClassVar[Text] = {"zh": "现在的状态不允许这一步。", "en": "The present state does not allow this step."}


class TooLarge(Problem):
    slug = "too-large"
    status = 413
    title: ClassVar[Text] = {"zh": "内容太大了。", "en": "This is too large."}


class TooMany(Problem):
    slug = "too-many-tries"
    status = 429
    title: ClassVar[Text] = {"zh": "试得太多了，请过一会儿再试。", "en": "Too many tries; please wait a while."}


class Busy(Problem):
    slug = "busy"
    status = 503
    title: ClassVar[Text] = {
        "zh": "服务器正忙，什么都没有改动，会再试。",
        "en": "The server is busy; nothing was changed. Try again.",
    }
