"""The report view: one report as everybody reads it.

PDF, Word, the console's review page and the customer's link all render from this one tree, so that they cannot
differ. It has two halves that never mix (CORE K-8): `signed` repeats the frozen document whose hash the customer
signed, `added` is what the system put beside it later. Whoever fills it copies `signed` from that file, never from
live rows (only a report that nobody froze yet is shown from its rows, with `document_sha256` None).

Conventions: instants are `2026-11-22T03:04:05.678Z`, local dates `2026-11-22`, `Text` is `{"zh": …, "en": …}`,
what may be unknown is None (printed as a dash or left out), lists are tuples, no floats. Codes are those of the
record kinds; `words.py` has their words. `view_json.py` turns a view into plain JSON and back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Text = dict[str, str]
Instant = str
LocalDate = str
Language = Literal["zh", "en"]
VerdictWord = Literal["on_site", "uncertain", "off_site", "no_fix"]

SCHEMA = 1


# ---------------------------------------------------------------- small parts


@dataclass(frozen=True)
class Money:
    """An amount as a plain decimal string and its ISO 4217 currency."""

    amount: str
    currency: str


@dataclass(frozen=True)
class Clause:
    """One sentence of a letter: its id (B-15), its article there, and what it says."""

    clause: str
    article: str | None
    text: Text


@dataclass(frozen=True)
class Strokes:
    """Ink as vectors: the pad's size and, stroke by stroke, the points [x, y] in whole pad units."""

    width: int
    height: int
    lines: tuple[tuple[tuple[int, int], ...], ...]


@dataclass(frozen=True)
class Company:
    """Who gives the paper out."""

    name: Text
    hotline: str
    hotline_hours: Text | None
    email: str | None
    complaint_phone: str | None


@dataclass(frozen=True)
class Person:
    """Somebody of the company whom the customer may call."""

    name: str
    phone: str | None


# ---------------------------------------------------------------- signed: from the frozen document


@dataclass(frozen=True)
class Engineer:
    """One who did the work; `staff_no` as printed on her badge."""

    name: str
    staff_no: str | None
    is_lead: bool


@dataclass(frozen=True)
class Asset:
    """The equipment a finding is about; `category` is a code (storage, server, …)."""

    category: str | None
    brand: str | None
    model: str | None
    serial: str | None
    place: str | None


@dataclass(frozen=True)
class PartLine:
    """A part taken out and the one put in. `charge`: free, cost, market, fee, or None when nothing was told."""

    name: str
    part_no: str | None
    quantity: int
    old_serial: str | None
    new_serial: str | None
    origin: str | None
    charge: str | None
    clause: str | None


@dataclass(frozen=True)
class Finding:
    """One asset's symptom, cause, fix and outcome. `no` counts from 1 as the customer read it."""

    no: int
    asset: Asset | None
    symptom_found: str
    cause_category: str | None
    cause_text: str
    cause_unknown_until: LocalDate | None
    fix_category: str | None
    fix_text: str
    outcome: str
    not_fixed_reason: str | None
    next_step: str | None
    parts: tuple[PartLine, ...]


@dataclass(frozen=True)
class Charge:
    """What the customer was told about one kind of cost: kind labour, parts, call_out, travel."""

    kind: str
    charge: str
    amount: Money | None
    clause: str | None


@dataclass(frozen=True)
class Photo:
    """A photo by the hash of its bytes; `finding_no` says which finding it belongs to, None the whole job."""

    sha256: str
    caption: str
    taken_at: Instant
    finding_no: int | None


@dataclass(frozen=True)
class Moment:
    """A time the customer signed: what is a log word (departed, arrived, solved, left)."""

    what: str
    at: Instant


@dataclass(frozen=True)
class FormField:
    """A field that the company's own form definition adds."""

    label: Text
    value: str


@dataclass(frozen=True)
class Signed:
    """What the customer read. `document_sha256` and `frozen_at` are None while nobody froze it: a draft."""

    document_sha256: str | None
    frozen_at: Instant | None
    language: Language
    short_ref: str
    work_order_ref: str
    customer_name: str
    site_name: str
    site_address: str | None
    contact_name: str | None
    contact_phone: str | None
    caller_name: str | None
    channel: str | None
    reported_at: Instant | None
    sent_for_repair_on: LocalDate | None
    repair_count: int | None
    previous_repair_on: LocalDate | None
    reported_symptom: str
    handed_over_on: LocalDate | None
    engineers: tuple[Engineer, ...]
    moments: tuple[Moment, ...]
    findings: tuple[Finding, ...]
    guidance: str
    charges: tuple[Charge, ...]
    photos: tuple[Photo, ...]
    more: tuple[FormField, ...]


# ---------------------------------------------------------------- the two signatures


