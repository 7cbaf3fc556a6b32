"""The blocks of code of the pages are run as they are printed, and each is of a kind that is known.

Commands that take long, or that install something, are checked instead: what they name is there.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
import yaml
from attrs import evolve
from rich.console import Console

from simple_db import Database, __version__
from simple_db.cli.commands import main
from simple_db.installed import distribution
from simple_db.oracle.emission.divergences import emitted
from simple_db.oracle.emission.fixtures import Fixture
from simple_db.oracle.findings import register
from simple_db.oracle.findings.register import RegisterError
from simple_db.oracle.programs.calls import Call, call, parameters_of
from simple_db.oracle.races.histories import History, drawn, record_in_turn
from simple_db.oracle.races.lanes import Race
from simple_db.oracle.races.linearizability import refusal
from simple_db.oracle.races.search import Violation
from simple_db.oracle.report import terminal
from simple_db.oracle.report.result import Result
from simple_db.oracle.request import Request
from simple_db.oracle.targets.named import resolve
from simple_db.oracle.targets.target import FAKE, silence
from tests.support.blocks import (
    Block,
    Command,
    blocks,
    commands,
    commands_in_lines,
    pages,
    same,
    session,
)
from tests.support.broken import broken_target, evidence_of
from tests.support.build import ADMIN
from tests.support.pages import names_in
from tests.support.serving import BIN, PROJECT, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BLOCKS = [block for page in pages() for block in blocks(page)]

PATIENCE = 300  # seconds
COLUMNS = "100"

HERE = "127.0.0.1:9292"
"""Where pages have a server; here it is on a free port."""

# What pages call a driver of the reader's own: here it is Glance's in-tree fake.
THEIRS = "from glance.db.simple.api import *\n"


def needs_glance(block: Block) -> bool:
    named = r"glance\.db|simple_db\.glance|glance_server|mydriver|^lane 1|^\d+\. |^CMD "
    return needs_server(block) or re.search(named, block.text, re.MULTILINE) is not None


def needs_server(block: Block) -> bool:
    """Return whether a block, or one that it continues, asks a server."""
    asks = HERE in block.text and not block.text.startswith("docker")
    return asks or (block.before is not None and needs_server(block.before))


EVERY_BLOCK = pytest.mark.parametrize(
    "block",
    [
        pytest.param(block, marks=[pytest.mark.glance] * needs_glance(block), id=str(block))
        for block in BLOCKS
    ],
)


# --- where a block is run ----------------------------------------------------------------------


def prepared(directory: Path, block: Block) -> None:
    """Make what a block names and its page says is there."""
    (directory / "tests").symlink_to(PROJECT / "tests")
    if "mydriver" in block.text:
        (directory / "mydriver").mkdir()
        (directory / "mydriver" / "__init__.py").touch()
        (directory / "mydriver" / "api.py").write_text(THEIRS)
    for seed in re.findall(r'glance_snapshot\("(.+?)"\)', block.text):
        a_seed(directory / seed)
    for image in re.findall(r"(?:--file|-T) (\S+\.img)", block.text):
        (directory / image).write_bytes(b"an image")
    for name in re.findall(r"--known (\S+)", block.text):
        (directory / name).write_text("".join(one.text for one in of_page(block, "toml")))


def of_page(block: Block, language: str) -> list[Block]:
    return [one for one in BLOCKS if (one.page, one.language) == (block.page, language)]


def a_seed(path: Path) -> None:
    """Save a snapshot of two images that everybody sees, with the data directory beside it."""
    path.with_name(f"{path.stem}-data").mkdir(parents=True)
    database = Database()
    for name in ("cirros", "debian"):
        database.image_create(ADMIN, {"name": name, "status": "queued", "visibility": "public"})
    database.save(path)


def environment(directory: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}
    return kept | {
        "HOME": str(directory),  # no clouds.yaml of the developer's own
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(PROJECT),
        "COLUMNS": COLUMNS,
    }


def done(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - what our own pages say
        words,
        cwd=directory,
        env=environment(directory),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def shell(directory: Path, line: str) -> subprocess.CompletedProcess[str]:
    return done(directory, "bash", "-c", line)


# --- Python ------------------------------------------------------------------------------------


def run_script(directory: Path, block: Block) -> None:
    (directory / "script.py").write_text(block.text)
    ended = done(directory, sys.executable, "script.py")
    assert ended.returncode == 0, ended.stdout


def run_tests(directory: Path, block: Block) -> None:
    (directory / "test_page.py").write_text(block.text)
    ended = done(directory, sys.executable, "-m", "pytest", "-q", "test_page.py")
    assert ended.returncode == 0, ended.stdout
    assert f"{block.text.count('def test_')} passed" in ended.stdout


def run_emitted(directory: Path, block: Block) -> None:
    """Compare with what the oracle writes; it fails on its target, and passes on simple_db."""
    target = resolve(FAKE)
    with silence():
        evidence = evidence_of(target, *program(report_of(block).text))
    assert block.text == emitted(evidence, Fixture(FAKE)).text
    (directory / "test_page.py").write_text(block.text)
    test = f"{shlex.quote(sys.executable)} -m pytest -q test_page.py"
    assert "1 failed" in shell(directory, test).stdout
    assert "1 passed" in shell(directory, f"DRIVER=simple_db.api {test}").stdout


# --- what the oracle prints --------------------------------------------------------------------


def report_of(block: Block) -> Block:
    (report,) = (one for one in BLOCKS if one.page == block.page and is_report(one))
    return report


def program(text: str) -> list[Call]:
    """Read the calls that a report, or a drawing of a race, shows."""
    shown = r"^(?: +\d+  |(?:before|lane \d) .*?  )(\w+\(.*?\))(?=$|  )"
    return [parsed(found) for found in re.findall(shown, text, re.MULTILINE)]


def parsed(text: str) -> Call:
    """Read a call as it is shown; what is left out of it is not given."""
    tree = ast.parse(re.sub(r"\.\.\., |, \.\.\.", "", text), mode="eval").body
    assert isinstance(tree, ast.Call)
    function = ast.unparse(tree.func)
    takes = parameters_of(function)
    places = list(tree.args)
    context = ast.unparse(places.pop(0)) if takes.has_context else None
    names = dict(zip((*takes.required, *takes.optional), places, strict=False))
    names |= {str(one.arg): one.value for one in tree.keywords}
    return call(function, context, **{name: ast.literal_eval(one) for name, one in names.items()})


def run_report(_: Path, block: Block) -> None:
    """Make the calls on the reference and Glance's fake, and look for each line in what is told."""
    with silence():
        evidence = evidence_of(resolve(FAKE), *program(block.text))
    place = int(block.text.partition(".")[0])
    paths = [Path(path) for path in re.findall(r"test  (\S+)", block.text)] * place
    result = Result(Request(FAKE), [], [], [evidence] * place, paths=paths)
    console = Console(width=int(COLUMNS), highlight=False)
    with console.capture() as captured:
        terminal.show(result, console)
    told = iter(captured.get().splitlines())
    missing = [line for line in block.text.splitlines() if not any(same(line, one) for one in told)]
    assert missing == []


