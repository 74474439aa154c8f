"""The report view to and from plain JSON, for the API, the customer's link and stored copies.

Reading is strict: a missing, unknown or wrongly typed field is refused by its path.
"""

from __future__ import annotations

import types
from dataclasses import asdict, fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from backend.reports.view import ReportView


class ViewFault(ValueError):
    """A plain view does not have the shape of `ReportView`; `path` names the field."""

    def __init__(self, path: str, wanted: str):
        super().__init__(f"{path}: {wanted}")
        self.path = path


def to_dict(view: ReportView) -> dict[str, Any]:
    """The view as plain JSON: dicts, lists, strings, integers, booleans, None."""
    return _plain(asdict(view))


def view_of(plain: dict[str, Any]) -> ReportView:
    """The view out of plain JSON; raises ViewFault at the first missing, unknown or mistyped field."""
    return _read(ReportView, plain, "$")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value


def _read(kind: Any, value: Any, path: str) -> Any:
    origin = get_origin(kind)
    if is_dataclass(kind):
        return _read_record(kind, value, path)
    if origin in (Union, types.UnionType):
        inner = next(arg for arg in get_args(kind) if arg is not type(None))
        return None if value is None else _read(inner, value, path)
    if origin is tuple:
        return _read_list(get_args(kind), value, path)
    if origin is Literal:
        if value not in get_args(kind):
            raise ViewFault(path, f"one of {', '.join(get_args(kind))}")
        return value
    if origin is dict:
        if not isinstance(value, dict) or not {"zh", "en"} <= set(value):
            raise ViewFault(path, "a text in zh and en")
        return {key: _read(str, inner, f"{path}.{key}") for key, inner in value.items()}
    if type(value) is not kind:
        raise ViewFault(path, f"{kind.__name__} expected, {type(value).__name__} found")
    return value


def _read_record(kind: Any, value: Any, path: str) -> Any:
    if not isinstance(value, dict):
        raise ViewFault(path, "an object")
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    for name in value:
        if name not in names:
            raise ViewFault(f"{path}.{name}", "unknown field")
    for name in names:
        if name not in value:
            raise ViewFault(f"{path}.{name}", "missing")
    return kind(**{name: _read(hints[name], value[name], f"{path}.{name}") for name in names})


def _read_list(kinds: tuple[Any, ...], value: Any, path: str) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise ViewFault(path, "a list")
    if Ellipsis not in kinds:
        if len(value) != len(kinds):
            raise ViewFault(path, f"{len(kinds)} entries")
        return tuple(
            _read(kind, inner, f"{path}[{i}]") for i, (kind, inner) in enumerate(zip(kinds, value, strict=True))
        )
    return tuple(_read(kinds[0], inner, f"{path}[{i}]") for i, inner in enumerate(value))
