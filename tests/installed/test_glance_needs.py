"""All that is used of Glance is declared, and each part of it can be missing."""

from __future__ import annotations

import ast
import importlib
import operator
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import simple_db
from simple_db.glance import in_force, installation
from simple_db.installed import glance_needs, glance_release
from simple_db.installed.glance_needs import (
    DOWNLOADS,
    DOWNLOADS_BEFORE_33,
    INSTALLATION,
    LIBRARY,
    SERVER,
    SQL_DRIVER,
)
from simple_db.installed.glance_release import GlanceLacksError, UntriedGlanceWarning
from simple_db.oracle.targets.named import resolve
from simple_db.oracle.targets.target import SQL_DRIVER as TARGET
from simple_db.oracle.targets.target import CannotRun
from tests.support.processes import ran
from tests.support.serving import BIN, PROJECT, Server

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.glance

PACKAGE = Path(simple_db.__file__).parent
IS_BEFORE_33 = not glance_needs.is_there(DOWNLOADS[0])
BINDINGS = installation.BINDINGS + installation.METADATA_BINDINGS

# What is looked up by text.
BY_TEXT = {"glance.db.get_api", *map(".".join, BINDINGS)}


# --- what is used is declared ------------------------------------------------------------------


def used(tree: ast.Module) -> Iterator[str]:
    """Give the dotted names of Glance in a module of ours: imported, read, called, replaced."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if is_glance(alias.name)]
            known |= {name.split(".")[0]: name.split(".")[0] for name in names}
            yield from names
        if isinstance(node, ast.ImportFrom) and is_glance(str(node.module)):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            known |= {
                (alias.asname or alias.name): name
                for alias, name in zip(node.names, names, strict=True)
            }
            yield from names
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and (name := dotted(node.value, known)):
            known |= {target.id: name for target in node.targets if isinstance(target, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (name := dotted(node, known)):
            yield name
        if isinstance(node, ast.Call) and node.args and (name := dotted(node.args[0], known)):
            is_replaced = isinstance(node.func, ast.Name) and node.func.id == "replaced"
            yield from (f"{name}.{word.arg}" for word in node.keywords if is_replaced)


def is_glance(module: str) -> bool:
    return module.partition(".")[0] in {"glance", "glance_store"}


def dotted(node: ast.expr, known: dict[str, str]) -> str | None:
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute) and (above := dotted(node.value, known)):
        return f"{above}.{node.attr}"
    return None


DECLARED = {
    name.replace(":", ".")
    for name in (*LIBRARY, *INSTALLATION, *SQL_DRIVER, *SERVER, *DOWNLOADS, *DOWNLOADS_BEFORE_33)
} | BY_TEXT


def covers(one: str, other: str) -> bool:
    return f"{other}.".startswith(f"{one}.") or f"{one}.".startswith(f"{other}.")


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_every_name_of_glance_that_a_module_uses_is_declared(path: Path) -> None:
    names = set(used(ast.parse(path.read_text())))
    assert [name for name in names if not any(covers(each, name) for each in DECLARED)] == []


def test_every_declared_name_is_used() -> None:
    names = {name for path in PACKAGE.rglob("*.py") for name in used(ast.parse(path.read_text()))}
    assert [
        each for each in DECLARED - BY_TEXT if not any(covers(each, name) for name in names)
    ] == []


def test_a_name_that_is_not_declared_is_found() -> None:
    code = "from glance.common import utils\nreplaced(utils, odd=1)\nutils.even()"
    assert set(used(ast.parse(code))) == {
        "glance.common.utils",
        "glance.common.utils.odd",
        "glance.common.utils.even",
    }


# --- and can be missing ------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _no_warning_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glance_release, "_WARNED", set())


def take_away(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let the installed Glance be without something until the end of the test."""
    path, _, attribute = name.partition(":")
    if not attribute:
        monkeypatch.setitem(sys.modules, path, None)
        return
    above, _, last = attribute.rpartition(".")
    module = importlib.import_module(path)
    owner: Any = operator.attrgetter(above)(module) if above else module
    if isinstance(owner, dict):  # a method of it
        owner, last = module, above
    classes = owner.__mro__ if isinstance(owner, type) else (owner,)
    for each in classes:
        if last in vars(each):
            monkeypatch.delattr(each, last)


@pytest.mark.parametrize("name", [*LIBRARY, *INSTALLATION, *SQL_DRIVER])
def test_what_is_missing_for_the_library_or_the_oracle_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    take_away(monkeypatch, name)
    with pytest.raises(GlanceLacksError, match=lacking(name)):
        glance_needs.require((*LIBRARY, *INSTALLATION, *SQL_DRIVER))


