"""Form definitions: read from their files, checked, and kept as rows so that phones get them and old reports keep theirs.

Called at start-up (`keep_forms`) and by reports.services (`requires_of`). The completeness of a fault report itself is
decided by rules/complete.py on the phone and here; a test holds this file and that rule together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from sqlalchemy.orm import Session

from backend.core.ids import new_id
from backend.reports.models import FormDefinition

HERE = Path(__file__).parent
OWNERS = ("report", "finding", "part_line", "signature")
KINDS = ("text", "choice", "date", "integer", "photo", "serial")
REQUIRED = ("always", "if", "unless", "never")
KEYS = {"name", "of", "kind", "label", "required", "required_by", "filled_by", "paper", "if", "unless", "options",
        "suggestions", "clause"}  # fmt: skip


class BadForm(ValueError):
    """A form file that cannot be used; the text names file, field and what would be right."""


@cache
def form(name: str = "fault_report") -> dict[str, Any]:
    """A form definition: {form, version, title, fields: [...]}. Raises BadForm."""
    path = HERE / f"{name}.yaml"
    return read_form(yaml.safe_load(path.read_text("utf-8")), path.name)


def read_form(plain: Any, where: str) -> dict[str, Any]:
    """A form definition out of plain values, every field checked."""
    if not isinstance(plain, dict) or {"form", "version", "title", "fields"} - set(plain):
        raise BadForm(f"{where}: form, version, title and fields are needed")
    if not isinstance(plain["version"], int) or plain["version"] < 1:
        raise BadForm(f"{where}: version is a whole number from 1")
    _check_text(plain["title"], f"{where}: title")
    seen = set()
    for field in plain["fields"]:
        place = f"{where}: {field.get('of')}.{field.get('name')}"
        if (field.get("of"), field.get("name")) in seen:
            raise BadForm(f"{place} stands twice")
        seen.add((field.get("of"), field.get("name")))
        _check_field(field, place)
    return plain


def _check_field(field: Mapping[str, Any], place: str) -> None:
    unknown = set(field) - KEYS
    if unknown:
        raise BadForm(f"{place}: unknown {', '.join(sorted(unknown))}")
    for key, words in (("of", OWNERS), ("kind", KINDS), ("required", REQUIRED)):
        if field.get(key) not in words:
            raise BadForm(f"{place}: {key} is one of {', '.join(words)}")
    _check_text(field.get("label"), f"{place}: label")
    if field["required"] in ("if", "unless") and not isinstance(field.get(field["required"]), dict):
        raise BadForm(f"{place}: {field['required']} names fields and their values")
    if (field["kind"] == "choice") != bool(field.get("options")):
        raise BadForm(f"{place}: a choice has options, nothing else has")
    for option in field.get("options") or ():
        _check_text(option.get("label"), f"{place}: option {option.get('value')}")


def _check_text(text: Any, place: str) -> None:
    if not isinstance(text, dict) or set(text) != {"zh", "en"} or not all(text.values()):
        raise BadForm(f"{place}: a text in zh and en")


def requires_of(definition: Mapping[str, Any], letters: Iterable[str]) -> list[str]:
    """Fields of the report that a bound letter asks for besides what every report has; letters as `B@1` or `B`."""
    bound = {letter.split("@")[0] for letter in letters}
    return [
        field["name"]
        for field in definition["fields"]
        if field["of"] == "report" and bound & set(field.get("required_by") or ())
    ]


def keep_forms(session: Session) -> None:
    """Bring the phones' copies up to the installed files; an unchanged form is not written."""
    for path in sorted(HERE.glob("*.yaml")):
        shown = form(path.stem)
        row = session.scalar(
            sa.select(FormDefinition).where(
                FormDefinition.form == shown["form"], FormDefinition.version == shown["version"]
            )
        )
        if row is None:
            row = FormDefinition(id=new_id(), form=shown["form"], version=shown["version"])
            session.add(row)
        for name in ("title", "fields"):
            if getattr(row, name) != shown[name]:
                setattr(row, name, shown[name])
    session.flush()
