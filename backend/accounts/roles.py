"""Who may do what: the one table (K-10). Routes name a permission; a role holds a set of them.

A customer's link is an identity of its own with one permission.
"""

from __future__ import annotations

ROLES = ("engineer", "dispatcher", "admin")

EVERYONE = set(ROLES)
OFFICE = {"dispatcher", "admin"}
ADMIN = {"admin"}

PERMISSIONS: dict[str, set[str]] = {
    "self": EVERYONE,  # own account, own devices
    "sync": EVERYONE,  # push, pull, upload: what may be written is judged per operation
    "files.read": EVERYONE,  # judged per file
    "search": EVERYONE,
    "customers.read": EVERYONE,  # engineers: hotline, within what is assigned to them
    "customers.write": OFFICE,
    "assets.read": EVERYONE,
    "assets.write": OFFICE,
    "contracts.read": OFFICE,
    "contracts.write": ADMIN,
    "prices.read": OFFICE,
    "prices.write": ADMIN,
    "letters.read": EVERYONE,
    "letters.write": ADMIN,  # letters and the calendar of rest days
    "work_orders.read": EVERYONE,
    "work_orders.write": OFFICE,
    "work_orders.log": EVERYONE,
    "work_orders.override": ADMIN,
    "visits.write": OFFICE,
    "reports.read": EVERYONE,
    "reports.write": EVERYONE,  # a hotline engineer writes hers at the desk
    "reports.return": OFFICE,
    "reports.approve": ADMIN,
    "reports.export": EVERYONE,  # judged per report
    "conflicts.settle": EVERYONE,
    "stuck.read": EVERYONE,
    "stuck.mend": OFFICE,
    "rescue.import": ADMIN,
    "users.read": OFFICE,
    "users.write": ADMIN,
    "devices.revoke": ADMIN,
    "erase": ADMIN,
    "settings.write": ADMIN,
    "link": {"link"},
}


def may(role: str, permission: str) -> bool:
    """True when the role holds the permission. An unknown permission is a bug and raises KeyError."""
    return role in PERMISSIONS[permission]
