"""Sign-in, sessions, devices, users. Called by routes and by the command line; never commits, never reads the clock."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from backend.accounts import roles
from backend.accounts.models import Branch, Device, SignInTry, User, UserBranch, UserSession
from backend.accounts.problems import DeviceOfAnother, NameTaken, WrongNameOrPassword
from backend.core.ids import new_id
from backend.core.problems import Fault, Invalid, NotFound, TooMany

# OWASP's second set for argon2id: 19 MiB, 2 passes, 1 lane; 34 ms here.
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# Verified when the name is unknown, so that both answers take the same time.
_NOBODY = _hasher.hash("nobody signs in with this")
MAX_PASSWORD_CHARS = 256
MIN_PASSWORD_CHARS = 8
WINDOW_S = 900


@dataclass(frozen=True)
class Actor:
    """Who asks, as values: no database row leaves accounts."""

    user_id: str
    name: str
    role: str
    language: str
    branch_id: str | None
    branch_ids: frozenset[str]
    session_id: str

    def may(self, permission: str) -> bool:
        return roles.may(self.role, permission)

    def sees_branch(self, branch_id: str | None) -> bool:
        """Admins see every branch, the others their own."""
        return self.role == "admin" or branch_id in self.branch_ids


def folded(name: str) -> str:
    """One spelling per sign-in name: NFKC, case folded, invisible characters refused by `check_name`."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def check_name(name: str) -> list[Fault]:
    """Faults of a new sign-in name: letters of one script, digits, dot, dash, underscore."""
    kept = folded(name)
    scripts = {unicodedata.name(c, "?").split()[0] for c in kept if c.isalpha()}
    plain = all(c.isalnum() or c in "._-" for c in kept)
    if 2 <= len(kept) <= 60 and plain and len(scripts) <= 1:
        return []
    return [
        Fault(
            "$.sign_in_name",
            {
                "zh": "用户名要 2 到 60 个字符：同一种文字的字母、数字、点、横线。",
                "en": "A sign-in name has 2 to 60 characters: letters of one script, digits, dots, dashes.",
            },
        )
    ]


def check_password(password: str) -> list[Fault]:
    if MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        return []
    return [
        Fault(
            "$.password",
            {
                "zh": f"密码要 {MIN_PASSWORD_CHARS} 到 {MAX_PASSWORD_CHARS} 个字符。",
                "en": f"A password has {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters.",
            },
        )
    ]


def count_try(session: Session, name: str, limit: int, now: datetime) -> None:
    """Count a sign-in try of a name before its password is looked at. Raises TooMany above the limit."""
    check_tries(session, name, limit, now)
    key, window = _hash_of_name(name), _window(now)
    row = session.get(SignInTry, (key, window))
    if row is None:
        session.execute(sa.delete(SignInTry).where(SignInTry.window < window - 1))
        row = SignInTry(name_hash=key, window=window, tries=0)
        session.add(row)
    row.tries += 1


def check_tries(session: Session, name: str, limit: int, now: datetime) -> None:
    """Raises TooMany when a name has had its tries of this quarter of an hour. Only reads."""
    row = session.get(SignInTry, (_hash_of_name(name), _window(now)))
    if row is not None and row.tries >= limit:
        raise TooMany(extra={"retry_after_s": WINDOW_S - int(now.timestamp()) % WINDOW_S})


def forgive_tries(session: Session, name: str) -> None:
    """A right password clears the count."""
    session.execute(sa.delete(SignInTry).where(SignInTry.name_hash == _hash_of_name(name)))


def _hash_of_name(name: str) -> str:
    return hashlib.sha256(folded(name).encode("utf-8", "replace")).hexdigest()


def _window(now: datetime) -> int:
    return int(now.timestamp()) // WINDOW_S


def verified_user(session: Session, name: str, password: str) -> User:
    """The enabled user of that name and password. Raises WrongNameOrPassword, the same for every reason."""
    user = session.scalar(sa.select(User).where(User.sign_in_name == folded(name)[:60]))
    try:
        _hasher.verify(user.password_hash if user else _NOBODY, password)
    except (VerificationError, InvalidHashError):
        raise WrongNameOrPassword() from None
    if user is None or user.disabled_at is not None:
        raise WrongNameOrPassword()
    return user


def open_session(session: Session, user: User, agent: str, days: int, now: datetime) -> UserSession:
    """A new signed-in session with an id of its own (never one the browser brought)."""
    row = UserSession(
        id=secrets.token_urlsafe(32),
        user_id=user.id,
        created_at=now,
        expires_at=now + timedelta(days=days),
        agent=agent[:200],
    )
    session.add(row)
    return row


_LIVE = (
    sa.select(
        User.id, User.name, User.role, User.language, User.branch_id, UserBranch.branch_id.label("also"),
        UserSession.expires_at,
    )
    .join(User, User.id == UserSession.user_id)
    .outerjoin(UserBranch, UserBranch.user_id == User.id)
    .where(UserSession.id == sa.bindparam("session_id"), UserSession.revoked_at.is_(None), User.disabled_at.is_(None))
)  # fmt: skip


