"""The schema as a picture: boxes in columns, and lines in the gaps between the columns.

A table stands beside the one that it refers to, so that a line only ever crosses a gap. Letters
are of one width, so that what fits is known without any font.
"""

from __future__ import annotations

import html
import itertools
from typing import TYPE_CHECKING

from attrs import field, frozen

from simple_db.cli.schema_text import marks_of, references_of, sql_type
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
    ResourceType,
    Tag,
    Task,
    TaskInfo,
    columns_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from simple_db.model.records import Column, Record

# Where the tables stand: bands from top to bottom, in each its panels from left to right, in each
# its columns of tables. A table stands in a column next to that of the table that it refers to.
_BANDS: tuple[dict[str, Sequence[Sequence[type[Record]]]], ...] = (
    {"Images": [[Location, Property], [Image], [Member, Tag]]},
    {
        "Metadata definitions": [
            [MetadefObject, MetadefProperty, MetadefTag],
            [Namespace],
            [Association],
            [ResourceType],
        ]
    },
    {"Tasks": [[Task], [TaskInfo]], "Image cache": [[NodeReference], [CachedImage]]},
)

# All lengths are in pixels.
CHARACTER = 7.3  # of 12 px letters, the widest of the fonts below
ROW = 19
_HEADER = 27
_PADDING = 9
_MARKS = 40
_GAP = 54  # between two columns of a panel, for a line
_SPACE = 20  # between boxes, panels and edges
_TITLE = 38

_LETTERS = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace'

# No variables: not every viewer of SVG knows them.
_STYLE = f"""\
text {{ font-family: {_LETTERS}; font-size: 12px; fill: #17202c; }}
.title {{ font-size: 15px; font-weight: 600; }}
.table {{ font-weight: 600; }}
.mark {{ font-size: 10px; font-weight: 600; fill: #9a3b00; }}
.soft {{ fill: #586577; }}
.page {{ fill: #ffffff; }}
.panel {{ fill: #f3f5f8; }}
.box {{ fill: #ffffff; stroke: #8794a6; }}
.head {{ fill: #dbe5f3; stroke: #8794a6; }}
.line {{ fill: none; stroke: #2f5d9b; stroke-width: 1.5; }}
@media (prefers-color-scheme: dark) {{
  text {{ fill: #e8edf4; }}
  .mark {{ fill: #ffb07a; }}
  .soft {{ fill: #a3b0c2; }}
  .page {{ fill: #0f141b; }}
  .panel {{ fill: #182029; }}
  .box {{ fill: #212b37; stroke: #66758a; }}
  .head {{ fill: #2c3d55; stroke: #66758a; }}
  .line {{ stroke: #86b4f2; }}
}}"""

_LEGEND = (
    ("PK", "of the primary key"),
    ("FK", "refers to another table"),
    ("null", "can be null; all others cannot"),
)
_ENDS = (("many rows", "many"), ("at most one row", "one"))


