"""Frequent mistakes, and the errors that they raise."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import itertools
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from unittest import mock

import pytest

import simple_db
from simple_db import Database, RequestContext, api
from simple_db.api import FUNCTIONS
from simple_db.model import errors
from simple_db.model.errors import SimpleDBError
from simple_db.operations.functions import Functions
from tests.support.blocks import same
from tests.support.build import ADMIN, ALICE, a_full_database

if TYPE_CHECKING:
    from collections.abc import Iterator

FULL = a_full_database()


class Admin:
    """A context whose author has forgotten that `is_admin` is a property."""

    owner = "alice"

    def is_admin(self) -> bool:
        return False


# What is called, and below it the error: it names the thing, and what to do.
MISTAKES = """
db.image_get({"is_admin": True}, "a")
    Invalid: a context has is_admin, owner and can_see_deleted, or is None: 'dict' object ...
db.image_get("alice", "a")
    Invalid: a context has is_admin, owner and can_see_deleted, or is None: 'str' object ...
db.image_get("a", ADMIN)
    Invalid: a context has is_admin, owner and can_see_deleted, or is None: 'str' object ...
db.image_get(RequestContext, "a")
    Invalid: is_admin of a context is True or False, not <...>: a context is an object, not ...
db.image_get(Admin(), "a")
    Invalid: is_admin of a context is True or False, not <... Admin.is_admin ...>: a context is ...
RequestContext("alice")
    TypeError: RequestContext takes its arguments by ... names, as in RequestContext(owner='alice')
RequestContext(project_id="demo")
    TypeError: RequestContext has no project_id, but owner, ... is RequestContext(owner=...)
RequestContext(tenant="demo")
    TypeError: RequestContext has no tenant, but owner, ... is RequestContext(owner=...)
RequestContext(is_admin="False")
    TypeError: is_admin of a RequestContext is True or False, not 'False'
RequestContext(is_admin=1)
    TypeError: is_admin of a RequestContext is True or False, not 1
RequestContext(can_see_deleted="no")
    TypeError: can_see_deleted of a RequestContext is True or False, not 'no'
db.image_get_all(ADMIN, "cirros")
    Invalid: filters must be a dict with text for keys, not str
db.image_get_all(ADMIN, sort_key={"name"})
    Invalid: sort_key must be a list, as its order counts, not set
db.image_get_all(ADMIN, sort_dir=frozenset(["asc"]))
    Invalid: sort_dir must be a list, as its order counts, not frozenset
db.image_get_all(ADMIN, sort_key="name")
    Invalid: sort_key must be a list, not str
db.image_get_all(ADMIN, limit="many")
    Invalid: limit must be a number of rows or None, not 'many'