def run_race(_: Path, block: Block) -> None:
    """Make the calls of the lanes in turn, on a driver that has the fault, and draw them."""
    calls = program(block.text)
    before = block.text.count("before  ")
    race = Race(tuple(calls[:before]), tuple((one,) for one in calls[before:]), ())
    told = drawn(record_in_turn(race, resolve(FAKE))) if before else race_told(race)
    assert same(without_bars(block.text), without_bars(told)), told


def race_told(race: Race) -> str:
    def create(db: Database, context: Any, values: dict[str, Any]) -> Any:
        with db.store.writing() as tables:
            if tables.images.get(values["id"]):
                tables.images.remove(values["id"])
        return db.image_create(context, values)

    history = overlapping(record_in_turn(race, broken_target(image_create=create)))
    why = refusal(history)
    assert why is not None
    names = ", ".join(sorted({one.function for lane in race.lanes for one in lane}))
    return f"Race of {names}\n{Violation(race, history, why, in_turn=False)}"


def overlapping(history: History) -> History:
    """Return the history as if all lanes had begun before any ended."""
    lanes = [
        tuple(evolve(event, invoked=0, responded=9) for event in lane) for lane in history.lanes
    ]
    return evolve(history, lanes=tuple(lanes))


def without_bars(text: str) -> str:
    return re.sub(r" *\[=*\] *", " ", text)


# --- files -------------------------------------------------------------------------------------


def run_register(directory: Path, block: Block) -> None:
    (directory / "divergences.toml").write_text(block.text)
    assert register.read(directory / "divergences.toml")


def run_directive(_: Path, block: Block) -> None:
    """Take what Sphinx reads: `make docs` runs it."""
    assert block.page.startswith("docs/")


