import json
import sys

import pytest

from simple_db.cli import console

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("count", "thing", "shown"),
    [(1, "row", "1 row"), (0, "row", "0 rows"), (1000, "property", "1,000 properties")],
)
def test_things_are_counted_in_words(count: int, thing: str, shown: str) -> None:
    assert console.number(count, thing) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 像", "plain é 像"),
        ("\x1b[2J\a\r\n\t", r"\x1b[2J\x07\r\n\t"),
        ("\u202e\u2028\x9b\udcff", r"\u202e\u2028\x9b\udcff"),
    ],
)
def test_a_character_that_a_terminal_obeys_or_does_not_show_is_escaped(
    text: str, shown: str
) -> None:
    assert console.printable(text) == shown


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("two\n  lines", "two lines"),
        ("'http://u:secret@h/a' is no row", "'http://***@h/a' is no row"),
        ("/dir/http:/u:secret@h/a cannot be read", "/dir/http://***@h/a cannot be read"),
        ("http:/h/a?sig=secret", "http://h/a?sig=***"),
        ("/a:/b.json: give a larger max_bytes", "/a:/b.json: give a larger --max-bytes"),
    ],
)
def test_an_error_is_one_line_without_secrets_in_the_words_of_the_command_line(
    message: str, shown: str
) -> None:
    assert console.in_a_line(message) == shown


def test_json_is_printed_as_people_and_programs_read_it(capsys: Captured) -> None:
    console.print_json({"é": [1]})
    printed = capsys.readouterr().out

    assert printed == '{\n  "é": [\n    1\n  ]\n}\n'
    assert json.loads(printed) == {"é": [1]}


@pytest.mark.parametrize(("is_terminal", "coloured"), [(True, True), (True, False), (False, True)])
def test_progress_is_a_bar_on_a_terminal_and_nothing_without_one(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, is_terminal: bool, coloured: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    monkeypatch.delenv("NO_COLOR", raising=False)
    if not coloured:
        monkeypatch.setenv("NO_COLOR", "")
    with console.progress("Reading [/bold]\x1b.json") as show:
        show(3, 3)
    printed = capsys.readouterr()

    assert printed.out == ""
    assert bool(printed.err) is is_terminal
    if is_terminal:
        assert r"Reading [/bold]\x1b.json" in printed.err
        assert "100%" in printed.err
        assert ("\x1b[3" in printed.err) is coloured
