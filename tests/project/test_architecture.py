import ast
import graphlib
import inspect
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

import simple_db
from simple_db import Database
from simple_db.api import FUNCTIONS
from tests.support.pages import TESTS

PACKAGE = Path(simple_db.__file__).parent
DRAWING = PACKAGE.parent / "ARCHITECTURE.md"

# The core is what a database needs; what is above it is for other programs and people.
TOP_OF_THE_CORE = 6


def layers() -> dict[str, int]:
    """Read the layer of every part of the package from the table in ARCHITECTURE.md."""
    rows = re.findall(r"^\| (\d+) \| `([^|`]+)` \|", DRAWING.read_text(), flags=re.MULTILINE)
    return {name.rstrip("/"): int(layer) for layer, name in rows}


def part(path: Path) -> str:
    """Give the module, or the package within ours, that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def module(path: Path) -> str:
    """Give the dotted name of a file of the package."""
    dotted = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    return dotted.removesuffix(".__init__")


LAYERS = layers()
CORE = [name for name, layer in LAYERS.items() if layer <= TOP_OF_THE_CORE]
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")
MODULES = {module(path): path for path in FILES}
CORE_FILES = [path for path in FILES if part(path) in CORE]

# How Python is asked what time it is, and for what nobody can foresee.
PRESENT = {
    f"dt.{ask}" for ask in ("datetime.now", "datetime.utcnow", "datetime.today", "date.today")
}
CHANCE = {"random", "secrets", "time", "uuid"}

EVERY_FILE = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
EVERY_CORE_FILE = pytest.mark.parametrize(
    "path", CORE_FILES, ids=lambda path: str(path.relative_to(PACKAGE))
)
EVERY_PUBLIC_FUNCTION = pytest.mark.parametrize("name", FUNCTIONS)


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imported(tree: ast.AST) -> Iterator[str]:
    """Give the dotted names that a file imports, at its top or anywhere else."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def parts_below(tree: ast.AST) -> set[str]:
    """Give the parts of ours that a file imports."""
    return {
        name.split(".")[1] if name.split(".")[1] in LAYERS else "__init__"
        for name in imported(tree)
        if name.startswith("simple_db.")
    }


def modules_below(path: Path) -> set[str]:
    """Give the modules of ours that a file imports, but for the packages that they are in."""
    return {
        name if name in MODULES else name.rpartition(".")[0] for name in imported(parsed(path))
    } & MODULES.keys()


def functions(tree: ast.AST) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def first_parameter(function: ast.FunctionDef) -> str | None:
    return function.args.args[0].arg if function.args.args else None


