"""Metadata definitions in Glance's JSON files: each file is one namespace with its content.

All files are read and checked before the database is changed, and are loaded in one transaction, so
that nothing is half loaded. A file looks like this, with more in every list::

    {"namespace": "OS::Compute::Quota", "display_name": "Flavor Quota", "description": "...",
     "visibility": "public", "protected": true, "owner": "admin",
     "resource_type_associations": [{"name": "OS::Nova::Flavor", "prefix": "quota:"}],
     "properties": {"cpu_shares": SCHEMA},
     "objects": [{"name": "CPU Limits", "description": "...", "properties": {"period": SCHEMA}}],
     "tags": [{"name": "quota"}]}

Only ``namespace`` is required, and ``name`` in the lists; unknown keys are ignored.
"""

import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeVar

import attrs
from attrs import frozen

from simple_db.model import values
from simple_db.model.errors import Invalid
from simple_db.model.records import (
    Association,
    MetadefObject,
    MetadefProperty,
    MetadefTag,
    Namespace,
    Record,
    ResourceType,
    Timestamped,
    counts_ids,
    key_of,
)
from simple_db.store import HasStore, Table, Tables

Mode = Literal["keep", "merge", "prefer_new", "overwrite"]
"""What happens to a namespace that exists already:

- keep: it stays as it is, and the file is skipped;
- merge: what it lacks is added, what it has stays as it is;
- prefer_new: what it lacks is added, what the file has too is replaced;
- overwrite: it is deleted with its content, and created from the file.
"""

Columns = Mapping[str, Any]

R = TypeVar("R", bound=Timestamped)

# The owner that Glance's loader uses where a file names none.
_OWNER = "admin"

# What Glance leaves out of the name of an exported file: all but letters and digits.
_NOT_IN_A_NAME = re.compile(r"[\W_]+")
_NAME_WIDTH = 80

_NAMESPACE_COLUMNS = (
    "namespace",
    "display_name",
    "description",
    "visibility",
    "protected",
    "owner",
)


def mode_of(*, merge: bool, prefer_new: bool, overwrite: bool) -> Mode:
    """Return the mode that the three switches of Glance's loader name together.

    Raises:
        Invalid: one of the latter two comes without ``merge``, or with the other.
    """
    if (prefer_new or overwrite) and not merge:
        raise Invalid("prefer_new and overwrite say how to merge: give merge too")
    if prefer_new and overwrite:
        raise Invalid("prefer_new and overwrite exclude each other: give one of them")
    if prefer_new:
        return "prefer_new"
    if overwrite:
        return "overwrite"
    return "merge" if merge else "keep"


@frozen
class Definitions:
    """A namespace and its content, as the columns of the tables hold it."""

    namespace: Columns
    associations: Sequence[tuple[str, Columns]]
    """The name of each resource type, and the columns of the association with it."""
    properties: Sequence[Columns]
    objects: Sequence[Columns]
    tags: Sequence[Columns]


@frozen
class Loaded:
    """How many namespaces a load created, merged, overwrote and skipped."""

    new: int = 0
    merged: int = 0
    overwritten: int = 0
    skipped: int = 0


# --- files -----------------------------------------------------------------------------------


def paths(path: str | os.PathLike[str]) -> list[Path]:
    """Return the file itself, or the ``.json`` files of a directory in the order of their names.

    Raises:
        Invalid: there is no such file or directory, or the directory has no such file.
    """
    try:
        found = _paths(Path(path))
    except (OSError, ValueError) as error:  # the latter for a NUL character in the path
        raise Invalid(f"{path!s} cannot be read: {error}") from error
    if not found:
        raise Invalid(f"{path!s} has no .json file of metadata definitions")
    return found


def _paths(path: Path) -> list[Path]:
    if not stat.S_ISDIR(path.stat().st_mode):
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix == ".json" and _is_file(file))


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:  # a broken link, which some editors leave
        return False


