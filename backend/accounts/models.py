"""Tables of accounts: the company, its branches, users, their sessions and devices."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.core.db import Id, Json, UtcDateTime, db


class Company(db.Model):
    """The company that runs this installation: one row (HOUSE 9)."""

    __tablename__ = "company"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[dict[str, str]] = mapped_column(Json)
    hotline: Mapped[str] = mapped_column(sa.String(40), default="")
    email: Mapped[str] = mapped_column(sa.String(120), default="")
    complaint_phone: Mapped[str] = mapped_column(sa.String(40), default="")
    currency: Mapped[str] = mapped_column(sa.String(3), default="CNY")
    tz: Mapped[str] = mapped_column(sa.String(40), default="Asia/Shanghai")
    languages: Mapped[list[str]] = mapped_column(Json, default=lambda: ["zh", "en"])
    logo_sha256: Mapped[str | None] = mapped_column(sa.String(64))
    is_demo: Mapped[bool] = mapped_column(default=False)


class Branch(db.Model):
    __tablename__ = "branch"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    province: Mapped[str | None] = mapped_column(sa.String(20))
    tz: Mapped[str] = mapped_column(sa.String(40), default="Asia/Shanghai")
    phone: Mapped[str] = mapped_column(sa.String(40), default="")


class UserBranch(db.Model):
    """The branches whose work a dispatcher or engineer belongs to."""

    __tablename__ = "user_branch"
    user_id: Mapped[str] = mapped_column(sa.ForeignKey("user_account.id"), primary_key=True)
    branch_id: Mapped[str] = mapped_column(sa.ForeignKey("branch.id"), primary_key=True, index=True)


class User(db.Model):
    __tablename__ = "user_account"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(60))
    sign_in_name: Mapped[str] = mapped_column(sa.String(60), unique=True)
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    role: Mapped[str] = mapped_column(sa.String(20))
    branch_id: Mapped[str | None] = mapped_column(sa.ForeignKey("branch.id"))
    phone: Mapped[str] = mapped_column(sa.String(40), default="")
    staff_no: Mapped[str] = mapped_column(sa.String(20), default="")
    skills: Mapped[list[str]] = mapped_column(Json, default=list)
    language: Mapped[str] = mapped_column(sa.String(2), default="zh")
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    branches: Mapped[list[UserBranch]] = relationship(cascade="all, delete-orphan", lazy="selectin")


class UserSession(db.Model):
    """One sign-in on one browser. The cookie holds its id; revoking the row ends it at the next request."""

    __tablename__ = "user_session"
    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    device_id: Mapped[str | None] = mapped_column(sa.ForeignKey("device.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    agent: Mapped[str] = mapped_column(sa.String(200), default="")
    user: Mapped[User] = relationship(lazy="joined")


class Device(db.Model):
    """One phone database: phone × user × server, own id, never reused (K-2)."""

    __tablename__ = "device"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    label: Mapped[str] = mapped_column(sa.String(120), default="")
    public_key: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unsent: Mapped[int | None]  # what it held that was not sent, as it said when it was last seen


class SignInTry(db.Model):
    """Wrong passwords per name and window: the wait is short, so that nobody can lock a colleague out for ever."""

    __tablename__ = "sign_in_try"
    name_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    window: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    tries: Mapped[int]