db.image_get(ADMIN, db.image_get(ADMIN, "a"))
    ImageNotFound: No image found with ID {'id': 'a', ...
db.image_create(ADMIN, "cirros")
    Invalid: the values of an image must be a dict with text for keys, not str
db.image_location_add(ADMIN, "a", "file:///a")
    Invalid: a location must be a dict with text for keys, not str
db.image_tag_set_all(ADMIN, "a", "blue")
    Invalid: tags must be a list, not str
db.is_image_visible(ALICE, "a")
    Invalid: the image must be a dict, not str
db.is_image_mutable(ALICE, None)
    Invalid: the image must be a dict, not NoneType
Database("glance.json")
    TypeError: a Database begins empty, ... 'glance.json': ...Database.open(path) ... load(path) ...
Database(clock="now")
    TypeError: clock of a Database is a function, not 'now'
Database(new_id="image-1")
    TypeError: new_id of a Database is a function, not 'image-1'
setattr(db, "clock", None)
    AttributeError: the clock of a database cannot be changed: ... Database(clock=...) ...
setattr(db, "new_id", None)
    AttributeError: the new_id of a database cannot be changed: ... Database(new_id=...) ...
setattr(db, "stor", None)
    AttributeError: 'Database' object has no attribute 'stor' to set
db.__enter__()
    TypeError: a Database is not a context manager, ... `with Database.open(path) as db`
Database.open()
    TypeError: Database.open() missing 1 required positional argument: 'path'
db.load()
    TypeError: Database.load() missing 1 required positional argument: 'path'
db.save()
    Invalid: this database has no open file: give save() the path of one
db.load(b"{}")
    TypeError: the path of a snapshot file is text ..., not b'{}'; restore() takes the bytes ...
db.save(3)
    TypeError: the path of a snapshot file is text or an os.PathLike, not 3; ...
Database.open(None)
    TypeError: the path of a snapshot file is text or an os.PathLike, not None; ...
db.restore(Path("glance.json"))
    SnapshotError: this is not a snapshot ...: it is not bytes but PosixPath; load() takes ...
db.restore("glance.json")
    SnapshotError: this is not a snapshot ...: it is not JSON but 'glance.json'; load() takes ...
db.snapshot("glance.json")
    TypeError: snapshot() returns bytes, and does not take 'glance.json': save(path) writes a file
Database.open("glance.json").image_get(ADMIN, "a")
    AttributeError: this is for a with statement, ... 'image_get' ...: write `with ... as it` ...
db.checkpoint().rollback()
    AttributeError: this is for a with statement, ... 'rollback' ...: write `with ... as it` ...
Database.open("glance.json", interval="5").__enter__()
    Invalid: interval is a positive number of seconds, not '5'
"""
NAMES = {"ADMIN": ADMIN, "ALICE": ALICE} | {
    kind.__name__: kind for kind in (Admin, Database, Path, RequestContext)
}


@pytest.mark.parametrize(
    ("call", "error"), re.findall(r"^(\S.*)\n {4}(.+)", MISTAKES, re.MULTILINE)
)
def test_the_error_of_a_mistake_names_the_thing_and_the_fix_and_nothing_changes(
    call: str, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    database = FULL.fork()
    with pytest.raises((SimpleDBError, TypeError, AttributeError)) as raised:
        eval(call, NAMES | {"db": database})  # noqa: S307 - a line of the table above
    assert same(error, f"{raised.type.__name__}: {raised.value}"), raised.value
    assert database.snapshot() == FULL.snapshot()
    assert list(tmp_path.iterdir()) == []


def test_the_with_statement_of_a_database_is_refused_as_it_is_written() -> None:
    anything: Any = Database()
    with pytest.raises(TypeError, match="not a context manager"), anything:
        pytest.fail("entered")


def test_a_class_of_a_users_own_has_attributes_of_its_own_and_methods_can_be_patched() -> None:
    class Ours(Database):
        note = "class"

    ours = Ours()
    ours.note, anything = "object", cast("Any", ours)
    anything.more = "more"
    assert (ours.note, anything.more) == ("object", "more")
    with pytest.raises(AttributeError, match=r"Database\(clock=\.\.\.\)"):
        anything.clock = None
    database = Database()
    with mock.patch.object(database, "image_get", return_value="patched"):
        assert cast("Any", database).image_get() == "patched"
    with pytest.raises(errors.ImageNotFound):
        database.image_get(ADMIN, "a")


@pytest.mark.parametrize(
    "name",
    [
        name
        for owner in (Functions, Database)
        for name, member in vars(owner).items()
        if inspect.isfunction(member)
        and member.__module__ == owner.__module__
        and not name.startswith("_")
    ],
)
def test_a_method_that_is_called_on_the_class_says_to_make_a_database(name: str) -> None:
    with pytest.raises(TypeError, match=rf"of a database, not of the class: .*db\.{name}\(.*open"):
        getattr(Database, name)("glance.json")


def test_what_is_asked_of_the_package_and_is_of_glance_says_from_where() -> None:
    for name in ("install", "Driver", "Installation"):
        advice = f"write `from simple_db.glance import {name}`"
        assert not hasattr(simple_db, name)
        with pytest.raises(AttributeError, match=advice):
            getattr(simple_db, name)


# --- names that are no API ---------------------------------------------------------------------


LONGEST_SUGGESTION = 40
"""Python does not look for names that are longer."""


def near_misses() -> Iterator[tuple[Any, str]]:
    """Give objects, and names of theirs that are to be misspelt."""
    database = Database()
    yield from itertools.product([database, Database, api], FUNCTIONS)
    yield from itertools.product([simple_db], [*simple_db.__all__, "api"])
    yield from itertools.product([errors], ["ImageNotFound", "SnapshotError"])
    yield from itertools.product([ADMIN, RequestContext], ["owner", "is_admin"])
    glance = importlib.import_module("simple_db.glance")
    driver = glance.Driver(database)
    yield from itertools.product([glance], glance.__all__)
    yield from itertools.product(
        [driver, importlib.import_module("simple_db.glance.api")], FUNCTIONS
    )
    backend = importlib.import_module("simple_db.glance.metadata_backend")
    yield from itertools.product([backend], ["db_load_metadefs", "db_unload_metadefs"])
    plugin = importlib.import_module("simple_db.pytest_plugin")
    yield from [(plugin, "glance_db"), (plugin.GlanceServer, "database")]


@pytest.mark.glance
def test_python_suggests_the_nearest_name_for_one_that_is_no_api(
    capsys: pytest.CaptureFixture[str],
) -> None:
    wrong = []
    for thing, name in near_misses():
        if len(name) >= LONGEST_SUGGESTION:
            continue
        with pytest.raises(AttributeError) as raised:
            getattr(thing, f"{name}t")
        sys.__excepthook__(raised.type, raised.value, None)
        shown = capsys.readouterr().err
        if f"'{name}t'" not in shown or f"Did you mean: '{name}'?" not in shown:
            wrong.append((thing, name, shown))
    assert wrong == []


# --- arguments that Python itself refuses ------------------------------------------------------


def refusals(owner: Any, name: str) -> Iterator[str]:
    """Give what is said of an unknown argument, of a missing one, and of one too many."""
    function = getattr(owner, name)
    parameters = inspect.signature(function).parameters
    needed = [None for parameter in parameters.values() if parameter.default is parameter.empty]
    for args, kwargs in (
        (needed, {"weather": "fine"}),
        (needed[:-1], {}),
        ([None] * (len(parameters) + 1), {}),
    ):
        with pytest.raises(TypeError) as raised:
            function(*args, **kwargs)
        yield str(raised.value)


def names_the_function(owner: Any, name: str) -> bool:
    parameters = inspect.signature(getattr(owner, name)).parameters
    unknown, missing, many = refusals(owner, name)
    return (
        f"{name}() got an unexpected keyword argument 'weather'" in unknown
        and f"{name}() missing 1 required positional argument: '" in missing
        and f"{name}() takes " in many
        and any(f"'{parameter}'" in missing for parameter in parameters)
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_error_for_wrong_arguments_names_the_function(name: str) -> None:
    assert names_the_function(FULL.fork(), name)
    assert names_the_function(api, name)


@pytest.mark.glance
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_error_for_wrong_arguments_of_a_driver_names_the_function(name: str) -> None:
    glance = importlib.import_module("simple_db.glance")
    assert names_the_function(glance.Driver(FULL.fork()), name)
    assert names_the_function(importlib.import_module("simple_db.glance.api"), name)


# --- numbers that Python does not write out ----------------------------------------------------

HUGE = 10 ** (2 * sys.int_info.default_max_str_digits)
OWNED_BY_IT = SimpleNamespace(is_admin=False, owner=HUGE, can_see_deleted=False)
KEYS = [
    *("id", "name", "status", "owner", "size", "virtual_size", "min_disk", "min_ram", "image_id"),
    *("member", "namespace", "value", "url", "metadata", "type", "input", "created_at", "size_min"),
]


def huge_arguments(name: str) -> Iterator[dict[str, Any]]:
    """Give arguments of a function, one or all of which hold a number of many digits."""
    parameters = inspect.signature(getattr(FULL, name)).parameters
    for value, other, context in itertools.product(
        [HUGE, -HUGE, "9" * 5000], ["a", "n", HUGE], [ADMIN, OWNED_BY_IT]
    ):
        forms = [value, [value], {value: value}, *({key: value} for key in KEYS)]
        needed = {
            key: other
            for key, parameter in parameters.items()
            if parameter.default is parameter.empty
        }
        who = {"context": context} if "context" in parameters else {}
        for key, form in itertools.product(parameters.keys() - {"context"}, forms):
            yield needed | {key: form} | who


@pytest.mark.parametrize("name", [*FUNCTIONS, "explain"])
def test_a_number_of_very_many_digits_is_an_answer_or_an_error_of_ours(name: str) -> None:
    database = FULL.fork()
    for arguments in huge_arguments(name):
        with database.checkpoint() as point:
            with contextlib.suppress(SimpleDBError):
                getattr(database, name)(**arguments)
            point.rollback()
    database.check()
