from __future__ import annotations

import email
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt
from packaging.requirements import Requirement

import simple_db
from simple_db.installed import distribution
from tests.support.serving import BIN, PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

    from markdown_it.token import Token

OLD = distribution.NAMESAKE

# To install it by its old name, or to name an extra of that.
MISLEADING = re.compile(
    rf"\b(?:pip|pipx|uv)\b[^\n`]*\b(?:install|add|download)\b[^\n`]*(?<![\w-]){OLD}(?![\w-])"
    rf"|(?<![\w-]){OLD}\["
    rf"|^name = .{OLD}\b",
    re.MULTILINE,
)

# What README.md and CONTRIBUTING.md name as files of the project, and run as its modules.
FILES = re.compile(r"\b(?:benchmarks|docs|simple_db|tests)/[\w./-]*\w|\b(?:[A-Z]+\.md|Makefile)\b")
MODULES = re.compile(r"python -m ((?:benchmarks|simple_db|tests)[\w.]*)")


# Coverage measures a process by its environment, and is to measure none of a copy of the package.
OURS = {**os.environ, "PYTHONPATH": str(PROJECT)}


def run(
    *command: str | Path, env: dict[str, str] | None = None, cwd: Path = PROJECT
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own code
        command, check=False, capture_output=True, cwd=cwd, env=env or OURS, text=True
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a directory with the wheel, and with `source`, the files of the source distribution.

    They are built, unless `make build` has built them and says where.
    """
    directory = tmp_path_factory.mktemp("dist")
    if "DISTRIBUTIONS" in os.environ:
        shutil.copytree(PROJECT / os.environ["DISTRIBUTIONS"], directory, dirs_exist_ok=True)
    else:
        done = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", directory, PROJECT)
        assert done.returncode == 0, done.stdout + done.stderr
    (archive,) = directory.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        files.extractall(directory, filter="data")
    (directory / archive.name.removesuffix(".tar.gz")).rename(directory / "source")
    return directory


@pytest.fixture
def source(built: Path) -> Path:
    return built / "source"


@pytest.fixture
def site(built: Path, tmp_path: Path) -> Path:
    """Give a directory in which the wheel is installed."""
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        files.extractall(tmp_path)  # noqa: S202 - our own archive
    return tmp_path


@pytest.fixture
def described(site: Path) -> Message:
    """Give the metadata of the wheel."""
    (file,) = site.glob("*.dist-info/METADATA")
    return email.message_from_string(file.read_text())


@pytest.fixture
def page(described: Message) -> str:
    """Give what an index would show of the package."""
    text = described.get_payload()
    assert isinstance(text, str)
    return text


def tokens(text: str) -> Iterator[Token]:
    for token in MarkdownIt().enable("table").parse(text):
        yield token
        yield from token.children or ()


def code(text: str) -> list[str]:
    return [token.content for token in tokens(text) if token.type in {"fence", "code_block"}]


# --- the module ------------------------------------------------------------------------------


def test_the_package_has_what_it_says() -> None:
    for name in simple_db.__all__:
        assert getattr(simple_db, name) is not None
        assert name in dir(simple_db)


def test_what_the_package_does_not_have_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'simple_db' has no attribute 'nothing'"):
        _ = simple_db.nothing  # type: ignore[attr-defined]  # mypy sees it too


@pytest.mark.parametrize("module", ["glance", "oracle", "pytest_plugin"])
def test_a_module_that_is_not_imported_yet_is_told_to_be(module: str) -> None:
    code = f"import simple_db; simple_db.{module}"
    done = run(sys.executable, "-c", code)
    assert done.stderr.endswith(f" before `import simple_db.{module}`\n")


def test_the_plugin_without_pytest_says_to_install_it() -> None:
    code = "import sys; sys.modules['pytest'] = None; import simple_db.pytest_plugin"
    done = run(sys.executable, "-c", code)
    assert done.stderr.endswith("needs pytest, which is not installed: pip install pytest\n")


def test_the_command_line_is_there_before_the_rest_is_imported() -> None:
    code = """
import sys
import simple_db.cli.main
print(sorted(name for name in sys.modules if name.startswith(("simple_db", "attr", "orjson"))))
from simple_db import Database
print(simple_db.Database is Database, simple_db.errors.__name__)
"""
    done = run(sys.executable, "-c", code)
    loaded, attributes = done.stdout.splitlines()
    assert loaded == "['simple_db', 'simple_db.cli', 'simple_db.cli.console', 'simple_db.cli.main']"
    assert attributes == "True simple_db.model.errors"


@pytest.mark.parametrize(
    "arguments",
    [
        *([], ["--help"], ["snapshot"], ["serve", "--help"], ["levitate"]),
        *(["serve", "--port", "many"], ["snapshot", "check", "missing.json"], ["oracle"]),
    ],
)
def test_as_a_module_the_command_does_the_same_and_its_usage_says_how_it_was_called(
    arguments: list[str],
) -> None:
    script = run(BIN / "simple-db", *arguments)
    module = run(sys.executable, "-m", "simple_db", *arguments)

    usage = script.stdout.replace("Usage: simple-db", "Usage: python -m simple_db")
    assert (module.returncode, module.stdout, module.stderr) == (
        script.returncode,
        usage,
        script.stderr,
    )
    assert script.stdout + script.stderr


# --- the distribution ------------------------------------------------------------------------


def test_the_distribution_has_the_name_and_version_that_the_package_says(
    described: Message,
) -> None:
    assert described["Name"] == distribution.NAME
    assert described["Version"] == simple_db.__version__


@pytest.mark.parametrize("version", ["31.0.0", "33.0.0", "34.0.0.dev12", "99.0.0"])
def test_every_glance_that_can_be_there_is_good_enough_for_the_server_extra(
    described: Message, version: str
) -> None:
    needed = [Requirement(line) for line in described.get_all("Requires-Dist", [])]
    (glance,) = [requirement for requirement in needed if requirement.name == "glance"]

    assert glance.specifier.contains(version, prereleases=True)
    assert glance.marker
    assert glance.marker.evaluate({"extra": "server"})
    assert not glance.marker.evaluate({"extra": "oracle"})


def test_the_page_of_the_package_links_to_nothing_that_is_not_there(page: str) -> None:
    links = [
        str(token.attrs.get("href") or token.attrs.get("src"))
        for token in tokens(page)
        if token.type in {"link_open", "image"}
    ]
    assert [link for link in links if not re.match("https?://", link)] == []
    assert "](docs/" in (PROJECT / "README.md").read_text()


def test_the_page_of_the_package_names_the_files_that_the_readme_links_to(
    source: Path, page: str
) -> None:
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", (PROJECT / "README.md").read_text())
    assert [link for link in links if f"`{link}`" not in page] == []
    assert [link for link in links if not (source / link).exists()] == []


def test_the_page_of_the_package_has_the_code_of_the_readme(page: str) -> None:
    assert code(page) == code((PROJECT / "README.md").read_text())


def test_where_another_project_has_overwritten_a_file_the_command_names_it(site: Path) -> None:
    (site / "simple_db/__init__.py").write_text("")
    (site / "simple_db-1.0.dist-info").mkdir()
    (site / "simple_db-1.0.dist-info/METADATA").write_text(f"Name: {OLD}\nVersion: 1.0\n")

    theirs = {"PYTHONPATH": str(site)}
    shown = run(sys.executable, "-m", "simple_db", "--version", env=theirs, cwd=site)
    refused = run(sys.executable, "-m", "simple_db", "schema", env=theirs, cwd=site)

    assert shown.returncode == 0
    assert f" from {site / 'simple_db'} " in shown.stdout
    assert f"simple-db: warning: {OLD} 1.0 is installed in {site} too" in shown.stderr
    assert f"not as they were installed: {site / 'simple_db/__init__.py'}. " in shown.stderr
    assert (refused.returncode, refused.stderr) == (2, shown.stderr)


def test_an_index_would_take_both_distributions(built: Path) -> None:
    archives = [*built.glob("*.whl"), *built.glob("*.tar.gz")]
    done = run(sys.executable, "-m", "twine", "check", "--strict", *archives)

    assert len(archives) == 2
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("archive", ["*.whl", "*.tar.gz"])
def test_what_either_distribution_installs_is_the_package_alone(
    built: Path, tmp_path: Path, archive: str
) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    done = run(*pip, "--no-compile", "--target", tmp_path, *built.glob(archive))
    assert done.returncode == 0, done.stderr

    ours = {*(built / "source/simple_db").rglob("*")}
    package = {path.relative_to(built / "source") for path in ours if path.is_file()}
    installed = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    described = {path for path in installed if path.parts[0].endswith(".dist-info")}
    assert installed - described == package | {Path("bin/simple-db")}
    assert Path("simple_db/py.typed") in package


# --- the source distribution -----------------------------------------------------------------


def test_the_source_distribution_has_every_file_of_the_repository(source: Path) -> None:
    if not (PROJECT / ".git").exists():
        pytest.skip("this is no clone: there is no list of the files of the repository")
    listed = run("git", "ls-files").stdout.splitlines()

    assert listed
    assert [name for name in listed if not (source / name).exists()] == []


@pytest.mark.parametrize("target", ["build", "check", "docs", "run", "test"])
def test_in_the_source_distribution_make_has_all_that_it_needs(source: Path, target: str) -> None:
    done = run("make", "--dry-run", target, cwd=source)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_the_source_distribution_has_what_its_pages_name(source: Path, name: str) -> None:
    text = (source / name).read_text()
    modules = [name.replace(".", "/") for name in MODULES.findall(text)]
    files = FILES.findall(text)

    assert files
    assert modules
    assert [name for name in files if not (source / name).exists()] == []
    assert [
        name
        for name in modules
        if not (source / f"{name}.py").exists() and not (source / name / "__main__.py").exists()
    ] == []


def test_nothing_in_the_source_distribution_installs_by_the_old_name(source: Path) -> None:
    texts = {
        path.relative_to(source): path.read_text() for path in source.rglob("*") if path.is_file()
    }
    assert Path("README.md") in texts
    assert {
        name: found[0] for name, text in texts.items() if (found := MISLEADING.search(text))
    } == {}


@pytest.mark.parametrize(
    ("text", "misleads"),
    [
        (f"pip install {OLD}", True),
        (f"pip install -U '{OLD}[cli]'", True),
        (f"python -m pip install --user {OLD}==0.1", True),
        (f"uv add {OLD}", True),
        (f'server = ["{OLD}[cli]"]', True),
        (f'[project]\nname = "{OLD}"', True),
        (f"pip install 'glance-{OLD}[cli]'", False),
        (f"pip uninstall {OLD}", False),
        (f"`pip install -e .`, and then `{OLD} serve`", False),
    ],
)
def test_what_installs_by_the_old_name_is_seen(text: str, misleads: bool) -> None:
    assert bool(MISLEADING.search(text)) is misleads
