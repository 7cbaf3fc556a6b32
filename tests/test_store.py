import datetime as dt
import logging
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import attrs
import pytest

from simple_db.model.errors import Invalid
from simple_db.model.records import (
    RECORDS,
    Column,
    Image,
    Location,
    Member,
    Property,
    SoftDeletable,
    Tag,
    columns_of,
    key_of,
)
from simple_db.store import Change, Commit, Cut, Store, Table, Tables
from tests.support.build import UUID, a_full_database, image_record, utc
from tests.support.world import BEGINNING, World

CHILDREN: dict[str, tuple[type[SoftDeletable], dict[str, Any]]] = {
    "locations": (Location, {"value": "file:///a"}),
    "properties": (Property, {"name": "os"}),
    "members": (Member, {"member": "bob"}),
    "tags": (Tag, {"value": "blue"}),
}


class Moment(dt.datetime):
    """What a test's frozen clock gives."""


class Stop(BaseException):
    """What ends a call from outside, as an interrupt from the keyboard does."""


def child(kind: str, row_id: int = 1, image_id: str = "i", **columns: Any) -> Any:
    """Make a record of a child table by itself."""
    record, required = CHILDREN[kind]
    times: dict[str, Any] = {"created_at": BEGINNING, "updated_at": BEGINNING}
    return record(**(times | required | {"id": row_id, "image_id": image_id} | columns))


@pytest.fixture
def empty() -> Store:
    return Store(World().now, lambda: "new")


@pytest.fixture
def tables(empty: Store) -> Iterator[Tables]:
    """Give the tables of an empty store, which can be written."""
    with empty.writing() as tables:
        yield tables


@pytest.fixture
def store() -> Store:
    """Make a store with image i and one row in every child table."""
    store = Store(World().now, lambda: "new")
    with store.writing() as tables:
        tables.images.put(image_record())
        for kind in CHILDREN:
            table: Table[Any] = getattr(tables, kind)
            table.put(child(kind, table.new_id()))
    return store


def write_and_stop(store: Store) -> None:
    with store.writing() as tables:
        tables.images.put(image_record())
        raise Stop


def everything(store: Store) -> list[tuple[dict[Any, Any], int]]:
    """Copy all rows and counters."""
    with store.reading() as tables:
        return [(dict(table.rows), table.next_id) for table in tables]


def held(cut: Cut) -> list[tuple[dict[Any, Any], int]]:
    """Give all rows and counters of a cut."""
    return [(cut.rows[record], cut.next_ids[record]) for record in cut.rows]


# --- tables ----------------------------------------------------------------------------------


def test_a_row_is_found_by_its_id(tables: Tables) -> None:
    image = tables.images.put(image_record(id="a"))

    assert tables.images.get("a") is image


@pytest.mark.parametrize("row_id", ["b", None, 5, ["a"], {}])
def test_there_is_no_row_of_another_id(tables: Tables, row_id: Any) -> None:
    tables.images.put(image_record(id="a"))

    assert tables.images.get(row_id) is None


def test_a_row_of_the_same_id_takes_the_place_of_the_old_one(tables: Tables) -> None:
    tables.images.put(image_record(name="old"))
    tables.images.put(image_record(name="new"))

    assert [image.name for image in tables.images.where()] == ["new"]


def test_rows_are_found_by_a_column_that_many_have_alike(tables: Tables) -> None:
    tables.images.put(image_record(id="b", owner="alice"))
    tables.images.put(image_record(id="c", owner="bob"))
    assert [image.id for image in tables.images.having(owner="alice")] == ["b"]

    tables.images.put(image_record(id="a", owner="alice"))
    assert [image.id for image in tables.images.having(owner="alice")] == ["a", "b"]


def test_rows_are_found_by_several_columns(store: Store) -> None:
    with store.writing() as tables:
        other = tables.properties.put(child("properties", tables.properties.new_id(), name="arch"))

        assert tables.properties.where(image_id="i", name="arch") == [other]


@pytest.mark.parametrize("values", [{}, {"image_id": "i"}])
def test_rows_are_found_in_the_order_of_their_ids(tables: Tables, values: dict[str, Any]) -> None:
    tables.images.put(image_record())
    for row_id in (3, 1, 2):
        tables.tags.put(child("tags", row_id))

    assert [tag.id for tag in tables.tags.where(**values)] == [1, 2, 3]


