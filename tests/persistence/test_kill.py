"""Processes that are killed while they write: everything that had returned is there afterwards.

A few kills each time; ``SIMPLE_DB_KILLS=200`` makes it 200 of each.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, get_args

import pytest
from attrs import define, field

from simple_db import Database
from simple_db.persistence import journal
from simple_db.persistence.database_file import SaveMode
from tests.support import writers
from tests.support.serving import ALICE, BOB, PROJECT, Server, eventually

if TYPE_CHECKING:
    import random
    from pathlib import Path

THREADS = 4
KILLS_OF_A_FILE = 50


def kills(few: int) -> int:
    """Give how many kills there are to be."""
    return int(os.environ.get("SIMPLE_DB_KILLS", few))


# --- a process -------------------------------------------------------------------------------


@define
class Writers:
    """What the threads of `tests.support.writers` have been seen to do with a file.

    Attributes:
        save: When the file is saved.
        done: How many steps of each thread are in the file.
        opened: How often a process has come so far as to write.
        calls: How many calls have returned.
        extra: How many were found in the file, whole, whose return had not been printed.
    """

    path: Path
    save: SaveMode
    done: list[int] = field(factory=lambda: [0] * THREADS)
    opened: int = 0
    calls: int = 0
    extra: int = 0
    _expected: Database = field(factory=Database)

    def kill_one(self, chance: random.Random) -> None:
        """Let a process write from where the last one ended, and kill it at some moment."""
        before = writers.digest(self.database())
        process = subprocess.Popen(  # noqa: S603 - our own module
            [
                sys.executable,
                "-m",
                "tests.support.writers",
                self.path,
                self.save,
                *map(str, self.done),
            ],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        with process.stdout as output:
            # Some while they open the file, or even before.
            printed = [output.readline()] if chance.random() < 0.9 else []
            time.sleep(chance.random() * 0.3)
            process.kill()
            printed += output
        assert process.wait() == -signal.SIGKILL
        if printed:
            self.opened += 1
            assert printed.pop(0) == f"{before}\n"
        saved = [line.split()[1:] for line in printed if line.startswith("saved ")]
        returned = [line.split() for line in printed if not line.startswith("saved ")]
        self._check(
            [sum(call[0] == str(thread) for call in returned) for thread in range(THREADS)],
            list(map(int, saved[-1])) if saved else self.done,
        )

    def database(self) -> Database:
        """Give what the file and its journal hold; they are not touched."""
        database = Database()
        if self.path.exists():
            database.load(self.path)
        else:
            assert not journal.beside(self.path).exists()
        database.check()
        return database

    def _check(self, returned: list[int], saved: list[int]) -> None:
        """Check that the file has each thread's calls in order, and no call less than it promises.

        Args:
            returned: How many calls of each thread have returned since the process began.
            saved: How many steps of each thread there were when a save began that has returned.
        """
        found = writers.view(self.database(), THREADS)
        self.calls += sum(returned)
        ends = [done + more for done, more in zip(self.done, returned, strict=True)]
        for thread, end in enumerate(ends):
            while self.done[thread] < (end if self.save == "always" else saved[thread]):
                self._step(thread)
            # Calls that had returned may be there, and one that had not.
            while self._view()[thread] != found[thread] and self.done[thread] <= end:
                self.extra += self.done[thread] == end
                self._step(thread)
        assert found == self._view()

    def _view(self) -> list[dict[Any, tuple[Any, ...]]]:
        return writers.view(self._expected, THREADS)

    def _step(self, thread: int) -> None:
        writers.step(self._expected, thread, self.done[thread])
        self.done[thread] += 1


@pytest.mark.parametrize("save", get_args(SaveMode))
def test_a_process_that_is_killed_has_lost_no_call_that_was_to_be_on_the_disk(
    tmp_path: Path, chance: random.Random, save: SaveMode
) -> None:
    count, opened, calls, extra = kills(5), 0, 0, 0
    for first in range(0, count, KILLS_OF_A_FILE):
        seen = Writers(tmp_path / f"{first}.json", save)
        for _ in range(first, min(first + KILLS_OF_A_FILE, count)):
            seen.kill_one(chance)
        with Database.open(seen.path, save="manual") as db:
            assert writers.digest(db) == writers.digest(seen.database())
        opened, calls, extra = opened + seen.opened, calls + seen.calls, extra + seen.extra
    print(  # noqa: T201 - the numbers are for docs/snapshot.md
        f"{save}: {count} kills, {opened} of them of a process that had opened the file; "
        f"{calls} calls had returned, {extra} more were found whole"
    )
    assert opened
    assert calls


# --- a server --------------------------------------------------------------------------------

Image = dict[str, Any] | None
"""What a client knows of an image; None if it is gone."""

HALF_DELETED = {"status": "deleted"}
"""Glance deletes an image in two calls of the database, and a kill can come between them."""


@define
class Client:
    """A thread that works on images of its own, one request after the other.

    Attributes:
        images: What must be there, by id: what all requests have made that were answered.
        touched: The images since the last check.
        pending: The image of the request that was not answered, and what it may be now.
        answered: How many requests were answered.
    """

    server: Server
    images: dict[str, Image] = field(factory=dict)
    touched: set[str] = field(factory=set)
    pending: tuple[str, list[Image]] = ("", [])
    answered: int = 0

    def work(self) -> None:
        """Make requests until one is not answered."""
        while self._step():
            self.answered += 1

    def check(self, image_ids: set[str]) -> None:
        """Check that all is there that was answered; what was not is there whole or not at all."""
        for image_id in image_ids:
            found = self._found(image_id)
            if image_id == self.pending[0]:
                assert found in self.pending[1]
                self.images[image_id] = found
            assert found == self.images[image_id]
        self.touched.clear()

    def _step(self) -> bool:
        image_id, image = next(reversed(self.images.items()), ("", None))
        if image is None or image == HALF_DELETED or (_is_finished(image) and self._keeps()):
            return self._create(str(uuid.uuid4()))
        path = f"/v2/images/{image_id}"
        if image["name"] == "new":
            wished = {"name": "changed", "colour": "blue"}
            changes = [
                {"op": "replace", "path": f"/{key}", "value": value}
                for key, value in wished.items()
            ]
            return self._request(image_id, image | wished, "PATCH", path, changes)
        if not image["tags"]:
            return self._request(image_id, image | {"tags": ["round"]}, "PUT", f"{path}/tags/round")
        if not image["members"]:
            wished = image | {"members": {"lab": "pending"}}
            return self._request(image_id, wished, "POST", f"{path}/members", {"member": "lab"})
        if not _is_finished(image):
            wished = image | {"members": {"lab": "accepted"}}
            answer = {"status": "accepted"}
            return self._request(image_id, wished, "PUT", f"{path}/members/lab", answer, BOB)
        return self._request(image_id, None, "DELETE", path)

    def _keeps(self) -> bool:
        return len(self.images) % 2 == 0

    def _create(self, image_id: str) -> bool:
        wished = {"name": "new", "colour": "red"}
        image: Image = wished | {"tags": [], "members": {}}
        return self._request(image_id, image, "POST", "/v2/images", wished | {"id": image_id})

    def _request(
        self,
        image_id: str,
        wished: Image,
        method: str,
        path: str,
        body: Any = None,
        token: str = ALICE,
    ) -> bool:
        """Make a request, and give whether it was answered."""
        kind = "openstack-images-v2.1-json-patch" if method == "PATCH" else "json"
        headers = {"Content-Type": f"application/{kind}"}
        content = None if body is None else json.dumps(body).encode()
        self.touched.add(image_id)
        try:
            status, answer = self.server.request(
                path, token, method=method, data=content, headers=headers
            )
        except (OSError, http.client.HTTPException):
            self.pending = (image_id, [self.images.setdefault(image_id, None), wished])
            if wished is None:
                self.pending[1].append(HALF_DELETED)
            return False
        assert status in {200, 201, 204}, answer
        self.images[image_id] = wished
        return True

    def _found(self, image_id: str) -> Image:
        status, body = self.server.request(f"/v2/images/{image_id}", ALICE)
        if status == 404:
            return None
        image = json.loads(body)
        if image["status"] == "deleted":
            return HALF_DELETED
        members = self.server.json(f"/v2/images/{image_id}/members", ALICE)["members"]
        found = {key: image[key] for key in ("name", "colour", "tags")}
        return found | {"members": {one["member_id"]: one["status"] for one in members}}


def _is_finished(image: dict[str, Any]) -> bool:
    return bool(image["members"] == {"lab": "accepted"})


@pytest.mark.glance
def test_a_server_that_is_killed_has_lost_no_request_that_was_answered(
    tmp_path: Path, chance: random.Random
) -> None:
    server = Server(tmp_path, "--save", "always")
    clients = [Client(server) for _ in range(THREADS)]
    count = kills(2)
    with ThreadPoolExecutor(THREADS) as threads:
        for _ in range(count):
            server.start()
            checks = [threads.submit(client.check, set(client.touched)) for client in clients]
            for check in checks:
                check.result()
            work = [threads.submit(client.work) for client in clients]
            time.sleep(0.1 + chance.random())
            # Once at least, however slow the machine is.
            eventually(lambda: sum(client.answered for client in clients), bool)
            assert server.stop(signal.SIGKILL) == -signal.SIGKILL
            for one in work:
                one.result()
            database = Database()
            database.load(server.snapshot)
            database.check()
    with server:
        for client in clients:
            client.check(set(client.images))
    answered = sum(client.answered for client in clients)
    print(f"{count} kills; {answered} requests had been answered")  # noqa: T201 - as above
    assert answered
