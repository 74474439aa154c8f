"""The frozen document: exactly what the customer read, as bytes under one SHA-256 (K-8).

The phone makes it from its own rows when the customer is to sign (pwa/src/reports/rules/document.ts), the desk makes
it with this file; both are held together by tests/vectors/signed-document.json. The server never makes a signed one
anew: it keeps the bytes and compares.

The file is RFC 8785 JSON:
  {schema: 1, form, form_version, report_id, work_order_id, visit_id, version,
   finding_ids, asset_ids, part_ids (per finding), photo_ids,
   signed: every field of reports.view.Signed but document_sha256}
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785

SCHEMA = 1
FINDING_TEXTS = ("symptom_found", "cause_text", "fix_text")
FINDING_FACTS = ("symptom_found", "cause_category", "cause_text", "cause_unknown_until", "fix_category", "fix_text",
                 "outcome", "not_fixed_reason", "next_step")  # fmt: skip
PART_FACTS = ("name", "part_no", "quantity", "old_serial", "new_serial", "origin")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class DocumentFault(ValueError):
    """A file that is no frozen document; `path` names what is wrong."""

    path: str

    def __str__(self) -> str:
        return f"not a frozen document: {self.path}"


def document_of(facts: Row) -> dict[str, Any]:
    """The frozen document of a report, from synced rows.

    facts    {report, work_order, customer, site, contact?, engineers: [{name, staff_no, is_lead}], findings, assets:
             {id: row}, part_lines, photos, charges?, moments?, more?, repair?: {sent_for_repair_on, repair_count,
             previous_repair_on, handed_over_on}, form_version, frozen_at}; rows as synced, each with its id
    returns  the document, to be written with `bytes_of`
    source   CORE.md K-8; tests/vectors/signed-document.json
    """
    report = facts["report"]
    findings = in_order(facts["findings"])
    parts = [_parts_of(finding["id"], facts["part_lines"]) for finding in findings]
    photos = photos_in_order(facts["photos"])
    return {
        "schema": SCHEMA,
        "form": "fault_report",
        "form_version": facts["form_version"],
        "report_id": report["id"],
        "work_order_id": report["work_order_id"],
        "visit_id": report["visit_id"],
        "version": report["version"],
        "finding_ids": [finding["id"] for finding in findings],
        "asset_ids": [finding["asset_id"] for finding in findings],
        "part_ids": [[part["id"] for part in lines] for lines in parts],
        "photo_ids": [photo["id"] for photo in photos],
        "signed": _signed(facts, findings, parts, photos),
    }


def _signed(
    facts: Row, findings: Sequence[Row], parts: Sequence[Sequence[Row]], photos: Sequence[Row]
) -> dict[str, Any]:
    report, order, contact = facts["report"], facts["work_order"], facts.get("contact")
    repair = facts.get("repair") or {}
    numbers = {finding["id"]: no for no, finding in enumerate(findings, 1)}
    return {
        "frozen_at": facts["frozen_at"],
        "language": report["language"],
        "short_ref": report["short_ref"],
        "work_order_ref": order.get("number") or order.get("short_ref") or "",
        "customer_name": facts["customer"]["name"],
        "site_name": facts["site"]["name"],
        "site_address": facts["site"].get("address") or None,
        "contact_name": (contact or {}).get("name") or None,
        "contact_phone": (contact or {}).get("phone") or None,
        "caller_name": order.get("caller_name") or None,
        "channel": order.get("channel"),
        "reported_at": order.get("reported_at"),
        "sent_for_repair_on": repair.get("sent_for_repair_on"),
        "repair_count": repair.get("repair_count"),
        "previous_repair_on": repair.get("previous_repair_on"),
        "reported_symptom": order.get("symptom") or "",
        "handed_over_on": repair.get("handed_over_on"),
        "engineers": [
            {"name": e["name"], "staff_no": e.get("staff_no") or None, "is_lead": e["is_lead"]}
            for e in facts["engineers"]
        ],
        "moments": [{"what": m["what"], "at": m["at"]} for m in facts.get("moments") or ()],
        "findings": [
            _finding(no, finding, facts["assets"].get(finding["asset_id"]), lines)
            for no, (finding, lines) in enumerate(zip(findings, parts, strict=True), 1)
        ],
        "guidance": report["guidance"],
        "charges": [_charge(charge) for charge in facts.get("charges") or ()],
        "photos": [
            {
                "sha256": photo["sha256"],
                "caption": photo.get("caption") or "",
                "taken_at": photo["taken_at"],
                "finding_no": numbers.get(photo.get("finding_id")),
            }
            for photo in photos
        ],
        "more": [{"label": dict(m["label"]), "value": m["value"]} for m in facts.get("more") or ()],
    }


def _charge(charge: Row) -> dict[str, Any]:
    return {
        "kind": charge["kind"],
        "charge": charge["charge"],
        "amount": charge.get("amount"),
        "clause": charge.get("clause"),
    }


def _finding(no: int, finding: Row, asset: Row | None, parts: Sequence[Row]) -> dict[str, Any]:
    out: dict[str, Any] = {"no": no, "asset": None}
    if asset is not None:
        out["asset"] = {key: asset.get(key) or None for key in ("category", "brand", "model", "serial", "place")}
    for key in FINDING_FACTS:
        out[key] = (finding.get(key) or "") if key in (*FINDING_TEXTS, "outcome") else finding.get(key) or None
    out["parts"] = [
        {key: (part[key] if key in ("name", "quantity") else part.get(key) or None) for key in PART_FACTS}
        | {"charge": part.get("charge"), "clause": part.get("clause")}
        for part in parts
    ]
    return out


def in_order(findings: Sequence[Row]) -> list[Row]:
    """Findings as they stand in the report: in the order of their ids, which is that of their making."""
    return sorted(findings, key=lambda finding: finding["id"])


def photos_in_order(photos: Sequence[Row]) -> list[Row]:
    return sorted((p for p in photos if not p.get("voided_at")), key=lambda p: (p["taken_at"], p["id"]))


def _parts_of(finding_id: str, part_lines: Sequence[Row]) -> list[Row]:
    mine = [p for p in part_lines if p["finding_id"] == finding_id and not p.get("voided_at")]
    return sorted(mine, key=lambda part: part["id"])


def bytes_of(document: Row) -> bytes:
    """The document as the bytes that are kept and hashed: RFC 8785."""
    return rfc8785.dumps(dict(document))


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def read_document(data: bytes) -> dict[str, Any]:
    """The document out of its bytes. Raises DocumentFault where they are none."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise DocumentFault("$") from None
    if not isinstance(document, dict):
        raise DocumentFault("$")
    if document.get("schema") != SCHEMA:
        raise DocumentFault("$.schema")
    for key in ("report_id", "work_order_id", "short_ref"):
        holder = document.get("signed") if key == "short_ref" else document
        if not isinstance(holder, dict) or not isinstance(holder.get(key), str):
            raise DocumentFault(f"$.signed.{key}" if key == "short_ref" else f"$.{key}")
    return document


