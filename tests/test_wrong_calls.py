"""Frequent mistakes, and the errors that they raise."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import itertools
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
from simple_db.operations.functions import Functions
from tests.support.build import ADMIN, ALICE, a_full_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FULL = a_full_database()


class Admin:
    """A context whose author has forgotten that `is_admin` is a property."""

    owner = "alice"

    def is_admin(self) -> bool:
        return False


def positional(kind: Any) -> Any:
    """Return a class that type checkers let be called with anything."""
    return kind


def misused(database: Database) -> None:
    """Ask for an attribute of what only a with statement gives."""
    opened: Any = database
    opened.image_get(ADMIN, "a")


# What is called, the error, and what its message has: the thing, and what to do.
MISTAKES: dict[str, tuple[Callable[[Any], Any], type[Exception], list[str]]] = {
    # --- who calls
    "a dict for a context": (
        lambda db: db.image_get({"is_admin": True}, "a"),
        errors.Invalid,
        ["context has is_admin, owner", "'dict'"],
    ),
    "text for a context": (
        lambda db: db.image_get("alice", "a"),
        errors.Invalid,
        ["context has is_admin, owner", "'str'"],
    ),
    "context and id the other way round": (
        lambda db: db.image_get("a", ADMIN),
        errors.Invalid,
        ["context has is_admin, owner", "'str'"],
    ),
    "the class of a context": (
        lambda db: db.image_get(RequestContext, "a"),
        errors.Invalid,
        ["is_admin of a context is True or False", "not its class"],
    ),
    "a context whose is_admin is a method": (
        lambda db: db.image_get(Admin(), "a"),
        errors.Invalid,
        ["is_admin of a context is True or False", "Admin.is_admin"],
    ),
    "an owner without its name": (
        lambda _: positional(RequestContext)("alice"),
        TypeError,
        ["RequestContext(owner='alice')"],
    ),
    "a project of Glance's context": (
        lambda _: positional(RequestContext)(project_id="demo"),
        TypeError,
        ["no project_id", "RequestContext(owner=...)"],
    ),
    "a tenant": (
        lambda _: positional(RequestContext)(tenant="demo"),
        TypeError,
        ["no tenant", "RequestContext(owner=...)"],
    ),
    "text for is_admin": (
        lambda _: positional(RequestContext)(is_admin="False"),
        TypeError,
        ["is_admin of a RequestContext is True or False", "not 'False'"],
    ),
    "a number for is_admin": (
        lambda _: positional(RequestContext)(is_admin=1),
        TypeError,
        ["is_admin of a RequestContext is True or False", "not 1"],
    ),
    "text for can_see_deleted": (
        lambda _: positional(RequestContext)(can_see_deleted="no"),
        TypeError,
        ["can_see_deleted of a RequestContext is True or False", "not 'no'"],
    ),
    # --- what is asked for
    "text for filters": (
        lambda db: db.image_get_all(ADMIN, "cirros"),
        errors.Invalid,
        ["filters must be a dict", "str"],
    ),
    "a set of sort keys": (
        lambda db: db.image_get_all(ADMIN, sort_key={"name"}),
        errors.Invalid,
        ["sort_key must be a list", "set"],
    ),
    "a frozen set of directions": (
        lambda db: db.image_get_all(ADMIN, sort_dir=frozenset(["asc"])),
        errors.Invalid,
        ["sort_dir must be a list", "frozenset"],
    ),
    "text for sort keys": (
        lambda db: db.image_get_all(ADMIN, sort_key="name"),
        errors.Invalid,
        ["sort_key must be a list", "str"],
    ),
    "text for a limit": (
        lambda db: db.image_get_all(ADMIN, limit="many"),
        errors.Invalid,
        ["limit must be a number", "'many'"],
    ),
    "an image for its id": (
        lambda db: db.image_get(ADMIN, db.image_get(ADMIN, "a")),
        errors.ImageNotFound,
        ["{'id': 'a'"],
    ),
    # --- what is given
    "text for the values of an image": (
        lambda db: db.image_create(ADMIN, "cirros"),
        errors.Invalid,
        ["values of an image must be a dict", "str"],
    ),
    "a URL for a location": (
        lambda db: db.image_location_add(ADMIN, "a", "file:///a"),
        errors.Invalid,
        ["location must be a dict", "str"],
    ),
    "text for tags": (
        lambda db: db.image_tag_set_all(ADMIN, "a", "blue"),
        errors.Invalid,
        ["tags must be a list", "str"],
    ),
    "an id for an image that may be visible": (
        lambda db: db.is_image_visible(ALICE, "a"),
        errors.Invalid,
        ["the image must be a dict", "str"],
    ),
    "nothing for an image that may be changed": (
        lambda db: db.is_image_mutable(ALICE, None),
        errors.Invalid,
        ["the image must be a dict", "NoneType"],
    ),
    # --- databases and their files
    "a path for a new database": (
        lambda _: positional(Database)("glance.json"),
        TypeError,
        ["'glance.json'", "Database.open(path)", "load(path)"],
    ),
    "a clock that is a time": (
        lambda _: positional(Database)(clock="now"),
        TypeError,
        ["clock of a Database is a function", "'now'"],
    ),
    "a source of ids that is an id": (
        lambda _: positional(Database)(new_id="image-1"),
        TypeError,
        ["new_id of a Database is a function", "'image-1'"],
    ),
    "a clock that comes late": (
        lambda db: setattr(db, "clock", None),
        AttributeError,
        ["Database(clock=...)"],
    ),
    "a source of ids that comes late": (
        lambda db: setattr(db, "new_id", None),
        AttributeError,
        ["Database(new_id=...)"],
    ),
    "a misspelt attribute": (
        lambda db: setattr(db, "stor", None),
        AttributeError,
        ["no attribute 'stor'"],
    ),
    "a database in a with statement": (
        lambda db: db.__enter__(),
        TypeError,
        ["a Database is not a context manager", "Database.open(path)"],
    ),
    "no path to open": (
        lambda _: positional(Database).open(),
        TypeError,
        ["Database.open", "path"],
    ),
    "no path to load": (lambda db: db.load(), TypeError, ["Database.load", "path"]),
    "no path to save to": (lambda db: db.save(), errors.Invalid, ["no open file", "path"]),
    "bytes to load": (lambda db: db.load(b"{}"), TypeError, ["path", "b'{}'", "restore()"]),
    "a number to save to": (lambda db: db.save(3), TypeError, ["path", "not 3"]),
    "None to open": (lambda _: positional(Database).open(None), TypeError, ["path", "not None"]),
    "a path to restore": (
        lambda db: db.restore(Path("glance.json")),
        errors.SnapshotError,
        ["not bytes but", "Path", "load()"],
    ),
    "a name of a file to restore": (
        lambda db: db.restore("glance.json"),
        errors.SnapshotError,
        ["not JSON but 'glance.json'", "load()"],
    ),
    "a path to take a snapshot to": (
        lambda db: db.snapshot("glance.json"),
        TypeError,
        ["'glance.json'", "save(path)"],
    ),
    "an opened database without a with statement": (
        lambda _: misused(positional(Database.open("glance.json"))),
        AttributeError,
        ["with statement", "'image_get'", "`with ... as it`"],
    ),
    "a checkpoint without a with statement": (
        lambda db: db.checkpoint().rollback(),
        AttributeError,
        ["with statement", "'rollback'", "`with ... as it`"],
    ),
    "text for an interval": (
        lambda _: positional(Database).open("glance.json", interval="5").__enter__(),
        errors.Invalid,
        ["interval is a positive number", "'5'"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_error_of_a_mistake_names_the_thing_and_the_fix_and_nothing_changes(
    mistake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    call, error, says = MISTAKES[mistake]
    database = FULL.fork()
    with pytest.raises(error) as raised:
        call(database)
    assert [words for words in says if words not in str(raised.value)] == []
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
            with contextlib.suppress(errors.SimpleDBError):
                getattr(database, name)(**arguments)
            point.rollback()
    database.check()
