"""Objects, properties and tags of a namespace: what the three kinds have in common.

Each kind has a table of its own. Names are unique within a namespace and a kind.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from attrs import frozen

from simple_db.model import values
from simple_db.model.errors import Duplicate, NotFound
from simple_db.model.records import MetadefObject, MetadefProperty, MetadefTag, Namespace
from simple_db.operations.metadefs import rows
from simple_db.store import Table, Tables

Definition = MetadefObject | MetadefProperty | MetadefTag

D = TypeVar("D", bound=Definition)


@frozen
class Kind(Generic[D]):
    """A kind of content: its record, its table, and its errors."""

    word: str
    record: type[D]
    table: Callable[[Tables], Table[D]]
    not_found: type[NotFound]
    duplicate: type[Duplicate]

    def new_values(self, given: object) -> dict[str, Any]:
        """Return what a new row stores of the values.

        Raises:
            Invalid: the name is missing, or a value is wrong.
        """
        return rows.new_values(self.record, given, ["name"])

    def all(self, tables: Tables, namespace: Namespace) -> list[D]:
        """Return the rows of the namespace in the order in which they were added."""
        return self.table(tables).where(namespace_id=namespace.id)

    def named(self, tables: Tables, namespace: Namespace, name: object) -> D:
        """Return the row of that name, or raise `not_found`."""
        found = self.table(tables).where(namespace_id=namespace.id, name=name)
        if not found:
            raise self.not_found(
                f"No metadata definition {self.word} with name={values.worded(name)} was found in "
                f"namespace={namespace.namespace}"
            )
        return found[0]

    def of_id(self, tables: Tables, namespace: Namespace, row_id: object) -> D:
        """Return the row of that id in the namespace, or raise `not_found`."""
        row = self.table(tables).get(row_id)
        if row is None or row.namespace_id != namespace.id:
            raise self.not_found(
                f"No metadata definition {self.word} was found for id={values.worded(row_id)} in "
                f"namespace={namespace.namespace}"
            )
        return row

    def create(self, tables: Tables, namespace: Namespace, given: dict[str, Any]) -> D:
        """Add a row to the namespace; raise `duplicate` if the name is taken."""
        self._require_free(tables, namespace, given["name"])
        table, now = self.table(tables), tables.now
        row = self.record(
            id=table.new_id(), namespace_id=namespace.id, created_at=now, updated_at=now, **given
        )
        return table.put(row)

    def update(
        self, tables: Tables, namespace: Namespace, row_id: object, given: dict[str, Any]
    ) -> D:
        """Change the row of that id; raise `not_found`, or `duplicate` if the name is taken.

        Raises:
            Invalid: the id of the row, or of its namespace, would change.
        """
        row = self.of_id(tables, namespace, row_id)
        changed = rows.changed(tables, row, given)
        if changed.name != row.name:
            self._require_free(tables, namespace, changed.name)
        return rows.put_if_changed(self.table(tables), row, changed)

    def delete(self, tables: Tables, namespace: Namespace, name: object) -> D:
        """Remove the row of that name and return it, or raise `not_found`."""
        row = self.named(tables, namespace, name)
        self.table(tables).remove(row.id)
        return row

    def delete_all(self, tables: Tables, namespace: Namespace) -> int:
        """Remove all rows of the namespace and return their number."""
        return rows.remove_of_namespace(self.table(tables), namespace.id)

    def _require_free(self, tables: Tables, namespace: Namespace, name: str) -> None:
        if self.table(tables).where(namespace_id=namespace.id, name=name):
            raise self.duplicate(
                f"A metadata definition {self.word} with name={name} exists already in "
                f"namespace={namespace.namespace}"
            )
