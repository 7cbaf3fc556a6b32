"""The command ``simple-db serve``: starts the server, and prints where it is and how to use it.

Glance is imported when the command runs, so that the other commands work without it.
"""

from __future__ import annotations

import contextlib
import shlex
import shutil
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import click

import simple_db
from simple_db.cli import console, options, reading
from simple_db.installed import glance_release
from simple_db.model.errors import SimpleDBError, SnapshotError
from simple_db.persistence import files

if TYPE_CHECKING:
    from simple_db import Database
    from simple_db.glance.server import Settings, Started
    from simple_db.persistence.database_file import SaveMode

_FAILED = 1

_EXAMPLES = """\b
Examples:
  simple-db serve
  simple-db serve --port 0 --snapshot try.json
  simple-db serve --snapshot dev/glance.json --data-dir dev

\b
Who calls is what the X-Auth-Token of a request says, unchecked:
  no token              an administrator
  alice:demo:member     user alice with the role member in project demo
  bob:demo:reader       user bob, who may only look
"""


@click.command(epilog=_EXAMPLES)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=9292,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="TCP port; 0 picks a free one.",
)
@options.snapshot_file(
    "JSON file of the records: loaded at the start if it exists, saved as --save says."
)
@click.option(
    "--data-dir",
    type=options.DIRECTORY,
    help=(
        "Directory of the image data; move and copy it together with the snapshot.  "
        "[default: beside it, NAME-data for NAME.json]"
    ),
)
@click.option(
    "--allow-remote",
    is_flag=True,
    help="Listen on an address that other machines reach, without any authentication.",
)
@click.option(
    "--save",
    default="interval",
    show_default=True,
    type=click.Choice(["exit", "interval", "always"]),
    help=(
        "When the records are saved: at the stop; also while they change; or each change before "
        "its request is answered, so that a kill loses nothing."
    ),
)
@click.option(
    "--save-interval",
    default=5.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds between two saves while records change.",
)
@click.option(
    "--threads",
    default=8,
    show_default=True,
    type=click.IntRange(1, 200),  # more would wait: there are at most so many connections
    help="How many requests are answered at the same time.",
)
@click.option(
    "--download-from",
    metavar="HOST",
    multiple=True,
    help=(
        "Host that web-download may import from, on any port; can be given several times.  "
        "[default: this machine; with --allow-remote ports 80 and 443 of every host but this one]"
    ),
)
@click.option(
    "--allow-host",
    metavar="NAME",
    multiple=True,
    help=(
        "Name or address by which clients may reach the server, besides --host and those of "
        "loopback; can be given several times."
    ),
)
@click.option(
    "--allow-origin",
    metavar="ORIGIN",
    multiple=True,
    help=(
        "Origin, as http://localhost:3000, whose web pages may do what programs may; can be "
        "given several times.  [default: no page of another server changes or reads anything]"
    ),
)
@options.max_bytes
def serve(
    host: str,
    port: int,
    snapshot: Path,
    data_dir: Path | None,
    allow_remote: bool,
    save: SaveMode,
    save_interval: float,
    threads: int,
    download_from: tuple[str, ...],
    allow_host: tuple[str, ...],
    allow_origin: tuple[str, ...],
    max_bytes: int,
) -> int:
    """Serve a real OpenStack Glance API, for development.

    The application is Glance's own. Its records are in memory and in one JSON file, the data of
    the images are files in a directory. There is no database server, no keystone and no login.
    Ctrl-C stops the server, and the next start has everything again. The stop waits up to 10
    seconds for imports to end; a second Ctrl-C ends them at once.

    There are two stores, images (the default) and spare, and three ways to import: web-download,
    glance-direct and copy-image. What is downloaded is copied to a cache, which /v2/cache shows
    and clears. Nothing is imported from the server itself.

    A request for another host is answered 421, a change by a web page of another origin 403. At
    most 200 connections are open; for the next one, the one that has been silent for longest, or is
    the slowest, is closed. So is one without traffic for 60 seconds, and one that has not sent the
    headers of a request after 20.
    """
    try:
        with warnings.catch_warnings(), console.interruptible():
            # Modules that Glance imports warn about changes in later versions of Python.
            warnings.simplefilter("ignore")
            from simple_db.glance import server, stopping  # noqa: PLC0415 - Glance may be missing
    except glance_release.GlanceLacksError as error:
        return console.refuse(str(error))
    except ModuleNotFoundError:
        return console.refuse_without_extra("serve", "server")
    if untried := glance_release.untried():
        console.warn(untried)
    settings = server.Settings(
        host=host,
        port=port,
        snapshot=snapshot.absolute(),
        data_dir=(data_dir or snapshot.with_name(f"{snapshot.stem}-data")).absolute(),
        allow_remote=allow_remote,
        save=save,
        save_interval=save_interval,
        threads=threads,
        download_from=download_from,
        allow_hosts=allow_host,
        allow_origins=allow_origin,
        max_bytes=max_bytes,
    )
    code = _serve(settings)
    stopping.end_process(code)
    return code


