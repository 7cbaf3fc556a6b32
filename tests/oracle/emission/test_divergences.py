"""What is emitted passes on simple_db, and fails on a driver with a fault."""

from __future__ import annotations

import ast
import datetime as dt
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve, frozen

from simple_db import Database
from simple_db.model.errors import NotFound
from simple_db.oracle.comparing.comparison import sides
from simple_db.oracle.emission import divergences as emission
from simple_db.oracle.emission import fixtures
from simple_db.oracle.emission.assertions import claim
from simple_db.oracle.emission.fixtures import Fixture
from simple_db.oracle.findings.evidence import gathered
from simple_db.oracle.findings.search import search
from simple_db.oracle.programs.calls import Call, call, location_id, member_id
from simple_db.oracle.targets.named import resolve
from simple_db.oracle.targets.target import FAKE, SQL_DRIVER, reference
from tests.support.broken import broken_target, evidence_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from simple_db.oracle.targets.target import DriverTarget

LONG_AGO = dt.datetime(2020, 1, 1)  # noqa: DTZ001 - naive UTC, as every time in the database
LOCATION = {"url": "file:///a", "metadata": {}, "status": "active"}


def image(image_id: str = "image-1", **values: Any) -> Call:
    return call("image_create", "admin", values={"id": image_id, "status": "active"} | values)


def update(context: str = "admin", **values: Any) -> Call:
    return call("image_update", context, image_id="image-1", values=values)


def get(context: str = "admin") -> Call:
    return call("image_get", context, image_id="image-1")


def listing(context: str = "admin", **given: Any) -> Call:
    return call("image_get_all", context, **given)


def member(project: str, image_id: str = "image-1") -> Call:
    values = {"image_id": image_id, "member": project}
    return call("image_member_create", "admin", values=values)


NAMESPACE = call(
    "metadef_namespace_create",
    "admin",
    values={"namespace": "n", "owner": "alice", "visibility": "private"},
)
MEMBERS = call("image_member_find", "admin", image_id="image-1")
SECOND_LOCATION = call("image_location_add", "admin", image_id="image-1", location=LOCATION)


def altered(function: str, change: Callable[[Any], Any]) -> dict[str, Callable[..., Any]]:
    """Let a function answer what becomes of its answer by the change."""

    def answer(db: Database, *args: Any, **kwargs: Any) -> Any:
        return change(getattr(db, function)(*args, **kwargs))

    return {function: answer}


def raising(function: str, error: Exception) -> dict[str, Callable[..., Any]]:
    """Let a function raise the error, whatever it is given."""

    def refuse(_db: Database, *_args: Any, **_kwargs: Any) -> Any:
        raise error

    return {function: refuse}


def with_column(key: str, value: Any) -> Callable[[Any], Any]:
    return lambda row: row | {key: value}


