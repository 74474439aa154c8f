"""The one place that wires settings, extensions, slices and sync into an app.

Flask and the database are imported when an app is made: `python -m backend explain` needs neither and starts fast.
"""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apiflask import APIFlask

# Slices from left to right: each may import only those before it (HOUSE 2). Those with routes have a `routes.bp`,
# those with synced records a `sync.register(app)`.
SLICES = (
    "core",
    "accounts",
    "customers",
    "letters",
    "assets",
    "contracts",
    "prices",
    "workorders",
    "visits",
    "acknowledgements",
    "reports",
    "notices",
    "links",
    "sync_api",
)


def create_app(config: dict[str, Any] | None = None) -> APIFlask:
    """The application, ready to serve. Raises config.BadSetting."""
    import orjson
    from apiflask import APIFlask
    from flask_migrate import Migrate

    from backend import config as settings
    from backend.core import http, openapi
    from backend.core.db import configure_engine, db, json_text

    app = APIFlask(
        __name__, title="Fieldpledge", version="1", spec_path="/api/openapi.json", docs_path=None, static_folder=None
    )
    app.config.update(settings.load(config))
    app.config.update(
        SQLALCHEMY_DATABASE_URI=app.config["DATABASE_URL"],
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_pre_ping": "postgresql" in app.config["DATABASE_URL"],
            "json_deserializer": orjson.loads,
            "json_serializer": json_text,
        },
        PERMANENT_SESSION_LIFETIME=timedelta(days=app.config["SESSION_DAYS"]),
        SESSION_COOKIE_NAME="fieldpledge",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=app.config["ENV"] == "production",
        SESSION_REFRESH_EACH_REQUEST=False,
        OPENAPI_VERSION="3.1.0",
        VALIDATION_ERROR_STATUS_CODE=422,
    )
    db.init_app(app)
    Migrate(app, db, directory=str(settings.ROOT / "backend" / "migrations"), render_as_batch=True)
    with app.app_context():
        configure_engine(db.engine)
        http.init_app(app)
        openapi.init_app(app)
        _wire_slices(app)
    return app


def _wire_slices(app: APIFlask) -> None:
    from backend.accounts.routes import identify, login

    login.init_app(app)
    app.extensions["identify"] = identify
    for name in SLICES:
        for part in ("models", "routes", "ports", "sync"):
            try:
                module = import_module(f"backend.{name}.{part}")
            except ModuleNotFoundError as error:
                if error.name in (f"backend.{name}.{part}", f"backend.{name}"):
                    continue
                raise
            if part == "routes":
                app.register_blueprint(module.bp)
            elif hasattr(module, "register"):
                module.register(app)
