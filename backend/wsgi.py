"""What the HTTP server loads: the app behind its gateway, and a guard that ends this worker when its master is gone.

granian's worker outlives a killed master and goes on answering beside the next one (tried: K-12); two of them would
write to one SQLite file. So each worker watches its parent.
"""

from __future__ import annotations

import os
import threading
import time

from backend import create_app, worker
from backend.gateway import Gateway
from backend.sync_api.bell import Bell


def _die_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


app = create_app()
gateway = Gateway(app, Bell(app))
threading.Thread(target=_die_with, args=(os.getppid(),), daemon=True, name="parent-guard").start()
worker.start(app)
