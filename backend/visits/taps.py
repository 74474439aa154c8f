"""When something was done, as far as anybody can know it: the time of the tap beside the corrected one.

Routes make one from the request's instant, sync handlers from the operation; services of visits and reports take it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Tap:
    """The moment somebody did something.

    at            as the phone's clock had it (aware)
    corrected_at  as the server counts it, never later than received_at
    quality       server · good · fair · poor
    offset_ms     the phone's clock minus the server's, None when not known
    source        phone · office · link · system
    """

    at: datetime
    corrected_at: datetime
    quality: str
    received_at: datetime
    offset_ms: int | None = None
    source: str = "office"


def at_desk(now: datetime) -> Tap:
    """A tap in the console: the server's own clock."""
    return Tap(at=now, corrected_at=now, quality="server", received_at=now)
