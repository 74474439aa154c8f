"""An engineer's jobs in a database, a server process on it, and the app's own client that works a week and sends it."""

from __future__ import annotations

import json
import os
import random
import subprocess
from pathlib import Path
from typing import Any

import requests
from PIL import Image

ROOT = Path(__file__).resolve().parents[3]
JOBS = 30
SECRET = "only-for-tests-0123456789-abcdefghij"


def prepare(folder: Path, url: str = "") -> list[tuple[str, str, str]]:
    """Ana with thirty jobs at hand: (work order, visit, asset) of each."""
    from backend import create_app
    from backend.commands import migrate
    from backend.core.db import db
    from tests.factories.customers import make_asset, make_contract
    from tests.factories.people import make_cast
    from tests.factories.work import make_visit, make_work_order

    app = create_app({"VAR_DIR": str(folder), "DATABASE_URL": url, "SECRET_KEY": SECRET})
    with app.app_context():
        migrate(app)
        cast = make_cast()
        contract = make_contract(cast.customer)
        out = []
        for n in range(JOBS):
            asset = make_asset(cast.site, contract, serial=f"7XK0-{n}")
            order = make_work_order(cast.site, [asset], contract_id=contract.id)
            out.append((order.id, make_visit(order, [cast.ana]).id, asset.id))
        db.session.remove()
        db.engine.dispose()
    return out


def send(
    server: Any, jobs: list[tuple[str, str, str]], picture: tuple[int, int] = (772, 578), **wanted: Any
) -> dict[str, Any]:
    """Run the client; what it reports. `wanted`: operations, photos, kill_every.

    server   tests/e2e/house.Server; whoever kills it must start it again
    picture  width and height in pixels: 772 × 578 make 300 KB
    """
    from tests.factories.people import PASSWORD

    session = requests.Session()
    session.headers["X-Fieldpledge"] = "1"
    signed = session.post(f"{server.url}/api/sign-in", json={"name": "ana", "password": PASSWORD}, timeout=30)
    signed.raise_for_status()
    report, drawn = server.folder / "week.json", server.folder / "week.jpg"
    noise = random.Random(1122).randbytes(picture[0] * picture[1] * 3)
    Image.frombytes("RGB", picture, noise).save(drawn, "JPEG", quality=80)
    given = {
        "url": server.url, "cookie": "; ".join(f"{c.name}={c.value}" for c in session.cookies),
        "user_id": session.get(f"{server.url}/api/me", timeout=30).json()["user"]["id"], "jobs": jobs,
        "kill_every": 0, "picture": str(drawn), "pid_file": str(server.folder / "pid"), "report": str(report), **wanted,
    }  # fmt: skip
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        ["npx", "--no-install", "vitest", "run", "--config", "sync/client/vitest.week.config.ts"],
        cwd=ROOT, env=os.environ | {"PATH": path, "NO_COLOR": "1", "WEEK": json.dumps(given)},
        capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stdout[-5000:] + done.stderr[-2000:])
    return json.loads(report.read_text())