def read(path: Path) -> Definitions:
    """Return the content of a file, with every column checked.

    Raises:
        Invalid: the file cannot be read, is no JSON, or has something that is no definition; the
            message names the file and the place in it.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_json)
        return _definitions(document)
    except (OSError, ValueError, RecursionError, Invalid) as error:
        raise Invalid(f"{path}: {error}") from error


def _no_json(constant: str) -> NoReturn:
    raise ValueError(f"JSON has no number {constant}")


def _definitions(document: object) -> Definitions:
    given = values.mapping(document, "the file")
    namespace = {name: given.get(name) for name in _NAMESPACE_COLUMNS}
    namespace["owner"] = given.get("owner", _OWNER)
    properties = values.mapping(given.get("properties", {}), "properties")
    return Definitions(
        namespace=_checked(Namespace, namespace, "the namespace"),
        associations=[
            (_resource_type(item, where), _association(item, where))
            for item, where in _items(given, "resource_type_associations")
        ],
        properties=[
            _checked(MetadefProperty, {"name": name, "json_schema": schema}, f"property {name!r}")
            for name, schema in properties.items()
        ],
        objects=[_object(item, where) for item, where in _items(given, "objects")],
        tags=[
            _checked(MetadefTag, {"name": item.get("name")}, where)
            for item, where in _items(given, "tags")
        ],
    )


def _items(given: Columns, key: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the dicts of a list, each with its name in messages."""
    for number, item in enumerate(values.sequence(given.get(key, []), key), start=1):
        where = f"{key}, item {number}"
        yield values.mapping(item, where), where


def _resource_type(item: Columns, where: str) -> str:
    name: str = _checked(ResourceType, {"name": item.get("name")}, where)["name"]
    return name


def _association(item: Columns, where: str) -> Columns:
    columns = {name: item.get(name) for name in ("properties_target", "prefix")}
    return _checked(Association, columns, where)


def _object(item: Columns, where: str) -> Columns:
    columns = {
        "name": item.get("name"),
        "description": item.get("description"),
        "json_schema": {} if item.get("properties") is None else item["properties"],
    }
    if item.get("required") is not None:
        columns["required"] = _joined(item["required"], where)
    return _checked(MetadefObject, columns, where)


def _joined(names: object, where: str) -> str:
    """Return the names of required properties as the column stores them, separated by commas."""
    listed = values.sequence(names, f"{where}: required")
    if not all(isinstance(name, str) for name in listed):
        raise Invalid(f"{where}: required must be a list of names of properties")
    return ",".join(listed)


def _checked(record: type[Record], columns: Columns, where: str) -> Columns:
    try:
        return values.stored_columns(record, columns)
    except Invalid as error:
        raise Invalid(f"{where}: {error}") from error


def write(directory: str | os.PathLike[str], definitions: Iterable[Definitions]) -> Iterator[Path]:
    """Write each namespace to a file of its own, and yield its path when it is written.

    A file is named after the namespace's display name, as in Glance, and replaces one of that name.
    The directory is created if it does not exist.

    Raises:
        Invalid: a file cannot be written; the files before it are written.
    """
    taken: set[str] = set()
    for one in definitions:
        path = Path(directory) / f"{_free_name(one, taken)}.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(encoded(one), encoding="utf-8")
        except (OSError, ValueError) as error:
            raise Invalid(f"{path} cannot be written: {error}") from error
        yield path


def _free_name(one: Definitions, taken: set[str]) -> str:
    """Return a name for the file that no other has, not even on a disk that ignores case."""
    shown = one.namespace["display_name"] or one.namespace["namespace"]
    stem = _NOT_IN_A_NAME.sub("", shown)[:_NAME_WIDTH] or "namespace"
    name, number = stem, 1
    while name.casefold() in taken:
        number += 1
        name = f"{stem}-{number}"
    taken.add(name.casefold())
    return name


def encoded(one: Definitions) -> str:
    """Return the text of a namespace's file: equal definitions give equal texts."""
    document = {
        **one.namespace,
        "resource_type_associations": [
            {"name": name, **columns} for name, columns in one.associations
        ],
        "properties": {columns["name"]: columns["json_schema"] for columns in one.properties},
        "objects": [_object_item(columns) for columns in one.objects],
        "tags": [dict(columns) for columns in one.tags],
    }
    return json.dumps(document, indent=4, ensure_ascii=False) + "\n"


def _object_item(columns: Columns) -> Columns:
    item = {name: columns[name] for name in ("name", "description")}
    if columns.get("required") is not None:
        item["required"] = columns["required"].split(",")
    return {**item, "properties": columns["json_schema"]}


# --- database --------------------------------------------------------------------------------


def load(db: HasStore, definitions: Iterable[Definitions], mode: Mode = "keep") -> Loaded:
    """Put namespaces into the database, in one transaction, and return how many.

    Missing resource types are created, and protected. Only namespaces that are overwritten are
    deleted.

    Args:
        db: The database.
        definitions: What `read` or `dump` returns.
        mode: What happens to a namespace that exists already.

    Source: ``glance.db.sqlalchemy.metadata.db_load_metadefs`` of Glance 33.
    """
    outcomes: list[str] = []
    with db.store.writing() as tables:
        outcomes.extend(_load_one(tables, one, mode) for one in definitions)
    return Loaded(**{outcome: outcomes.count(outcome) for outcome in outcomes})


