"""A text that the office corrected while a phone was offline, and what that phone sends at last.

Both come once the demo is stored: the engine compares with what stands there and looks at what the phone may see. The
office's value stays live, the phone's waits beside it as a conflict for somebody to settle.
"""

from __future__ import annotations

from datetime import datetime

import orjson

from backend.accounts.services import Actor
from backend.core import clock
from backend.core.db import write_transaction
from backend.core.ids import new_id
from backend.core.sync import registry_of
from backend.demo.ground import Values
from backend.sync_api.journal import Doer, journal_of
from backend.sync_api.policy import SqlPolicy, sync_actor
from backend.sync_api.unit import SqlTransactions
from backend.workorders import services
from backend.workorders.models import WorkOrder
from backend.workorders.schemas import OfficeFields
from sync.server.push import push
from sync.server.reading import read_push


def correct_symptom(actor: Actor, order_id: str, said: Values) -> None:
    """The office words the symptom anew, at `said["at"]`."""
    with write_transaction() as session:
        journal_of(session, registry_of()).doer = Doer(actor.user_id, None, None, said["at"])
        order = session.get_one(WorkOrder, order_id)
        base, fields = {"symptom": order.symptom}, {"symptom": said["symptom"]}
        services.change(session, actor, order, OfficeFields(), base, fields, said["at"])


def send_symptom(actor: Actor, order_id: str, edit: Values, seen: str, now: datetime) -> None:
    """The engineer's wording of the symptom, typed at `edit["at"]` when she still saw `seen`."""
    operation = {
        "op_id": new_id(),
        "seq": 1,
        "type": "work_order.edit",
        "v": 1,
        "record": {"kind": "work_order", "id": order_id},
        "base": {"symptom": seen},
        "args": {"symptom": edit["symptom"]},
        "occurred_at": clock.iso(edit["at"]),
    }
    envelope = {"device_id": new_id(), "epoch": None, "schema": 1, "app": "demo", "ops": [operation]}
    push(read_push(orjson.dumps(envelope)), sync_actor(actor), now, registry_of(), SqlTransactions(), SqlPolicy())
