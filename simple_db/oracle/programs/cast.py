"""The callers of all programs, by name.

The projects `pending`, `accepted` and `rejected` are named after the status of their memberships.
"""

from __future__ import annotations

from simple_db.model.shapes import RequestContext

CAST: dict[str, RequestContext] = {
    "admin": RequestContext(is_admin=True),
    "alice": RequestContext(owner="alice"),
    "pending": RequestContext(owner="pending"),
    "accepted": RequestContext(owner="accepted"),
    "rejected": RequestContext(owner="rejected"),
    "stranger": RequestContext(owner="stranger"),
    "nobody": RequestContext(),
    "alice_seeing_deleted": RequestContext(owner="alice", can_see_deleted=True),
    "admin_of_alice": RequestContext(owner="alice", is_admin=True),
    "admin_not_seeing_deleted": RequestContext(is_admin=True, can_see_deleted=False),
}
"""The callers; ``alice`` owns most images, ``nobody`` has no project."""

MEMBER_STATUSES: dict[str, str] = {name: name for name in ("pending", "accepted", "rejected")}
"""The status in which programs usually make a project a member."""