@pytest.mark.parametrize("image_id", ["other", None, ["i"], {}])
def test_no_rows_are_found_by_another_value(store: Store, image_id: Any) -> None:
    with store.reading() as tables:
        assert tables.tags.where(image_id=image_id) == []
        assert tables.properties.where(image_id=image_id, name="os") == []


def test_a_uuid_stands_for_its_text_where_rows_are_looked_for(tables: Tables) -> None:
    image = tables.images.put(image_record(id=UUID))
    row = tables.properties.put(child("properties", image_id=UUID))

    assert tables.images.get(uuid.UUID(UUID)) is image
    assert tables.properties.where(image_id=uuid.UUID(UUID)) == [row]
    assert tables.properties.where(image_id=uuid.UUID(UUID), name="os") == [row]


def test_rows_are_found_by_none(tables: Tables) -> None:
    image = tables.images.put(image_record(owner=None))

    assert list(tables.images.having(owner=None)) == [image]


def test_a_column_without_index_cannot_be_asked(tables: Tables) -> None:
    with pytest.raises(KeyError):
        tables.images.where(name="cirros")


def test_an_index_follows_a_changed_row(tables: Tables) -> None:
    tables.images.put(image_record(owner="alice"))
    assert len(tables.images.having(owner="alice")) == 1
    tables.images.put(image_record(owner="bob"))

    assert list(tables.images.having(owner="alice")) == []
    assert len(tables.images.having(owner="bob")) == 1


def test_an_index_follows_a_removed_row(store: Store) -> None:
    with store.writing() as tables:
        tables.tags.remove(1)

        assert tables.tags.where(image_id="i") == []
        assert tables.tags.get(1) is None


def test_ids_are_counted_from_one(tables: Tables) -> None:
    assert [tables.tags.new_id() for _ in range(3)] == [1, 2, 3]


def test_the_id_of_a_removed_row_is_not_given_again(store: Store) -> None:
    with store.writing() as tables:
        tables.tags.remove(1)

        assert tables.tags.new_id() == 2


def test_a_table_can_be_replaced_as_a_whole(store: Store) -> None:
    with store.writing() as tables:
        tables.tags.replace({7: child("tags", 7, value="red")}, next_id=9)

        assert [tag.value for tag in tables.tags.where(image_id="i")] == ["red"]
        assert tables.tags.new_id() == 9
    store.check()


def test_tables_come_parents_first(tables: Tables) -> None:
    records = [table.record for table in tables]
    below = {record.table: place for place, record in enumerate(records)}
    for record in records:
        for column in columns_of(record).values():
            assert below[column.type.references or "images"] <= below[record.table]


# --- transactions ----------------------------------------------------------------------------


def test_what_a_transaction_writes_stays(empty: Store) -> None:
    with empty.writing() as tables:
        tables.images.put(image_record())

    with empty.reading() as tables:
        assert tables.images.get("i") == image_record()


def fill(tables: Tables) -> None:
    tables.images.put(image_record(id="j", owner="carol"))
    tables.tags.put(child("tags", tables.tags.new_id(), "j"))


def change(tables: Tables) -> None:
    tables.images.put(image_record(owner="bob"))
    tables.images.put(image_record(owner="carol"))


def remove(tables: Tables) -> None:
    for kind in CHILDREN:
        getattr(tables, kind).remove(1)
    tables.images.remove("i")


def count(tables: Tables) -> None:
    tables.tags.new_id()


def replace(tables: Tables) -> None:
    for table in tables:
        table.replace({}, next_id=1)


@pytest.mark.parametrize("write", [fill, change, remove, count, replace])
@pytest.mark.parametrize("error", [Invalid("no"), Stop()])
def test_a_transaction_that_raises_leaves_no_row_no_index_and_no_counter_behind(
    store: Store, write: Callable[[Tables], None], error: BaseException
) -> None:
    before = everything(store)

    def fail() -> None:
        with store.writing() as tables:
            write(tables)
            raise error

    with pytest.raises(type(error)):
        fail()

    assert everything(store) == before
    store.check()


