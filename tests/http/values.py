"""What random requests are made of: ids, names, values, good and bad."""

import uuid

TOKENS = (
    *(None, "root:ops:admin", "alice:demo:member", "alice:demo:member", "alice:demo:member"),
    *("bob:lab:member", "carol:demo:reader", "dave:ops:manager"),
)
ODD_TOKENS = ("nobody:none:none", "malformed", "", "bob:lab:member,admin")
IMAGES = tuple(str(uuid.UUID(int=number, version=4)) for number in range(1, 6))
MISSING = str(uuid.UUID(int=99, version=4))
NAMES = ("one", "two", "Two", "\xe9t\xe9", "100% a_b")
NAMESPACES = ("NS::One", "NS::Two", "ns")
THINGS = ("o1", "o2", "O1")
TYPES = ("OS::Glance::Image", "OS::Nova::Flavor")
PROJECTS = ("demo", "lab", "ops")
STATUSES = ("queued", "active", "deactivated", "saving", "deleted", "killed", "pending_delete")
TIMES = (
    *("2026-01-01T12:00:00Z", "2026-01-02T12:00:00", "2025-01-01T00:00:00+01:00", "2026-01-01"),
    *("gte:2026-01-01T12:00:00Z", "lt:2026-01-02T12:00:00Z", "neq:2026-01-01T12:00:00.000005"),
)
JUNK = (
    *("", "junk", "0", "-1", "None", "true", "\U0001f600", "a" * 300, "'", '"x', "in:", "gte:5"),
    "x,y",
)
NUMBERS = ("0", "1", "3", "1024", "2147483647", "9223372036854775807")