@dataclass(frozen=True)
class Acceptance:
    """The customer's answer: result accepted, accepted_with_remarks, rejected, absent or refused (then a reason).

    document_sha256  the frozen document it names; differs from `signed.document_sha256` only if something is wrong
    photo_sha256     the photo that shows the absence or refusal
    """

    result: str
    remarks: str | None
    reason: str | None
    signer_name: str | None
    signer_title: str | None
    rating: int | None
    signed_at: Instant
    document_sha256: str
    strokes: Strokes | None
    photo_sha256: str | None


@dataclass(frozen=True)
class EngineerSignature:
    """维修人员签字: the engineer stands for the report; without strokes she signed in by handing it in."""

    name: str
    staff_no: str | None
    signed_at: Instant
    strokes: Strokes | None


# ---------------------------------------------------------------- added: what the system knows


@dataclass(frozen=True)
class Letter:
    """A commitment letter that binds here, and the day the customer's contract took it on."""

    letter: str
    version: int
    title: Text
    signed_on: LocalDate | None


@dataclass(frozen=True)
class Entitlement:
    """Who pays and why: status covered, at_cost, chargeable, undecided or suspended."""

    status: str
    warranty_end: LocalDate | None
    reasons: tuple[Clause, ...]


@dataclass(frozen=True)
class Clock:
    """One measure of a promise. `state`: running, near, missed, met, paused, excused, idle.

    met_at         None while open; a missed clock that has one was met late
    target_at      the better end of a promised range, else None
    missed_reason  why it was missed, as somebody wrote it; excused_reason why it does not count
    """

    name: str
    clause: Clause
    starts_at: Instant | None
    target_at: Instant | None
    due_at: Instant | None
    met_at: Instant | None
    state: str
    missed_reason: str | None
    excused_reason: str | None


@dataclass(frozen=True)
class Verdict:
    """Where somebody was: on_site, uncertain, off_site, no_fix; whole metres; `reason`: why a fix was unusable."""

    verdict: VerdictWord
    distance_m: int | None
    accuracy_m: int | None
    radius_m: int | None
    reason: str | None


@dataclass(frozen=True)
class Fix:
    """A position in 1e-7 degrees WGS-84. `bearing_deg`: seen from the site's point, 0 north, clockwise."""

    lat_e7: int
    lng_e7: int
    accuracy_m: int
    age_s: int
    bearing_deg: int | None


@dataclass(frozen=True)
class CheckIn:
    """An arrival or departure (direction in, out) with both judgements.

    tapped_at     as the phone's clock had it; corrected_at as the server counts it
    offset_ms     the phone's clock minus the server's; None when not known
    quality       how good the correction is: good, fair, poor; server where the office entered it
    received_at   when the server got it: late work shows
    """

    direction: str
    engineer_name: str
    tapped_at: Instant
    corrected_at: Instant
    offset_ms: int | None
    quality: str | None
    received_at: Instant | None
    reason_code: str | None
    reason_text: str | None
    fix: Fix | None
    phone_verdict: Verdict | None
    server_verdict: Verdict | None
    flags: tuple[str, ...]


@dataclass(frozen=True)
class CourseEntry:
    """A line of the work-order log. `text` is what somebody wrote or the system says, in the report's language."""

    at: Instant
    what: str
    text: str
    author_name: str | None
    entered_by_name: str | None
    received_at: Instant | None
    void_reason: str | None


@dataclass(frozen=True)
class Note:
    """Something a reader must know: written offline, received late, done by another engineer."""

    text: Text
    at: Instant | None


@dataclass(frozen=True)
class Version:
    """One signed version of this report; the current one is the last."""

    version: int
    document_sha256: str | None
    signed_at: Instant | None


@dataclass(frozen=True)
class Added:
    """What the system added. `state` is the report's: draft, submitted, returned, approved, withdrawn."""

    number: str | None
    work_order_number: str | None
    version: int
    state: str
    submitted_at: Instant | None
    approved_at: Instant | None
    approved_by_name: str | None
    returned_comment: str | None
    priority: str | None
    letters: tuple[Letter, ...]
    issued_under: Clause | None
    entitlement: Entitlement | None
    clocks: tuple[Clock, ...]
    check_ins: tuple[CheckIn, ...]
    course: tuple[CourseEntry, ...]
    notes: tuple[Note, ...]
    versions: tuple[Version, ...]
    check_url: str | None


@dataclass(frozen=True)
class ReportView:
    """One report. `tz` is the site's zone, in which every instant is shown; `made_at` dates the paper."""

    schema: int
    tz: str
    made_at: Instant
    company: Company
    account_manager: Person | None
    signed: Signed
    acceptance: Acceptance | None
    engineer_signature: EngineerSignature | None
    added: Added
