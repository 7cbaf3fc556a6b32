from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from rich.console import Console

from simple_db import Database, snapshot
from simple_db.cli.snapshot import difference as snapshot_diff
from simple_db.cli.snapshot import outline as snapshot_outline
from simple_db.cli.snapshot import tables as snapshot_tables
from simple_db.model.records import RECORDS, Image, Member
from tests.support.build import (
    ADMIN,
    a_database,
    a_full_database,
    a_location,
    a_member,
    a_namespace,
    a_property,
    an_image,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from simple_db.store import Cut

ID = "8c2f1de0-5a67-4b0e-9d3c-2f6b7a1e4d55"
OTHER_ID = "8c2f1de1-5a67-4b0e-9d3c-2f6b7a1e4d55"
OWNER = "3f2c9be1aa7d4a0c9a5f7be83c2b9d10"
EVIL = "\x1b[31m\u202e[bold]two\nlines"


def contents(db: Database) -> Cut:
    return snapshot.decoded(db.snapshot()).cut


def lines(shown: Iterable[RenderableType], width: int = 80, **options: Any) -> list[str]:
    """Give the lines that a terminal of that width shows, without spaces at their end."""
    console = Console(file=io.StringIO(), width=width, highlight=False, **options)
    for one in shown:
        console.print(one)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def listed(db: Database, width: int = 80, **options: Any) -> list[str]:
    return lines(snapshot_tables.listing(contents(db), width=width, **options), width)


def told(old: Database | Cut, new: Database | Cut, *, reveal: bool = False) -> list[str]:
    before, after = (contents(one) if isinstance(one, Database) else one for one in (old, new))
    difference = snapshot_diff.difference(before, after)
    return lines(snapshot_tables.difference(difference, reveal=reveal), width=160)


# --- counts and lists ------------------------------------------------------------------------


def test_a_summary_counts_images_and_rows() -> None:
    db = a_database()
    assert str(snapshot_tables.summary(contents(db))) == "0 images, 0 rows"
    an_image(db, "a")
    assert str(snapshot_tables.summary(contents(db))) == "1 image, 1 row"


def test_tables_with_rows_are_counted() -> None:
    assert lines([snapshot_tables.counts(contents(a_full_database()))])[:4] == [
        "Table                             Rows  Deleted",
        "───────────────────────────────────────────────",
        "images                               2        1",
        "image_locations                      2        1",
    ]
    assert len(lines([snapshot_tables.counts(contents(a_database()))])) == 2


def test_an_image_is_listed_with_what_tells_it_from_others() -> None:
    db = a_database()
    an_image(db, ID, name="cirros", size=21_430_272, visibility="public")
    db.image_tag_create(ADMIN, ID, "small")
    db.image_tag_create(ADMIN, ID, "test")

    assert listed(db) == [
        "",
        "1 image",
        "ID        Name    Owner  Visibility  Status     Size  Tags",
        "─────────────────────────────────────────────────────────────────",
        "8c2f1de0  cirros  alice  public      active  21.4 MB  small, test",
    ]


def test_an_empty_database_has_no_lists() -> None:
    assert listed(a_database()) == []


def test_deleted_rows_are_listed_on_request_and_marked() -> None:
    db = a_database()
    an_image(db, "a")
    an_image(db, "b")
    an_image(db, "c", status="deleted")
    db.image_tag_create(ADMIN, "a", "gone")
    db.image_tag_delete(ADMIN, "a", "gone")
    db.image_destroy(ADMIN, "b")
    db.image_destroy(ADMIN, "c")
    shown, everything = "\n".join(listed(db)), "\n".join(listed(db, deleted=True))

    assert "1 image, and 2 deleted (--deleted lists them)" in shown
    assert "gone" not in shown
    assert "3 images, 2 deleted" in everything
    assert everything.count("(deleted)") == 1


def test_a_list_of_deleted_rows_alone_is_its_heading() -> None:
    db = a_database()
    an_image(db, "a")
    db.image_destroy(ADMIN, "a")

    assert listed(db) == ["", "0 images, and 1 deleted (--deleted lists them)"]


def test_a_limit_is_told() -> None:
    db = a_database()
    for image_id in "abc":
        an_image(db, image_id)

    assert listed(db, limit=2)[-1] == "... and 1 more (--limit 0 lists them all)"
    assert listed(db, limit=3)[-1].startswith("c ")


def test_a_narrow_terminal_gets_as_much_of_an_id_as_is_unique_and_a_wide_one_all_of_it() -> None:
    db = a_database()
    an_image(db, ID, owner=OWNER)
    narrow, wide = listed(db), listed(db, 160)
    an_image(db, OTHER_ID)

    assert narrow[-1].startswith("8c2f1de0  -     3f2c9be1aa7…  shared")
    assert wide[-1].startswith(f"{ID}  -     {OWNER}  shared")
    assert {line[:10] for line in listed(db)[-2:]} == {"8c2f1de0  ", "8c2f1de1  "}


def test_of_ids_that_go_on_where_others_end_all_is_shown() -> None:
    db = a_database()
    an_image(db, "image-number-1")
    an_image(db, "image-number-12")

    assert [line.split()[0] for line in listed(db)[-2:]] == ["image-number-1", "image-number-12"]


def test_ids_that_differ_at_their_end_only_are_shown_to_their_end() -> None:
    db = a_database()
    for end in "12":
        an_image(db, f"00000000-0000-0000-0000-00000000000{end}", owner=OWNER, name="a name")
    listing = "".join(line[:28].strip() for line in listed(db))

    assert "0001" in listing
    assert "0002" in listing


@pytest.mark.parametrize("width", [80, 160])
def test_no_line_is_longer_than_the_terminal_is_wide(width: int) -> None:
    db = a_full_database()
    an_image(db, ID, name="a name of several words " * 9, owner=OWNER)
    a_namespace(db, "OS::Compute::" + "X" * 60, owner=OWNER)
    shown = [*listed(db, width), *lines([snapshot_tables.counts(contents(db))], width)]

    assert max(map(len, shown)) <= width


def test_no_end_of_a_line_is_lost_on_a_narrow_terminal() -> None:
    db = a_database()
    an_image(db, ID, name="a-name-of-one-word", owner=OWNER, status="deactivated", size=5)
    an_image(db, OTHER_ID, name="of several words", visibility="community")
    db.image_tag_create(ADMIN, OTHER_ID, "first")
    db.image_tag_create(ADMIN, OTHER_ID, "second")
    db.image_destroy(ADMIN, ID)
    rows = [line.split() for line in listed(db, deleted=True)[4:]]
    words = [word for row in rows for word in row]

    assert {"deactivated", "(deleted)", "several", "community", "first,", "second"} <= set(words)


def test_a_task_is_listed_with_its_image() -> None:
    db = a_database()
    an_image(db, ID)
    task = {"type": "api_image_import", "status": "failure", "owner": "alice", "image_id": ID}
    db.task_create(ADMIN, task | {"id": "task-1"})

    assert listed(db)[-1] == (
        "task-1  api_image_import  alice  failure  8c2f1de0  2026-01-01 12:00:00"
    )


def test_a_namespace_is_listed_with_what_it_defines_and_for_what() -> None:
    (row,) = listed(a_full_database())[-1:]

    assert row == "n          alice  -           1 object, 1 property, 1 tag  r"


@pytest.mark.parametrize("width", [80, 160])
def test_nothing_in_a_snapshot_speaks_to_the_terminal(width: int) -> None:
    db = a_database()
    an_image(db, "a", name=EVIL, owner=EVIL)
    a_property(db, "a", "p", EVIL)
    held = contents(db)
    outline = snapshot_outline.image(held, "a")
    shown = [
        *listed(db, width),
        *lines(snapshot_tables.image(outline), width),
        *told(a_database(), db),
    ]

    assert not any(control in "".join(shown) for control in "\x1b\u202e")
    assert r"\x1b[31m\u202e[bold]two\nlines" in "".join(shown)


@pytest.mark.parametrize("coloured", [True, False])
def test_colour_is_added_to_what_is_said_without_it(coloured: bool) -> None:
    db = a_full_database()
    shown = [*snapshot_tables.listing(contents(db), width=80, deleted=True)]
    text = "\n".join(lines(shown, force_terminal=True, no_color=not coloured))

    assert ("\x1b[32m" in text) is coloured


# --- one image -------------------------------------------------------------------------------


def test_everything_of_an_image_is_shown_and_what_is_deleted_is_marked() -> None:
    db = a_database()
    an_image(db, ID, name="cirros", size=21_430_272, protected=True, virtual_size=1)
    a_location(db, ID, "http://user:secret@host/a?sig=secret", metadata={"key": "secret"})
    a_property(db, ID, "os", "linux")
    a_member(db, ID, "bob")
    db.image_tag_create(ADMIN, ID, "gone")
    db.image_tag_create(ADMIN, ID, "tag")
    db.image_tag_delete(ADMIN, ID, "gone")
    task = {"id": "t", "type": "import", "status": "success", "owner": "alice", "image_id": ID}
    db.task_create(ADMIN, task)
    outline = snapshot_outline.image(contents(db), ID)
    text = "\n".join(lines(snapshot_tables.image(outline)))

    for row in (
        "size              21,430,272 bytes (21.4 MB)",
        "virtual_size      1 byte",
        "protected         yes",
        "disk_format       -",
        "created_at        2026-01-01 12:00:00",
        '1   http://***@host/a?sig=***  {"key": "***"}  active',
        "os    linux",
        "bob     accepted  no         2026-01-01 12:00:00",
        "Value  Created              Deleted",
        "gone   2026-01-01 12:00:00  2026-01-01 12:00:00",
        "tag    2026-01-01 12:00:00",
        "t   import  success  2026-01-01 12:00:00",
    ):
        assert f"\n{row}\n" in f"{text}\n"
    revealed = "\n".join(lines(snapshot_tables.image(outline, reveal=True), 160))
    assert 'http://user:secret@host/a?sig=secret  {"key": "secret"}' in revealed


def test_an_image_by_itself_is_its_columns() -> None:
    db = a_database()
    an_image(db, "a")

    assert len(lines(snapshot_tables.image(snapshot_outline.image(contents(db), "a")))) == 20


# --- differences -----------------------------------------------------------------------------


def test_a_difference_is_told_by_image() -> None:
    db = a_database()
    for image_id in "abcd":
        an_image(db, image_id, name=f"image {image_id}")
    a_member(db, "b", status="pending")
    db.image_tag_create(ADMIN, "b", "t")
    before = contents(db)
    db.image_update(ADMIN, "a", {"name": None, "size": 1000})
    db.image_tag_delete(ADMIN, "b", "t")
    db.image_member_update(ADMIN, 1, {"status": "accepted"})
    a_property(db, "b")
    db.image_destroy(ADMIN, "c")
    an_image(db, "e", size=5, visibility="public")
    after = contents(db)
    del after.rows[Image]["d"]

    assert told(before, after) == [
        "~ image a",
        "    name: image a -> none",
        "    size: none -> 1,000 bytes (1.0 kB)",
        "~ image image b b",
        "  + property os = linux",
        "  ~ member bob, accepted",
        "      status: pending -> accepted",
        "  - tag t (deleted)",
        "- image image c c (deleted)",
        "- image image d d (removed)",
        "    active, shared, owner alice",
        "+ image e",
        "    active, public, owner alice, 5 bytes",
        "~ next id of image_properties: 1 -> 2",
        "",
        "7 rows: 2 added, 2 changed, 2 deleted, 1 removed",
    ]


def test_a_row_that_is_live_again_is_told_so() -> None:
    live = contents(a_full_database())
    dead = evolve(live, rows={**live.rows, Image: dict(live.rows[Image])})
    dead.rows[Image]["a"] = evolve(live.rows[Image]["a"], deleted=True)

    assert told(dead, live) == ["+ image a (restored)", "", "1 row: 1 restored"]


def test_the_time_of_a_change_is_told_where_nothing_else_has_changed() -> None:
    live = contents(a_full_database())
    later = evolve(live, rows={**live.rows, Member: dict(live.rows[Member])})
    member = live.rows[Member][1]
    later.rows[Member][1] = evolve(member, updated_at=member.created_at)

    assert any("updated_at: " in line for line in told(live, later))


def test_a_difference_of_counters_alone_says_so() -> None:
    held = contents(a_database())
    later = evolve(held, next_ids=dict.fromkeys(RECORDS, 2))

    assert told(held, later)[-1] == "the rows are the same"


def test_secrets_that_differ_are_told_to_and_shown_only_if_they_are_revealed() -> None:
    db = a_database()
    an_image(db, "a")
    a_location(db, "a", "http://u:secret@host")
    before = contents(db)
    db.image_location_update(
        ADMIN, "a", {"id": 1, "url": "http://u:other@host", "metadata": {}, "status": "active"}
    )

    assert told(before, db)[1:3] == [
        "  ~ location 1: http://***@host",
        "      value: http://***@host -> other, but masked (--reveal shows it)",
    ]
    assert "      value: http://u:secret@host -> http://u:other@host" in told(
        before, db, reveal=True
    )


def test_an_image_of_nobody_is_told_so() -> None:
    db = a_database()
    an_image(db, "a", owner=None)

    assert told(a_database(), db)[1] == "    active, shared, no owner"


def test_addresses_are_masked_wherever_they_are() -> None:
    db = a_database()
    an_image(db, "a", name="http://u:secret@h", owner="http://u:secret@h")
    db.image_tag_create(ADMIN, "a", "http://u:secret@h")
    a_property(db, "a", "http://u:secret@h", "http://u:secret@h")
    outline = snapshot_outline.image(contents(db), "a")
    shown = "".join(
        [*listed(db, 160), *told(a_database(), db), *lines(snapshot_tables.image(outline), 160)]
    )

    assert "secret" not in shown
    assert shown.count("http://***@h") == 3 + 5 + 5


def test_rows_of_every_table_are_told_in_words() -> None:
    text = "\n".join(told(Database(), a_full_database()))

    for row in (
        r"  + location 1: file:///a",
        r'  + tag a "quoted"\ntag',
        r"+ task import t",
        r"  + what it was told and what came of it",
        r"+ namespace n",
        r"+ resource type r",
        r"  + association with resource type 1",
        r"  + object o",
        r"  + property p",
        r"  + tag t",
        r"+ caching server http://here",
        r"  + cached image a",
        r"  + property note = none",
    ):
        assert f"\n{row}\n" in text


@pytest.mark.parametrize(
    ("count", "thing", "told"),
    [(1, "row", "1 row"), (0, "row", "0 rows"), (1000, "property", "1,000 properties")],
)
def test_things_are_counted_in_words(count: int, thing: str, told: str) -> None:
    assert snapshot_tables.number(count, thing) == told
