"""A server of the tests in a process of its own, the real clients, and what it downloads from."""

from __future__ import annotations

import http.server
import json
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import simple_db

if TYPE_CHECKING:
    from collections.abc import Callable

BIN = Path(sys.executable).parent
PROJECT = Path(simple_db.__file__).parents[1]
"""What a process of the tests finds first: the simple_db that is tested, installed or not."""

PATIENCE = 60
"""Seconds that anything may take before a test gives up."""

ADMIN = "root:ops:admin"
ALICE = "alice:demo:member"
BOB = "bob:lab:member"

FORMATS = {"disk_format": "raw", "container_format": "bare"}
JSON = {"Content-Type": "application/json"}
BYTES = {"Content-Type": "application/octet-stream"}
PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch"}

CONTENT = random.Random(3).randbytes(3_000_000)  # noqa: S311 - no secret
"""What a `Source` has in its file."""


def eventually(read: Callable[[], Any], wished: Callable[[Any], bool]) -> Any:
    """Return what is read as soon as it is as wished."""
    deadline = time.monotonic() + PATIENCE
    while not wished(value := read()):
        assert time.monotonic() < deadline, value
        time.sleep(0.02)
    return value


class Server:
    """``simple-db serve`` on a free port, with its state in a directory.

    Attributes:
        url: where it answers, after `start`.
        commands: the client commands that it printed.
    """

    def __init__(self, directory: Path, *options: str, **environment: str) -> None:
        self.directory = directory
        self.snapshot = directory / "glance.json"
        self.log = directory / "server.log"
        self._options = options
        self._environment = environment
        self._output = directory / "server.out"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""
        self.commands: list[str] = []

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop(signal.SIGTERM)

    def start(self) -> Self:
        command = [str(BIN / "simple-db"), "serve", "--port", "0", *self._options]
        with self.log.open("a") as log, self._output.open("w") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                command,
                cwd=self.directory,
                env=os.environ
                | {"HOME": str(self.directory), "PYTHONPATH": str(PROJECT)}
                | self._environment,
                stdout=output,
                stderr=log,
            )
        try:
            self._wait_until_up(self._process)
        except BaseException:
            self.stop(signal.SIGKILL)
            raise
        return self

    def _wait_until_up(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE
        while (lines := self._commands_in_output()) is None:
            assert process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)
        self.commands = lines
        self.url = self.printed.split()[3]

    def _commands_in_output(self) -> list[str] | None:
        """Return the lines after ``Try:``, or None if the last of them is not there yet."""
        _, _, after = self.printed.partition("\nTry:\n")
        return [line.strip() for line in after.splitlines()] if after.count("\n") == 3 else None

    def stop(self, signum: int) -> int:
        """Send a signal, and return the exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(signum)
        return process.wait(timeout=PATIENCE)

    def signal(self, signum: int) -> None:
        """Send a signal, and do not wait."""
        assert self._process is not None
        self._process.send_signal(signum)

    def ended(self) -> int:
        """Wait until the server has ended by itself, and return the exit code."""
        assert self._process is not None
        process, self._process = self._process, None
        return process.wait(timeout=PATIENCE)

    @property
    def printed(self) -> str:
        """What the server has printed since its latest start."""
        return self._output.read_text()

    def openstack(self, token: str, *arguments: str | Path) -> str:
        """Run the ``openstack`` command as the caller that the token names."""
        login = ["--os-auth-type", "admin_token", "--os-token", token]
        return self.run("openstack", *login, "--os-endpoint", f"{self.url}/v2", *arguments)

    def glance(self, token: str, *arguments: str | Path) -> str:
        """Run the ``glance`` command as the caller that the token names."""
        return self.run("glance", "--os-image-url", self.url, "--os-auth-token", token, *arguments)

    def run(self, client: str, *arguments: str | Path) -> str:
        """Run a client and return what it prints.

        Raises:
            AssertionError: it fails; with what it says on stderr.
        """
        done = subprocess.run(  # noqa: S603 - the clients of the environment
            [BIN / client, *arguments],
            check=False,
            capture_output=True,
            env=self.client_environment,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def client_environment(self) -> dict[str, str]:
        """The environment, without what would lead a client elsewhere or slow it down."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("OS_", "COVERAGE_"))
        }
        return kept | {"HOME": str(self.directory)}

    def request(
        self,
        path: str,
        token: str | None = None,
        **options: Any,
    ) -> tuple[int, str]:
        """Return status and body of a request; `options` are those of `urllib.request.Request`."""
        headers = {"X-Auth-Token": token} if token is not None else {}
        headers |= options.pop("headers", {})
        request = urllib.request.Request(self.url + path, headers=headers, **options)  # noqa: S310 - http
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - http
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def post(self, path: str, document: object, token: str | None = ALICE) -> tuple[int, str]:
        """Send JSON, and return status and body."""
        return self._sent("POST", path, json.dumps(document).encode(), JSON, token)

    def put(self, path: str, data: bytes, token: str | None = ALICE) -> tuple[int, str]:
        """Send data, and return status and body."""
        return self._sent("PUT", path, data, BYTES, token)

    def patch(self, path: str, *changes: dict[str, Any], token: str = ALICE) -> int:
        """Change an image, and return the status."""
        return self._sent("PATCH", path, json.dumps(changes).encode(), PATCH, token)[0]

    def _sent(
        self, method: str, path: str, data: bytes, headers: dict[str, str], token: str | None
    ) -> tuple[int, str]:
        return self.request(path, token, method=method, data=data, headers=headers)

    def created(self, token: str = ALICE, **values: Any) -> str:
        """Return the id of a new image of the caller's."""
        status, body = self.post("/v2/images", FORMATS | values, token)
        assert status == 201, body
        return str(json.loads(body)["id"])

    def uploaded(self, data: bytes = CONTENT, **values: Any) -> str:
        """Return the id of a new image of alice's that has this data."""
        image_id = self.created(**values)
        status, body = self.put(f"/v2/images/{image_id}/file", data)
        assert status == 204, body
        return image_id

    def asked_to_import(
        self,
        image_id: str,
        name: str,
        token: str = ALICE,
        stores: tuple[str, ...] = (),
        **method: str | None,
    ) -> tuple[int, str]:
        """Ask for an import by the method of that name, and return status and body."""
        document: dict[str, Any] = {"method": {"name": name} | method}
        if stores:
            document["stores"] = list(stores)
        return self.post(f"/v2/images/{image_id}/import", document, token)

    def finished_tasks(self, image_id: str) -> Any:
        """Return the tasks of an image, of which there is one at least, when all have ended."""
        return eventually(
            lambda: self.json(f"/v2/images/{image_id}/tasks")["tasks"],
            lambda tasks: tasks and {task["status"] for task in tasks} <= {"success", "failure"},
        )

    def limit_files(self, size: int) -> None:
        """Let no file of the server grow beyond so many bytes, as if its disk were full."""
        assert self._process is not None
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def json(self, path: str, token: str | None = None) -> Any:
        """Return what a GET request is answered with."""
        status, body = self.request(path, token)
        assert status == 200, body
        return json.loads(body)


class Source(http.server.ThreadingHTTPServer):
    """An HTTP server on loopback that has one file, ``/image``, and waits before ``/slow``.

    ``/elsewhere?URL`` is a redirect.

    It serves inside a ``with`` block.

    Attributes:
        url: where it is.
        paths: what was asked for, in order.
        asked: is set when somebody asked for the slow file.
        go_on: to be set for the rest of the slow file.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.paths: list[str] = []
        self.asked = threading.Event()
        self.go_on = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


class Answer(http.server.BaseHTTPRequestHandler):
    server: Source

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        url = urlsplit(self.path)
        path = url.path
        if path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", url.query)
            self.end_headers()
            return
        if path not in {"/image", "/slow"}:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[:1000])
        if path == "/slow":
            self.server.asked.set()
            self.server.go_on.wait(PATIENCE)
        self.wfile.write(CONTENT[1000:])

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""
