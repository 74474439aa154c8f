"""The frozen text of an acknowledgement: exactly what the customer read before work, as bytes under one SHA-256 (K-8).

Made on the phone alone (pwa/src/acknowledgements/document.ts); here it is read and compared, never made anew. Both
halves are held together by tests/vectors/acknowledgement.json. The file is RFC 8785 JSON:
  {schema: 1, form: "acknowledgement", work_order_id, visit_id,
   signed: {frozen_at, language, work_order_ref, customer_name, site_name, site_address, contact_name,
            engineers: [{name, staff_no}], assets: [{category, brand, model, serial, place}], reported_symptom,
            notices: [{about, statement, clauses: [{clause, article, quote, text}],
                       charges: [{kind, charge, per, amount, clause}], said_by, remedy, refund}]}}
`said_by`: price_list, engineer (she named the price), None where no price is told.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import rfc8785

SCHEMA, FORM = 1, "acknowledgement"


def bytes_of(document: Mapping[str, Any]) -> bytes:
    """The document as the bytes that are kept and hashed: RFC 8785."""
    return rfc8785.dumps(dict(document))


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def read_document(data: bytes) -> dict[str, Any] | None:
    """The document out of its bytes; None where they are none."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or (document.get("schema"), document.get("form")) != (SCHEMA, FORM):
        return None
    signed = document.get("signed")
    notices = signed.get("notices") if isinstance(signed, dict) else None
    is_whole = isinstance(notices, list) and all(isinstance(one, dict) for one in notices)
    return document if is_whole and isinstance(document.get("work_order_id"), str) else None


def fault_of(
    data: bytes | None, sha256: str, work_order_id: str, about: str, told: Any, remedy: str | None
) -> str | None:
    """Does the stored text say what the record says? None when it does, else why not.

    document_missing · document_changed · document_unreadable · other_work_order · not_told · told_differs
    """
    if data is None:
        return "document_missing"
    if sha256_of(data) != sha256:
        return "document_changed"
    document = read_document(data)
    if document is None:
        return "document_unreadable"
    if document["work_order_id"] != work_order_id:
        return "other_work_order"
    notice = next((one for one in document["signed"]["notices"] if one.get("about") == about), None)
    if notice is None:
        return "not_told"
    said = {"charges": notice.get("charges") or [], "remedy": notice.get("remedy")}
    is_same = rfc8785.dumps(said) == rfc8785.dumps({"charges": told or [], "remedy": remedy})
    return None if is_same else "told_differs"
