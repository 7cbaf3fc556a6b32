from __future__ import annotations

import json
import pkgutil
import re
import sys

import pytest

import simple_db.glance
import simple_db.oracle
from simple_db.installed import distribution, extras
from tests.support.processes import ran

pytestmark = pytest.mark.glance

# What each import raises or gives where a package is missing.
IMPORTS = """
import importlib, json, sys, traceback
missing, *modules = sys.argv[1:]
sys.modules[missing] = None
outcomes = {}
for name in modules:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        outcomes[name] = [error.name, str(error)]
print(json.dumps(outcomes))
"""

GLANCE, ORACLE = "simple_db.glance", "simple_db.oracle"
MODULES = {
    package.__name__: [
        package.__name__,
        *(
            module.name
            for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        ),
    ]
    for package in (simple_db.glance, simple_db.oracle)
}


def failed_imports(missing: str) -> dict[str, tuple[str, str]]:
    """Return the modules of ours that cannot be imported without a package, and the errors."""
    names = [name for modules in MODULES.values() for name in modules]
    done = ran(sys.executable, "-W", "ignore", "-c", IMPORTS, missing, *names)
    outcomes: dict[str, tuple[str, str]] = json.loads(done.stdout)
    return outcomes


@pytest.mark.parametrize(
    ("missing", "extra", "expected"),
    [
        ("glance", "server", [*MODULES[GLANCE], f"{ORACLE}.targets.sql_driver"]),
        ("waitress", "server", [f"{GLANCE}.{name}" for name in ("connections", "server")]),
        ("hypothesis", "oracle", MODULES[ORACLE]),
        ("rich", "oracle", MODULES[ORACLE]),
        ("click", "oracle", MODULES[ORACLE]),
    ],
)
def test_a_module_says_what_is_missing_and_how_to_get_it(
    missing: str, extra: str, expected: list[str]
) -> None:
    failed = failed_imports(missing)
    assert set(expected) <= failed.keys()
    how = re.escape(distribution.how_to_install(extra))
    says = re.compile(rf"simple_db\.[\w.]+ needs {missing}, which is not installed: {how}")
    assert [outcome for outcome in failed.values() if outcome[0] != missing] == []
    assert [outcome for outcome in failed.values() if not says.fullmatch(outcome[1])] == []


@pytest.mark.parametrize(
    "error",
    [
        ModuleNotFoundError("No module named 'json.pickle'", name="json.pickle"),
        ModuleNotFoundError("nothing"),
    ],
    ids=["a module of a package that is there", "of no name"],
)
def test_an_import_that_misses_no_package_is_left_as_it_is(error: ModuleNotFoundError) -> None:
    assert extras.absent("simple_db.glance", "server", error) is error
