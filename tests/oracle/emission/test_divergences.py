"""An emitted test passes on simple_db, and fails on a driver with a fault."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import evolve

from simple_db import Database
from simple_db.oracle.comparing.comparison import sides
from simple_db.oracle.emission import files
from simple_db.oracle.emission.assertions import claim
from simple_db.oracle.emission.divergences import emitted
from simple_db.oracle.emission.fixtures import Fixture
from simple_db.oracle.findings.evidence import gathered
from simple_db.oracle.findings.search import search
from simple_db.oracle.programs.calls import call
from simple_db.oracle.targets.named import resolve
from simple_db.oracle.targets.target import FAKE, SQL_DRIVER, reference
from tests.oracle.emission.cases import CASES, NAMESPACE, NO, image, raising, shown, update
from tests.support.broken import broken_target, evidence_of
from tests.support.faults_shown import api
from tests.support.golden_texts import assert_golden
from tests.support.pytest_runs import failed

GOLDEN = Path(__file__).with_name("golden")
BROKEN = Fixture("broken")


@pytest.mark.parametrize("case", CASES)
def test_an_emitted_test_passes_on_the_reference_and_fails_on_the_target(case: str) -> None:
    target, evidence = shown(case)
    test = emitted(evidence, BROKEN)
    target.reset()

    assert test.passes_on(Database())
    assert not test.passes_on(target.driver)


def test_the_calls_and_assertions_of_emitted_tests_are_these() -> None:
    """Compare all that comes after the fixture, which is the same in all of them."""
    texts = []
    for case in CASES:
        _, _, code = emitted(shown(case)[1], BROKEN).text.partition("    return driver\n\n\n")
        texts.append(f"# {case}\n\n{code.rpartition('    return driver')[2].strip()}\n\n")

    assert_golden("\n".join(texts), GOLDEN / "tests.txt")


def test_a_whole_file_is_this() -> None:
    target = broken_target(**raising("image_update", NO))
    evidence = evidence_of(target, image(), update("alice", unknown="\\"))
    assert_golden(emitted(evidence, Fixture("somebodys.driver")).text, GOLDEN / "file.txt")


def test_emitted_tests_are_formatted(tmp_path: Path) -> None:
    files.write((emitted(shown(case)[1], BROKEN) for case in CASES), tmp_path)
    ruff = Path(sys.executable).with_name("ruff")
    for options in (), ("--line-length", "120"):
        command = [ruff, "format", "--isolated", "--diff", *options, tmp_path]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
        assert done.stdout == ""
        assert done.returncode == 0


def test_the_name_of_a_test_fits_into_a_line_and_ends_with_a_word() -> None:
    function = "metadef_resource_type_association_get_all_by_namespace"
    target = broken_target(**raising(function, KeyError("a" * 99)))
    evidence = evidence_of(target, NAMESPACE, call(function, "alice", namespace_name="n"))

    assert emitted(evidence, BROKEN).name == f"test_{function}_does_not_raise_key"


def test_an_id_that_is_in_no_earlier_answer_is_asserted_as_it_is() -> None:
    _, evidence = shown("an id that stays")
    assert claim(evolve(evidence, steps=evidence.steps[-1:])).lines == (
        'assert members[0]["id"] == 1',
    )


# --- whole files, by pytest ----------------------------------------------------------------------


@pytest.mark.glance
@pytest.mark.parametrize("name", [FAKE, SQL_DRIVER])
def test_files_pass_with_the_reference_for_a_driver_and_fail_without(
    name: str, tmp_path: Path
) -> None:
    target = resolve(name)
    try:
        found = search(reference(), target, limit=12)
        both = sides(reference(), target)
        fixture = Fixture(name, resets=False)
        tests = [emitted(gathered(one, both), fixture) for one in found.divergences]
    finally:
        target.reset()
        target.close()
    files.write(tests, tmp_path)

    assert tests
    assert failed(tmp_path) == (len(tests), 0)
    assert failed(tmp_path, DRIVER="simple_db.api") == (0, len(tests))


SOMEBODYS = """
from simple_db import Database

class Lax(Database):
    def image_update(self, context, *args, **kwargs):
        return Database.image_update(self, None, *args, **kwargs)

lax = Lax()
"""


@pytest.mark.parametrize(
    "fixture",
    [
        Fixture("somebodys:lax"),
        Fixture("somebodys", "somebodys:Lax"),
        Fixture("somebodys", "somebodys:Lax", resets=False),
    ],
    ids=["an attribute", "a set-up", "a set-up without reset"],
)
def test_a_file_makes_its_driver(fixture: Fixture, tmp_path: Path) -> None:
    (tmp_path / "somebodys.py").write_text(SOMEBODYS)
    files.write([emitted(shown("an error")[1], fixture)], tmp_path)

    assert failed(tmp_path) == (1, 0)
    assert failed(tmp_path, DRIVER="simple_db.api") == (0, 1)


@pytest.mark.glance
def test_the_fixture_of_glances_sql_driver_has_a_database_of_its_own_and_no_password() -> None:
    urls = (None, "mysql+pymysql://me:secret@h/x", "postgresql+psycopg2://me@h:1/x")
    texts = ["\n".join(Fixture(SQL_DRIVER, url=url).lines()) for url in urls]

    assert "secret" not in "".join(texts)
    assert_golden("\n\n\n".join(texts), GOLDEN / "sql_fixtures.txt")


def test_the_docstring_of_a_file_reads_back() -> None:
    odd = api.image_update("admin", "image-1", {'"""\\': 1})
    evidence = evidence_of(broken_target(**raising("image_update", NO)), image(), odd)
    docstring = ast.get_docstring(ast.parse(emitted(evidence, BROKEN).text))

    assert str(docstring).endswith('values."""\\')
