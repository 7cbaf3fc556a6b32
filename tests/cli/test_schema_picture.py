import itertools
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest

from simple_db.cli import schema_picture
from simple_db.cli.schema_picture import Box, Line, Panel
from simple_db.cli.schema_text import references_of
from simple_db.model.records import RECORDS, columns_of

SVG = "{http://www.w3.org/2000/svg}"

PANELS = schema_picture.layout()
BOXES = [box for panel in PANELS for box in panel.boxes]
LINES = [line for panel in PANELS for line in schema_picture.lines(panel.boxes)]

Segment = tuple[float, float, float, float]


def drawn() -> ET.Element:
    return ET.fromstring(schema_picture.svg())  # noqa: S314 - our own


def segments(line: Line) -> Iterator[Segment]:
    """Give the three parts of a line, each from its left upper to its right lower end."""
    (x, y), (end, height) = line.start, line.end
    for from_x, to_x, from_y, to_y in (
        (x, line.turn, y, y),
        (line.turn, line.turn, y, height),
        (line.turn, end, height, height),
    ):
        yield min(from_x, to_x), min(from_y, to_y), max(from_x, to_x), max(from_y, to_y)


def meet(one: Segment, other: Segment) -> bool:
    """Tell whether two rectangles, of any width and height, have more than an edge in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] <= other[3] and other[1] <= one[3]


def rectangle(shape: Box) -> Segment:
    return shape.left, shape.top, shape.right, shape.bottom


def area(panel: Panel) -> Segment:
    return panel.left, panel.top, panel.left + panel.width, panel.top + panel.height


def test_every_table_has_one_box() -> None:
    assert sorted(box.record.table for box in BOXES) == sorted(record.table for record in RECORDS)


def test_every_reference_has_one_line() -> None:
    assert len(LINES) == sum(len(references_of(record)) for record in RECORDS)


@pytest.mark.parametrize("shapes", [map(rectangle, BOXES), map(area, PANELS)], ids=["box", "panel"])
def test_no_two_boxes_and_no_two_panels_overlap(shapes: Iterator[Segment]) -> None:
    assert not [pair for pair in itertools.combinations(shapes, 2) if meet(*pair)]


def test_a_box_is_within_its_panel() -> None:
    for panel in PANELS:
        left, top, right, bottom = area(panel)
        for box in panel.boxes:
            assert left < box.left < box.right < right
            assert top < box.top < box.bottom < bottom


@pytest.mark.parametrize("line", LINES, ids=str)
def test_no_line_goes_through_a_box(line: Line) -> None:
    for segment in segments(line):
        assert not [box for box in BOXES if meet(segment, rectangle(box))]


def test_a_line_goes_from_the_referring_row_to_the_key() -> None:
    tags, images = (box_of(table) for table in ("image_tags", "images"))
    (line,) = [line for line in LINES if line.start == (tags.left, tags.middle_of("image_id"))]
    assert line.end == (images.right, images.middle_of("id"))


def box_of(table: str) -> Box:
    return next(box for box in BOXES if box.record.table == table)


def test_the_middle_of_a_row_is_where_its_text_is() -> None:
    tags = box_of("image_tags")
    (text,) = [
        text
        for text in drawn().iter(f"{SVG}text")
        if text.text == "value"
        and abs(float(text.attrib["y"]) - tags.middle_of("value")) < 5
        and tags.left < float(text.attrib["x"]) < tags.right
    ]
    assert text.attrib["class"] == "name"


def test_the_text_of_a_box_fits_into_it() -> None:
    texts = [
        (float(text.attrib["x"]), float(text.attrib["y"]), text.text or "")
        for text in drawn().iter(f"{SVG}text")
    ]
    for box in BOXES:
        inside = [
            (x, text)
            for x, y, text in texts
            if box.left < x < box.right and box.top < y < box.bottom
        ]
        assert len(inside) >= len(columns_of(box.record))
        for x, text in inside:
            assert x + len(text) * schema_picture.CHARACTER <= box.right


def test_texts_of_one_line_do_not_overlap() -> None:
    rows: dict[float, list[tuple[float, str]]] = {}
    for text in drawn().iter(f"{SVG}text"):
        if text.attrib["class"] != "title":
            rows.setdefault(float(text.attrib["y"]), []).append(
                (float(text.attrib["x"]), text.text or "")
            )
    for texts in rows.values():
        for (left, words), (right, _) in itertools.pairwise(sorted(texts)):
            width = 6.1 if words in {"PK", "FK", "PK FK"} else schema_picture.CHARACTER
            assert left + len(words) * width <= right


def test_everything_is_within_the_picture() -> None:
    width, height = (float(drawn().attrib[name]) for name in ("width", "height"))
    for text in drawn().iter(f"{SVG}text"):
        assert 0 < float(text.attrib["x"]) < width - len(text.text or "") * schema_picture.CHARACTER
        assert 0 < float(text.attrib["y"]) < height


def test_every_drawing_is_the_same() -> None:
    assert schema_picture.svg() == schema_picture.svg()


def test_the_choices_of_an_enum_are_shown_where_one_points() -> None:
    hints = [hint.text for text in drawn().iter(f"{SVG}text") for hint in text]
    assert hints == ["private, public, shared, community"]


def test_the_picture_has_colours_for_dark_screens_and_asks_nothing_of_the_network() -> None:
    text = schema_picture.svg()
    assert "prefers-color-scheme: dark" in text
    assert text.count("http") == text.count("http://www.w3.org/2000/svg") == 1
