"""What pages of the site say that no block of code in them shows."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import glance
import pytest
from keystoneauth1 import loading

from tests.conformance import listed, runs
from tests.support.pages import page
from tests.support.serving import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.glance

MOVING = page("moving.md")


def fenced(language: str) -> Iterator[str]:
    for block in re.finditer(rf"^```{language}\n(.*?)^```$", MOVING, re.MULTILINE | re.DOTALL):
        yield block[1]


def test_every_auth_type_that_needs_no_keystone_is_named() -> None:
    loaders: dict[str, Any] = loading.get_available_plugin_loaders()
    alone = {
        name
        for name, loader in loaders.items()
        if "auth_url" not in {option.dest for option in loader.get_options()}
    }
    row = re.compile(r"^\| `(\w+)` \|.*OS_ENDPOINT", re.MULTILINE)

    assert set(row.findall(page("server.md"))) == alone - {"noauth"}
    assert "`noauth` does not work" in page("server.md")


def test_the_listed_tests_are_those_that_the_suites_list() -> None:
    rows = re.findall(r"^\| (.+) \| (`.+`) \|$", MOVING, re.MULTILINE)
    told = {reason: set(re.findall(r"`(\w+\.\w+)`", tests)) for reason, tests in rows}

    assert told == {
        reason: {".".join(test.split(".")[-2:]) for test in tests}
        for reason, tests in listed.UNIT.items()
    }
    assert f"## The {sum(map(len, told.values()))} listed tests" in MOVING


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """Give a directory with a Glance whose unit tests are changed as the page says."""
    package = Path(glance.__file__).parent
    shutil.copytree(package, tmp_path / "glance", copy_function=os.symlink)
    (line,) = fenced("diff")
    old, new = (text[1:] for text in line.splitlines())
    (methods,) = (text for text in fenced("python") if text.startswith("class FakeDB:\n"))
    text = (package / "tests/unit/utils.py").read_text()
    assert text.count(old) == text.count("class FakeDB(object):\n") == 1
    text = text.replace(old, new).replace(
        "class FakeDB(object):\n", methods.replace(":", "(object):", 1) + "\n"
    )
    (tmp_path / "glance/tests/unit/utils.py").unlink()
    (tmp_path / "glance/tests/unit/utils.py").write_text(text)
    return tmp_path


def test_with_the_changes_that_are_named_glances_tests_pass_but_for_the_listed_ones(
    changed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "glance.tests.unit.test_db"
    monkeypatch.setattr(runs, "REPOSITORY", f"{changed}{os.pathsep}{PROJECT}")
    endings = runs.run(module, "nothing")

    failed = {test for test, ending in endings.items() if ending.outcome == "failed"}
    assert failed == {test for test in runs.UNIT.listed if test.startswith(f"{module}.")}
    assert "passed" in {ending.outcome for ending in endings.values()}
