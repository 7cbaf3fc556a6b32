"""The table of contents of the Glance database API: on `Database` objects, and on one default.

A function of the API is a plain function whose first parameter is the database. `Database` binds
them as methods, so a database is a drop-in for Glance's ``db_api``; the names of this module are
the methods of one default database, as those of ``random`` are of one ``Random``.
"""

import contextlib
import datetime as dt
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Never, NoReturn, Self, SupportsIndex

from simple_db import snapshot
from simple_db.model import clock as clocks
from simple_db.model import values
from simple_db.model.blocks import block
from simple_db.model.errors import Invalid
from simple_db.model.shapes import Context
from simple_db.operations import explanation
from simple_db.operations.functions import Functions, of_a_database
from simple_db.operations.visibility import caller_of
from simple_db.persistence import database_file, files
from simple_db.snapshot import MAX_BYTES, no_progress
from simple_db.store import Store

_ATTRIBUTES = frozenset({"store", "file", "_clock", "_new_id"})
"""What a database has besides its methods."""


class Checkpoint:
    """A database as it was when the checkpoint was made."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._cut = store.cut()

    def rollback(self) -> None:
        """Make the database again what it was; the next rollback goes to the same point."""
        self._store.become(self._cut)


class Database(Functions):
    """A Glance database in memory: any number of them, and nothing shared between two.

    Calls can come from any thread; each is a transaction of its own.

    Args:
        clock: Gives the time now, naive UTC; read at most once a call.
        new_id: Gives an id of 1 to 36 characters for an image or task that is created without.

    A call in which one of them returns anything else raises Invalid, and changes nothing.

    Raises:
        TypeError: `clock` or `new_id` is no function; or there is any other argument, such as the
            path of a file, which `open` takes.

    Attributes:
        store: Where the rows are.
        file: The file that the database was opened from, which saves it; None without one.
    """

    store: Store

    def __init__(
        self,
        *given: Never,
        clock: Callable[[], dt.datetime] = clocks.utcnow,
        new_id: Callable[[], str] = clocks.new_id,
    ) -> None:
        for name, source in (("clock", clock), ("new_id", new_id)):
            if not callable(source):
                raise TypeError(f"{name} of a Database is a function, not {values.shown(source)}")
        if given:
            raise TypeError(
                f"a Database begins empty, and does not take {values.shown(given[0])}: "
                "`with Database.open(path) as db` opens a file and saves it, load(path) reads one"
            )
        self.store = Store(clock, new_id)
        self.file: database_file.DatabaseFile | None = None
        self._clock = clock
        self._new_id = new_id

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute; a class of yours may have more of them.

        Raises:
            AttributeError: a database has none of that name.
        """
        if name not in _ATTRIBUTES and not hasattr(type(self), name):
            if name in {"clock", "new_id"}:
                raise AttributeError(
                    f"the {name} of a database cannot be changed: give it when the database is "
                    f"made, Database({name}=...) or Database.open(path, {name}=...)"
                )
            if type(self) is Database:
                raise AttributeError(
                    f"{type(self).__name__!r} object has no attribute {name!r} to set",
                    name=name,
                    obj=self,
                )
        object.__setattr__(self, name, value)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        save: database_file.SaveMode = "exit",
        interval: float = 5.0,
        max_bytes: int = MAX_BYTES,
        progress: Callable[[int, int], object] = no_progress,
        clock: Callable[[], dt.datetime] = clocks.utcnow,
        new_id: Callable[[], str] = clocks.new_id,
    ) -> contextlib.AbstractContextManager[Self]:
        """Open a file for a ``with`` block: give its database, and save it.

        No other process can open the file until the block ends.

        ::

            with Database.open("glance.json", save="always") as db:
                db.image_create(context, {"status": "queued"})

        Args:
            path: The snapshot file; if there is none, the database begins empty.
            save: When it is saved. ``manual``: when `save` is called. ``exit``: also when the block
                ends, with or without an exception. ``interval``: also every few seconds, if
                something has changed. ``always``: also with every call, in a journal beside the
                snapshot, which is on the disk before the call returns.
            interval: Seconds between two checks for changes.
            max_bytes: The number of bytes that the snapshot may have, and the journal.
            progress: Called with the number of rows that are read, and of all, every few thousand
                rows.
            clock: As for `Database`.
            new_id: Likewise.

        Raises:
            Invalid: there is no such mode, the interval is not positive, or `max_bytes` no positive
                integer.
            SnapshotInUse: another process has the file open; or, at the end, may have it by now.
            SnapshotMismatch: the journal belongs to another snapshot; or, at the end, somebody else
                has written the file, and what the database holds is in a copy beside it.
            SnapshotError: the file cannot be read, and is as it was; or, at the end, it cannot be
                written.
            TypeError: the path is neither text nor an os.PathLike; raised before the block.
        """
        _check_path(path)
        database = cls(clock=clock, new_id=new_id)
        return database_file.opened(
            database.store,
            path,
            save,
            interval,
            give=database._of_file,
            progress=progress,
            max_bytes=max_bytes,
        )

    def _of_file(self, file: database_file.DatabaseFile) -> Self:
        self.file = file
        return self

    @of_a_database
    def explain(self, context: Context | None, image_id: object) -> explanation.Explanation:
        """Return why the caller can or cannot see, list and change the image, rule by rule.

        What it returns is made to be printed. Every id has an explanation, of no image too.

        Raises:
            Invalid: the context lacks `is_admin` or `owner`.
        """
        return explanation.explain(self.store, caller_of(context), image_id)

    @of_a_database
    def snapshot(self, *given: Never, max_bytes: int = MAX_BYTES) -> bytes:
        """Return the whole database as JSON; equal databases give equal bytes.

        Args:
            max_bytes: The number of bytes that it may have.

        Raises:
            Invalid: `max_bytes` is no positive integer.
            SnapshotError: it has more.
            TypeError: there is any other argument, such as a path, which `save` takes.
        """
        if given:
            raise TypeError(
                f"snapshot() returns bytes, and does not take {values.shown(given[0])}: "
                "save(path) writes a file"
            )
        return snapshot.snapshot(self.store, max_bytes)

    @of_a_database
    def restore(self, snapshot_bytes: bytes, *, max_bytes: int = MAX_BYTES) -> None:
        """Replace all rows by those of a snapshot.

        Args:
            snapshot_bytes: What `snapshot` has returned, or what is in a file.
            max_bytes: The number of bytes that it may have.

        Raises:
            Invalid: `max_bytes` is no positive integer.
            SnapshotError: the bytes are no snapshot; the database is as it was.
        """
        snapshot.restore(self.store, snapshot_bytes, max_bytes)

    @of_a_database
    def save(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        max_bytes: int | None = None,
    ) -> None:
        """Write a snapshot to a file: all of it, or the old file stays.

        Args:
            path: The file; a new one has mode 0600. None is the one that `open` has opened.
            max_bytes: The number of bytes that the snapshot may have; None is that of `open`, or
                2 GiB. Who reads it must allow for as many.

        Raises:
            Invalid: `max_bytes` is no positive integer; or there is no path, and the database has
                no open file.
            SnapshotInUse: somebody else has the file open.
            SnapshotMismatch: somebody else has written the file while it was open; what the
                database holds is in a copy beside it.
            SnapshotError: the snapshot has more bytes; or the file cannot be written, is no regular
                file, or has a journal, whose calls would be lost.
            RuntimeError: another call, or another save, is running in this thread.
            TypeError: the path is neither text nor an os.PathLike.
        """
        if max_bytes is not None:
            snapshot.check_max_bytes(max_bytes)
        if path is not None:
            _check_path(path)
        file = None if self.file is None or self.file.is_closed else self.file
        if file is not None and (path is None or files.named(path) == file.path):
            file.save(max_bytes)
        elif path is None:
            raise Invalid("this database has no open file: give save() the path of one")
        else:
            snapshot.save(self.store, path, MAX_BYTES if max_bytes is None else max_bytes)

    @of_a_database
    def load(self, path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> None:
        """Replace all rows by those of a snapshot file, and of the journal beside it.

        Args:
            path: The snapshot file.
            max_bytes: The number of bytes that the snapshot may have, and the journal.

        Raises:
            Invalid: `max_bytes` is no positive integer.
            SnapshotError: the file cannot be read, or holds no snapshot; the database is as it
                was.
            TypeError: the path is neither text nor an os.PathLike.
        """
        _check_path(path)
        snapshot.load(self.store, path, max_bytes)

    @of_a_database
    def fork(self) -> Self:
        """Return a database of its own that begins as this one is now.

        It has the same clock and id source. It costs a pointer per table: the two share their rows
        until one of them changes a table, which is copied then.
        """
        fork = type(self)(clock=self._clock, new_id=self._new_id)
        fork.store.adopt(self.store.cut())
        return fork

    def _refuse_with(self) -> NoReturn:
        """Refuse to be the context manager of a ``with`` statement.

        Raises:
            TypeError: always; the message says what is one.
        """
        raise TypeError(
            "a Database is not a context manager, for nothing has to be closed: use it without "
            "with, or open a file, `with Database.open(path) as db`"
        )

    def _end_nothing(self, *error: object) -> None:
        """Do nothing: no ``with`` statement has begun."""

    if not TYPE_CHECKING:  # a type checker is to say by itself that there is none
        __enter__ = _refuse_with
        __exit__ = _end_nothing

    def __copy__(self) -> Self:
        """Return a fork: a shallow copy would change with this database."""
        return self.fork()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return a fork."""
        return self.fork()

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        """Refuse to be pickled.

        Raises:
            TypeError: always; the message says what to do instead.
        """
        raise TypeError(
            "a database cannot be pickled, for its clock and its id source may be anything: copy "
            "it with fork(), or send the bytes of snapshot() and restore() them in a new one"
        )

    @of_a_database
    @block
    def checkpoint(self) -> Iterator[Checkpoint]:
        """Give a point to roll back to, and roll back to it if the block raises.

        ::

            with db.checkpoint() as point:
                db.image_destroy(context, image_id)
                point.rollback()

        A rollback undoes every call since then, also those of other threads, and sets the counters
        of ids back.
        """
        point = Checkpoint(self.store)
        try:
            yield point
        except BaseException:
            point.rollback()
            raise

    @property
    def revision(self) -> int:
        """How many calls have changed the database since it was made."""
        return self.store.revision

    @of_a_database
    def check(self) -> None:
        """Raise AssertionError, with what is wrong, unless every invariant holds."""
        self.store.check()

    @of_a_database
    def counts(self) -> dict[str, int]:
        """Return how many rows each table has, deleted ones too; ``image_tags`` is called tags."""
        with self.store.reading() as tables:
            return {table.record.table.removeprefix("image_"): len(table.rows) for table in tables}

    def __repr__(self) -> str:
        """Return the class and how many rows there are, as in ``<Database: 2 images, 1 tags>``."""
        rows = [f"{count} {table}" for table, count in self.counts().items() if count]
        return f"<{type(self).__name__}: {', '.join(rows) or 'empty'}>"


def _check_path(path: object) -> None:
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(
            f"the path of a snapshot file is text or an os.PathLike, not {values.shown(path)}; "
            "restore() takes the bytes of a snapshot"
        )


database = Database()
"""The default database, whose methods the functions of this module are."""

image_create = database.image_create
image_update = database.image_update
image_destroy = database.image_destroy
image_restore = database.image_restore
image_get = database.image_get
image_get_all = database.image_get_all

image_location_add = database.image_location_add
image_location_update = database.image_location_update
image_location_delete = database.image_location_delete

image_property_create = database.image_property_create
image_property_delete = database.image_property_delete
image_set_property_atomic = database.image_set_property_atomic
image_delete_property_atomic = database.image_delete_property_atomic

image_member_create = database.image_member_create
image_member_update = database.image_member_update
image_member_delete = database.image_member_delete
image_member_find = database.image_member_find
image_member_count = database.image_member_count

image_tag_set_all = database.image_tag_set_all
image_tag_create = database.image_tag_create
image_tag_delete = database.image_tag_delete
image_tag_get_all = database.image_tag_get_all

is_image_mutable = database.is_image_mutable
is_image_visible = database.is_image_visible

user_get_storage_usage = database.user_get_storage_usage
user_get_staging_usage = database.user_get_staging_usage
user_get_image_count = database.user_get_image_count
user_get_uploading_count = database.user_get_uploading_count

task_create = database.task_create
task_update = database.task_update
task_delete = database.task_delete
task_get = database.task_get
task_get_all = database.task_get_all
tasks_get_by_image = database.tasks_get_by_image

metadef_namespace_create = database.metadef_namespace_create
metadef_namespace_update = database.metadef_namespace_update
metadef_namespace_delete = database.metadef_namespace_delete
metadef_namespace_get = database.metadef_namespace_get
metadef_namespace_get_all = database.metadef_namespace_get_all

metadef_object_create = database.metadef_object_create
metadef_object_update = database.metadef_object_update
metadef_object_delete = database.metadef_object_delete
metadef_object_get = database.metadef_object_get
metadef_object_get_all = database.metadef_object_get_all
metadef_object_count = database.metadef_object_count
metadef_object_delete_namespace_content = database.metadef_object_delete_namespace_content

metadef_property_create = database.metadef_property_create
metadef_property_update = database.metadef_property_update
metadef_property_delete = database.metadef_property_delete
metadef_property_get = database.metadef_property_get
metadef_property_get_all = database.metadef_property_get_all
metadef_property_count = database.metadef_property_count
metadef_property_delete_namespace_content = database.metadef_property_delete_namespace_content

metadef_tag_create = database.metadef_tag_create
metadef_tag_create_tags = database.metadef_tag_create_tags
metadef_tag_update = database.metadef_tag_update
metadef_tag_delete = database.metadef_tag_delete
metadef_tag_get = database.metadef_tag_get
metadef_tag_get_all = database.metadef_tag_get_all
metadef_tag_count = database.metadef_tag_count
metadef_tag_delete_namespace_content = database.metadef_tag_delete_namespace_content

metadef_resource_type_create = database.metadef_resource_type_create
metadef_resource_type_delete = database.metadef_resource_type_delete
metadef_resource_type_get = database.metadef_resource_type_get
metadef_resource_type_get_all = database.metadef_resource_type_get_all

metadef_resource_type_association_create = database.metadef_resource_type_association_create
metadef_resource_type_association_delete = database.metadef_resource_type_association_delete
metadef_resource_type_association_get = database.metadef_resource_type_association_get
metadef_resource_type_association_get_all_by_namespace = (
    database.metadef_resource_type_association_get_all_by_namespace
)

node_reference_create = database.node_reference_create
node_reference_get_by_url = database.node_reference_get_by_url
insert_cache_details = database.insert_cache_details
update_hit_count = database.update_hit_count
get_hit_count = database.get_hit_count
is_image_cached_for_node = database.is_image_cached_for_node
get_cached_images = database.get_cached_images
get_cached_nodes = database.get_cached_nodes
get_least_recently_accessed = database.get_least_recently_accessed
delete_cached_image = database.delete_cached_image
delete_all_cached_images = database.delete_all_cached_images

purge_deleted_rows = database.purge_deleted_rows
purge_deleted_rows_from_images = database.purge_deleted_rows_from_images

configure = database.configure
clear_db_env = database.clear_db_env
reset = database.reset

FUNCTIONS: tuple[str, ...] = tuple(
    name
    for name, member in vars(Functions).items()
    if callable(member) and member.__module__ != Functions.__module__
)
"""The names of all functions that read or write data."""