def run_snapshot(_: Path, block: Block) -> None:
    """Compare with a snapshot of one image, whose name and id are those of the block."""
    image_id, name, status = re.findall(r'"(?:id|name|status)":"(.+?)"', block.text)
    database = Database()
    values = {"id": image_id.replace("...", "-0"), "name": name, "status": status}
    database.image_create(ADMIN, values)
    assert same(block.text, database.snapshot().decode())


def run_diff(directory: Path, block: Block) -> None:
    """Run each line: what is to be replaced works, and what replaces it."""
    run_script(directory, evolve(block, text=re.sub("^[-+]", "", block.text, flags=re.MULTILINE)))


def run_clouds(directory: Path, block: Block) -> None:
    """Put the file where the clients of the blocks that continue this one look for it."""
    assert yaml.safe_load(block.text).get("clouds"), "it has no clouds"
    (directory / "clouds.yaml").write_text(block.text)


def run_dockerfile(directory: Path, block: Block) -> None:
    """Start the server as the container does, and ask it by the name that others have for it."""
    (command,) = re.findall(r"^CMD (.+)$", block.text, re.MULTILINE)
    words = json.loads(command)
    check(shlex.join(words))
    wheel = f"{distribution.NAME.replace('-', '_')}-{__version__}-py3-none-any.whl"
    assert set(re.findall(r"[\w.-]+\.whl", block.text)) == {wheel}
    with Server(directory, *words[2:]) as server:
        assert server.request("/v2/images", headers={"Host": "glance:9292"})[0] == 200
        assert server.request("/v2/images", headers={"Host": "other:9292"})[0] == 421


# --- commands ----------------------------------------------------------------------------------


def run_session(directory: Path, block: Block) -> None:
    """Run each command, and compare what it prints with what the page shows."""
    for command in session(block.text):
        check(command.line)
        printed = shell(directory, command.line).stdout
        assert same(str(command.output), printed), printed


def run_shell(directory: Path, block: Block) -> None:
    check_extras(block)
    for command in commands(block.text):
        check(command.line)
        line = runnable(command)
        if line is not None:
            ended = shell(directory, line)
            assert ended.returncode in ((1,) if command.fails else (0,)), ended.stdout


def run_clients(directory: Path, block: Block) -> None:
    """Run all lines in one shell, for what one of them exports is for the next."""
    if "curl " in block.text and shutil.which("curl") is None:
        pytest.skip("there is no curl")
    for command in commands(block.text):
        check(command.line)
    ended = shell(directory, f"set -e\n{block.text}")
    assert ended.returncode == 0, ended.stdout


def runnable(command: Command) -> str | None:
    """Return what is run of a command; None if it takes too long, installs or serves.

    A search of the oracle is run for seven seconds; that it finds something is its exit code 1.
    """
    match command.words:
        case ["simple-db", "oracle", *_]:
            return f"{command.line} --budget 7s; test $? = 1"
        case ["simple-db", "snapshot" | "metadefs" | "schema" | "--version", *_]:
            return command.line
        case ["python", "-m", "pytest", path, *_] if not path.startswith("tests"):
            return command.line
        case ["cp" | "ls" | "cat", *_]:
            return command.line
    return None


def check(line: str, *, whole: bool = True) -> None:
    """Check that what a command names is there: the program, its options, files and tests."""
    command = Command(line)
    words = command.words
    for variable in command.variables:
        is_of_clients = variable.startswith("OS_")
        assert is_of_clients or variable in known_variables(), f"{variable} is read by nothing"
    for program, look in CHECKS.items():
        if tuple(words[: len(program.split())]) == tuple(program.split()):
            look(words[len(program.split()) :])
            return
    assert not whole, f"nobody knows the command {line}"


@functools.cache
def known_variables() -> set[str]:
    """Return the variables of the environment that the project reads."""
    text = "".join(
        path.read_text()
        for folder in ("simple_db", "tests")
        for path in (PROJECT / folder).rglob("*.py")
        if path != Path(__file__)
    )
    return set(re.findall(r"""environ(?:\.get\(|\[)["']([A-Z_]+)""", text)) | {"DRIVER"}


def look_at_simple_db(words: list[str]) -> None:
    """Check each word of a command line, of which a page may give alternatives: ``load|unload``."""
    looking: list[click.Command] = [main]
    for word in words:
        if word.startswith("-"):
            there = {name for one in looking for option in one.params for name in option.opts}
            names = {word.partition("=")[0]}
            assert names <= there | {"--help", "--version"}, word
        elif isinstance(looking[0], click.Group) and not word.isupper():
            groups = [one for one in looking if isinstance(one, click.Group)]
            assert set(word.split("|")) <= groups[0].commands.keys(), word
            looking = [groups[0].commands[name] for name in word.split("|")]