def _serve(settings: Settings) -> int:
    """Serve until a signal ends it, print how it ended, and return the exit code."""
    from simple_db.glance import server  # noqa: PLC0415 - as above

    try:
        with contextlib.ExitStack() as until_up:
            progress = until_up.enter_context(reading.progress(settings.snapshot))

            def announce(started: Started) -> None:
                until_up.close()
                _announce(settings, started)

            database = server.serve(settings, announce, progress)
    except server.StartError as error:
        return console.refuse(str(error))
    except SystemExit as stopped:
        return console.refuse("stopped", int(stopped.code or 0))
    except SimpleDBError as error:
        return console.refuse(f"snapshot {settings.snapshot} is not saved: {error}", _FAILED)
    with contextlib.suppress(OSError):  # the terminal may be closed
        snapshot = console.safe(str(settings.snapshot))
        click.echo(f"Stopped; saved in {snapshot}: {_rows(database)}")
    return 0


def _announce(settings: Settings, started: Started) -> None:
    lines = [
        f"Glance API on {click.style(started.url, bold=True)} (Ctrl-C stops it)",
        f"  records     {console.safe(str(settings.snapshot))}",
        f"              {_loaded(started)}",
        f"              saved {_when_saved(settings)}",
        f"  metadefs    once it is stopped: {console.printable(_load_command(settings.snapshot))}",
        f"  image data  {console.safe(str(settings.data_dir))}",
        *(f"              {line}" for line in started.lost),
        "  who calls   X-Auth-Token: user:project:role1,role2; without it, an administrator",
        "",
        f"Try{_where_the_client_is()}:",
        *(f"  {command}" for command in _commands_to_try(started.url)),
    ]
    click.echo("\n".join(lines))


def _loaded(started: Started) -> str:
    opened = started.opened
    if opened.fresh:
        return "new: there was no such file"
    calls = f"; the last {opened.calls} calls from its journal" if opened.calls else ""
    torn = "; its last call was not written to the end and is left out" if opened.torn else ""
    return f"loaded: {_rows(started.database)}{calls}{torn}"


def _rows(database: Database) -> str:
    counts = [f"{count} {table}" for table, count in database.counts().items() if count]
    return ", ".join(counts) or "no rows"


def _when_saved(settings: Settings) -> str:
    return {
        "exit": "at the stop",
        "interval": f"at the stop, and every {settings.save_interval:g} s if changed",
        "always": "with every change, before its request is answered",
    }[settings.save]


def _commands_to_try(url: str) -> list[str]:
    """Return three shell commands: create an image, list as administrator, list as alice."""
    administrator = f"{_client()} --os-auth-type none --os-endpoint {url}"
    alice = f"{_client()} --os-auth-type admin_token --os-token alice:demo:member"
    image = f"--public --disk-format raw --container-format bare --file {_some_file()} hello"
    return [
        f"{administrator} image create {image}",
        f"{administrator} image list",
        f"{alice} --os-endpoint {url}/v2 image list",
    ]


def _load_command(snapshot: Path) -> str:
    """Return the shell command that loads Glance's metadata definitions into this snapshot."""
    glances = Path(sys.prefix) / "etc" / "glance" / "metadefs"
    directory = _as_typed(glances) if _exists(glances) else "DIRECTORY"
    return f"{_program('simple-db')} metadefs load {directory} --snapshot {_as_typed(snapshot)}"


def _where_the_client_is() -> str:
    """Return which package has the client, if it is not installed."""
    installed = _client() != "openstack" or shutil.which("openstack")
    return "" if installed else " (openstack is in the package python-openstackclient)"


def _client() -> str:
    return _program("openstack")


def _program(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    return _as_typed(beside) if _exists(beside) else name


def _some_file() -> str:
    readme = Path.cwd() / "README.md"
    return _as_typed(readme if _exists(readme) else Path(simple_db.__file__))


def _exists(path: Path) -> bool:
    """Return whether a file exists; one that cannot be looked at is not proposed."""
    try:
        return files.exists(path)
    except SnapshotError:
        return False


def _as_typed(path: Path) -> str:
    """Return the path for a shell: relative if the environment is in the working directory."""
    if Path(sys.prefix).parent == Path.cwd() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return shlex.quote(str(path))
