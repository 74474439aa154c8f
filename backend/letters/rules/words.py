"""The words of the contract: lists that facts and letter files choose from, and where each fact stands.

Source: letters/DECISIONS.md "Facts". Nothing here belongs to one letter.
"""

from __future__ import annotations

KINDS = (
    "repair", "advice", "upgrade", "relocation", "reupholstery", "design", "delivery", "installation", "inspection",
    "training", "callback",
)  # fmt: skip
CHANNELS = ("phone", "remote", "onsite", "walk_in", "mail", "fax", "network")
PRIORITIES = ("critical", "important", "normal")
CAUSES = (
    "quality", "wear", "user_damage", "transit_damage", "counterfeit_part", "configuration", "environment", "other",
)  # fmt: skip
CATEGORIES = (
    "desktop", "laptop", "server", "storage", "switch", "cable", "software", "desk", "cabinet", "chair", "clerk_desk",
    "sofa", "other",
)  # fmt: skip
MATERIALS = ("wood", "leather", "steel", "fabric")
SPELL_REASONS = ("repair", "parts")

CLOCKS = ("dispatch", "respond", "arrive", "resolve", "report")
CHARGE_KINDS = ("labour", "parts", "call_out", "travel")
CHARGES = ("free", "cost", "market", "fee")
"""From the cheapest to the dearest."""
REMEDIES = ("refund", "exchange", "repair", "maintenance")
STEPS = ("dispatch", "work", "close")
STATUSES = ("suspended", "undecided", "chargeable", "at_cost", "covered")
"""From the gravest to the mildest."""

ANCHORS = ("purchased_on", "invoiced_on", "accepted_on")
STARTS = ("reported_at", "remote_started_at", "onsite_decided_at")

PATHS = {
    "kind": "$.request.kind",
    "channel": "$.request.channel",
    "priority": "$.request.priority",
    "fault": "$.request.fault",
    "cause_category": "$.request.cause_category",
    "product_price": "$.request.product_price",
    "upgrade_quote": "$.request.upgrade_quote",
    "brand": "$.asset.brand",
    "category": "$.asset.category",
    "material": "$.asset.material",
    "stores_data": "$.asset.stores_data",
    "purchased_on": "$.asset.purchased_on",
    "invoiced_on": "$.asset.invoiced_on",
    "accepted_on": "$.asset.accepted_on",
    "price": "$.asset.price",
    "province": "$.customer.province",
    "training_completed": "$.customer.training_completed",
}