def look_at_make(words: list[str]) -> None:
    makefile = (PROJECT / "Makefile").read_text()
    for target in words:
        assert "=" in target or re.search(rf"^{target}:", makefile, re.MULTILINE), target


def look_at_pip(words: list[str]) -> None:
    assert words[0] in ("install", "uninstall", "wheel"), words


def look_at_pytest(words: list[str]) -> None:
    """Check that the files of tests are there, and that a test has a name that ``-k`` takes."""
    paths = [PROJECT / word for word in words if word.startswith("tests")]
    assert all(path.exists() for path in paths), words
    if "-k" in words:
        below = [file for path in paths for file in (path, *path.rglob("test_*.py")) if file.suffix]
        names = {name for file in below for name in (file.stem, *names_in(str(file)))}
        for part in re.findall(r"\w+", words[words.index("-k") + 1]):
            assert part in ("and", "or", "not") or any(part in name for name in names), part


def look_at_module(words: list[str]) -> None:
    """Check that there is the module, and that it knows the options."""
    name, *rest = words
    spec = importlib.util.find_spec(name)
    assert spec is not None, words
    source = Path(str(spec.origin))
    files = source.parent.glob("*.py") if spec.submodule_search_locations else [source]
    text = "".join(path.read_text() for path in files)
    for option in rest:
        assert not option.startswith("-") or f'"{option}"' in text, option


def nothing(_: list[str]) -> None:
    """Take whatever it is: the command is none of ours."""


# The first that fits is that of a command.
OTHERS = ["curl", "docker", "export", "glance", "openstack", "git", "cd", ".", "source", "cp"]
CHECKS: dict[str, Callable[[list[str]], None]] = {
    **dict.fromkeys(["python -m venv", "python -m build", "python -c"], nothing),
    "simple-db": look_at_simple_db,
    "make": look_at_make,
    "pip": look_at_pip,
    "python -m pip": look_at_pip,
    "python -m pytest": look_at_pytest,
    "pytest": look_at_pytest,
    "python -m": look_at_module,
    **dict.fromkeys(OTHERS, nothing),
}

# What a command needs, by what it begins with or names.
EXTRAS = {r"glance\.db|simple-db serve": "server", r"simple-db oracle": "oracle"}


def check_extras(block: Block) -> None:
    """Check that a block which installs extras installs those that its other commands need."""
    lines = [command.line for command in commands(block.text)]
    installed = {
        extra
        for line in lines
        if "pip install" in line
        for found in re.findall(r"\[([\w,]+)\]", line)
        for extra in found.split(",")
    }
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert installed <= project["optional-dependencies"].keys()
    for pattern, extra in EXTRAS.items():
        if installed and any(re.search(pattern, line) for line in lines):
            assert extra in installed


# --- kinds -------------------------------------------------------------------------------------


def is_report(block: Block) -> bool:
    return re.match(r"\d+\. ", block.text) is not None and "  reference  " in block.text


def is_for_clients(block: Block) -> bool:
    return re.match(r"(?:curl|export OS_\w+=.+|glance|openstack)\s", block.text) is not None


# The first that fits is the kind of a block.
KINDS: list[tuple[Callable[[Block], bool], Callable[[Path, Block], None]]] = [
    (lambda block: block.language == "python" and "Fingerprint: " in block.text, run_emitted),
    (lambda block: block.language == "python" and "def test_" in block.text, run_tests),
    (lambda block: block.language == "python", run_script),
    (lambda block: block.language == "toml", run_register),
    (lambda block: block.language == "diff", run_diff),
    (lambda block: block.language == "yaml", run_clouds),
    (lambda block: block.language == "dockerfile", run_dockerfile),
    (lambda block: block.language.startswith("{"), run_directive),
    (lambda block: block.text.startswith("$ "), run_session),
    (lambda block: block.language == "" and block.text.startswith('{"format":'), run_snapshot),
    (lambda block: block.language == "" and is_report(block), run_report),
    (lambda block: block.language == "" and "\nlane 1 " in block.text, run_race),
    (lambda block: block.language == "sh" and is_for_clients(block), run_clients),
    (lambda block: block.language in ("", "sh", "bash"), run_shell),
]


