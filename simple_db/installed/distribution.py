"""The distribution that simple_db is installed from, and the command that installs an extra.

Package indexes have another project, whose distribution is called simple-db and whose module is
called simple_db. So no message names an index, and `problems` reports the other project if it is
installed, too. This module needs nothing but Python's own library.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import importlib.util
import json
import platform
import shlex
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from simple_db.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "glance-simple-db"
NAMESAKE = "simple-db"

_WHEEL = f"glance_simple_db-{__version__}-py3-none-any.whl"
_AGAIN = "--force-reinstall --no-deps "
"""Options of pip, which otherwise skips what is recorded as installed, even if files are gone."""


def description() -> str:
    """Return the distribution, its version, the path of its module and the version of Python."""
    place = Path(__file__).parents[1]
    return f"{NAME} {__version__} from {place} (Python {platform.python_version()})"


def needs(what: str, extra: str) -> str:
    """Return the message that something needs an extra, with the command that installs it."""
    return f"{what} needs the {extra} extra: {how_to_install(extra)}"


def how_to_install(extra: str) -> str:
    """Return the shell command that adds an extra to simple_db as it is installed here.

    If it is not recorded where simple_db was installed from, it is a command for each possibility.
    """
    return _install(f"[{extra}]")


def problems() -> list[str]:
    """Return what is wrong with the installation, and what to do about each problem."""
    return [*_namesake(), *_changed_files()]


def _namesake() -> Iterator[str]:
    try:
        found = metadata.distribution(NAMESAKE)
    except metadata.PackageNotFoundError:
        return
    yield (
        f"{NAMESAKE} {found.version} is installed in {found.locate_file('')} too: another project, "
        f"or a former name of this one, with a module of the same name. Remove it, and "
        f"then install {NAME} again:\n"
        f"  {_pip()} uninstall {NAMESAKE}\n"
        f"  {_install('', _AGAIN)}"
    )


def _changed_files() -> Iterator[str]:
    changed = [str(path) for path, hashed in _recorded_files() if not _is_as_recorded(path, hashed)]
    if changed:
        yield (
            f"files of {NAME} are missing or not as they were installed: {', '.join(changed)}. "
            f"Install it again:\n"
            f"  {_install('', _AGAIN)}"
        )


def _recorded_files() -> Iterator[tuple[Path, str]]:
    """Give our files with hashes; `Distribution.files` omits missing ones."""
    found = _ours()
    if found is None:
        return
    for name, hashed, _size in csv.reader((found.read_text("RECORD") or "").splitlines()):
        if hashed:
            yield Path(str(found.locate_file(name))), hashed


def _is_as_recorded(path: Path, hashed: str) -> bool:
    method, _, expected = hashed.partition("=")
    try:
        digest = hashlib.new(method, path.read_bytes()).digest()
    except OSError:
        return False
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == expected


def _install(extra: str, options: str = "") -> str:
    source = _source(extra)
    if source is not None:
        return f"{_pip()} install {options}{source}"
    return (
        f"pip install {options}-e {shlex.quote(f'.{extra}')} in a checkout of simple_db, "
        f"or pip install {options}{shlex.quote(f'{_WHEEL}{extra}')} where its wheel is"
    )


def _pip() -> str:
    """Return the command for the pip of this Python; `pip` in a shell may be another one's."""
    if sys.executable and importlib.util.find_spec("pip"):
        return f"{shlex.quote(sys.executable)} -m pip"
    return "pip"


def _source(extra: str) -> str | None:
    """Return the argument of pip for an extra of the recorded origin of simple_db, or None.

    The origin is a directory, an archive, or a URL of either, as installers record it (PEP 610).
    """
    origin = _origin()
    url = origin.get("url", "")
    if "vcs_info" in origin:
        vcs = origin["vcs_info"]
        return shlex.quote(f"{NAME}{extra} @ {vcs['vcs']}+{url}@{vcs['commit_id']}")
    if not url.startswith("file:"):
        return shlex.quote(f"{NAME}{extra} @ {url}") if url else None
    path = Path(unquote(urlsplit(url).path))
    if not _can_be_seen(path):
        return None
    editable = "-e " if origin.get("dir_info", {}).get("editable") else ""
    return editable + shlex.quote(f"{path}{extra}")


def _can_be_seen(path: Path) -> bool:
    try:
        path.stat()
    except OSError:
        return False
    return True


def _origin() -> dict[str, Any]:
    found = _ours()
    text = found.read_text("direct_url.json") if found else None
    origin: dict[str, Any] = json.loads(text) if text else {}
    return origin


def _ours() -> metadata.Distribution | None:
    try:
        return metadata.distribution(NAME)
    except metadata.PackageNotFoundError:
        return None
