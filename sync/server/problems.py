"""What the protocol itself refuses: slugs of ../PROTOCOL.md "Problems", each with its words.

`Refused` is said about one operation and becomes its result; `RequestRefused` is said about a whole request and becomes
an HTTP status. Whoever owns the records raises problems of its own, which the adapter turns into `Refused`.
"""

from __future__ import annotations

from typing import Any

Text = dict[str, str]

TITLES: dict[str, tuple[str, str]] = {
    "unreadable-request": ("请求读不出来。", "The request cannot be read."),
    "too-large": ("内容太大了。", "This is too large."),
    "unsupported-encoding": (
        "编码方式不支持，请用 JSON（可用 gzip）。",
        "Encoding not supported; send JSON, gzip if you like.",
    ),
    "sequence-gap": ("中间缺了编号。", "A number is missing."),
    "sequence-reused": ("这台手机的数据库被复制过。", "This phone's database was copied."),
    "operation-id-reused": ("这个操作编号已经用于别的内容。", "This operation id already names something else."),
    "operation-too-large": ("这一条太大了。", "This operation is too large."),
    "invalid-operation": ("这一条里有读不出来的内容。", "Something in this operation cannot be read."),
    "invalid": ("有几项填得不对。", "Some fields are not right."),
    "unknown-field": ("不认识这一项。", "There is no such field."),
    "base-missing": (
        "缺少修改前看到的值，或多了一个。",
        "The value seen before the edit is missing, or there is one too many.",
    ),
    "not-owner": ("这一项不由您填写。", "This field is not yours to write."),
    "record-not-found": ("没有找到这条记录，或者您看不到它。", "The record is not there, or not visible to you."),
    "record-exists": ("这条记录已经有了。", "The record exists already."),
    "record-gone": ("这条记录已经删除。", "The record was deleted."),
    "not-stuck": ("要修正的那一条并没有卡住。", "The operation to mend is not stuck."),
    "not-yours-to-mend": ("要修正的那一条不是您的。", "The operation to mend is not yours."),
    "unsupported-version": (
        "服务器还不认识这种操作，已保存。",
        "The server does not know this operation yet; it is kept.",
    ),
    "blocked": ("在等前面卡住的一条。", "Waits for an earlier one that is stuck."),
    "parked": ("服务器处理时出错，已保存，会再处理。", "The server failed on it; it is kept and will be run again."),
    "operation-lost": ("手机上的这一条丢失了。", "The phone lost this one."),
    "cursor-invalid": ("读取位置无效，请从头开始。", "The cursor cannot be read; start from the beginning."),
    "invalid-parameter": ("参数不对。", "A parameter is not right."),
    "reset": ("需要重新下载数据。", "The data must be downloaded anew."),
    "update-needed": ("请更新应用。", "Please update the app."),
    "device-of-another-user": ("这台手机的数据库属于另一个用户。", "This phone database belongs to another user."),
    "device-revoked": ("这台手机已被停用。", "This phone was revoked."),
}


class Refused(Exception):
    """One operation refused for ever.

    slug   which problem
    field  path in the operation, or None
    text   {zh, en}: what is wrong here and what would be right; the slug's title if not given
    more   further members of the problem object
    """

    def __init__(self, slug: str, field: str | None = None, text: Text | None = None, **more: Any) -> None:
        super().__init__(slug, field)
        self.slug, self.field, self.more = slug, field, more
        self.text = text or self.title

    @property
    def title(self) -> Text:
        zh, en = TITLES.get(self.slug, TITLES["invalid"])
        return {"zh": zh, "en": en}

    def as_json(self) -> dict[str, Any]:
        """A plain problem object. Adapters that have a catalogue of their own render it themselves."""
        out = {"type": f"/problems/{self.slug}", "title": self.title["en"], "detail": self.text["en"]}
        out["texts"] = {"title": self.title, "detail": self.text}
        if self.field:
            out["field"] = self.field
        return out | self.more


class RequestRefused(Refused):
    """A whole request that cannot be taken: HTTP status beside the problem (M-66). Nothing was applied."""

    def __init__(
        self, status: int, slug: str, field: str | None = None, text: Text | None = None, **more: Any
    ) -> None:
        super().__init__(slug, field, text, **more)
        self.status = status
