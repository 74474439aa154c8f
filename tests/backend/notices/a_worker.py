"""A worker as a process of its own: `a_worker.py URL VAR NOW run|hang`. It waits for a line, then tells what is due.

run   every slice, to the end
hang  one slice is decided and written but not committed: "decided" is printed, and it waits to be killed
"""

from __future__ import annotations

import sys
import time
from datetime import datetime


def main() -> None:
    url, var, now, how = sys.argv[1:]
    from backend import create_app
    from backend.core.db import write_transaction
    from backend.notices import clocks

    app = create_app({"DATABASE_URL": url, "VAR_DIR": var, "SECRET_KEY": "only-for-tests-0123456789-abcdefghij"})
    print("ready", flush=True)
    sys.stdin.readline()
    with app.app_context():
        more = True
        while more:
            with write_transaction() as session:
                more = clocks.run(session, datetime.fromisoformat(now))
                if how == "hang":
                    session.flush()
                    print("decided", flush=True)
                    time.sleep(600)


if __name__ == "__main__":
    main()
