"""An engineer's jobs in a database, a server process on it, and the app's own client that works a week and sends it.

test_week.py kills both while it goes on, slow_link.py puts a slow line between them, tests/bench/peers/own.py measures it.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from PIL import Image

from tests.e2e.house import Server

ROOT = Path(__file__).resolve().parents[3]
JOBS = 30
PHOTO = (772, 578)
PATIENCE_S = 4 * 3600
SECRET = "only-for-tests-0123456789-abcdefghij"


@contextmanager
def app_of(folder: Path, url: str = "") -> Iterator[Any]:
    """The app in this process, on the database of a server that does not run."""
    from backend import create_app
    from backend.core.db import db

    app = create_app({"VAR_DIR": str(folder), "DATABASE_URL": url, "SECRET_KEY": SECRET})
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@contextmanager
def kept_alive(folder: Path, url: str = "") -> Iterator[Server]:
    """A server that is started again whenever its master dies, as a supervisor does; `pid` says which one is alive."""
    server = Server(folder, url, demo=False)
    server.env["SECRET_KEY"] = SECRET
    over = threading.Event()

    def start() -> None:
        server.start()
        assert server.process is not None
        (server.folder / "pid").write_text(str(server.process.pid))

    def watch() -> None:
        while not over.wait(0.05):
            if server.process is not None and server.process.poll() is not None:
                start()

    start()
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield server
    finally:
        over.set()
        watcher.join()
        server.stop()


def prepare(folder: Path, url: str = "") -> list[tuple[str, str, str]]:
    """Ana with thirty jobs at hand: (work order, visit, asset) of each."""
    from backend.commands import migrate
    from tests.factories.customers import make_asset, make_contract
    from tests.factories.people import make_cast
    from tests.factories.work import make_visit, make_work_order

    with app_of(folder, url) as app:
        migrate(app)
        cast = make_cast()
        contract = make_contract(cast.customer)
        out = []
        for n in range(JOBS):
            asset = make_asset(cast.site, contract, serial=f"7XK0-{n}")
            order = make_work_order(cast.site, [asset], contract_id=contract.id)
            out.append((order.id, make_visit(order, [cast.ana]).id, asset.id))
    return out


def send(
    server: Server, jobs: list[tuple[str, str, str]], picture: tuple[int, int], by: str = "week", **wanted: Any
) -> dict[str, Any]:
    """Run the client; what it reports. `wanted`: operations, photos, seed, and what <by>.e2e.ts asks for.

    server   whoever kills it must start it again
    picture  width and height in pixels: PHOTO makes 300 KB
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
        "seed": 0, "picture": str(drawn), "pid_file": str(server.folder / "pid"), "report": str(report), **wanted,
    }  # fmt: skip
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        ["npx", "--no-install", "vitest", "run", "--config", "sync/client/vitest.week.config.ts", f"{by}.e2e"],
        cwd=ROOT, env=os.environ | {"PATH": path, "NO_COLOR": "1", "WEEK": json.dumps(given)},
        capture_output=True, text=True, timeout=PATIENCE_S,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stdout[-5000:] + done.stderr[-2000:])
    return json.loads(report.read_text())
