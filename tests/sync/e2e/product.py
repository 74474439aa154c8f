"""What tests with the real client need of the product: Node's vitest, and an engineer's session over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "jiannuo-demo"


def npx(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the files of tests/sync/e2e that these words name, with Node from the virtual environment."""
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return subprocess.run(
        ["npx", "--no-install", "vitest", "run", "--config", "sync/client/vitest.e2e.config.ts", *words],
        cwd=ROOT,
        env=os.environ | {"PATH": path, "NO_COLOR": "1"} | env,
        capture_output=True,
        text=True,
        timeout=3000,
    )


def signed_in_engineer(url: str, name: str) -> dict[str, Any]:
    """Sign a demo account in → {url, cookie, user_id}."""
    body = json.dumps({"name": name, "password": PASSWORD}).encode()
    headers = {"Content-Type": "application/json", "X-Fieldpledge": "1"}
    with urllib.request.urlopen(urllib.request.Request(f"{url}/api/sign-in", body, headers)) as answer:
        cookies = [line.split(";")[0] for line in answer.headers.get_all("Set-Cookie") or []]
    cookie = "; ".join(cookies)
    with urllib.request.urlopen(urllib.request.Request(f"{url}/api/me", headers={"Cookie": cookie})) as answer:
        me = json.load(answer)
    return {"url": url, "cookie": cookie, "user_id": me["user"]["id"]}