def in_rows(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda rows: [change(row) for row in rows]


def in_last_row(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda rows: [*rows[:-1], change(rows[-1])]


def in_children(key: str, change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda row: row | {key: change(row[key])}


def without(key: str) -> Callable[[Any], Any]:
    return lambda row: {name: value for name, value in row.items() if name != key}


def lax(db: Database, _context: Any, image_id: str, values: Any, **options: Any) -> Any:
    """Update an image, whoever asks."""
    return db.image_update(None, image_id, values, **options)


def misspelt(db: Database, context: Any, image_id: str, value: str) -> Any:
    """Add a tag, but another."""
    db.image_tag_create(context, image_id, f"{value}!")
    return value


def leaving_its_trace(db: Database, context: Any, values: Any, **options: Any) -> Any:
    """Create an image, also where that is forbidden."""
    try:
        return db.image_create(context, values, **options)
    except Exception:
        db.image_create(None, values, **options)
        raise


@frozen
class Case:
    """A fault, the program that shows it, and what the emitted test asserts, or some of it."""

    functions: dict[str, Callable[..., Any]]
    program: tuple[Call, ...]
    asserts: str


CASES = {
    "an error": Case(
        {"image_update": lax},
        (image(owner="alice"), update("stranger", name="a")),
        'assert caught.type.__name__ == "Forbidden"',
    ),
    "no error": Case(
        raising("image_update", KeyError("no")),
        (image(), update(name="a", size=None)),
        'assert image["name"] == "a"\n    assert image["size"] is None',
    ),
    "no error, and a list": Case(
        raising("image_get_all", KeyError("no")),
        (image(), image("image-2"), listing(sort_key=["id"], sort_dir=["asc"])),
        'assert [image["id"] for image in images] == ["image-1", "image-2"]',
    ),
    "no error, and rows without names": Case(
        raising("image_member_find", KeyError("no")),
        (image(), member("pending"), member("pending"), MEMBERS),
        "assert len(members) == 2",
    ),
    "no error, and a row that nobody named": Case(
        raising("image_member_find", NotFound("no")),
        (image(), MEMBERS),
        "assert members == []",
    ),
    "nothing": Case(
        altered("image_tag_delete", lambda _: "t"),
        (
            image(),
            call("image_tag_create", "admin", image_id="image-1", value="t"),
            call("image_tag_delete", "admin", image_id="image-1", value="t"),
        ),
        'assert db.image_tag_delete(ADMIN, "image-1", "t") is None',
    ),
    "a number": Case(
        altered("image_member_count", lambda count: count + 1),
        (image(), call("image_member_count", "admin", image_id="image-1")),
        'assert db.image_member_count(ADMIN, "image-1") == 0',
    ),
    "a long text": Case(
        altered("image_tag_create", str.upper),
        (image(), call("image_tag_create", "admin", image_id="image-1", value="a" * 50)),
        f'assert tag == "{"a" * 50}"',
    ),
    "a value": Case(
        altered("image_get", with_column("status", "killed")),
        (image(), get()),
        'assert image["status"] == "active"',
    ),
    "a value that was given": Case(
        altered("image_get", with_column("created_at", None)),
        (image(created_at=LONG_AGO), get()),
        'assert image["created_at"] == datetime(2020, 1, 1)',
    ),
    "a value of one of several rows": Case(
        altered("image_get_all", in_last_row(with_column("name", "b"))),
        (image(), image("image-2"), listing(sort_key=["id"])),
        'image = next(one for one in images if one["id"] == "image-1")\n'
        '    assert image["name"] is None',
    ),
    "a value of one of several properties": Case(
        altered("image_get", in_children("properties", in_rows(with_column("value", "1")))),
        (image(properties={"p": "1", "q": "2"}), get()),
        'image_property = next(one for one in image["properties"] if one["name"] == "q")',
    ),
    "a value of rows without names": Case(
        altered("image_member_find", in_last_row(with_column("status", "accepted"))),
        (image(), member("pending"), member("pending"), MEMBERS),
        'assert members[1]["status"] == "pending"',
    ),
    "a long value": Case(
        altered("image_get", in_children("locations", in_rows(with_column("metadata", {})))),
        (image(locations=[LOCATION | {"metadata": {"a": ["x" * 30, "y" * 40]}}]), get()),
        'assert image["locations"][0]["metadata"] == expected',
    ),
    "a key that is missing": Case(
        altered("image_get", without("os_hidden")),
        (image(), get()),
        'assert "os_hidden" in image',
    ),
    "a key too many": Case(
        altered("image_get", with_column("colour", "red")),
        (image(), get()),
        'assert "colour" not in image',
    ),
    "a row that is missing": Case(
        altered("image_get_all", lambda rows: rows[1:]),
        (image(), listing()),
        'assert [image["id"] for image in images] == ["image-1"]',
    ),
    "a row too many": Case(
        altered("image_get_all", lambda rows: [*rows, *rows]),
        (image(), listing()),
        'assert [image["id"] for image in images] == ["image-1"]',
    ),
    "a row where there is none": Case(
        altered("image_tag_get_all", lambda _: ["t"]),
        (image(), call("image_tag_get_all", "admin", image_id="image-1")),
        "assert tags == []",
    ),
    "rows in any order": Case(
        altered("image_member_find", lambda rows: rows[1:]),
        (image(), member("pending"), member("accepted"), MEMBERS),
        'assert sorted(member["member"] for member in members) == ["accepted", "pending"]',
    ),
    "texts in any order": Case(
        altered("image_tag_get_all", lambda tags: tags[1:]),
        (
            image(),
            call("image_tag_set_all", "admin", image_id="image-1", tags=["b", "a"]),
            call("image_tag_get_all", "admin", image_id="image-1"),
        ),
        'assert sorted(tags) == ["a", "b"]',
    ),
    "an order": Case(
        altered("image_get_all", lambda rows: rows[::-1]),
        (image(), image("image-2"), listing(sort_key=["id"])),
        'assert [image["id"] for image in images] == ["image-2", "image-1"]',
    ),
    "the order of texts": Case(
        altered("image_get", in_children("locations", lambda rows: rows[::-1])),
        (image(locations=[LOCATION, LOCATION | {"url": "file:///b"}]), get()),
        'assert [location["url"] for location in image["locations"]] == expected',
    ),
    "a time that is there": Case(
        altered("image_get", with_column("updated_at", None)),
        (image(), get()),
        'assert image["updated_at"] is not None',
    ),
    "a time that is renewed": Case(
        altered("image_update", lambda row: row | {"updated_at": row["created_at"]}),
        (image(), update(name="a")),
        'assert image["updated_at"] != image["created_at"]',
    ),
    "a time that is kept": Case(
        altered("image_create", with_column("updated_at", LONG_AGO)),
        (image(),),
        'assert image["updated_at"] == image["created_at"]',
    ),
    "the time of a call": Case(
        altered("image_update", with_column("created_at", LONG_AGO)),
        (image(), update(name="a")),
        'assert before <= image["created_at"] <= after',
    ),
    "the time of the last call": Case(
        altered("image_update", with_column("updated_at", LONG_AGO)),
        (image(), update(name="a")),
        "    before = now()\n    image = db.image_update(",
    ),
    "an id that stays": Case(
        altered("image_member_find", in_rows(with_column("id", 99))),
        (image(), member("pending"), MEMBERS),
        'assert members[0]["id"] == earlier["id"]',
    ),
    "an id that is there": Case(
        altered("image_member_find", in_rows(with_column("id", None))),
        (image(), member("pending"), MEMBERS),
        'assert members[0]["id"] is not None',
    ),
    "the state": Case(
        {"image_tag_create": misspelt},
        (image(), call("image_tag_create", "admin", image_id="image-1", value="t")),
        'assert images[0]["tags"] == ["t"]',
    ),
    "the state after an error": Case(
        {"image_create": leaving_its_trace},
        (
            call(
                "image_create",
                "stranger",
                values={"id": "image-1", "status": "active", "owner": "a"},
            ),
        ),
        "    with suppress(Exception):  # raises Forbidden\n",
    ),
    "a row that is looked for": Case(
        altered("image_member_update", with_column("can_share", True)),
        (
            image(),
            member("pending"),
            call(
                "image_member_update",
                "admin",
                memb_id=member_id("image-1", "pending"),
                values={"status": "accepted"},
            ),
        ),
        'db.image_member_update(ADMIN, members[0]["id"], {"status": "accepted"})',
    ),
    "rows that are looked for": Case(
        altered("image_update", with_column("name", "b")),
        (
            image(locations=[LOCATION]),
            SECOND_LOCATION,
            update(
                locations=[LOCATION | {"id": location_id("image-1", place)} for place in (0, 1)]
            ),
        ),
        '"id": image["locations"][1]["id"],',
    ),
    "a row that is not there": Case(
        raising("image_member_delete", KeyError("no")),
        (
            image(),
            call("image_member_delete", "admin", memb_id=member_id("image-1", "pending")),
        ),
        "db.image_member_delete(ADMIN, NO_ROW)",
    ),
    "a time of the cache": Case(
        altered("get_cached_images", in_rows(with_column("last_modified", 0.0))),
        (
            call("node_reference_create", "admin", node_reference_url="http://here"),
            call(
                "insert_cache_details",
                "admin",
                node_reference_url="http://here",
                image_id="image-1",
                filesize=1,
                last_modified=LONG_AGO,
            ),
            call("get_cached_images", "admin", node_reference_url="http://here"),
        ),
        'assert datetime.fromtimestamp(cached_images[0]["last_modified"]) == expected',
    ),
    "the time of a call in the cache": Case(
        altered("get_cached_images", in_rows(with_column("last_modified", 0.0))),
        (
            call("node_reference_create", "admin", node_reference_url="http://here"),
            call(
                "insert_cache_details",
                "admin",
                node_reference_url="http://here",
                image_id="image-1",
                filesize=1,
            ),
            call("get_cached_images", "admin", node_reference_url="http://here"),
        ),
        'before <= datetime.fromtimestamp(cached_images[0]["last_modified"]) <= after',
    ),
    "an id that rows share": Case(
        altered("metadef_object_get_all", in_last_row(with_column("namespace_id", 99))),
        (
            NAMESPACE,
            *(
                call("metadef_object_create", "admin", namespace_name="n", object_dict=name)
                for name in ({"name": "a"}, {"name": "b"})
            ),
            call("metadef_object_get_all", "admin", namespace_name="n"),
        ),
        'assert metadef_object["namespace_id"] == earlier["namespace_id"]',
    ),
    "a value of a row of a long name": Case(
        altered("image_get", in_children("locations", in_last_row(with_column("status", "x")))),
        (image(locations=[LOCATION, LOCATION | {"url": f"file:///{'a' * 60}"}]), get()),
        'assert image["locations"][1]["status"] == "active"',
    ),
    "a caller of no context": Case(
        raising("image_set_property_atomic", KeyError("no")),
        (call("image_set_property_atomic", image_id="image-1", name="p", value="1"),),
        'db.image_set_property_atomic("image-1", "p", "1")',
    ),
}
"""By what the test is about."""


def emitted(case: Case, target: DriverTarget) -> emission.EmittedTest:
    return emission.emitted(evidence_of(target, *case.program), Fixture("broken"))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_emitted_test_passes_on_the_reference_and_fails_on_the_target(case: Case) -> None:
    target = broken_target(**case.functions)
    test = emitted(case, target)
    target.reset()

    assert test.passes_on(Database())
    assert not test.passes_on(target.driver)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_emitted_test_asserts_the_difference(case: Case) -> None:
    assert case.asserts in emitted(case, broken_target(**case.functions)).text


def test_emitted_tests_are_formatted(tmp_path: Path) -> None:
    emission.write(
        (emitted(case, broken_target(**case.functions)) for case in CASES.values()), tmp_path
    )
    ruff = Path(sys.executable).with_name("ruff")
    for options in (), ("--line-length", "120"):
        command = [ruff, "format", "--isolated", "--diff", *options, tmp_path]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours

        assert done.stdout == ""
        assert done.returncode == 0


def test_a_test_has_a_docstring_of_the_clause_and_the_fingerprint() -> None:
    target = broken_target(**raising("image_update", KeyError("no")))
    test = emission.emitted(
        evidence_of(target, image(), update(unknown="\\")), Fixture("somebodys.driver")
    )

    assert ast.get_docstring(ast.parse(test.text)) == (
        "image_update with unknown does not raise KeyError.\n\n"
        "Clause Q4 of simple_db's docs/semantics.md: An unknown key among the values of an image\n"
        "is ignored.\n"
        "The last call returns; on somebodys.driver it raises KeyError.\n"
        "Fingerprint: image_update | returns / raises KeyError |  | values.unknown"
    )


def test_the_name_of_a_test_fits_into_a_line_and_ends_with_a_word() -> None:
    function = "metadef_resource_type_association_get_all_by_namespace"
    target = broken_target(**raising(function, KeyError("a" * 99)))
    evidence = evidence_of(target, NAMESPACE, call(function, "alice", namespace_name="n"))

    assert (
        emission.emitted(evidence, Fixture("broken")).name == f"test_{function}_does_not_raise_key"
    )


def test_an_id_that_no_call_told_before_is_asserted_as_it_is() -> None:
    case = CASES["an id that stays"]
    evidence = evidence_of(broken_target(**case.functions), *case.program)

    assert claim(evolve(evidence, steps=evidence.steps[-1:])).lines == (
        'assert members[0]["id"] == 1',
    )


def test_tests_of_one_name_have_files_of_their_own(tmp_path: Path) -> None:
    test = emission.EmittedTest("test_it", "1\n")

    paths = emission.write([test, test], tmp_path / "new" / "directory")

    assert [path.name for path in paths] == ["test_it.py", "test_it_2.py"]
    assert [path.read_text() for path in paths] == ["1\n", "1\n"]


def test_an_interruption_is_no_failure_of_a_test() -> None:
    test = emission.EmittedTest("test_it", "def test_it(db):\n    db.stop()\n")

    def stop(_db: Database) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        test.passes_on(broken_target(stop=stop).driver)


# --- whole files, by pytest ----------------------------------------------------------------------


def failed(directory: Path, **environment: str) -> tuple[int, int]:
    """Run the tests in a directory, and return how many failed and how many passed."""
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider"]
    done = subprocess.run(  # noqa: S603 - our own command
        [*command, "-W", "ignore", str(directory)],
        cwd=directory,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    counts = {
        word.strip(","): int(number)
        for number, word in zip(done.stdout.split(), done.stdout.split()[1:], strict=False)
        if number.isdigit()
    }
    assert "errors" not in done.stdout, done.stdout
    return counts.get("failed", 0), counts.get("passed", 0)


@pytest.mark.glance
@pytest.mark.parametrize("name", [FAKE, SQL_DRIVER])
def test_files_pass_with_the_reference_for_a_driver_and_fail_without(
    name: str, tmp_path: Path
) -> None:
    target = resolve(name)
    try:
        found = search(reference(), target, limit=12)
        both = sides(reference(), target)
        tests = [
            emission.emitted(gathered(one, both), Fixture(name, resets=False))
            for one in found.divergences
        ]
    finally:
        target.reset()
        target.close()
    emission.write(tests, tmp_path)

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
def test_a_file_gets_at_its_driver(fixture: Fixture, tmp_path: Path) -> None:
    (tmp_path / "somebodys.py").write_text(SOMEBODYS)
    case = CASES["an error"]
    emission.write(
        [emission.emitted(evidence_of(broken_target(**case.functions), *case.program), fixture)],
        tmp_path,
    )

    assert failed(tmp_path) == (1, 0)
    assert failed(tmp_path, DRIVER="simple_db.api") == (0, 1)


@pytest.mark.glance
@pytest.mark.parametrize(
    ("url", "line"),
    [
        (None, '    url = sa.make_url("sqlite://")'),
        ("mysql+pymysql://root@h/x", '    url = url.set(database="simple_db_oracle_test")'),
        (
            "postgresql+psycopg2://me@h:1/x",
            '    url = url.set(database="simple_db_oracle_test")',
        ),
    ],
)
def test_glances_sql_driver_gets_a_database_of_its_own_on_a_server(
    url: str | None, line: str
) -> None:
    assert line in fixtures.Fixture(SQL_DRIVER, url=url).lines()


@pytest.mark.glance
def test_no_password_is_written_out() -> None:
    lines = "\n".join(Fixture(SQL_DRIVER, url="mysql+pymysql://me:secret@h/x").lines())

    assert "secret" not in lines
    assert 'os.environ.get("DATABASE_URL", "mysql+pymysql://me:***@h/x")' in lines
