"""Snapshots and their differences as rich shows them: tables that fit a terminal, lines of words.

What a snapshot says of itself is not trusted: a text is shown with its control characters escaped,
and never read as markup. Secrets are masked unless they are to be revealed.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rich import box
from rich.filesize import decimal
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from simple_db.cli.snapshot import difference as snapshot_diff
from simple_db.cli.snapshot import outline as snapshot_outline
from simple_db.model import credentials
from simple_db.model.records import (
    Association,
    CachedImage,
    Image,
    Location,
    Member,
    MetadefObject,
    MetadefProperty,
    MetadefTag,
    Namespace,
    NodeReference,
    Property,
    Record,
    ResourceType,
    Tag,
    Task,
    TaskInfo,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from rich.console import RenderableType
    from rich.style import StyleType

    from simple_db.cli.snapshot.difference import Difference, Kind, RowChange
    from simple_db.cli.snapshot.outline import ImageOutline
    from simple_db.store import Cut

NARROW = 140
"""Below this width, in characters, an id is shown by as much of it as is unique."""

_SHORT_ID = 8
_SHORT_OWNER = 12

_STATUS_STYLES: Mapping[str, str] = {
    "active": "green",
    "deactivated": "red",
    "deleted": "red",
    "failure": "red",
    "killed": "red",
    "success": "green",
}
_STATUS_IN_BETWEEN = "yellow"

_KIND_STYLES: Mapping[Kind, str] = {
    "added": "green",
    "changed": "yellow",
    "deleted": "red",
    "removed": "red",
    "restored": "green",
}
_SIGNS: Mapping[Kind, str] = {
    "added": "+",
    "changed": "~",
    "deleted": "-",
    "removed": "-",
    "restored": "+",
}

# What comes with every soft deletion and every change.
_DELETION = {"deleted", "deleted_at", "updated_at"}
_CHANGE = {"updated_at"}


# --- what is in a snapshot -------------------------------------------------------------------


def summary(contents: Cut) -> Text:
    """Return in one line how much a snapshot holds: its images, and its rows."""
    rows = sum(len(held) for held in contents.rows.values())
    return Text(f"{number(len(contents.rows[Image]), 'image')}, {number(rows, 'row')}")


def counts(contents: Cut) -> Table:
    """Return the tables that have rows, with how many."""
    table = _table("Table", right=("Rows", "Deleted"))
    for count in snapshot_outline.counts(contents):
        if count.rows:
            table.add_row(
                count.table, f"{count.rows:,}", f"{count.deleted:,}" * bool(count.deleted)
            )
    return table


def listing(
    contents: Cut, *, width: int, deleted: bool = False, limit: int | None = None
) -> Iterator[RenderableType]:
    """Give the tables of a snapshot's images, tasks and namespaces, those that there are.

    Args:
        contents: The snapshot.
        width: That of the terminal, in characters.
        deleted: Whether deleted images and tasks are listed too, marked as such.
        limit: How many of each are listed at most; None for all.
    """
    kinds: list[tuple[str, Sequence[Any], Callable[[Any, Mapping[str, str]], Table]]] = [
        ("image", snapshot_outline.images(contents), _images),
        ("task", snapshot_outline.rows_of(contents, Task), _tasks),
        ("namespace", snapshot_outline.namespaces(contents), _namespaces),
    ]
    ids = _ids([*contents.rows[Image], *contents.rows[Task]], width)
    for title, rows, tabled in kinds:
        shown = [row for row in rows if deleted or not _is_deleted(row)]
        if not rows:
            continue
        yield Text()
        yield _heading(title, shown, hidden=len(rows) - len(shown))
        if shown:
            table = tabled(shown[:limit], ids)
            _fit(table, width)
            yield table
        if limit is not None and len(shown) > limit:
            more = f"... and {len(shown) - limit:,} more (--limit 0 lists them all)"
            yield Text(more, style="dim")


def _fit(table: Table, width: int) -> None:
    """Let owners, often 32 hexadecimal digits, take little of a narrow terminal; break no word."""
    for column in table.columns:
        column.no_wrap = column.header in {"Owner", "Visibility", "Status"}
        if column.header == "ID" and width >= NARROW:
            column.no_wrap = True
        if column.header == "Owner" and width < NARROW:
            column.max_width, column.overflow = _SHORT_OWNER, "ellipsis"


def _heading(title: str, shown: Sequence[Any], hidden: int) -> Text:
    heading = Text(number(len(shown), title), style="bold")
    deleted = sum(map(_is_deleted, shown))
    if hidden:
        heading.append(f", and {hidden:,} deleted (--deleted lists them)", style="not bold dim")
    elif deleted:
        heading.append(f", {deleted:,} deleted", style="not bold dim")
    return heading


def _is_deleted(row: Any) -> bool:
    return bool(getattr(getattr(row, "image", row), "deleted", False))


def _images(outlines: Sequence[ImageOutline], ids: Mapping[str, str]) -> Table:
    table = _table("ID", "Name", "Owner", "Visibility", "Status", right=("Size",), last="Tags")
    for outline in outlines:
        image = credentials.columns(outline.image)
        tags = [credentials.masked_text(tag.value) for tag in outline.tags if not tag.deleted]
        table.add_row(
            text(ids[image["id"]], "bold"),
            text(image["name"]),
            text(image["owner"]),
            text(image["visibility"]),
            status(image, "\n"),
            size(image["size"]),
            text(", ".join(tags)),
            style="dim" if image["deleted"] else "",
        )
    return table


def _tasks(tasks: Sequence[Task], ids: Mapping[str, str]) -> Table:
    table = _table("ID", "Type", "Owner", "Status", "Image", "Created")
    for task in map(credentials.columns, tasks):
        table.add_row(
            text(ids[task["id"]], "bold"),
            text(task["type"]),
            text(task["owner"]),
            status(task, "\n"),
            text(ids.get(task["image_id"], task["image_id"])),
            time(task["created_at"]),
            style="dim" if task["deleted"] else "",
        )
    return table


def _namespaces(
    outlines: Sequence[snapshot_outline.NamespaceOutline], _ids: Mapping[str, str]
) -> Table:
    table = _table("Namespace", "Owner", "Visibility", "Defines", "For")
    for outline in outlines:
        namespace = credentials.columns(outline.namespace)
        table.add_row(
            text(namespace["namespace"], "bold"),
            text(namespace["owner"]),
            text(namespace["visibility"]),
            Text(_defines(outline)),
            text(", ".join(outline.resource_types)),
        )
    return table


def _defines(outline: snapshot_outline.NamespaceOutline) -> str:
    defined = {"object": outline.objects, "property": outline.properties, "tag": outline.tags}
    return ", ".join(number(len(names), thing) for thing, names in defined.items() if names)


def _ids(ids: Iterable[str], width: int) -> dict[str, str]:
    """Return how each id is shown: by its unique beginning where the terminal is narrow."""
    ids = sorted(ids)
    shared = [_shared(one, other) for one, other in pairwise(ids)]
    length = max([_SHORT_ID - 1, *shared]) + 1
    return {key: key if width >= NARROW else key[:length] for key in ids}


def _shared(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


# --- one image -------------------------------------------------------------------------------


def image(outline: ImageOutline, *, reveal: bool = False) -> Iterator[RenderableType]:
    """Give the tables of everything of one image, deleted rows too, marked as such."""
    yield _image_columns(outline.image, reveal)
    sections: list[tuple[str, Sequence[Record], tuple[str, ...]]] = [
        ("Locations", outline.locations, ("id", "value", "meta_data", "status")),
        ("Properties", outline.properties, ("name", "value")),
        ("Members", outline.members, ("member", "status", "can_share", "created_at")),
        ("Tags", outline.tags, ("value", "created_at")),
        ("Tasks", outline.tasks, ("id", "type", "status", "created_at")),
    ]
    for title, rows, names in sections:
        if rows:
            yield Text(f"\n{title}", style="bold")
            yield _children(rows, names, reveal)


def _image_columns(image: Image, reveal: bool) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, shown in credentials.columns(image, reveal=reveal).items():
        table.add_row(name, cell(name, shown))
    return table


def _children(rows: Sequence[Record], names: tuple[str, ...], reveal: bool) -> Table:
    table = _table(*(_TITLES.get(name, name.capitalize()) for name in names))
    if any(_is_deleted(row) for row in rows):
        table.add_column("Deleted", overflow="fold")
    for row in rows:
        shown = credentials.columns(row, reveal=reveal)
        cells: list[Text] = [cell(name, shown[name]) for name in names]
        if _is_deleted(row):
            cells.append(time(shown["deleted_at"]))
        table.add_row(*cells, style="dim" if _is_deleted(row) else "")
    return table


_TITLES = {
    "can_share": "Can share",
    "created_at": "Created",
    "id": "ID",
    "meta_data": "Metadata",
}


# --- differences -----------------------------------------------------------------------------


def difference(difference: Difference, *, reveal: bool = False) -> Iterator[RenderableType]:
    """Give the lines that tell a difference: what it belongs to, what became of it, old -> new."""
    for group in difference.groups:
        yield _told(0, group.kind, _title(group.owner, reveal))
        if isinstance(group.owner, Image) and group.kind in {"added", "removed"}:
            yield _indented(_image_in_short(credentials.columns(group.owner, reveal=reveal)), 4)
        if group.own is not None:
            yield from _fields(group.own, reveal)
        for child in group.children:
            yield _told(2, child.kind, _title(child.row, reveal))
            yield from _fields(child, reveal, indent=2)
    for counter in difference.counters:
        line = f"next id of {counter.table}: {counter.old} -> {counter.new}"
        yield _told(0, "changed", Text(line))
    yield Text()
    yield Text(_totals(difference) or "the rows are the same")


def _told(indent: int, kind: Kind, title: Text) -> Padding:
    line = Text(f"{_SIGNS[kind]} ", style=_KIND_STYLES[kind])
    line.append_text(title)
    if kind not in {"added", "changed"}:
        line.append(f" ({kind})")
    return _indented(line, indent)


def _fields(change: RowChange, reveal: bool, indent: int = 0) -> Iterator[Padding]:
    for field in _worth_telling(change):
        old, new = snapshot_diff.shown(change.row, field, reveal=reveal)
        line = Text.assemble((f"{field.column}: ", "dim"), _value(field.column, old), " -> ")
        if old == new and not reveal:
            line.append("other, but masked (--reveal shows it)", "italic")
        else:
            line.append_text(_value(field.column, new))
        yield _indented(line, indent + 4)


def _value(column: str, value: Any) -> Text:
    """Return the value of a column within a line, where a dash would be read as a sign."""
    return Text("none", style="dim") if value is None else cell(column, value)


def _worth_telling(change: RowChange) -> list[snapshot_diff.FieldChange]:
    """Return the changes of columns but for those that follow from the others."""
    implied = _DELETION if change.kind in {"deleted", "restored"} else _CHANGE
    told = [field for field in change.fields if field.column not in implied]
    return told if told or change.kind != "changed" else change.fields


def _indented(line: Text, indent: int) -> Padding:
    return Padding(line, (0, 0, 0, indent), expand=False)


def _title(row: Record, reveal: bool) -> Text:
    what, describe = _DESCRIPTIONS[type(row)]
    return Text.assemble(what, " ", describe(credentials.columns(row, reveal=reveal)))


def _bold(column: str) -> Callable[[Mapping[str, Any]], Text]:
    return lambda row: text(row[column], "bold")


def _bold_and_id(column: str) -> Callable[[Mapping[str, Any]], Text]:
    def describe(row: Mapping[str, Any]) -> Text:
        named = [] if row[column] is None else [text(row[column], "bold")]
        return Text(" ").join([*named, text(row["id"], "dim")])

    return describe


def _property_title(row: Mapping[str, Any]) -> Text:
    return Text.assemble(text(row["name"], "bold"), " = ", _value("value", row["value"]))


def _member_title(row: Mapping[str, Any]) -> Text:
    return Text.assemble(text(row["member"], "bold"), ", ", status(row))


def _image_in_short(row: Mapping[str, Any]) -> Text:
    owner = Text("no owner") if row["owner"] is None else text(f"owner {row['owner']}")
    known = [] if row["size"] is None else [size(row["size"])]
    return Text(", ").join([status(row), text(row["visibility"]), owner, *known])


_DESCRIPTIONS: Mapping[type[Record], tuple[str, Callable[[Mapping[str, Any]], Text]]] = {
    Image: ("image", _bold_and_id("name")),
    Location: ("location", lambda row: text(f"{row['id']}: {row['value']}")),
    Property: ("property", _property_title),
    Member: ("member", _member_title),
    Tag: ("tag", _bold("value")),
    Task: ("task", _bold_and_id("type")),
    TaskInfo: ("what it was told", lambda _: Text("and what came of it")),
    Namespace: ("namespace", _bold("namespace")),
    ResourceType: ("resource type", _bold("name")),
    Association: ("association with resource type", lambda row: Text(f"{row['resource_type_id']}")),
    MetadefObject: ("object", _bold("name")),
    MetadefProperty: ("property", _bold("name")),
    MetadefTag: ("tag", _bold("name")),
    NodeReference: ("caching server", _bold("node_reference_url")),
    CachedImage: ("cached image", _bold("image_id")),
}


def _totals(difference: Difference) -> str:
    changes = [change for group in difference.groups for change in group.changes]
    kinds = Counter(change.kind for change in changes)
    told = ", ".join(f"{kinds[kind]:,} {kind}" for kind in _SIGNS if kinds[kind])
    return f"{number(len(changes), 'row')}: {told}" if changes else ""


# --- cells -----------------------------------------------------------------------------------


def _table(*names: str, right: Sequence[str] = (), last: str = "") -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for name in names:
        table.add_column(name, overflow="fold")
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    if last:
        table.add_column(last, overflow="fold")
    return table


def cell(column: str, value: Any) -> Text:
    """Return the value of a column, in words where a number or a flag says too little."""
    if column == "status":
        return text(value, _status_style(value))
    if column in {"size", "virtual_size"} and value is not None:
        return _exact_size(value)
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, dt.datetime):
        return time(value)
    if isinstance(value, (dict, list)):
        return text(json.dumps(value, ensure_ascii=False))
    return text(value if value is None else str(value))


def status(row: Mapping[str, Any], between: str = " ") -> Text:
    """Return the status of a row, and whether it is deleted."""
    shown = text(row["status"], _status_style(row["status"]))
    if row["deleted"] and row["status"] != "deleted":
        shown.append(f"{between}(deleted)", "red")
    return shown


def _status_style(status: str) -> StyleType:
    return _STATUS_STYLES.get(status, _STATUS_IN_BETWEEN)


def _exact_size(size: int) -> Text:
    exact, rounded = number(size, "byte"), decimal(size)
    return Text(exact if exact == rounded else f"{exact} ({rounded})")


def size(size: int | None) -> Text:
    """Return a number of bytes in decimal units."""
    return text(None) if size is None else Text(decimal(size))


def time(time: dt.datetime | None) -> Text:
    """Return a time to the second."""
    return text(None) if time is None else Text(time.isoformat(" ", "seconds"))


def text(value: str | None, style: StyleType = "") -> Text:
    """Return a text in one line, with its control characters escaped; a dash for none."""
    if value is None:
        return Text("-", style="dim")
    return Text(printable(value), style=style)


def printable(value: str) -> str:
    """Return a text with every character escaped that a terminal would obey or not show."""
    if value.isprintable():
        return value
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in value)


def number(count: int, thing: str) -> str:
    """Return how many there are, as ``1 image`` or ``1,000 images``."""
    things = f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"
    return f"{count:,} {thing if count == 1 else things}"
