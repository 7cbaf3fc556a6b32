"""Who sees a namespace: an administrator, its owner and, if it is public, everyone."""

from collections.abc import Iterator

from simple_db.model import values
from simple_db.model.errors import MetadefForbidden, MetadefNamespaceNotFound
from simple_db.model.records import Namespace
from simple_db.operations.visibility import Caller
from simple_db.queries import plan
from simple_db.store import Tables


def may_see_namespace(caller: Caller, namespace: Namespace) -> bool:
    """Return whether the caller may see the namespace, and so change it."""
    return (
        caller.is_admin
        or namespace.visibility == "public"
        or (caller.owner is not None and namespace.owner == caller.owner)
    )


def scope_candidates(tables: Tables, caller: Caller) -> Iterator[plan.Candidates[Namespace]]:
    """Give the namespaces that the caller may see, by what an index knows of them."""
    if not caller.is_admin:
        table = tables.namespaces
        yield [table.having(visibility="public"), table.having(owner=caller.owner)]


def visible_namespace(tables: Tables, caller: Caller, name: object) -> Namespace:
    """Return the namespace of that name.

    Raises:
        MetadefNamespaceNotFound: there is none.
        MetadefForbidden: the caller may not see it.
    """
    found = tables.namespaces.where(namespace=name)
    if not found:
        raise MetadefNamespaceNotFound(
            f"Metadata definition namespace={values.worded(name)} was not found"
        )
    return _shown(caller, found[0])


def visible_namespace_of_id(tables: Tables, caller: Caller, namespace_id: object) -> Namespace:
    """Return the namespace of that id.

    Raises:
        MetadefNamespaceNotFound: there is none.
        MetadefForbidden: the caller may not see it.
    """
    found = tables.namespaces.get(namespace_id)
    if found is None:
        raise MetadefNamespaceNotFound(
            f"No metadata definition namespace was found for id={values.worded(namespace_id)}"
        )
    return _shown(caller, found)


def _shown(caller: Caller, namespace: Namespace) -> Namespace:
    if not may_see_namespace(caller, namespace):
        raise MetadefForbidden(
            f"Metadata definition namespace={namespace.namespace} is not visible to project "
            f"{values.worded(caller.owner)}"
        )
    return namespace
