"""Which clause of docs/semantics.md a divergence breaks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from simple_db.oracle.comparing.fingerprints import Fingerprint


@frozen
class Clause:
    """A row of docs/semantics.md.

    Attributes:
        row: Its number there.
        says: What it says, shortened.
    """

    row: str
    says: str


def clause_of(fingerprint: Fingerprint) -> Clause:
    """Return the clause that a divergence breaks: the most specific one, or else R2."""
    line = str(fingerprint)
    return next(clause for pattern, clause in CLAUSES if re.search(pattern, line))


_RAISES_AND_LEAKS = r"raises {} / raises (DB|KeyError|TypeError|NoResult|MultipleResults|Pending)"

CLAUSES: tuple[tuple[str, Clause], ...] = (
    (
        r"^image_destroy \| \S+ / \S+ \| (then .*: )?(\[\]\.)?status",
        Clause("Q1", "Destroying an image leaves its status alone."),
    ),
    (
        r"^image_get_all .* filters\.deleted",
        Clause("Q3", "The filter `deleted: False` leaves out killed images too."),
    ),
    (
        r"^image_(create|update) .*(unknown only in target|/ raises .*values\.unknown)",
        Clause("Q4", "An unknown key among the values of an image is ignored."),
    ),
    (
        r"^image_member_create .* raises Duplicate .*after image_member_create",
        Clause("Q5", "A project can be a live member twice."),
    ),
    (
        r"^image_tag_create .* raises .*after image_tag_create",
        Clause("Q6", "An image can have a tag twice."),
    ),
    (
        r"^image_update .*locations\[\] missing",
        Clause("Q7", "An empty list of locations in an update changes nothing."),
    ),
    (
        r"^image_(member|property)_\w+ .*: (\[\]\.)?updated_at",
        Clause("Q10", "A property or membership set to what it is keeps its `updated_at`."),
    ),
    (
        r"^image_get_all .*\[\] (missing|extra) .*of no project",
        Clause("Q11", "A caller without project is listed whatever is shared with anybody."),
    ),
    (
        r"^image_get_all .*\[\] extra .*after image_member_create",
        Clause(
            "Q14",
            "Any membership shows an image asked for by id and only accepted ones list it.",
        ),
    ),
    (
        r"^image_member_update .*(can_share|deleted)",
        Clause("Q15", "Updating a member revives it and forgets `can_share`."),
    ),
    (
        r"^user_get_(image|uploading)_count .*after image_(destroy|update)",
        Clause("Q18", "A quota counts deleted images by their status."),
    ),
    (
        r"^image_(property|tag|location|member)_\w+ .*/ raises Forbidden",
        Clause("Q20", "The functions of children ask nobody who calls."),
    ),
    (
        r"^task_get_all .*\[\] missing .*of no project",
        Clause("Q27", "A caller without project is listed the tasks of all."),
    ),
    (
        r"^task_get_all .*\[\] missing .*admin_as_user",
        Clause("Q28", "`admin_as_user` lists the tasks of all to everybody."),
    ),
    (
        r"^task_get_all .*filters\.unknown",
        Clause("Q30", "An unknown key among the filters of tasks is ignored."),
    ),
    (
        r"^task_update .*\| deleted \| .*after task_delete",
        Clause("Q31", "Updating a deleted task revives it."),
    ),
    (
        r"^metadef_tag_create_tags .*/ raises MetadefNamespaceNotFound",
        Clause("Q35", "No new tags at once change nothing, and need no namespace."),
    ),
    (
        r"^image_(set|delete)_property_atomic \| raises Duplicate /",
        Clause("R11", "Atomic properties are locks."),
    ),
    (
        _RAISES_AND_LEAKS.format("ImageNotFound"),
        Clause("D1", "a child of a missing image"),
    ),
    (
        r"^task_create .*" + _RAISES_AND_LEAKS.format("Duplicate"),
        Clause("D2", "a task created twice"),
    ),
    (
        r"^image_(member|property)_(update|delete) .*" + _RAISES_AND_LEAKS.format("NotFound"),
        Clause("D3", "a missing member or property"),
    ),
    (
        r"^image_property_create .*raises Duplicate /",
        Clause("D4", "a property created twice"),
    ),
    (
        r"^image_tag_delete .*" + _RAISES_AND_LEAKS.format("Duplicate"),
        Clause("D5", "a tag stored twice and deleted once"),
    ),
    (
        r"^image_property_create \|.*\| deleted_at only in reference",
        Clause("D36", "a new property comes back whole"),
    ),
    (
        r"^insert_cache_details .*/ raises PendingRollbackError",
        Clause("D42", "an image that is noted twice in one cache"),
    ),
    (
        r"\| raises (\w+) / raises \1 \| then ",
        Clause("R4", "A call that raises leaves no trace."),
    ),
    (
        r"\| raises \w+ / raises (KeyError|TypeError|AttributeError|DB\w+|\w+ResultFound) \|",
        Clause(
            "R3",
            "Where the SQL driver leaks an error of Python, SQLAlchemy or oslo.db, simple_db raises"
            " the fitting class of Glance's vocabulary.",
        ),
    ),
    (
        r"^image_get_all .*(\[\] order|\| (\[\] \w+)? ?\| .*(marker|limit|sort_key|sort_dir))",
        Clause("R5", "Pages: the order is total."),
    ),
    (
        r"^image_get_all \| raises Invalid\w* / returns",
        Clause("R6", "Errors of a query come whatever the rows."),
    ),
    (
        r"",
        Clause("R2", "Inside its documented domain the SQL driver is right, quirks included."),
    ),
)
"""Patterns of fingerprints, and the clauses that they break; the most specific come first."""
