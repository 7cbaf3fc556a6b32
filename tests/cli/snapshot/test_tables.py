from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from rich.console import Console

from simple_db import Database
from simple_db.cli.snapshot import difference as snapshot_diff
from simple_db.cli.snapshot import outline as snapshot_outline
from simple_db.cli.snapshot import tables as snapshot_tables
from simple_db.model.records import RECORDS, Image, Member, counts_ids
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
from tests.support.saved import contents

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from simple_db.store import Cut

ID = "8c2f1de0-5a67-4b0e-9d3c-2f6b7a1e4d55"
OTHER_ID = "8c2f1de1-5a67-4b0e-9d3c-2f6b7a1e4d55"
OWNER = "3f2c9be1aa7d4a0c9a5f7be83c2b9d10"
EVIL = "\x1b[31m\u202e[bold]two\nlines"


def lines(shown: Iterable[RenderableType], width: int = 80, **options: Any) -> list[str]:
    """Give the lines that a terminal of that width shows, without spaces at their end."""
    console = Console(file=io.StringIO(), width=width, highlight=False, **options)
    for one in shown:
        console.print(one)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def listed(db: Database, width: int = 80, **options: Any) -> list[str]:
    return lines(snapshot_tables.listing(contents(db), width=width, **options), width)


def differing(old: Database | Cut, new: Database | Cut, *, reveal: bool = False) -> list[str]:
    before, after = (contents(one) if isinstance(one, Database) else one for one in (old, new))
    difference = snapshot_diff.between(before, after)
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


def a_database_to_list() -> Database:
    """Make one with live and deleted images and tasks, two ids of which begin alike."""
    db = a_database()
    an_image(db, ID, name="cirros", size=21_430_272, visibility="public")
    for tag in ("small", "gone", "test"):
        db.image_tag_create(ADMIN, ID, tag)
    db.image_tag_delete(ADMIN, ID, "gone")
    an_image(db, OTHER_ID, name="old", owner=OWNER)
    an_image(db, "c", status="deleted", owner=None)
    db.image_destroy(ADMIN, OTHER_ID)
    db.image_destroy(ADMIN, "c")
    task = {"type": "api_image_import", "status": "failure", "owner": "alice", "image_id": ID}
    for task_id in ("task-1", "task-2"):
        db.task_create(ADMIN, task | {"id": task_id})
    db.task_delete(ADMIN, "task-2")
    db.metadef_namespace_create(ADMIN, {"namespace": "n", "owner": "alice"})
    db.metadef_object_create(ADMIN, "n", {"name": "o", "json_schema": {}})
    for name in ("p", "q"):
        db.metadef_property_create(ADMIN, "n", {"name": name, "json_schema": {}})
    for name in ("r", "s"):
        association = {"name": name, "prefix": None, "properties_target": None}
        db.metadef_resource_type_association_create(ADMIN, "n", association)
    return db


LIVE_ROWS = """\

1 image, and 2 deleted (--deleted lists them)
ID        Name    Owner  Visibility  Status     Size  Tags
─────────────────────────────────────────────────────────────────
8c2f1de0  cirros  alice  public      active  21.4 MB  small, test

1 task, and 1 deleted (--deleted lists them)
ID      Type              Owner  Status   Image     Created
───────────────────────────────────────────────────────────────────────
task-1  api_image_import  alice  failure  8c2f1de0  2026-01-01 12:00:00

1 namespace
Namespace  Owner  Visibility  Defines                 For
──────────────────────────────────────────────────────────
n          alice  -           1 object, 2 properties  r, s
"""
ALL_ROWS = """\

3 images, 2 deleted
ID        Name    Owner         Visibility  Status        Size  Tags
───────────────────────────────────────────────────────────────────────────
8c2f1de0  cirros  alice         public      active     21.4 MB  small, test
8c2f1de1  old     3f2c9be1aa7…  shared      active           -
                                            (deleted)
c         -       -             shared      deleted          -

2 tasks, 1 deleted
ID      Type              Owner  Status     Image     Created
─────────────────────────────────────────────────────────────────────────
task-1  api_image_import  alice  failure    8c2f1de0  2026-01-01 12:00:00
task-2  api_image_import  alice  failure    8c2f1de0  2026-01-01 12:00:00
                                 (deleted)
"""