def test_a_store_can_be_written_after_a_transaction_that_raised(empty: Store) -> None:
    with pytest.raises(Stop):
        write_and_stop(empty)

    with empty.writing() as tables:
        tables.images.put(image_record())

    assert empty.revision == 1


def test_a_copy_of_a_table_stays_as_it_was(store: Store) -> None:
    with store.reading() as tables:
        copy = dict(tables.images.rows)
    with store.writing() as tables:
        tables.images.put(attrs.evolve(tables.images.rows["i"], name="new"))

    assert copy["i"].name is None


def test_a_write_within_a_write_is_refused(empty: Store) -> None:
    with empty.writing() as tables:
        tables.images.put(image_record())
        with pytest.raises(RuntimeError, match="is running in this thread"), empty.writing():
            pytest.fail("two transactions at once")

    with empty.reading() as tables:
        assert tables.images.get("i") is not None


def test_a_read_within_a_write_that_has_changed_nothing_sees_the_tables(store: Store) -> None:
    with store.writing(), store.reading() as inner:
        assert inner.images.get("i") is not None


@pytest.mark.parametrize("write", [fill, change, remove, count, replace])
def test_a_read_within_a_write_that_has_changed_something_is_refused(
    store: Store, write: Callable[[Tables], None]
) -> None:
    with store.writing() as tables:
        write(tables)
        for read in (store.reading().__enter__, store.cut, store.check):
            with pytest.raises(RuntimeError, match="is running in this thread"):
                read()
    store.check()


def test_a_write_within_a_read_is_refused(store: Store) -> None:
    with store.reading() as tables, store.reading():
        with pytest.raises(RuntimeError, match="is running in this thread"), store.writing():
            pytest.fail("a write within a read")
        assert tables.images.get("i") is not None


@pytest.mark.parametrize("access", [Store.reading, Store.writing])
def test_another_thread_waits_for_its_turn(
    empty: Store, access: Callable[[Store], AbstractContextManager[Tables]]
) -> None:
    def write() -> None:
        with empty.writing() as tables:
            tables.images.put(image_record(name="from the other thread"))

    other = threading.Thread(target=write)
    with access(empty) as tables:
        other.start()
        other.join(timeout=0.05)
        assert other.is_alive()
        assert tables.images.get("i") is None
    other.join()

    with empty.reading() as tables:
        assert tables.images.get("i") is not None


# --- cuts ------------------------------------------------------------------------------------


def test_a_cut_stays_as_it_was(store: Store) -> None:
    cut, before = store.cut(), everything(store)
    with store.writing() as tables:
        change(tables)
        remove(tables)
        count(tables)

    assert held(cut) == before
    store.check()


def test_a_cut_copies_nothing(store: Store) -> None:
    with store.reading() as tables:
        assert all(store.cut().rows[table.record] is table.rows for table in tables)


def test_a_table_is_copied_once_after_a_cut(store: Store) -> None:
    cut = store.cut()
    with store.writing() as tables:
        tables.tags.remove(1)
        copied = tables.tags.rows
        tables.tags.put(child("tags", 2))

        assert tables.tags.rows is copied is not cut.rows[Tag]
        assert tables.images.rows is cut.rows[Image]


def test_a_cut_is_not_changed_by_a_transaction_that_raises(store: Store) -> None:
    cut, before = store.cut(), everything(store)
    with pytest.raises(Stop):
        write_and_stop(store)

    assert held(cut) == before == everything(store)
    store.check()


def test_a_store_that_adopts_a_cut_holds_it_and_leaves_it_as_it_was(
    store: Store, empty: Store
) -> None:
    cut, before = store.cut(), everything(store)
    empty.adopt(cut)

    assert everything(empty) == before
    empty.check()
    with empty.writing() as tables:
        remove(tables)
        assert tables.tags.where(image_id="i") == []
    assert everything(store) == before
    for one in (store, empty):
        one.check()