def signed_part(document: Row) -> dict[str, Any]:
    """What of a document is the engineer's own and must not change after signing: findings, parts, guidance, photos.

    Names of customer, contact, asset and so on are context: corrected later, they make no new version.
    """
    signed = document["signed"]
    ids, assets, parts = document.get("finding_ids", []), document.get("asset_ids", []), document.get("part_ids", [])
    return {
        "report_id": document["report_id"],
        "short_ref": signed["short_ref"],
        "guidance": signed.get("guidance") or "",
        "findings": [
            {"id": _at(ids, i), "asset_id": _at(assets, i)}
            | {key: finding.get(key) or None for key in FINDING_FACTS}
            | {
                "parts": [
                    {"id": _at(_at(parts, i) or [], k)} | {key: part.get(key) or None for key in PART_FACTS}
                    for k, part in enumerate(finding.get("parts") or ())
                ]
            }
            for i, finding in enumerate(signed.get("findings") or ())
        ],
        "photos": sorted(photo["sha256"] for photo in signed.get("photos") or ()),
    }


def _at(values: Sequence[Any], i: int) -> Any:
    return values[i] if i < len(values) else None


def present_part(
    report: Row, findings: Sequence[Row], part_lines: Sequence[Row], photos: Sequence[Row]
) -> dict[str, Any]:
    """The same shape as `signed_part`, from the report's present rows."""
    return {
        "report_id": report["id"],
        "short_ref": report["short_ref"],
        "guidance": report.get("guidance") or "",
        "findings": [
            {"id": finding["id"], "asset_id": finding["asset_id"]}
            | {key: finding.get(key) or None for key in FINDING_FACTS}
            | {
                "parts": [
                    {"id": part["id"]} | {key: part.get(key) or None for key in PART_FACTS}
                    for part in _parts_of(finding["id"], part_lines)
                ]
            }
            for finding in in_order(findings)
        ],
        "photos": sorted(photo["sha256"] for photo in photos if not photo.get("voided_at")),
    }


def first_difference(one: Any, other: Any, path: str = "$") -> str | None:
    """The path of the first place where two parts differ, or None when they are equal as canonical JSON."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            found = first_difference(one.get(key), other.get(key), f"{path}.{key}")
            if found:
                return found
        return None
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return path
        return next(
            (
                f
                for i, (a, b) in enumerate(zip(one, other, strict=True))
                if (f := first_difference(a, b, f"{path}[{i}]"))
            ),
            None,
        )
    return None if rfc8785.dumps(one) == rfc8785.dumps(other) else path