def test_images_tasks_and_namespaces_are_listed_and_deleted_ones_on_request() -> None:
    db = a_database_to_list()
    assert listed(db) == LIVE_ROWS.splitlines()
    assert listed(db, deleted=True)[: len(ALL_ROWS.splitlines())] == ALL_ROWS.splitlines()


def test_a_wide_terminal_gets_whole_ids_and_owners() -> None:
    rows = listed(a_database_to_list(), 160, deleted=True)[4:6]
    assert rows[0].startswith(f"{ID}  cirros  alice ")
    assert rows[1].startswith(f"{OTHER_ID}  old     {OWNER}  shared")


def test_an_empty_database_has_no_lists() -> None:
    assert listed(a_database()) == []


def test_a_list_of_deleted_rows_alone_is_its_heading() -> None:
    db = a_database()
    an_image(db, "a")
    db.image_destroy(ADMIN, "a")

    assert listed(db) == ["", "0 images, and 1 deleted (--deleted lists them)"]


def test_a_list_that_has_reached_its_limit_ends_with_how_many_there_are_more() -> None:
    db = a_database()
    for image_id in "abc":
        an_image(db, image_id)

    assert listed(db, limit=2)[-1] == "... and 1 more (--limit 0 lists them all)"
    assert listed(db, limit=3)[-1].startswith("c ")


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


@pytest.mark.parametrize("width", [80, 160])
def test_no_terminal_obeys_what_is_in_a_snapshot(width: int) -> None:
    db = a_database()
    an_image(db, "a", name=EVIL, owner=EVIL)
    a_property(db, "a", "p", EVIL)
    held = contents(db)
    outline = snapshot_outline.image(held, "a")
    shown = [
        *listed(db, width),
        *lines(snapshot_tables.image(outline), width),
        *differing(a_database(), db),
    ]

    assert not any(control in "".join(shown) for control in "\x1b\u202e")
    assert r"\x1b[31m\u202e[bold]two\nlines" in "".join(shown)


@pytest.mark.parametrize("coloured", [True, False])
def test_colour_is_added_on_a_terminal_that_has_it(coloured: bool) -> None:
    db = a_full_database()
    shown = [*snapshot_tables.listing(contents(db), width=80, deleted=True)]
    text = "\n".join(lines(shown, force_terminal=True, no_color=not coloured))

    assert ("\x1b[32m" in text) is coloured


# --- one image -------------------------------------------------------------------------------

IMAGE = """\
id                8c2f1de0-5a67-4b0e-9d3c-2f6b7a1e4d55
name              cirros
disk_format       -
container_format  -
size              21,430,272 bytes (21.4 MB)
virtual_size      1 byte
status            active
visibility        shared
checksum          -
os_hash_algo      -
os_hash_value     -
min_disk          0
min_ram           0
owner             alice
protected         yes
os_hidden         no
created_at        2026-01-01 12:00:00
updated_at        2026-01-01 12:00:00
deleted_at        -
deleted           no

Locations
ID  Value                      Metadata        Status
─────────────────────────────────────────────────────
1   http://***@host/a?sig=***  {"key": "***"}  active

Properties
Name  Value
───────────
os    linux

Members
Member  Status    Can share  Created
────────────────────────────────────────────────
bob     accepted  no         2026-01-01 12:00:00

Tags
Value  Created              Deleted
───────────────────────────────────────────────
gone   2026-01-01 12:00:00  2026-01-01 12:00:00
tag    2026-01-01 12:00:00

Tasks
ID  Type    Status   Created
────────────────────────────────────────
t   import  success  2026-01-01 12:00:00
"""


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

    assert lines(snapshot_tables.image(outline)) == IMAGE.splitlines()
    revealed = "\n".join(lines(snapshot_tables.image(outline, reveal=True), 160))
    assert 'http://user:secret@host/a?sig=secret  {"key": "secret"}' in revealed


