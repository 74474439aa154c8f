"""What can go wrong with accounts."""

from __future__ import annotations

from typing import ClassVar

from backend.core.problems import NotAllowedNow, NotSignedIn


class WrongNameOrPassword(NotSignedIn):
    slug = "wrong-name-or-password"
    title: ClassVar = {"zh": "用户名或密码不对。", "en": "Name or password is not right."}


class DeviceRevoked(NotAllowedNow):
    slug = "device-revoked"
    status = 403
    title: ClassVar = {
        "zh": "这部手机已被办公室停用。没发出的内容没有删除，请联系办公室。",
        "en": "The office has revoked this phone. Your unsent items are not deleted; please call the office.",
    }


class NameTaken(NotAllowedNow):
    slug = "name-taken"
    title: ClassVar = {"zh": "这个用户名已经有人用了。", "en": "This sign-in name is taken."}


class DeviceOfAnother(NotAllowedNow):
    slug = "device-of-another"
    title: ClassVar = {"zh": "这个设备号属于别的账号。", "en": "This device id belongs to another account."}
