import pytest

from simple_db import Database, RequestContext
from simple_db.model.errors import MetadefForbidden, MetadefNamespaceNotFound
from simple_db.operations.metadefs.scope import (
    may_see_namespace,
    visible_namespace,
    visible_namespace_of_id,
)
from simple_db.operations.visibility import caller_of
from tests.support.build import ADMIN, ALICE, BOB, NOBODY, a_namespace

CALLERS = {"admin": ADMIN, "alice": ALICE, "bob": BOB, "nobody": NOBODY, "no context": None}

EVERYONE = CALLERS.keys()
OWNER = {"admin", "alice", "no context"}


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(
    ("visibility", "seers"),
    [("public", EVERYONE), ("private", OWNER), (None, OWNER), ("community", OWNER)],
)
def test_a_namespace_is_seen_by_its_owner_and_if_public_by_everyone(
    db: Database, visibility: str | None, seers: set[str], caller: str
) -> None:
    a_namespace(db, visibility=visibility)
    with db.store.reading() as tables:
        [row] = tables.namespaces.where()

    assert may_see_namespace(caller_of(CALLERS[caller]), row) is (caller in seers)


def name_and_id(db: Database, context: RequestContext, name: str, namespace_id: int) -> set[str]:
    """Look for a namespace by name and by id, and give the names that were found."""
    caller = caller_of(context)
    with db.store.reading() as tables:
        return {
            visible_namespace(tables, caller, name).namespace,
            visible_namespace_of_id(tables, caller, namespace_id).namespace,
        }


def test_a_visible_namespace_is_found_by_its_name_and_by_its_id(db: Database) -> None:
    a_namespace(db, "other")

    assert name_and_id(db, ALICE, "ns", a_namespace(db)) == {"ns"}


def test_a_hidden_namespace_is_forbidden_by_its_name_and_by_its_id(db: Database) -> None:
    hidden, mine = a_namespace(db), a_namespace(db, "mine", owner="bob")
    for name, namespace_id in (("ns", mine), ("mine", hidden)):
        with pytest.raises(MetadefForbidden, match="namespace=ns is not visible to project bob"):
            name_and_id(db, BOB, name, namespace_id)


def test_a_missing_namespace_is_not_found_by_its_name_nor_by_its_id(db: Database) -> None:
    mine = a_namespace(db)
    for name, namespace_id in (("never", mine), ("ns", 99)):
        with pytest.raises(MetadefNamespaceNotFound, match=r"never|99"):
            name_and_id(db, ALICE, name, namespace_id)
