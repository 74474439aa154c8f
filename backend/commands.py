"""The commands that need the app: serve, migrate, seed, user, backup, restore. Called by backend/__main__.py."""

from __future__ import annotations

import argparse
import contextlib
import getpass
import json
import os
import socket
import sqlite3
import sys
from pathlib import Path

import flask_migrate
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from backend import create_app
from backend.accounts import services as accounts
from backend.accounts.models import User
from backend.config import ROOT, BadSetting, load
from backend.core import backup, clock
from backend.core.db import db, write_transaction
from backend.core.problems import Problem
from backend.sync_api import high_water


class Failed(Exception):
    """The command cannot go on; the text is the one line people read."""


def run(options: argparse.Namespace) -> int:
    """Run one command; every failure is one clear line on stderr."""
    try:
        globals()[f"do_{options.command.replace('-', '_')}"](options)
    except (Failed, BadSetting) as error:
        print(f"Fieldpledge: {error}", file=sys.stderr)
        return 1
    except Problem as problem:
        for fault in problem.faults or []:
            print(f"Fieldpledge: {fault.path}: {fault.message['en']}", file=sys.stderr)
        if not problem.faults:
            print(f"Fieldpledge: {(problem.detail or problem.title)['en']}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def do_migrate(_options: argparse.Namespace) -> None:
    app = create_app()
    with app.app_context():
        migrate(app)


def migrate(app: Flask) -> None:
    """Bring the database to the newest schema. Needs an app context."""
    try:
        with contextlib.redirect_stdout(open(os.devnull, "w")):
            flask_migrate.upgrade(directory=str(ROOT / "backend" / "migrations"))
    except SQLAlchemyError as error:
        raise Failed(f"the database cannot be opened or migrated: {str(error).splitlines()[0]}") from error


def do_openapi(_options: argparse.Namespace) -> None:
    app = create_app()
    with app.app_context():
        print(json.dumps(app.spec, indent=1, sort_keys=True, ensure_ascii=False, default=str))


def do_migration(options: argparse.Namespace) -> None:
    with create_app().app_context():
        flask_migrate.revision(
            directory=str(ROOT / "backend" / "migrations"), message=options.name, autogenerate=True
        )


def do_user(options: argparse.Namespace) -> None:
    app = create_app()
    password = options.password or getpass.getpass(f"Password for {options.name}: ")
    with app.app_context():
        migrate(app)
        with write_transaction() as session:
            values = {"name": options.full_name or options.name, "sign_in_name": options.name,
                      "password": password, "role": options.role}  # fmt: skip
            user = accounts.create_user(session, values, clock.now())
        print(f"{user.role} {user.sign_in_name} can sign in now.")


def do_seed(options: argparse.Namespace) -> None:
    app = create_app()
    with app.app_context():
        migrate(app)
        counts = seed(Path(options.folder) if options.folder else None)
        print("Loaded: " + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items()) + ".")


def seed(folder: Path | None) -> dict[str, int]:
    """Load a company's folder (the demo's when None) into the empty database → what it held. Needs an app context."""
    from backend.demo.seed import DEMO_FOLDER, load_company

    if not is_empty():
        raise Failed("this database already holds a company; seed fills an empty one only (make reset).")
    return load_company(folder or DEMO_FOLDER, clock.now())


def is_empty() -> bool:
    found = db.session.scalar(sa.select(User.id).limit(1))
    db.session.rollback()
    return found is None


def do_backup(options: argparse.Namespace) -> None:
    with create_app().app_context():
        print(backup.write(Path(options.file), clock.now()))


def do_restore(options: argparse.Namespace) -> None:
    app = create_app()
    with app.app_context():
        migrate(app)
        if not is_empty():
            raise Failed("restore fills an empty database only: point VAR_DIR or DATABASE_URL at a new one.")
        print(backup.read(Path(options.file), clock.now()))


