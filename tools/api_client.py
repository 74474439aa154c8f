"""Makes pwa/src/api/schema.d.ts from the server's OpenAPI: `make client`, after the API changed.

The generator needs TypeScript 5 and lives in a folder of its own (tools/api-client). The first line of what it makes
holds the hash of the description, by which a test sees that the types are not old.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
FOLDER = ROOT / "tools" / "api-client"
TARGET = ROOT / "pwa" / "src" / "api" / "schema.d.ts"


def described():
    """The API's description as text, the same bytes for the same API."""
    return subprocess.run(
        [str(BIN / "python"), "-m", "backend", "openapi"], cwd=ROOT, check=True, capture_output=True
    ).stdout


def first_line(description):
    return f"// made by make client from the OpenAPI description sha256:{hashlib.sha256(description).hexdigest()}\n"


def main():
    env = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    description = described()
    source = ROOT / ".venv" / "openapi.json"
    source.write_bytes(description)
    if not (FOLDER / "node_modules").exists():
        subprocess.run([str(BIN / "npm"), "ci", "--no-audit", "--no-fund"], cwd=FOLDER, env=env, check=True)
    made = subprocess.run(
        [str(BIN / "npx"), "openapi-typescript", "--default-non-nullable=false", str(source)],
        cwd=FOLDER,
        env=env,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(first_line(description) + made)
    print(f"{TARGET.relative_to(ROOT)}: {len(made.splitlines())} lines")


if __name__ == "__main__":
    sys.exit(main())