def live_actor(session: Session, session_id: str, now: datetime) -> Actor | None:
    """Who asks, if the session still counts: not revoked, not expired, account enabled.

    Asked by every request: one statement, columns instead of rows (an idle poll's largest part otherwise).
    """
    rows = session.execute(_LIVE, {"session_id": session_id}).all()
    if not rows or rows[0].expires_at <= now:
        return None
    branches = frozenset(row.also for row in rows) | {rows[0].branch_id}
    return Actor(*rows[0][:5], branch_ids=branches - {None}, session_id=session_id)


def revoke_sessions(session: Session, user_id: str, now: datetime, *, keep: str | None = None) -> None:
    """End every session of a user (password changed, account disabled), `keep` excepted."""
    statement = sa.update(UserSession).where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
    if keep is not None:
        statement = statement.where(UserSession.id != keep)
    session.execute(statement.values(revoked_at=now))


def register_device(session: Session, actor: Actor, values: dict[str, Any], now: datetime) -> Device:
    """Make the phone's own database known, or the same again. Raises DeviceOfAnother."""
    device = session.get(Device, values["id"])
    if values.get("user_id", actor.user_id) != actor.user_id:
        raise DeviceOfAnother()
    if device is None:
        device = Device(id=values["id"], user_id=actor.user_id, created_at=now)
        session.add(device)
    elif device.user_id != actor.user_id:
        raise DeviceOfAnother()
    device.label = values.get("label") or device.label or ""
    device.public_key = values.get("public_key") or device.public_key
    device.last_seen_at = now
    row = session.get(UserSession, actor.session_id)
    if row is not None:
        row.device_id = device.id
    return device


def revoke_device(session: Session, device_id: str, now: datetime) -> Device:
    """Stop a phone: its sessions end, its pushes are refused, nothing on it is deleted."""
    device = session.get(Device, device_id)
    if device is None:
        raise NotFound()
    device.revoked_at = device.revoked_at or now
    session.execute(
        sa.update(UserSession)
        .where(UserSession.device_id == device_id, UserSession.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return device


def create_user(session: Session, values: dict[str, Any], now: datetime) -> User:
    """A new account. values: name, sign_in_name, password, role, branch_id?, branch_ids?, phone?, skills?, language?"""
    faults = check_name(values["sign_in_name"]) + check_password(values["password"])
    faults += _check_role_and_branches(session, values)
    if faults:
        raise Invalid(faults=faults)
    name = folded(values["sign_in_name"])
    if session.scalar(sa.select(User.id).where(User.sign_in_name == name)):
        raise NameTaken(faults=[Fault("$.sign_in_name", NameTaken.title)])
    user = User(
        id=values.get("id") or new_id(),
        name=values["name"],
        sign_in_name=name,
        password_hash=_hasher.hash(values["password"]),
        role=values["role"],
        branch_id=values.get("branch_id"),
        phone=values.get("phone") or "",
        staff_no=values.get("staff_no") or "",
        skills=values.get("skills") or [],
        language=values.get("language") or "zh",
        created_at=now,
        branches=[UserBranch(branch_id=branch) for branch in dict.fromkeys(values.get("branch_ids") or [])],
    )
    session.add(user)
    session.flush()
    return user


def change_user(
    session: Session, user_id: str, changes: dict[str, Any], now: datetime, keep: str | None = None
) -> User:
    """Change an account; a new password or a disabled account ends its sessions (`keep` excepted)."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFound()
    faults = check_password(changes["password"]) if "password" in changes else []
    faults += _check_role_and_branches(session, {"role": user.role} | changes)
    if faults:
        raise Invalid(faults=faults)
    if "password" in changes:
        user.password_hash = _hasher.hash(changes["password"])
        revoke_sessions(session, user_id, now, keep=keep)
    if "is_disabled" in changes:
        user.disabled_at = (user.disabled_at or now) if changes["is_disabled"] else None
        if changes["is_disabled"]:
            revoke_sessions(session, user_id, now)
    if "branch_ids" in changes:
        user.branches = [UserBranch(branch_id=branch) for branch in dict.fromkeys(changes["branch_ids"])]
    for name in ("name", "role", "branch_id", "phone", "staff_no", "skills", "language"):
        if name in changes:
            setattr(user, name, changes[name])
    return user


def _check_role_and_branches(session: Session, values: dict[str, Any]) -> list[Fault]:
    faults = []
    if values["role"] not in roles.ROLES:
        words = ", ".join(roles.ROLES)
        faults.append(Fault("$.role", {"zh": f"角色只有：{words}", "en": f"A role is one of: {words}"}))
    wanted = set(values.get("branch_ids") or []) | ({values.get("branch_id")} - {None})
    known = set(session.scalars(sa.select(Branch.id).where(Branch.id.in_(wanted)))) if wanted else set()
    if wanted - known:
        faults.append(Fault("$.branch_ids", {"zh": "没有这个分公司。", "en": "There is no such branch."}))
    return faults