def called(tree: ast.AST) -> set[str]:
    """Give the names, without what is before a dot, of all that is called or handed on."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return names | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


# --- layers ----------------------------------------------------------------------------------


def test_every_part_has_its_layer_in_the_drawing() -> None:
    assert {part(path) for path in FILES} == LAYERS.keys()


@EVERY_FILE
def test_imports_go_down_only(path: Path) -> None:
    here = part(path)
    above = {
        name
        for name in parts_below(parsed(path))
        if name != here and LAYERS.get(name, TOP_OF_THE_CORE) >= LAYERS[here]
    }
    assert above == set()


def test_no_two_modules_import_each_other() -> None:
    imports = {name: modules_below(path) - {name} for name, path in MODULES.items()}
    tuple(graphlib.TopologicalSorter(imports).static_order())  # raises CycleError


def test_each_part_of_the_oracle_imports_only_those_above_it_in_its_table() -> None:
    _, _, table = DRAWING.read_text().partition("| in `oracle/` |")
    rows = re.findall(r"^\| `(\w+)/?` \|", table.partition("\n\n")[0], flags=re.MULTILINE)
    parts = {name: name.split(".")[2] for name in MODULES if name.startswith("simple_db.oracle.")}
    imports = {
        (parts[name], parts[below])
        for name in parts
        for below in modules_below(MODULES[name]) & parts.keys()
    }

    assert set(rows) == set(parts.values())
    assert [(one, below) for one, below in imports if rows.index(one) < rows.index(below)] == []


def test_every_module_is_in_the_tables_or_its_folder_is() -> None:
    named = set(re.findall(r"\w+", " ".join(re.findall("`(.+?)`", DRAWING.read_text()))))
    folders = {path for path in FILES if path.parents[2] == PACKAGE and path.parent.name in named}
    assert [path for path in {*FILES} - folders if path.stem not in {*named, "__init__"}] == []


@EVERY_CORE_FILE
def test_the_core_needs_nothing_but_attrs_and_orjson(path: Path) -> None:
    packages = {module.split(".")[0] for module in imported(parsed(path))}
    assert packages - sys.stdlib_module_names <= {"simple_db", "attr", "attrs", "orjson"}


def modules_at_hand(tree: ast.Module) -> set[str]:
    """Give the names under which a file has imported modules of ours."""
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if f"{node.module}.{alias.name}" in MODULES
    }


@EVERY_FILE
def test_no_parameter_hides_a_module_that_the_file_imports(path: Path) -> None:
    tree = parsed(path)
    parameters = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    assert parameters & modules_at_hand(tree) == set()


def test_only_what_encodes_and_decodes_knows_orjson() -> None:
    knowing = {path.stem for path in FILES if "orjson" in set(imported(parsed(path)))}
    assert knowing == {"decoding", "encoding", "journal"}


def test_only_the_clock_knows_time_and_chance() -> None:
    askers = {
        path.stem
        for path in CORE_FILES
        for node in ast.walk(parsed(path))
        if (isinstance(node, ast.Call) and ast.unparse(node.func) in PRESENT)
        or not CHANCE.isdisjoint(imported(node))
    }
    assert askers == {"clock"}


@EVERY_CORE_FILE
def test_every_module_of_the_core_has_its_tests(path: Path) -> None:
    tests = TESTS / path.relative_to(PACKAGE).with_name(f"test_{path.name}")
    assert tests.exists() or path.stem in {"__init__", "version"}


# --- contexts --------------------------------------------------------------------------------


def test_only_visibility_reads_a_context_and_knows_who_can_see_deleted_images() -> None:
    readers = {
        path.stem
        for path in CORE_FILES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute)
        and (ast.unparse(node.value) == "context" or node.attr == "can_see_deleted")
    }
    assert readers == {"visibility"}


@EVERY_CORE_FILE
def test_a_context_is_handed_to_caller_of_and_to_nothing_else(path: Path) -> None:
    takers = {
        ast.unparse(node.func)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and any(ast.unparse(argument) == "context" for argument in node.args)
    }
    assert takers <= {"caller_of"}


# --- kinds of functions ----------------------------------------------------------------------


@EVERY_PUBLIC_FUNCTION
def test_a_public_function_takes_the_database_and_then_the_context(name: str) -> None:
    first, second, *_ = inspect.signature(getattr(Database, name)).parameters
    assert first == "db"
    assert (second == "context") is not name.endswith("_atomic")


@EVERY_PUBLIC_FUNCTION
def test_a_public_function_calls_no_other(name: str) -> None:
    source = inspect.getsource(getattr(Database, name))
    assert called(ast.parse(source)).isdisjoint(FUNCTIONS)


@EVERY_CORE_FILE
def test_no_helper_calls_a_public_function(path: Path) -> None:
    helpers = [function for function in functions(parsed(path)) if function.name not in FUNCTIONS]
    assert [helper.name for helper in helpers if not called(helper).isdisjoint(FUNCTIONS)] == []


@EVERY_CORE_FILE
def test_only_what_takes_a_database_or_a_store_opens_it(path: Path) -> None:
    openers = {
        first_parameter(function)
        for function in functions(parsed(path))
        if {"reading", "writing"} & called(function)
    }
    assert openers <= {"db", "store", "self"}


@EVERY_CORE_FILE
def test_the_tables_come_first(path: Path) -> None:
    late = [
        function.name
        for function in functions(parsed(path))
        if "tables" in [argument.arg for argument in function.args.args[1:]]
        and first_parameter(function) not in {"self", "table"}
    ]
    assert late == []


def test_the_drawing_goes_up_layer_by_layer() -> None:
    assert all(above - below in {0, 1} for below, above in pairwise(LAYERS.values()))
    assert min(LAYERS.values()) == 0


# --- files -----------------------------------------------------------------------------------

# What Python has for this takes whatever goes wrong for "it is not there".
SWALLOWING = {
    *("exists", "lexists", "isfile", "isdir", "islink", "ismount", "is_file", "is_dir"),
    *("is_symlink", "is_mount", "is_socket", "is_fifo", "is_block_device", "is_char_device"),
    *("is_junction", "isjunction", "access", "glob", "rglob"),
}


def swallows(node: ast.AST) -> bool:
    """Return whether errors of a file system are lost here."""
    if isinstance(node, ast.Attribute):
        return node.attr in SWALLOWING and ast.unparse(node.value) != "files"
    if not isinstance(node, ast.Call):
        return False
    options = {option.arg for option in node.keywords}
    return {
        "os.path.realpath": "strict" not in options,
        "os.walk": "onerror" not in options,
        "click.Path": "exists" in options,
    }.get(ast.unparse(node.func), False)


@EVERY_FILE
def test_only_no_such_file_says_that_a_file_is_not_there(path: Path) -> None:
    assert [ast.unparse(node) for node in ast.walk(parsed(path)) if swallows(node)] == []


@pytest.mark.parametrize(
    "code",
    [
        *("path.exists()", "os.path.lexists(a)", "map(Path.is_file, a)"),
        *("os.path.realpath(a)", "os.walk(a)", "click.Path(exists=True)"),
    ],
)
def test_what_loses_an_error_of_a_file_system_is_seen(code: str) -> None:
    assert any(swallows(node) for node in ast.walk(ast.parse(code)))
