"""The server half of ../PROTOCOL.md: a library of ports. It knows records, operations, revs and buckets, and nothing else."""

from sync.server.model import Actor, Operation, Outcome, PushContext
from sync.server.problems import Refused, RequestRefused
from sync.server.registry import FieldRule, Kind, OperationType, Registry

__all__ = [
    "Actor",
    "FieldRule",
    "Kind",
    "Operation",
    "OperationType",
    "Outcome",
    "PushContext",
    "Refused",
    "Registry",
    "RequestRefused",
]
