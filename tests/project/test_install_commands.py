"""The commands that the pages give, run by pip beside a Glance of the developer's own."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import venv
from typing import TYPE_CHECKING

import pytest

from tests.support.serving import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

PAGES = [*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")]
COMMANDS = sorted(
    {
        command
        for page in PAGES
        for command in re.findall(
            r"(?:^    |`)(pip install [^`\n]+)", page.read_text(), re.MULTILINE
        )
    }
)
GLANCE = "34.0.0.dev12"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the Python of an environment in which Glance is a checkout of the developer's."""
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment, symlinks=True)
    (site,) = environment.glob("lib/python*/site-packages")
    info = site / f"glance-{GLANCE}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: glance\nVersion: {GLANCE}\n")
    (info / "RECORD").write_text("")
    origin = {"url": environment.as_uri(), "dir_info": {"editable": True}}
    (info / "direct_url.json").write_text(json.dumps(origin))
    return environment / "bin" / "python"


def installed_by(python: Path, arguments: list[str], directory: Path) -> set[str]:
    """Return the names of what pip would install, or replace."""
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    done = subprocess.run(  # noqa: S603 - our own code
        [*pip, "--dry-run", "--report", "-", *arguments],
        check=True,
        capture_output=True,
        cwd=directory,
        text=True,
    )
    return {each["metadata"]["name"] for each in json.loads(done.stdout)["install"]}


@pytest.fixture(scope="module")
def checkout(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a checkout in which the wheel has been made."""
    try:
        installed_by(python, ["hatchling"], PROJECT)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"pip reaches no package index: {error.stderr}")
    directory = tmp_path_factory.mktemp("checkout")
    names = ["simple_db", "pyproject.toml", "README.md", "LICENSE"]
    for path in [PROJECT / name for name in names]:
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, directory / path.name)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    subprocess.run(build, check=True, capture_output=True, cwd=directory)  # noqa: S603 - our own
    return directory


def test_the_pages_say_how_to_install_from_a_checkout_and_from_a_wheel() -> None:
    assert any(command.startswith("pip install -e ") for command in COMMANDS)
    assert any(".whl[" in command for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_pages_keeps_the_glance_that_is_there(
    python: Path, checkout: Path, command: str
) -> None:
    installed = installed_by(python, shlex.split(command)[2:], checkout)
    assert {"glance-simple-db", "waitress"} <= installed
    assert "glance" not in installed