@frozen
class Box:
    """A table in the picture."""

    record: type[Record]
    left: float
    top: float
    width: float

    @property
    def right(self) -> float:
        """The edge towards the next column."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top + height_of(self.record)

    def middle_of(self, name: str) -> float:
        """Return the height at which the row of that column has its middle."""
        return self.top + _HEADER + (list(columns_of(self.record)).index(name) + 0.5) * ROW


@frozen
class Panel:
    """A group of tables in the picture, under a title."""

    title: str
    left: float
    top: float
    width: float
    height: float
    boxes: list[Box] = field(repr=False)


@frozen
class Line:
    """A reference in the picture: from the referring column to the key that it refers to."""

    start: tuple[float, float]
    turn: float
    end: tuple[float, float]
    alone: bool


def height_of(record: type[Record]) -> float:
    """Return how high the box of a table is."""
    return _HEADER + ROW * (len(columns_of(record)) + len(record.unique)) + 5


def width_of(record: type[Record]) -> float:
    """Return how wide the box of a table must be for its texts."""
    names, types = _widths(record)
    rows = _MARKS + names + types + _text_width("null")
    unique = [_text_width(_unique(columns)) + _MARKS for columns in record.unique]
    return max(rows, _text_width(record.table), *unique, 0) + 2 * _PADDING


def _widths(record: type[Record]) -> tuple[float, float]:
    columns = columns_of(record)
    names = max(map(len, columns)) + 2
    types = max(len(sql_type(column)) for column in columns.values()) + 1
    return names * CHARACTER, types * CHARACTER


def _text_width(text: str) -> float:
    return len(text) * CHARACTER


def _unique(columns: tuple[str, ...]) -> str:
    return f"unique ({', '.join(columns)})"


def layout() -> list[Panel]:
    """Return the panels with their boxes, each in its place."""
    panels: list[Panel] = []
    top: float = _SPACE
    for band in _BANDS:
        left: float = _SPACE
        for title, columns in band.items():
            panels.append(_panel(title, columns, left, top))
            left += panels[-1].width + _SPACE
        top += max(panel.height for panel in panels[-len(band) :]) + _SPACE
    return panels


def _panel(title: str, columns: Sequence[Sequence[type[Record]]], left: float, top: float) -> Panel:
    boxes: list[Box] = []
    edge, bottom = left + _SPACE, top
    for column in columns:
        width = max(map(width_of, column))
        upper = top + _TITLE
        for record in column:
            boxes.append(Box(record, edge, upper, width))
            upper = boxes[-1].bottom + _SPACE
        edge += width + _GAP
        bottom = max(bottom, upper)
    return Panel(title, left, top, edge - _GAP + _SPACE - left, bottom - top, boxes)


def lines(boxes: Sequence[Box]) -> list[Line]:
    """Return the references between the boxes of a panel."""
    by_record = {box.record: box for box in boxes}
    return [
        _line(box, reference.column.name, by_record[reference.parent], alone=reference.alone)
        for box in boxes
        for reference in references_of(box.record)
    ]


def _line(child: Box, name: str, parent: Box, *, alone: bool) -> Line:
    is_right = child.left > parent.left
    start = child.left if is_right else child.right
    end = parent.right if is_right else parent.left
    (key,) = parent.record.key
    return Line(
        (start, child.middle_of(name)), (start + end) / 2, (end, parent.middle_of(key)), alone
    )


def svg() -> str:
    """Return the picture as SVG: the same bytes every time, for bright and for dark screens."""
    panels = layout()
    width = max(panel.left + panel.width for panel in panels) + _SPACE
    height = max(panel.top + panel.height for panel in panels) + _SPACE
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        "<title>The tables of simple_db, their columns and their references</title>",
        f"<style>\n{_STYLE}\n</style>",
        _rectangle("page", 0, 0, width, height),
        *itertools.chain.from_iterable(map(_panel_parts, panels)),
        *_legend(panels[0].left + panels[0].width + 2 * _SPACE, panels[0].top),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _panel_parts(panel: Panel) -> Iterator[str]:
    yield _rectangle("panel", panel.left, panel.top, panel.width, panel.height, radius=8)
    yield _text("title", panel.left + _SPACE, panel.top + 25, panel.title)
    for line in lines(panel.boxes):
        yield from _line_parts(line)
    for box in panel.boxes:
        yield from _box_parts(box)


def _box_parts(box: Box) -> Iterator[str]:
    left = box.left + _PADDING
    yield _rectangle("box", box.left, box.top, box.width, height_of(box.record))
    yield _rectangle("head", box.left, box.top, box.width, _HEADER - 2)
    yield _text("table", left, box.top + 17, box.record.table)
    names, types = _widths(box.record)
    for column in columns_of(box.record).values():
        height = box.middle_of(column.name) + 4
        yield from _row_parts(column, left, height, names, types)
    for number, columns in enumerate(box.record.unique, start=1):
        height = box.bottom - 9 - ROW * (len(box.record.unique) - number)
        yield _text("soft", left + _MARKS, height, _unique(columns))


def _row_parts(
    column: Column, left: float, height: float, names: float, types: float
) -> Iterator[str]:
    if marks_of(column):
        yield _text("mark", left, height, " ".join(marks_of(column)))
    yield _text("name", left + _MARKS, height, column.name)
    choices = ", ".join(column.type.choices)
    yield _text("soft", left + _MARKS + names, height, sql_type(column), choices)
    if column.nullable:
        yield _text("soft", left + _MARKS + names + types, height, "null")


def _line_parts(line: Line) -> Iterator[str]:
    (x, y), (end, height) = line.start, line.end
    yield _path(f"M{x:g} {y:g}H{line.turn:g}V{height:g}H{end:g}")
    yield from _child_end(x, y, 1 if line.turn > x else -1, alone=line.alone)
    bar = end + (8 if line.turn > end else -8)
    yield _path(f"M{bar:g} {height - 5:g}V{height + 5:g}")


def _child_end(x: float, y: float, direction: int, *, alone: bool) -> Iterator[str]:
    """Draw a crow's foot for many rows, or a bar for one."""
    if alone:
        yield _path(f"M{x + 8 * direction:g} {y - 5:g}V{y + 5:g}")
        return
    yield _path(f"M{x:g} {y - 6:g}L{x + 11 * direction:g} {y:g}L{x:g} {y + 6:g}")


def _legend(left: float, top: float) -> Iterator[str]:
    yield _text("title", left, top + 25, "How to read it")
    height = top + 55
    for mark, meaning in _LEGEND:
        yield _text("soft" if mark == "null" else "mark", left, height, mark)
        yield _text("name", left + _MARKS + 14, height, meaning)
        height += ROW + 4
    for meaning, kind in _ENDS:
        yield _path(f"M{left:g} {height - 4:g}h{_MARKS}")
        yield from _child_end(left, height - 4, 1, alone=kind == "one")
        yield _path(f"M{left + _MARKS - 8:g} {height - 9:g}v10")
        yield _text("name", left + _MARKS + 14, height, f"{meaning} to exactly one")
        height += ROW + 4


def _rectangle(
    kind: str, left: float, top: float, width: float, height: float, radius: float = 3
) -> str:
    return (
        f'<rect class="{kind}" x="{left:g}" y="{top:g}" '
        f'width="{width:g}" height="{height:g}" rx="{radius:g}"/>'
    )


def _text(kind: str, left: float, height: float, text: str, hint: str = "") -> str:
    title = f"<title>{html.escape(hint)}</title>" if hint else ""
    return f'<text class="{kind}" x="{left:g}" y="{height:g}">{html.escape(text)}{title}</text>'


def _path(drawing: str) -> str:
    return f'<path class="line" d="{drawing}"/>'
