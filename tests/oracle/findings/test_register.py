from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from simple_db.model import errors
from simple_db.oracle.comparing.fingerprints import Fingerprint, parse
from simple_db.oracle.findings import register
from simple_db.oracle.findings.register import ENOUGH_CHANCES, Entry, RegisterError
from simple_db.oracle.semantics import ROWS

if TYPE_CHECKING:
    from pathlib import Path

A_LINE = "image_get | returns / returns | size | "
ANOTHER_LINE = "task_get | returns / returns | status | "
TWICE = f"a file has this fingerprint twice: {A_LINE}"
NO_TABLES = "must have tables [[divergence]], and nothing else"
NO_KEYS = "must have fingerprints, kind and reason"


def an_entry(**changes: str) -> str:
    """Write an entry of a register, with other lines of TOML than usual for some keys."""
    lines = {
        "fingerprints": f'fingerprints = ["{A_LINE}"]',
        "kind": 'kind = "leak"',
        "reason": 'reason = "so it is"',
    } | changes
    return "\n".join(["[[divergence]]", *lines.values(), ""])


def test_a_register_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    path.write_text(an_entry(row='row = "D1"'))

    assert register.read(path) == [Entry((parse(A_LINE),), "leak", "so it is", "D1")]
    assert register.fingerprints(register.read(path)) == [parse(A_LINE)]


def test_an_empty_register_knows_nothing() -> None:
    assert register.entries("", "a file") == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[", "a file is not TOML"),
        ("colour = 1", NO_TABLES),
        ("divergence = 1", NO_TABLES),
        ("divergence = [1]", f"a file, divergence 1 {NO_KEYS}"),
        (an_entry(reason=""), NO_KEYS),
        (an_entry(colour="colour = 1"), NO_KEYS),
        (an_entry(reason='reason = ""'), "the reason is empty"),
        (an_entry(kind='kind = "bug"'), "kind must be one of bug of target, leak, accepted"),
        (an_entry(fingerprints='fingerprints = "x"'), "fingerprints must be a list of lines"),
        (an_entry(fingerprints="fingerprints = []"), "fingerprints must be a list of lines"),
        (an_entry(fingerprints='fingerprints = ["x"]'), "a fingerprint is 'function | outcomes"),
        (an_entry(databases="databases = []"), "databases must be a list of lines"),
        (an_entry() + an_entry(databases='databases = ["mysql"]'), TWICE),
        (an_entry(fingerprints=f'fingerprints = ["{A_LINE}", "{A_LINE}"]'), TWICE),
        (an_entry() + an_entry(), TWICE),
    ],
)
def test_what_is_no_register_is_refused(text: str, why: str) -> None:
    with pytest.raises(RegisterError, match=re.escape(why)):
        register.entries(text, "a file")


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "known.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RegisterError, match=re.escape(f"cannot read {path}")):
        register.read(path)


@pytest.mark.parametrize(
    ("met", "chances", "stale"),
    [
        ([], ENOUGH_CHANCES, [A_LINE, ANOTHER_LINE]),
        ([A_LINE], ENOUGH_CHANCES, [ANOTHER_LINE]),
        ([], ENOUGH_CHANCES - 1, []),
    ],
)
def test_a_fingerprint_that_did_not_occur_is_stale_if_many_calls_could_have_shown_it(
    met: list[str], chances: int, stale: list[str]
) -> None:
    known = register.entries(
        an_entry(fingerprints=f'fingerprints = ["{A_LINE}", "{ANOTHER_LINE}"]'), "a file"
    )
    found = register.unmet(known, {parse(line) for line in met}, lambda _fingerprint: chances)
    assert found == [parse(line) for line in stale]


def test_an_entry_may_hold_on_some_databases_only() -> None:
    known = register.entries(
        an_entry(databases='databases = ["postgresql", "mysql"]')
        + an_entry(databases='databases = ["sqlite"]')
        + an_entry(fingerprints=f'fingerprints = ["{ANOTHER_LINE}"]'),
        "a file",
    )

    assert register.holding(known, "mysql") == [known[0], known[2]]
    assert register.holding(known, "sqlite") == [known[1], known[2]]
    assert register.holding(known, None) == [known[2]]


# --- our own -------------------------------------------------------------------------------------


OURS = [(entry, one) for entry in register.of_sql_driver() for one in entry.fingerprints]


def raised(fingerprint: Fingerprint) -> list[str | None]:
    """Return what the reference and the target raise, None where they return."""
    outcomes = fingerprint.outcomes.split(" / ")
    return [one.removeprefix("raises ") if one != "returns" else None for one in outcomes]


def test_our_own_register_names_a_row_of_the_semantics_for_every_entry() -> None:
    assert {entry.row for entry in register.of_sql_driver()} <= ROWS.keys()


def test_an_entry_of_one_database_has_a_row_of_other_databases() -> None:
    for entry in register.of_sql_driver():
        assert str(entry.row).startswith("S") is bool(entry.databases)


def test_our_own_register_has_no_bug_of_the_target() -> None:
    assert {entry.kind for entry in register.of_sql_driver()} == {"leak", "accepted"}


def test_what_is_a_leak_in_our_register_is_no_exception_of_glances() -> None:
    for entry, fingerprint in OURS:
        _, actual = raised(fingerprint)
        assert (actual is not None and not hasattr(errors, actual)) is (entry.kind == "leak")


def test_the_row_of_an_entry_tells_what_both_sides_raise() -> None:
    for entry, fingerprint in OURS:
        expected, actual = raised(fingerprint)
        if entry.kind == "leak":
            *_, drivers, ours = ROWS[str(entry.row)]
            assert str(actual) in drivers
            assert entry.databases or expected is None or expected in ours