def do_verify(options: argparse.Namespace) -> None:
    from backend.sync_api.audit import anchor_now
    from backend.sync_api.verify import verify

    with create_app().app_context():
        found = list(verify(db.session, options.anchor))
        for line in found:
            print(line)
        if found:
            raise Failed(f"{len(found)} things are not as they were written.")
        print("Ledger, audit, phones' chains, records and files are as they were written.")
        print("Nothing that the anchor saw was cut off." if options.anchor else f"Now: {anchor_now(db.session)}")


def do_rescue(options: argparse.Namespace) -> None:
    from backend.sync_api import rescue, rescue_file

    app = create_app()
    with app.app_context():
        file = rescue_file.read(Path(options.file), app.config["MAX_FILE_BYTES"])
        for line in rescue.told(rescue.contents(file)):
            print(line)
        admin = _admin(options.by)
        if not options.yes and input("Import it? Type yes: ").strip() != "yes":
            print("Nothing was changed.")
            return
        for line in rescue.told(rescue.bring_in(file, admin, clock.now())):
            print(line)


def _admin(name: str | None) -> str:
    """Whose hand imports: the named admin, or the only one there is."""
    query = sa.select(User).where(User.role == "admin", User.disabled_at.is_(None))
    admins = [user for user in db.session.scalars(query) if name in (None, user.sign_in_name)]
    db.session.rollback()
    if len(admins) != 1:
        raise Failed("say which admin imports it: --by SIGN_IN_NAME")
    return admins[0].id


def do_new_epoch(_options: argparse.Namespace) -> None:
    with create_app().app_context(), write_transaction() as session:
        print(high_water.begin_anew(session, clock.now()))


def do_serve(options: argparse.Namespace) -> None:
    settings = load()
    _claim_port(settings["HOST"], settings["PORT"])
    app = create_app()
    with app.app_context():
        migrate(app)
        if options.demo != "0" and is_empty():
            print("Fieldpledge: loading the demo company …", flush=True)
            seed(None)
        if refusal := backup.unfinished() or high_water.check():
            raise Failed(refusal)
        _greet(app, options)
    _serve(app)


def _claim_port(host: str, port: int) -> None:
    """Say at once when the port is taken; the HTTP server's own message comes late and long."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Failed(
                f"port {port} on {host} cannot be used ({error.strerror}); try make run PORT={port + 1}"
            ) from error


def _greet(app: Flask, options: argparse.Namespace) -> None:
    from backend.accounts.models import Company

    company = db.session.scalar(sa.select(Company))
    db.session.rollback()
    if company is not None and company.is_demo:
        from backend.demo.seed import demo_accounts

        print("Demo accounts (name / password):")
        for account in demo_accounts():
            print(
                f"  {account['sign_in_name']:<12} {account['password']:<16} {account['role']:<10} {account['name']}"
            )
    elif is_empty():
        print("No account yet: python -m backend user NAME makes the first admin.")
    if "sqlite" in app.config["DATABASE_URL"]:
        print(f"SQLite {sqlite3.sqlite_version}, one server process, one writer at a time.")
    print(f"Fieldpledge: http://{_shown(app.config['HOST'])}:{app.config['PORT']}  (phone)", flush=True)
    print(f"             http://{_shown(app.config['HOST'])}:{app.config['PORT']}/console/  (desk)", flush=True)


def _shown(host: str) -> str:
    return "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host


def _serve(app: Flask) -> None:
    from granian import Granian
    from granian.constants import Interfaces

    Granian(
        "backend.wsgi:gateway",
        address=app.config["HOST"],
        port=app.config["PORT"],
        interface=Interfaces.RSGI,
        workers=1,
        respawn_failed_workers=True,  # a worker that was killed is up again by itself; one that dies at once ends the master
        backpressure=app.config["BELL_SEATS"] + 100,  # requests under way at once, held bells among them
        log_level="error",
    ).serve()
