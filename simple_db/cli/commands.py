"""The commands of ``simple-db``, for people: options, what they say, exit codes."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import click

import simple_db
from simple_db.cli import file_commands, options
from simple_db.cli.console import (
    INTERRUPTED,
    interruptible,
    refuse,
    refuse_without_extra,
    show_version,
)
from simple_db.cli.oracle import oracle
from simple_db.cli.snapshot import commands as snapshot_commands
from simple_db.installed import glance_release
from simple_db.model.wording import in_options
from simple_db.persistence import files

if TYPE_CHECKING:
    from simple_db.glance.server import Settings, Started
    from simple_db.persistence.database_file import SaveMode

_FAILED = 1

_SERVE_EXAMPLES = """\b
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


def run(arguments: list[str] | None = None, program: str = "simple-db") -> int:
    """Run a command line, by default that of the process, and return its exit code."""
    try:
        code = main.main(arguments, prog_name=program, standalone_mode=False)
    except click.Abort:
        return refuse("stopped", INTERRUPTED)
    except click.ClickException as error:
        return refuse(in_options(error.format_message()), error.exit_code)
    return code if isinstance(code, int) else 0


def _show_version(context: click.Context, _option: click.Parameter, asked: bool) -> None:
    if asked:
        show_version()
        context.exit()


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version, where simple_db is installed, and what is wrong with that.",
)
@click.pass_context
def main(context: click.Context) -> None:
    """The OpenStack Glance database API in memory, and a Glance API server on it."""
    if "NO_COLOR" in os.environ:
        context.color = False
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


main.add_command(file_commands.metadefs)
main.add_command(file_commands.draw_schema)
main.add_command(oracle)
main.add_command(snapshot_commands.group)


@main.command(epilog=_SERVE_EXAMPLES)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=9292,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="TCP port; 0 picks a free one.",
)
@options.snapshot_file(
    "JSON file of the records: loaded at the start if it is there, saved as --save says."
)
@click.option(
    "--data-dir",
    type=options.DIRECTORY,
    help=(
        "Directory of the image data, which moves and copies with the snapshot.  "
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
        "its request is answered, so that it outlives a kill."
    ),
)
@click.option(
    "--save-interval",
    default=5.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds between two saves while something changes.",
)
@click.option(
    "--threads",
    default=8,
    show_default=True,
    type=click.IntRange(min=1),
    help="Requests that are answered at the same time.",
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
        "Name or address under which clients may reach the server, besides --host and those of "
        "loopback; can be given several times."
    ),
)
@click.option(
    "--allow-origin",
    metavar="ORIGIN",
    multiple=True,
    help=(
        "Origin, as http://localhost:3000, whose web pages may do all that a program may; can be "
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

    Glance's own application answers; its records are in memory and in one JSON file, the data of
    the images are files in a directory. There is no database server, no keystone and no login.
    Ctrl-C stops it, and everything is there again when it is started the next time. It waits up to
    10 seconds for imports to end; a second Ctrl-C ends them at once.

    There are two stores, images (the default) and spare, and three ways to import: web-download,
    glance-direct and copy-image. What is downloaded is copied to a cache, which /v2/cache shows
    and clears. Nothing is imported from the server itself.

    A request for another host is 421, and a change by a web page of another origin is 403. At most
    200 connections are open; the one that is silent for longest, or the slowest, makes room for the
    next. One on which nothing moves for 60 seconds is closed; the headers of a request have 20.
    """
    try:
        with warnings.catch_warnings(), interruptible():
            # Modules that Glance imports warn of what they will lose in coming Pythons.
            warnings.simplefilter("ignore")
            from simple_db.glance import server, stopping  # noqa: PLC0415 - Glance may not be there
    except glance_release.GlanceLacksError as error:
        return refuse(str(error))
    except ModuleNotFoundError:
        return refuse_without_extra("serve", "server")
    if untried := glance_release.untried():
        refuse(untried)
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
    """Serve until a signal comes, say how it ended, and return the exit code."""
    from simple_db.glance import server  # noqa: PLC0415 - as above

    try:
        with contextlib.ExitStack() as until_up:
            progress = until_up.enter_context(snapshot_commands.progress(settings.snapshot))

            def announce(started: Started) -> None:
                until_up.close()
                _announce(settings, started)

            database = server.serve(settings, announce, progress)
    except server.StartError as error:
        return refuse(in_options(str(error)))
    except SystemExit as stopped:
        return refuse("stopped", int(stopped.code or 0))
    except simple_db.model.errors.SimpleDBError as error:
        return refuse(in_options(f"snapshot {settings.snapshot} is not saved: {error}"), _FAILED)
    with contextlib.suppress(OSError):  # the terminal may be closed
        click.echo(f"Stopped; saved in {settings.snapshot}: {_rows(database)}")
    return 0


def _announce(settings: Settings, started: Started) -> None:
    lines = [
        f"Glance API on {click.style(started.url, bold=True)} (Ctrl-C stops it)",
        f"  records     {settings.snapshot}",
        f"              {_loaded(started)}",
        f"              saved {_when_saved(settings)}",
        f"  metadefs    once it is stopped: {_load_command(settings.snapshot)}",
        f"  image data  {settings.data_dir}",
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
    torn = "; a call that was not written to its end is left out" if opened.torn else ""
    return f"loaded: {_rows(started.database)}{calls}{torn}"


def _rows(database: simple_db.Database) -> str:
    told = [f"{count} {table}" for table, count in database.counts().items() if count]
    return ", ".join(told) or "no rows"


def _when_saved(settings: Settings) -> str:
    return {
        "exit": "at the stop",
        "interval": f"at the stop, and every {settings.save_interval:g} s if changed",
        "always": "with every change, before its request is answered",
    }[settings.save]


def _commands_to_try(url: str) -> list[str]:
    """Return three lines for a shell: make an image, list as administrator, list as alice."""
    administrator = f"{_client()} --os-auth-type none --os-endpoint {url}"
    alice = f"{_client()} --os-auth-type admin_token --os-token alice:demo:member"
    image = f"--public --disk-format raw --container-format bare --file {_some_file()} hello"
    return [
        f"{administrator} image create {image}",
        f"{administrator} image list",
        f"{alice} --os-endpoint {url}/v2 image list",
    ]


def _load_command(snapshot: Path) -> str:
    """Return the line for a shell that loads Glance's metadata definitions into this snapshot."""
    glances = Path(sys.prefix) / "etc" / "glance" / "metadefs"
    directory = _as_typed(glances) if _is_there(glances) else "DIRECTORY"
    return f"{_program('simple-db')} metadefs load {directory} --snapshot {_as_typed(snapshot)}"


def _where_the_client_is() -> str:
    """Return which package has the client, where it is not installed."""
    is_there = _client() != "openstack" or shutil.which("openstack")
    return "" if is_there else " (openstack is in the package python-openstackclient)"


def _client() -> str:
    return _program("openstack")


def _program(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    return _as_typed(beside) if _is_there(beside) else name


def _some_file() -> str:
    readme = Path.cwd() / "README.md"
    return _as_typed(readme if _is_there(readme) else Path(simple_db.__file__))


def _is_there(path: Path) -> bool:
    """Return whether a file is there; one that cannot be looked at is nothing to try."""
    try:
        return files.exists(path)
    except simple_db.model.errors.SnapshotError:
        return False


def _as_typed(path: Path) -> str:
    """Return the path for a shell; short if the environment lies in the working directory."""
    if Path(sys.prefix).parent == Path.cwd() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return shlex.quote(str(path))