@pytest.mark.parametrize("name", INSTALLATION)
def test_what_is_missing_for_an_installation_is_named_before_anything_is_replaced(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    take_away(monkeypatch, name)
    with pytest.raises(GlanceLacksError, match=lacking(name)):
        installation.install()
    assert in_force.current() is None


def test_the_import_of_the_library_brings_no_warning_of_eventlet() -> None:
    code = "import simple_db.glance, sys; assert 'eventlet' not in sys.modules"
    assert ran(sys.executable, "-W", "ignore", "-c", code).returncode == 0


@pytest.mark.parametrize("name", [*SERVER, *([] if IS_BEFORE_33 else DOWNLOADS)])
def test_what_is_missing_for_the_server_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    glance_needs.require_server()
    take_away(monkeypatch, name)
    with pytest.raises(GlanceLacksError, match=lacking(name)):
        glance_needs.require_server()


@pytest.mark.skipif(not IS_BEFORE_33, reason="Glance 33 downloads in a way of its own")
@pytest.mark.parametrize("name", DOWNLOADS_BEFORE_33)
def test_a_server_cannot_do_without_what_downloads_need(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(glance_needs, "is_there", lambda each: each not in {name, *DOWNLOADS})
    with pytest.raises(GlanceLacksError, match=lacking(DOWNLOADS[0])):
        glance_needs.require_server()


def lacking(name: str) -> str:
    shown = re.escape(name.replace(":", "."))
    release = re.escape(glance_release.release())
    return f"^Glance {release} has no {shown}.*, which simple_db needs; it is tested with Glance 31"


def test_a_package_that_is_not_installed_is_another_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "glance_store", None)
    with pytest.raises(ModuleNotFoundError):
        glance_needs.require(["glance_store:get"])


@pytest.mark.parametrize(
    "binding", [each for each in BINDINGS if glance_needs.is_there(":".join(each))]
)
def test_a_module_that_is_missing_is_warned_of_once_and_the_others_are_installed(
    monkeypatch: pytest.MonkeyPatch, binding: tuple[str, str]
) -> None:
    take_away(monkeypatch, ":".join(binding))
    with (
        pytest.warns(UntriedGlanceWarning, match=f"no .*{binding[1]}.* in {binding[0]}"),
        installation.install() as driver,
    ):
        assert importlib.import_module("glance.db").get_api() is driver
    with installation.install():  # warnings are errors
        pass


# --- what people see ---------------------------------------------------------------------------

FUTURE = "34.0.0.dev12"
SAID = f"Glance {FUTURE} is installed, and simple_db is tested with Glance 31 to 33"


@pytest.fixture
def future(tmp_path: Path) -> Path:
    """A directory for PYTHONPATH, from which Glance looks like a later release."""
    directory = tmp_path / "future"
    metadata = directory / f"glance-{FUTURE}.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: glance\nVersion: {FUTURE}\n")
    return directory


def without(directory: Path, name: str) -> None:
    """Let processes with this directory in PYTHONPATH find a Glance that lacks a module."""
    lines = f"import sys\nsys.modules[{name!r}] = None\n"
    (directory / "sitecustomize.py").write_text(lines)


def path_of(directory: Path) -> str:
    return os.pathsep.join([str(directory), str(PROJECT)])


def test_a_server_on_a_later_glance_says_so_in_one_line(future: Path, tmp_path: Path) -> None:
    with Server(tmp_path, PYTHONPATH=path_of(future)) as server:
        assert server.json("/v2/images")["images"] == []
    assert [line for line in server.log.read_text().splitlines() if "is tested" in line] == [
        f"simple-db: {SAID}: it may not work"
    ]


def test_a_server_on_a_glance_that_has_moved_a_module_is_refused_in_one_line(
    future: Path, tmp_path: Path
) -> None:
    without(future, "glance.image_cache.prefetcher")
    done = ran(BIN / "simple-db", "serve", "--port", "0", cwd=tmp_path, PYTHONPATH=path_of(future))
    assert done.returncode == 2
    assert done.stderr == (
        f"simple-db: Glance {FUTURE} has no"
        " glance.image_cache.prefetcher.Prefetcher.fetch_image_into_cache, which simple_db needs;"
        " it is tested with Glance 31 to 33\n"
    )


FIXTURES = """
def test_one(glance_db_api):
    assert glance_db_api.image_get_all(None) == []

def test_two(glance_db_api):
    assert glance_db_api.image_get_all(None) == []

def test_three(glance_server):
    assert glance_server.database().counts()["images"] == 0
"""


def pytest_on(directory: Path, tmp_path: Path, *options: str) -> str:
    (tmp_path / "test_fixtures.py").write_text(FIXTURES)
    plugin = ["-p", "no:simple_db", "-p", "simple_db.pytest_plugin", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *plugin, *options, "test_fixtures.py"]
    return ran(*command, cwd=tmp_path, PYTHONPATH=path_of(directory)).stdout


def test_the_fixtures_on_a_later_glance_work_and_warn_once(future: Path, tmp_path: Path) -> None:
    printed = pytest_on(future, tmp_path)
    assert "3 passed, 1 warning in" in printed
    assert printed.count(SAID) == 1


def test_the_fixtures_on_a_glance_that_lacks_something_say_what(
    future: Path, tmp_path: Path
) -> None:
    without(future, "glance.db.sqlalchemy.metadata")
    printed = pytest_on(future, tmp_path)
    assert f"glance_db_api: Glance {FUTURE} has no glance.db.sqlalchemy.metadata" in printed


# The environment of the server's process is not that of the tests, but its path is.
STORE_WITHOUT = """
import sys
path, sys.path[:] = list(sys.path), [each for each in sys.path if each != {directory!r}]
del sys.modules["glance_store"]
import glance_store
sys.path[:] = path
del glance_store.verify_store
"""


def test_the_server_of_the_fixtures_on_a_store_that_lacks_something_says_what(
    future: Path, tmp_path: Path
) -> None:
    (future / "glance_store.py").write_text(STORE_WITHOUT.format(directory=str(future)))
    printed = pytest_on(future, tmp_path, "-k", "three")
    assert (
        f"simple_db: Glance {FUTURE} has no glance_store.verify_store, which simple_db" in printed
    )


@pytest.mark.parametrize("name", SQL_DRIVER)
def test_the_oracle_says_what_glances_driver_lacks(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    take_away(monkeypatch, name)
    with pytest.raises(CannotRun, match=lacking(name)):
        resolve(TARGET)


def test_what_else_is_missing_is_no_matter_of_glance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "glance.api.v2.cached_images", raising=False)
    monkeypatch.setitem(sys.modules, "webob.exc", None)
    with pytest.raises(ModuleNotFoundError, match=r"webob\.exc"):
        glance_needs.is_there("glance.api.v2.cached_images:WORKER")