def test_an_image_by_itself_is_its_columns() -> None:
    db = a_database()
    an_image(db, "a")
    assert len(lines(snapshot_tables.image(snapshot_outline.image(contents(db), "a")))) == 20


# --- differences -----------------------------------------------------------------------------


EVERYTHING = r"""+ image a
    active, shared, owner alice, 1.1 TB
  + location 2: file:///a
  + property os = linux
  + property note = none
  + member bob, accepted
  + tag a "quoted"\ntag
+ image b
    active (deleted), shared, owner alice, 1.1 TB
  + location 1: file:///a
  + property os = linux
  + property note = none
  + member bob, accepted (deleted)
  + tag a "quoted"\ntag
+ task import t
  + its input and result
+ namespace n
  + association with resource type 1
  + object o
  + property p
  + tag t
+ resource type r
+ caching server http://here
  + cached image a

22 rows: 22 added
"""


def test_a_difference_is_shown_image_by_image() -> None:
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

    assert differing(before, after) == [
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


def test_a_row_that_is_live_again_is_restored() -> None:
    live = contents(a_full_database())
    dead = evolve(live, rows={**live.rows, Image: dict(live.rows[Image])})
    dead.rows[Image]["a"] = evolve(live.rows[Image]["a"], deleted=True)

    assert differing(dead, live) == ["+ image a (restored)", "", "1 row: 1 restored"]


def test_the_time_of_a_change_is_shown_where_nothing_else_has_changed() -> None:
    live = contents(a_full_database())
    later = evolve(live, rows={**live.rows, Member: dict(live.rows[Member])})
    member = live.rows[Member][1]
    later.rows[Member][1] = evolve(member, updated_at=member.created_at)

    assert any("updated_at: " in line for line in differing(live, later))


def test_a_difference_of_counters_alone_says_so() -> None:
    held = contents(a_database())
    later = evolve(held, next_ids=dict.fromkeys(RECORDS, 2))
    assert differing(held, later)[-1] == "the rows are the same"


def test_secrets_that_differ_are_shown_only_if_they_are_revealed() -> None:
    db = a_database()
    an_image(db, "a")
    a_location(db, "a", "http://u:secret@host")
    before = contents(db)
    db.image_location_update(
        ADMIN, "a", {"id": 1, "url": "http://u:other@host", "metadata": {}, "status": "active"}
    )

    assert differing(before, db)[1:3] == [
        "  ~ location 1: http://***@host",
        "      value: http://***@host -> other, but masked (--reveal shows it)",
    ]
    assert "      value: http://u:secret@host -> http://u:other@host" in differing(
        before, db, reveal=True
    )


def test_an_image_without_an_owner_is_said_to_have_none() -> None:
    db = a_database()
    an_image(db, "a", owner=None)
    assert differing(a_database(), db)[1] == "    active, shared, no owner"


def test_addresses_are_masked_wherever_they_are() -> None:
    db = a_database()
    an_image(db, "a", name="http://u:secret@h", owner="http://u:secret@h")
    db.image_tag_create(ADMIN, "a", "http://u:secret@h")
    a_property(db, "a", "http://u:secret@h", "http://u:secret@h")
    outline = snapshot_outline.image(contents(db), "a")
    shown = "".join(
        [
            *listed(db, 160),
            *differing(a_database(), db),
            *lines(snapshot_tables.image(outline), 160),
        ]
    )

    assert "secret" not in shown
    assert shown.count("http://***@h") == 3 + 5 + 5


def test_rows_of_every_table_have_a_title() -> None:
    shown = differing(Database(), a_full_database())
    assert [line for line in shown if "next id" not in line] == EVERYTHING.splitlines()
    assert sum(map(counts_ids, RECORDS)) == len(shown) - len(EVERYTHING.splitlines())
