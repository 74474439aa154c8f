"""What the HTTP server loads: the app behind its gateway, and a guard that ends this worker when its master is gone.

granian's worker outlives a killed master and goes on answering beside the next one (tried: K-12); two of them would
write to one SQLite file. So each worker watches its parent.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
import threading
import time

from backend import create_app, worker
from backend.core import clock
from backend.core.db import db
from backend.gateway import Gateway
from backend.letters.loader import installed_letters
from backend.sync_api.bell import Bell
from backend.workorders import decision

PR_SET_PDEATHSIG = 1


def _die_with(parent: int) -> None:
    """Linux ends this worker with its master at once, so that the next one, started the same moment, is alone (K-12)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    threading.Thread(target=_watch, args=(parent,), daemon=True, name="parent-guard").start()


def _watch(parent: int) -> None:
    """Elsewhere it looks twice a second; and it finds a master that died before Linux was asked."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _warm() -> None:
    """What the first push would else load with the write transaction open (300 ms): letters and their rest days.

    All that is loaded by now stays to the end; walking it at each full collection would hold up a request for 100 ms.
    """
    with app.app_context():
        decision.letters_named(installed_letters())
        decision.calendar().is_rest_day(clock.now().date())
        db.session.rollback()
    gc.collect()
    gc.freeze()


_die_with(os.getppid())
app = create_app()
_warm()
gateway = Gateway(app, Bell(app))
worker.start(app)
