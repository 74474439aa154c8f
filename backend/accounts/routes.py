"""Sign-in, own account, devices, users."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from apiflask import APIBlueprint
from flask import current_app, g, request
from flask import session as cookie
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from backend.accounts import roles, schemas, services
from backend.accounts.models import Branch, Company, Device, User, UserSession
from backend.accounts.problems import WrongNameOrPassword
from backend.core import editing
from backend.core.db import db, write_transaction
from backend.core.http import needs, public, request_now
from backend.core.problems import Forbidden, NotFound
from backend.core.schemas import Empty

bp = APIBlueprint("accounts", __name__, url_prefix="/api", tag="accounts")
login = LoginManager()


class SessionUser(UserMixin):
    """What Flask-Login carries: the session's id, not the user's, so that one sign-in can be ended alone."""

    def __init__(self, actor: services.Actor) -> None:
        self.actor = actor

    def get_id(self) -> str:
        return self.actor.session_id


@login.user_loader
def load_session(session_id: str) -> SessionUser | None:
    actor = services.live_actor(db.session, session_id, request_now())
    return SessionUser(actor) if actor else None


def identify() -> services.Actor | None:
    """The actor of this request, or None (asked once per request by core/http.py)."""
    return current_user.actor if current_user.is_authenticated else None


@bp.post("/sign-in")
@public
@bp.input(schemas.SignInIn)
@bp.output(schemas.SignedIn)
@bp.doc(summary="Sign in with name and password")
def sign_in(json_data: dict[str, Any]) -> dict[str, Any]:
    now = request_now()
    with write_transaction() as session:  # the try is counted, and stays counted, before the password is looked at
        services.count_try(session, json_data["name"], current_app.config["SIGN_IN_TRIES"], now)
    try:
        user = services.verified_user(db.session, json_data["name"], json_data["password"])
    finally:
        db.session.rollback()
    with write_transaction() as session:
        services.forgive_tries(session, json_data["name"])
        agent = request.headers.get("User-Agent", "")
        row = services.open_session(session, user, agent, current_app.config["SESSION_DAYS"], now)
        session.flush()
        session.refresh(row)
        actor = services.live_actor(session, row.id, now)
    if actor is None:  # disabled while the password was looked at
        raise WrongNameOrPassword()
    g.actor = actor
    cookie.clear()
    login_user(SessionUser(actor))
    cookie.permanent = True
    return _signed_in(row.user)


@bp.post("/sign-out")
@needs("self")
@bp.output(Empty, status_code=204)
@bp.doc(summary="End this session")
def sign_out() -> str:
    row = db.session.get(UserSession, g.actor.session_id)
    if row is not None:
        row.revoked_at = request_now()
    logout_user()
    cookie.clear()
    return ""


@bp.get("/me")
@needs("self")
@bp.output(schemas.SignedIn)
@bp.doc(summary="Who is signed in")
def me() -> dict[str, Any]:
    return _signed_in(db.session.get(User, g.actor.user_id))


@bp.patch("/me")
@needs("self")
@bp.input(schemas.SelfChange)
@bp.output(schemas.SignedIn)
@bp.doc(summary="Change own language or password")
def change_me(json_data: dict[str, Any]) -> dict[str, Any]:
    old = json_data.pop("old_password", None)
    user = db.session.get(User, g.actor.user_id)
    if "password" in json_data:
        if old is None:
            raise WrongNameOrPassword()
        services.verified_user(db.session, user.sign_in_name, old)
    changed = services.change_user(db.session, user.id, json_data, request_now(), keep=g.actor.session_id)
    return _signed_in(changed)


def _signed_in(user: User) -> dict[str, Any]:
    permissions = sorted(name for name, holders in roles.PERMISSIONS.items() if user.role in holders)
    return {"user": user, "permissions": permissions}


@bp.post("/devices")
@needs("self")
@bp.input(schemas.DeviceIn)
@bp.output(schemas.DeviceOut)
@bp.doc(summary="Make this phone's database known")
def add_device(json_data: dict[str, Any]) -> Device:
    return services.register_device(db.session, g.actor, json_data, request_now())


@bp.get("/devices")
@needs("self")
@bp.output(schemas.DeviceOut(many=True))
@bp.doc(summary="Devices: one's own, or everybody's for an admin")
def list_devices() -> list[Device]:
    query = sa.select(Device).order_by(Device.created_at.desc())
    if not g.actor.may("devices.revoke"):
        query = query.where(Device.user_id == g.actor.user_id)
    return list(db.session.scalars(query))


@bp.delete("/devices/<device_id>")
@needs("self")
@bp.output(schemas.DeviceOut)
@bp.doc(summary="Revoke a device; nothing on it is deleted")
def delete_device(device_id: str) -> Device:
    device = db.session.get(Device, device_id)
    if device is None or (device.user_id != g.actor.user_id and not g.actor.may("devices.revoke")):
        raise NotFound()
    return services.revoke_device(db.session, device_id, request_now())


@bp.get("/users")
@needs("users.read")
@bp.output(schemas.UserOut(many=True))
@bp.doc(summary="All accounts")
def list_users() -> list[User]:
    return list(db.session.scalars(sa.select(User).order_by(User.role, User.name)))


@bp.post("/users")
@needs("users.write")
@bp.input(schemas.UserIn)
@bp.output(schemas.UserOut, status_code=201)
@bp.doc(summary="A new account")
def add_user(json_data: dict[str, Any]) -> User:
    return services.create_user(db.session, json_data, request_now())


@bp.patch("/users/<user_id>")
@needs("users.write")
@bp.input(schemas.UserChange)
@bp.output(schemas.UserOut)
@bp.doc(summary="Change or disable an account")
def patch_user(user_id: str, json_data: dict[str, Any]) -> User:
    if user_id == g.actor.user_id and (json_data.get("is_disabled") or json_data.get("role", "admin") != "admin"):
        raise Forbidden(
            detail={"zh": "不能停用或降级自己的账号。", "en": "You cannot disable or demote your own account."}
        )
    return services.change_user(db.session, user_id, json_data, request_now(), keep=g.actor.session_id)


@bp.get("/branches")
@needs("self")
@bp.output(schemas.BranchOut(many=True))
@bp.doc(summary="Branches")
def list_branches() -> list[Branch]:
    return list(db.session.scalars(sa.select(Branch).order_by(Branch.name)))


@bp.get("/company")
@needs("self")
@bp.output(schemas.CompanyOut)
@bp.doc(summary="The company of this installation")
def show_company() -> Company:
    return _company()


@bp.patch("/company")
@needs("settings.write")
@bp.input(schemas.CompanyEdit)
@bp.output(schemas.CompanyOut)
@bp.doc(summary="Change the company's name, numbers, zone")
def edit_company(json_data: dict[str, Any]) -> Company:
    row = _company()
    editing.edit_row(row, schemas.CompanyOut(), json_data["base"], json_data["fields"])
    return row


def _company() -> Company:
    row = db.session.scalar(sa.select(Company))
    if row is None:
        raise NotFound()
    return row