def test_a_store_becomes_a_cut_in_one_transaction_of_the_rows_that_differ(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    cut, before = store.cut(), everything(store)
    with store.writing() as tables:
        tables.tags.remove(1)
        tables.tags.put(child("tags", tables.tags.new_id()))
    caplog.clear()  # another test may have left the level low
    with caplog.at_level(logging.DEBUG, "simple_db.store"):
        store.become(cut)

    assert caplog.messages == ["revision 3: image_tags 2, image_tags 1"]
    assert everything(store) == before
    store.check()


# --- logs ------------------------------------------------------------------------------------


class Noted:
    """A log that notes the commits, and raises an error if it is given one."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.commits: list[Commit] = []
        self.error = error

    @property
    def end(self) -> int:
        return len(self.commits)

    def append(self, commit: Commit) -> None:
        self.commits.append(commit)
        if self.error is not None:
            raise self.error

    def retract(self, end: int) -> None:
        del self.commits[end:]


def test_a_commit_has_each_row_as_it_is_at_the_end_of_its_transaction(store: Store) -> None:
    store.log = log = Noted()
    with store.writing() as tables:
        tables.images.put(image_record(name="one"))
        image = tables.images.put(image_record(name="two"))
        tables.tags.remove(1)
        tables.members.new_id()

    changes = [Change(Image, "i", image), Change(Tag, 1, None)]
    assert log.commits == [Commit(changes, {Member: 3})]


def test_what_changes_nothing_is_no_commit_no_revision_and_not_logged(
    empty: Store, caplog: pytest.LogCaptureFixture
) -> None:
    empty.log = log = Noted()
    with caplog.at_level(logging.DEBUG, "simple_db.store"):
        with empty.reading():
            pass
        with empty.writing():
            pass
        with pytest.raises(Stop):
            write_and_stop(empty)

    assert (log.commits, empty.revision, caplog.messages) == ([], 0, [])


@pytest.mark.parametrize("error", [Invalid("no"), Stop()])
def test_a_transaction_whose_commit_cannot_be_written_is_rolled_back(
    store: Store, error: BaseException
) -> None:
    before = everything(store)
    store.log = log = Noted(error)
    with pytest.raises(type(error)), store.writing() as tables:
        remove(tables)

    assert everything(store) == before
    assert (store.revision, log.commits) == (1, [])
    store.check()


# --- revision --------------------------------------------------------------------------------


def test_a_transaction_is_one_revision_however_much_it_writes(empty: Store, store: Store) -> None:
    assert (empty.revision, store.revision) == (0, 1)


def test_a_change_of_a_counter_alone_is_a_revision(empty: Store) -> None:
    with empty.writing() as tables:
        tables.tags.replace({}, next_id=5)

    assert empty.revision == 1


# --- log -------------------------------------------------------------------------------------


def test_a_transaction_logs_each_row_once(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.clear()
    with caplog.at_level(logging.DEBUG, "simple_db.store"), store.writing() as tables:
        tables.images.put(image_record(name="one"))
        tables.images.put(image_record(name="two"))
        tables.tags.remove(1)

    assert caplog.messages == ["revision 2: images i, image_tags 1"]


def test_the_log_is_for_debugging(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "simple_db.store"), store.writing() as tables:
        change(tables)

    assert caplog.messages == []


# --- time and ids ----------------------------------------------------------------------------


def test_the_clock_is_read_once_a_call() -> None:
    times = iter([utc("2026-01-01"), utc("2026-01-02")])
    store = Store(lambda: next(times), lambda: "new")

    with store.writing() as tables:
        assert [tables.now, tables.now] == [utc("2026-01-01")] * 2
    with store.writing() as tables:
        assert tables.now == utc("2026-01-02")


def test_the_clock_is_not_read_by_a_call_without_time() -> None:
    def broken() -> dt.datetime:
        raise AssertionError("the clock was read")

    with Store(broken, lambda: "new").writing() as tables:
        tables.images.put(image_record())


def test_a_clock_with_a_time_zone_is_refused() -> None:
    now = utc("2026-01-01T00:00+00:00")
    with Store(lambda: now, lambda: "new").reading() as tables:
        with pytest.raises(Invalid, match="the clock of a database") as caught:
            _ = tables.now

        assert repr(now) in str(caught.value)


def test_a_time_of_another_class_becomes_a_plain_datetime() -> None:
    now = Moment.fromisoformat("2026-01-01T12:00:00.000001")
    with Store(lambda: now, lambda: "new").reading() as tables:
        assert type(tables.now) is dt.datetime
        assert tables.now == now


def test_ids_of_images_come_from_the_id_source(tables: Tables) -> None:
    assert tables.new_id() == "new"


# --- invariants ------------------------------------------------------------------------------


def test_check_finds_nothing_in_a_store_that_is_in_order(store: Store) -> None:
    store.check()


def misfile(tables: Tables) -> None:
    tables.images.rows["j"] = tables.images.rows.pop("i")


def forget_counter(tables: Tables) -> None:
    tables.members.next_id = 1


def bypass_the_index(tables: Tables) -> None:
    tables.images.having(owner="alice")
    tables.images.rows["i"] = image_record(owner="carol")


def bypass_the_index_of_two_columns(tables: Tables) -> None:
    tables.members.rows[1] = child("members", member="carol")


def lose_a_required_value(tables: Tables) -> None:
    tables.tags.put(child("tags", value=None))


def lose_the_parent(tables: Tables) -> None:
    tables.images.remove("i")


def repeat_a_property(tables: Tables) -> None:
    tables.properties.put(child("properties", tables.properties.new_id(), deleted=True))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (misfile, "images: .* is stored under 'j'"),
        (forget_counter, "image_members: id 1 is not below the next, 1"),
        (bypass_the_index, r"images: the order by \(\('owner', False\).* does not fit the rows"),
        (bypass_the_index_of_two_columns, r"image_members: the index of \('image_id', 'member'\)"),
        (lose_a_required_value, "image_tags.value cannot be this value"),
        (lose_the_parent, "image_locations.image_id: no images row"),
        (repeat_a_property, "image_properties: two rows have the same"),
    ],
)
def test_check_says_what_is_broken(
    store: Store, damage: Callable[[Tables], None], message: str
) -> None:
    with store.writing() as tables:
        damage(tables)

    with pytest.raises(AssertionError, match=message):
        store.check()


def test_a_write_outside_a_transaction_is_an_error(store: Store) -> None:
    with (
        pytest.raises(AssertionError, match="rows were written outside a transaction"),
        store.reading() as tables,
    ):
        tables.images.put(image_record(name="sneaked in"))


@pytest.mark.parametrize("kind", CHILDREN)
def test_check_holds_every_child_to_its_parent(empty: Store, kind: str) -> None:
    with empty.writing() as tables:
        table: Table[Any] = getattr(tables, kind)
        table.put(child(kind, table.new_id(), "gone"))

    with pytest.raises(AssertionError, match=re.escape(f"{CHILDREN[kind][0].table}.image_id")):
        empty.check()


class Text(str):
    """Text of a class of its own."""

    __slots__ = ()


class Whole(int):
    """A number of a class of its own."""


class Row(dict[str, Any]):
    """A dict of a class of its own."""


_NO_TEXT: list[Any] = [Text("a"), b"a", 1]
_NO_NUMBERS: list[Any] = [Whole(1), True, 1.0]
INEXACT: dict[str, list[Any]] = {
    "string": _NO_TEXT,
    "text": _NO_TEXT,
    "enum": [Text("shared"), "bogus", 1],
    "integer": _NO_NUMBERS,
    "bigint": _NO_NUMBERS,
    "boolean": [1, "True"],
    "datetime": [Moment(2026, 1, 1), BEGINNING.replace(tzinfo=dt.UTC), BEGINNING.date(), "2026"],
    "json": [{"a": [Text("a")]}, {Text("a"): 1}, {1: "a"}, [{"a": Row()}], (1,), Whole(1), {1}],
}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        pytest.param(column, value, id=f"{column}-{value!r}")
        for record in RECORDS
        for column in columns_of(record).values()
        for value in INEXACT[column.type.kind]
    ]
    + [
        pytest.param(column, None, id=f"{column}-None")
        for record in RECORDS
        for column in columns_of(record).values()
        if not column.nullable and column.name not in record.key
    ],
)
def test_check_finds_in_every_column_what_is_not_of_its_exact_type(
    column: Column, value: Any
) -> None:
    store = a_full_database().store
    with store.writing() as tables:
        table = next(table for table in tables if table.record.table == column.table)
        row = next(iter(table.rows.values()))
        table.remove(key_of(row))
        table.put(attrs.evolve(row, **{column.name: value}))

    shown = "this value" if column.name in {"value", "meta_data"} else repr(value)
    with pytest.raises(AssertionError, match=re.escape(f"{column} cannot be {shown}")):
        store.check()