def run(directory: Path, block: Block) -> None:
    """Run a block as its kind is, after the one that it continues; what nobody knows fails."""
    if block.before is not None:
        run(directory, block.before)
    for fits, run_it in KINDS:
        if fits(block):
            run_it(directory, block)
            return
    pytest.fail(f"{block} is of no kind that is known")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server")) as running:
        yield running


def moved(block: Block, address: str) -> Block:
    """Return a block, and those before it, with the address of a server that is there."""
    before = block.before and moved(block.before, address)
    return evolve(block, text=block.text.replace(HERE, address), before=before)


@EVERY_BLOCK
def test_a_block_works_as_it_is_printed(
    request: pytest.FixtureRequest, tmp_path: Path, block: Block
) -> None:
    prepared(tmp_path, block)
    if needs_server(block):
        url = request.getfixturevalue("server").url
        block = moved(block, url.removeprefix("http://"))
    run(tmp_path, block)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_a_command_in_a_line_names_what_is_there(page: Path) -> None:
    for line in commands_in_lines(page):
        check(line)


@pytest.mark.parametrize(
    ("language", "text", "why"),
    [
        ("python", "from simple_db import Nothing\n", "cannot import name 'Nothing'"),
        ("python", "def test_a(nothing):\n    pass\n", "fixture 'nothing' not found"),
        ("toml", "[[nothing]]\n", "must have tables"),
        ("", "simple-db levitate\n", "levitate"),
        ("", "simple-db schema --nothing\n", "--nothing"),
        ("", "make nothing\n", "nothing"),
        ("", "frobnicate\n", "nobody knows the command frobnicate"),
        ("", "NOTHING=1 python -m pytest tests\n", "NOTHING is read by nothing"),
        ("", "python -m pytest tests/test_nothing.py\n", "test_nothing"),
        ("", "python -m pytest tests/operations/test_tags.py -k no_such_test\n", "no_such_test"),
        ("", "python -m tests.conformance --nothing\n", "--nothing"),
        ("", "python -m tests.nothing\n", "tests.nothing"),
        ("", "pip install 'x[oracle]'\nsimple-db oracle glance.db.simple.api\n", "server"),
        ("", "pip install 'x[nothing]'\n", "nothing"),
        ("", "$ simple-db --version\nsimple-db, or so\n", "or so"),
        ("", '{"format":"simple_db","id":"1","name":"a","status":"queued"\n', "False = same("),
        ("sh", "curl -fsS http://127.0.0.1:1/\n", "curl"),
        ("diff", "-import nothing_at_all\n", "No module named 'nothing_at_all'"),
        ("yaml", "nothing: {}\n", "has no clouds"),
        ("dockerfile", 'CMD ["simple-db", "levitate"]\n', "levitate"),
        ("cobol", "STOP RUN.\n", "is of no kind that is known"),
    ],
)
def test_a_block_that_does_not_work_is_found(
    tmp_path: Path, language: str, text: str, why: str
) -> None:
    failures = (AssertionError, RegisterError, pytest.fail.Exception)
    with pytest.raises(failures, match=re.escape(why)):
        run(tmp_path, Block("page", 1, language, text))


@pytest.mark.glance
@pytest.mark.parametrize(
    ("mark", "right", "wrong"),
    [
        (" reference  raises", "raises Forbidden: Image", "raises Forbidden: No image"),
        ("lane 1    []", "returned None", "raised Duplicate"),
        ("Race of", "raised Duplicate", "raised Forbidden"),
        ("Fingerprint: ", "status", "statue"),
    ],
)
def test_a_block_that_shows_something_else_is_found(
    tmp_path: Path, mark: str, right: str, wrong: str
) -> None:
    (block, *_) = (one for one in BLOCKS if mark in one.text and one.page.startswith("docs/"))
    assert right in block.text
    run(tmp_path, block)
    with pytest.raises(AssertionError):
        run(tmp_path, evolve(block, text=block.text.replace(right, wrong)))


@pytest.mark.parametrize(
    ("shown", "printed", "is_so"),
    [
        ("a b", "a\n  b\n", True),
        ("a ... c", "a b\nb c", True),
        ("{'a': 1, ...}", "{'a': 1}", True),
        ("written by simple_db 0.0.9", "written by simple_db 1.2.3", True),
        ("a", "a b", False),
        ("a ... c", "a b", False),
        ("a.b", "axb", False),
    ],
)
def test_what_is_shown_is_what_was_printed_but_for_what_is_left_out(
    shown: str, printed: str, is_so: bool
) -> None:
    assert same(shown, printed) is is_so
