"""Every setting with its unit, default and reason. A bad one stops the start and is named.

Read from the environment (`FIELDPLEDGE_` before each name; `DATABASE_URL` and `PORT` also plain), or given to
`create_app` by tests.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WEAK_SECRETS = {"", "secret", "changeme", "dev", "development", "password", "fieldpledge", "test"}

# name: (default, reader, what it is)
SETTINGS: dict[str, tuple[Any, Any, str]] = {
    "ENV": ("development", str, "development | production: production refuses weak secrets and insecure cookies"),
    "VAR_DIR": (str(ROOT / "var"), str, "folder for the database, files and the made secret"),
    "DATABASE_URL": ("", str, "empty: SQLite under VAR_DIR; postgresql://… for a company"),
    "SECRET_KEY": ("", str, "at least 32 characters; signs sessions; made under VAR_DIR when developing"),
    "HOST": ("127.0.0.1", str, "address to listen on"),
    "PORT": (8000, int, "TCP port"),
    "THREADS": (4, int, "threads that answer requests"),
    "BELL_SEATS": (400, int, "phones that wait for news at once, without a thread; the others ask every half minute"),
    "NOTICE_DUE": ("12-01", str, "month and day from which next year's notice of rest days is missed by admins"),
    "PUBLIC_URL": ("", str, "address people reach, for links and QR codes; empty: as the request came"),
    "CALL_HER_AFTER_S": (
        180,
        int,
        "seconds after which the dispatcher is asked to call an engineer who has not looked at a visit that is promised"
        " within half an hour; long enough to take a phone out of a pocket, short of a 20-minute arrival",
    ),
    "SESSION_DAYS": (30, int, "days a sign-in lasts on a device"),
    "SIGN_IN_TRIES": (10, int, "wrong passwords per name and quarter of an hour before a wait"),
    "LINK_TRIES": (30, int, "wrong customer links per address and quarter of an hour before a wait"),
    "LINK_SHOWS_ENGINEER": (
        "title",
        str,
        "title | name | none: what a customer's link says of the engineer who comes",
    ),
    "MAX_BODY_BYTES": (2 * 1024 * 1024, int, "largest request body that is read"),
    "MAX_FILE_BYTES": (20 * 1024 * 1024, int, "largest single file"),
    "MAX_RESCUE_BYTES": (1024 * 1024 * 1024, int, "largest rescue file: what one phone holds with its photos"),
    "FONT_DIRS": (
        str(ROOT / "node_modules" / "@expo-google-fonts"),
        str,
        f"folders with the paper's fonts, {os.pathsep} between them; a further font there is a fallback for rare letters",
    ),
    "PWA_DIR": (str(ROOT / "pwa" / "dist"), str, "the built phone app and console"),
}


class BadSetting(Exception):
    """A setting that cannot be used; the text names it and what would be right."""


def load(overrides: dict[str, Any] | None = None, environ: dict[str, str] | None = None) -> dict[str, Any]:
    """All settings as a dict, defaults filled in and checked. Raises BadSetting."""
    environ = dict(os.environ) if environ is None else environ
    settings: dict[str, Any] = {}
    for name, (default, reader, what) in SETTINGS.items():
        text = environ.get(f"FIELDPLEDGE_{name}") or (
            environ.get(name) if name in ("DATABASE_URL", "PORT", "HOST") else None
        )
        try:
            settings[name] = default if text is None else reader(text)
        except ValueError:
            raise BadSetting(f"{name}={text!r} cannot be used: {what}") from None
    settings.update(overrides or {})
    _check(settings)
    return settings


def _check(settings: dict[str, Any]) -> None:
    if settings["ENV"] not in ("development", "production"):
        raise BadSetting(f"ENV={settings['ENV']!r}: write development or production")
    if not 1 <= settings["PORT"] <= 65535:
        raise BadSetting(f"PORT={settings['PORT']}: a port is between 1 and 65535")
    if not re.fullmatch(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", settings["NOTICE_DUE"]):
        raise BadSetting(f"NOTICE_DUE={settings['NOTICE_DUE']!r}: write month and day as 12-01")
    if settings["THREADS"] < 1:
        raise BadSetting(f"THREADS={settings['THREADS']}: at least 1")
    if settings["LINK_SHOWS_ENGINEER"] not in ("title", "name", "none"):
        raise BadSetting(f"LINK_SHOWS_ENGINEER={settings['LINK_SHOWS_ENGINEER']!r}: write title, name or none")
    var = Path(settings["VAR_DIR"])
    try:
        var.mkdir(parents=True, exist_ok=True)
        probe = var / f".probe-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise BadSetting(f"VAR_DIR={var}: this folder cannot be written ({error.strerror})") from None
    secret = settings["SECRET_KEY"]
    if settings["ENV"] == "production":
        if len(secret) < 32 or secret.lower() in WEAK_SECRETS or len(set(secret)) < 8:
            raise BadSetting("SECRET_KEY is missing or weak: give at least 32 random characters")
    elif not secret:
        settings["SECRET_KEY"] = _made_secret(var)
    url = settings["DATABASE_URL"] or f"sqlite:///{var / 'fieldpledge.db'}"
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            url = "postgresql+psycopg://" + url[len(plain) :]
    if not url.startswith(("sqlite://", "postgresql+psycopg://")):
        raise BadSetting("DATABASE_URL: only sqlite:///… and postgresql://… are known")
    settings["DATABASE_URL"] = url


def _made_secret(var: Path) -> str:
    path = var / "secret"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text().strip()
