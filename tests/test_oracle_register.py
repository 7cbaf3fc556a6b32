from __future__ import annotations

import re
from pathlib import Path

import pytest

from simple_db.oracle import register
from simple_db.oracle.fingerprints import parse
from simple_db.oracle.register import Entry, RegisterError

A_LINE = "image_get | returns / returns | size | "
ANOTHER_LINE = "task_get | returns / returns | status | "
SEMANTICS = Path(__file__).parent.parent / "docs" / "semantics.md"


def an_entry(**changes: str) -> str:
    """Write an entry of a register, with other lines of TOML than usual for some keys."""
    lines = {
        "fingerprints": f'fingerprints = ["{A_LINE}"]',
        "kind": 'kind = "leak"',
        "reason": 'reason = "so it is"',
    } | changes
    return "\n".join(["[[divergence]]", *lines.values(), ""])


def test_an_entry_tells_what_is_known_and_why() -> None:
    [entry] = register.entries(an_entry(row='row = "D1"'), "a file")

    assert entry == Entry((parse(A_LINE),), "leak", "so it is", "D1")


def test_a_register_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    path.write_text(an_entry())

    assert register.fingerprints(register.read(path)) == [parse(A_LINE)]


def test_an_empty_register_knows_nothing() -> None:
    assert register.entries("", "a file") == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[", "a file is no TOML"),
        ("colour = 1", "must have tables [[divergence]] and nothing else"),
        ("divergence = 1", "must have tables [[divergence]] and nothing else"),
        ("divergence = [1]", "a file, divergence 1 must have fingerprints, kind and reason"),
        (an_entry(reason=""), "must have fingerprints, kind and reason"),
        (an_entry(colour="colour = 1"), "must have fingerprints, kind and reason"),
        (an_entry(reason='reason = ""'), "the reason is empty"),
        (an_entry(kind='kind = "bug"'), "kind must be one of bug of target, leak, accepted"),
        (an_entry(fingerprints='fingerprints = "x"'), "fingerprints must be a list of lines"),
        (an_entry(fingerprints="fingerprints = []"), "fingerprints must be a list of lines"),
        (an_entry(fingerprints='fingerprints = ["x"]'), "a fingerprint is 'function | outcomes"),
        (an_entry() + an_entry(), f"a file has this fingerprint twice: {A_LINE}"),
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
    ("met", "ops", "past"),
    [
        ([], ["images", "tasks"], [A_LINE, ANOTHER_LINE]),
        ([A_LINE], ["images", "tasks"], [ANOTHER_LINE]),
        ([A_LINE], ["images"], []),
        ([], ["cache"], []),
    ],
)
def test_an_entry_that_did_not_occur_is_told_if_it_could(
    met: list[str], ops: list[str], past: list[str]
) -> None:
    known = register.entries(
        an_entry(fingerprints=f'fingerprints = ["{A_LINE}", "{ANOTHER_LINE}"]'), "a file"
    )

    assert register.unmet(known, {parse(line) for line in met}, ops) == [
        parse(line) for line in past
    ]


def test_an_entry_can_occur_only_if_what_it_comes_after_is_called_too() -> None:
    line = "image_destroy | returns / raises KeyError |  | after image_member_create, as a user"
    known = register.entries(an_entry(fingerprints=f'fingerprints = ["{line}"]'), "a file")

    assert register.unmet(known, set(), ["images"]) == []
    assert register.unmet(known, set(), ["images", "members"]) == [parse(line)]


# --- our own -------------------------------------------------------------------------------------


def test_our_own_register_names_a_row_of_the_semantics_for_every_entry() -> None:
    rows = set(re.findall(r"^\| (D\d+) \|", SEMANTICS.read_text(), flags=re.MULTILINE))

    assert {entry.row for entry in register.of_sql_driver()} <= rows


def test_our_own_register_has_no_bug_of_the_target() -> None:
    assert {entry.kind for entry in register.of_sql_driver()} == {"leak", "accepted"}


def test_what_is_a_leak_in_our_register_raises_on_the_target() -> None:
    for entry in register.of_sql_driver():
        for fingerprint in entry.fingerprints:
            _, _, actual = fingerprint.outcomes.partition(" / ")
            assert actual.startswith("raises") is (entry.kind == "leak")