def _load_one(tables: Tables, one: Definitions, mode: Mode) -> str:
    found = next(iter(tables.namespaces.where(namespace=one.namespace["namespace"])), None)
    if found and mode == "keep":
        return "skipped"
    if found and mode == "overwrite":
        _remove_namespace(tables, found.id)
        _fill(tables, _put(tables, tables.namespaces, None, one.namespace), one, renew=False)
        return "overwritten"
    renew = mode == "prefer_new"
    namespace = _put(tables, tables.namespaces, found, one.namespace, renew=renew)
    _fill(tables, namespace, one, renew=renew)
    return "merged" if found else "new"


def _fill(tables: Tables, namespace: Namespace, one: Definitions, *, renew: bool) -> None:
    for name, columns in one.associations:
        _associate(tables, namespace, name, columns, renew=renew)
    children: tuple[tuple[Table[Any], Sequence[Columns]], ...] = (
        (tables.metadef_properties, one.properties),
        (tables.metadef_objects, one.objects),
        (tables.metadef_tags, one.tags),
    )
    for table, rows in children:
        for columns in rows:
            found = table.where(namespace_id=namespace.id, name=columns["name"])
            row = {**columns, "namespace_id": namespace.id}
            _put(tables, table, next(iter(found), None), row, renew=renew)


def _associate(
    tables: Tables, namespace: Namespace, name: str, columns: Columns, *, renew: bool
) -> None:
    known = next(iter(tables.resource_types.where(name=name)), None)
    # An existing one keeps its protection; only its updated_at changes.
    its_own = {} if known else {"name": name, "protected": True}
    resource_type = _put(tables, tables.resource_types, known, its_own, renew=renew)
    key = {"resource_type_id": resource_type.id, "namespace_id": namespace.id}
    found = tables.associations.get(tuple(key.values()))
    _put(tables, tables.associations, found, {**key, **columns}, renew=renew)


def _put(
    tables: Tables, table: Table[R], found: R | None, columns: Columns, *, renew: bool = False
) -> R:
    """Insert a row, or with `renew` update the one that is found, or leave it as it is."""
    if found is None:
        given: Columns = {"created_at": tables.now, "updated_at": None, **columns}
        counted: Columns = {"id": table.new_id()} if counts_ids(table.record) else {}
        return table.put(table.record(**counted, **given))
    if renew:
        return table.put(attrs.evolve(found, updated_at=tables.now, **columns))
    return found


def _children(tables: Tables) -> tuple[Table[Any], ...]:
    return (
        tables.metadef_properties,
        tables.metadef_objects,
        tables.metadef_tags,
        tables.associations,
    )


def _remove_namespace(tables: Tables, namespace_id: int) -> None:
    for table in _children(tables):
        for row in table.where(namespace_id=namespace_id):
            table.remove(key_of(row))
    tables.namespaces.remove(namespace_id)


def unload(db: HasStore) -> int:
    """Delete all metadata definitions and resource types, and return the number of namespaces.

    Their ids are not used again.

    Source: ``glance.db.sqlalchemy.metadata.db_unload_metadefs`` of Glance 33.
    """
    with db.store.writing() as tables:
        count = len(tables.namespaces.rows)
        for table in (*_children(tables), tables.namespaces, tables.resource_types):
            table.replace({}, table.next_id)
    return count


def dump(db: HasStore) -> list[Definitions]:
    """Return all namespaces with their content, in the order in which they were created.

    Resource types without a namespace are left out.

    Source: ``glance.db.sqlalchemy.metadata.db_export_metadefs`` of Glance 33.
    """
    with db.store.reading() as tables:
        return [_dump_one(tables, namespace) for namespace in tables.namespaces.where()]


def _dump_one(tables: Tables, namespace: Namespace) -> Definitions:
    return Definitions(
        namespace=_picked(namespace, _NAMESPACE_COLUMNS),
        associations=[
            (
                tables.resource_types.rows[row.resource_type_id].name,
                _picked(row, ("prefix", "properties_target")),
            )
            for row in tables.associations.where(namespace_id=namespace.id)
        ],
        properties=[
            _picked(row, ("name", "json_schema"))
            for row in tables.metadef_properties.where(namespace_id=namespace.id)
        ],
        objects=[
            _picked(row, ("name", "description", "required", "json_schema"))
            for row in tables.metadef_objects.where(namespace_id=namespace.id)
        ],
        tags=[
            _picked(row, ("name",)) for row in tables.metadef_tags.where(namespace_id=namespace.id)
        ],
    )


def _picked(row: Record, names: Iterable[str]) -> Columns:
    return {name: getattr(row, name) for name in names}
