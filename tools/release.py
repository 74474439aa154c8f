"""Leaves the fixture of a release: `make release NAME=2`. Later versions must read it (K-11; tests/sync/e2e/test_releases.py).

A server with the demo company and a phone that worked with it: `server.zip` is the server's backup, `phone.json` the
phone's whole IndexedDB with unsent work on it. A folder is written once, with the release, and never again.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
ENGINEER = "jiangtao"


def main():
    from tests.e2e.house import Server
    from tests.sync.e2e.product import npx, signed_in_engineer

    folder = ROOT / "tests" / "releases" / sys.argv[1]
    if folder.exists():
        sys.exit(
            f"Fieldpledge: {folder.relative_to(ROOT)} is there already; a release's fixture is never written anew."
        )
    with tempfile.TemporaryDirectory() as place:
        server = Server(Path(place) / "var").start()
        try:
            given = signed_in_engineer(server.url, ENGINEER) | {"phone": str(Path(place) / "phone.json")}
            done = npx("release", FIXTURE="write", SYNC_RELEASE=json.dumps(given))
            if done.returncode:
                sys.exit(done.stdout[-4000:])
        finally:
            server.stop()
        folder.mkdir(parents=True)
        env = os.environ | {"FIELDPLEDGE_VAR_DIR": str(Path(place) / "var")}
        backup = [sys.executable, "-m", "backend", "backup", str(folder / "server.zip")]
        subprocess.run(backup, cwd=ROOT, env=env, check=True)
        (folder / "phone.json").write_bytes((Path(place) / "phone.json").read_bytes())
    print(f"{folder.relative_to(ROOT)}: commit it with the release.")


if __name__ == "__main__":
    main()
