import importlib
import json
import os
import re
import signal
import sys
import sysconfig
import threading
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import frozen

from simple_db import Database, RequestContext, pytest_plugin
from simple_db.installed import distribution
from simple_db.model.errors import SnapshotError
from simple_db.pytest_plugin import GlanceServer
from tests.support.processes import ran
from tests.support.serving import BIN, CONTENT, PATIENCE, PROJECT, Source, eventually

pytest_plugins = ["pytester"]

ADMIN = RequestContext(is_admin=True)
# Not by its entry point, which is there only once this version is installed.
PLUGIN = ("-p", "no:simple_db", "-p", "simple_db.pytest_plugin")
GLANCE = pytest.mark.glance

HEAD = """\
import pytest
from simple_db import RequestContext
ADMIN = RequestContext(is_admin=True)

def names(database):
    return [image["name"] for image in database.image_get_all(ADMIN)]
"""

NO_GLANCE = """\
import sys
for package in ("glance", "waitress"):
    sys.modules[package] = None
"""


@pytest.fixture(scope="module", autouse=True)
def _the_simple_db_that_is_tested() -> Iterator[None]:
    """Let the processes that are started find this one, installed or not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(PROJECT))
        yield


@frozen
class Inner:
    """A directory with the tests of a user's project, which run in a process of their own."""

    pytester: pytest.Pytester

    @property
    def path(self) -> Path:
        """The directory."""
        return self.pytester.path

    def tests(self, code: str) -> None:
        """Write a module of tests."""
        self.pytester.makepyfile(HEAD + code)

    def run(self, *arguments: str) -> pytest.RunResult:
        """Run the tests with the plugin; warnings are errors."""
        strict = ("--strict-markers", "-p", "no:cacheprovider", "-W", "error")
        return self.pytester.runpytest_subprocess(
            *PLUGIN, *strict, *arguments, timeout=2 * PATIENCE
        )


@pytest.fixture
def inner(pytester: pytest.Pytester) -> Inner:
    """Give a user's project without tests."""
    return Inner(pytester)


def seed(directory: Path, name: str) -> Path:
    """Save a snapshot with one image of that name as ``NAME.json``."""
    database = Database()
    database.image_create(ADMIN, {"name": name, "status": "queued", "owner": "demo"})
    directory.mkdir(exist_ok=True)
    database.save(directory / f"{name}.json")
    return directory / f"{name}.json"


# --- how pytest finds the plugin ---------------------------------------------------------------


def test_the_project_declares_the_plugin() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"simple_db": pytest_plugin.__name__}


def test_pytest_finds_the_plugin_by_its_entry_point(inner: Inner) -> None:
    installed = inner.pytester.mkdir("installed-0.dist-info")
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: installed\nVersion: 0\n")
    (installed / "entry_points.txt").write_text("[pytest11]\nsimple_db = simple_db.pytest_plugin\n")
    inner.tests("def test_it(glance_db): assert names(glance_db) == []")
    inner.pytester.runpytest_subprocess("-W", "error").assert_outcomes(passed=1)


def test_pytest_lists_the_fixtures_and_the_marker(inner: Inner) -> None:
    _, _, ours = inner.run("--fixtures").stdout.str().partition(f" {pytest_plugin.__name__} -")
    fixtures, _, _ = ours.partition("- fixtures defined from ")
    for fixture in ("glance_db", "glance_db_api", "glance_server"):
        assert f"\n{fixture} -- " in fixtures
    assert fixtures.count(" -- ") == 3
    assert "no docstring available" not in fixtures
    markers = inner.run("--markers").stdout.str()
    assert "@pytest.mark.glance_snapshot(path): fill glance_db, glance_db_api and" in markers


def test_the_plugin_imports_nothing_heavy(inner: Inner) -> None:
    inner.pytester.makepyfile("""
        import sys

        def test_it(glance_db):
            assert not {"glance", "hypothesis", "waitress", "oslo_config"} & sys.modules.keys()
    """)
    inner.run("-p", "no:hypothesispytest").assert_outcomes(passed=1)


# --- glance_db -------------------------------------------------------------------------------


@GLANCE
def test_a_fixture_of_a_users_own_gives_clock_and_ids_to_glance_too(inner: Inner) -> None:
    inner.tests("""
from simple_db import Database

@pytest.fixture
def glance_db():
    return Database(new_id=lambda: "mine")

def test_it(glance_db_api):
    assert glance_db_api.image_create(ADMIN, {"status": "queued"})["id"] == "mine"
""")
    inner.run().assert_outcomes(passed=1)


def test_a_database_is_the_tests_own_and_is_filled_by_the_marker(inner: Inner) -> None:
    for name in ("seeded", "once"):
        seed(inner.path, name)
    inner.tests("""
import datetime as dt
from pathlib import Path
from unittest import mock

@pytest.mark.parametrize("name", ["a", "b"])
def test_a_database_is_the_tests_own(glance_db, name):
    assert names(glance_db) == []
    glance_db.image_create(ADMIN, {"name": name, "status": "queued"})
    assert names(glance_db) == [name]

def created_at(glance_db):
    return glance_db.image_create(ADMIN, {"status": "queued"})["created_at"]

def test_the_clock_is_its_own_where_oslo_utils_is_not_in_use(glance_db):
    assert created_at(glance_db).year > 2020

def test_the_clock_is_that_of_oslo_utils_where_it_is_in_use(glance_db):
    import oslo_utils.timeutils
    with mock.patch("oslo_utils.timeutils.utcnow", lambda: dt.datetime(2001, 2, 3)):
        assert created_at(glance_db) == dt.datetime(2001, 2, 3)

@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.glance_snapshot(Path(__file__).with_name("once.json"))
def test_a_file_is_read_once(glance_db, number):
    assert names(glance_db) == ["once"]
    Path("once.json").write_text("something else")

@pytest.mark.glance_snapshot(path="seeded.json")
def test_the_path_can_be_given_by_its_name(glance_db):
    assert names(glance_db) == ["seeded"]

@pytest.mark.glance_snapshot(path=Path("seeded.json"))
def test_the_path_can_be_a_path(glance_db):
    assert names(glance_db) == ["seeded"]

@pytest.mark.glance_snapshot("seeded.json")
class TestMarkerOfAClass:
    def test_is_for_those_of_its_tests_that_read_it(self, glance_db):
        assert names(glance_db) == ["seeded"]

    def test_is_no_error_for_the_others(self):
        pass
""")
    inner.run("-p", "no:randomly").assert_outcomes(passed=10)


def test_a_marker_seeds_each_test_from_a_file_beside_it_or_else_in_the_rootdir(
    inner: Inner,
) -> None:
    for name in ("both", "root"):
        seed(inner.path / "seeds", name)
    seed(inner.pytester.mkdir("sub"), "seeded")
    other = seed(inner.path / "sub" / "seeds", "other")
    other.rename(other.with_name("both.json"))
    code = """
@pytest.mark.glance_snapshot("seeded.json")
@pytest.mark.parametrize("number", [1, 2])
def test_seeded(glance_db, number):
    assert names(glance_db) == ["seeded"]
    glance_db.image_create(ADMIN, {"name": "more", "status": "queued"})

def test_unmarked(glance_db):
    assert names(glance_db) == []

@pytest.mark.glance_snapshot("seeds/both.json")
def test_beside(glance_db):
    assert names(glance_db) == ["other"]

@pytest.mark.glance_snapshot("seeds/root.json")
def test_root(glance_db):
    assert names(glance_db) == ["root"]
"""
    (inner.path / "sub" / "test_it.py").write_text(HEAD + code)
    inner.run().assert_outcomes(passed=5)


def test_a_file_that_is_missing_is_one_line_with_the_places_that_were_tried(inner: Inner) -> None:
    code = '@pytest.mark.glance_snapshot("none.json")\ndef test_it(glance_db): pass\n'
    (inner.pytester.mkdir("sub") / "test_it.py").write_text(HEAD + code)
    done = inner.run()
    done.assert_outcomes(errors=1)
    places = f"{inner.path / 'sub' / 'none.json'} nor {inner.path / 'none.json'}"
    assert f"\nglance_snapshot: there is no file {places}\n" in done.stdout.str()
    assert "Traceback" not in done.stdout.str()


def test_a_file_that_cannot_be_looked_at_is_not_looked_for_elsewhere(inner: Inner) -> None:
    code = '@pytest.mark.glance_snapshot("seed.json")\ndef test_it(glance_db): pass\n'
    directory = inner.pytester.mkdir("sub")
    (directory / "test_it.py").write_text(HEAD + code)
    (directory / "seed.json").symlink_to("seed.json")
    Database().save(inner.path / "seed.json")
    done = inner.run()
    done.assert_outcomes(errors=1)
    why = f"{directory / 'seed.json'} cannot be looked at: Too many levels of symbolic links"
    assert f"\nglance_snapshot: {why}\n" in done.stdout.str()


WRONG = {
    "": "takes the path of one file, not ()",
    "'a', 'b'": "takes the path of one file, not ('a', 'b')",
    "1": "takes the path of one file, not (1,)",
    "None": "takes the path of one file, not (None,)",
    "['a']": "takes the path of one file, not (['a'],)",
    "'a', path='b'": """takes the path of one file, not ('a', "path='b'")""",
    "file='a'": """takes the path of one file, not ("file='a'",)""",
    "'x' * 300": ": ",
    "'a\\0b'": ": ",
    "'a\\nb'": ": there is no file ",
    "'.'": ": there is no file ",
    "__file__": ": ",
    "path=__file__": ": ",
}


def test_a_wrong_argument_of_the_marker_is_reported_in_one_line_and_nothing_else(
    inner: Inner,
) -> None:
    tests = [
        f"@pytest.mark.glance_snapshot({arguments})\ndef test_{number}(glance_db): pass\n"
        for number, arguments in enumerate(WRONG)
    ]
    inner.tests("\n".join(tests))
    done = inner.run()
    done.assert_outcomes(errors=len(WRONG))
    _, *sections, last = re.split(r"\n_+ ERROR at setup of test_\d+ _+\n", done.stdout.str())
    sections.append(last.partition("\n====")[0])
    for section, why in zip(sections, WRONG.values(), strict=True):
        assert section.startswith(f"glance_snapshot{why if why[0] == ':' else ' ' + why}")
        assert "\n" not in section


UNREAD = (
    "glance_snapshot has no effect: the test uses none of glance_db, glance_db_api, glance_server"
)


def test_a_marker_that_no_fixture_and_no_test_reads_is_an_error(inner: Inner) -> None:
    seed(inner.path, "seeded")
    inner.tests("""
import unittest

@pytest.fixture
def database(request):
    return request.getfixturevalue("glance_db")

@pytest.fixture
def request_for_another(request):
    pass

@pytest.mark.glance_snapshot("seeded.json")
def test_unread():
    raise AssertionError("it does not run")

@pytest.mark.parametrize("n", [pytest.param(1, marks=pytest.mark.glance_snapshot("seeded.json"))])
def test_unread_parameter(n, tmp_path, request_for_another):
    raise AssertionError("it does not run")

class TestUnread(unittest.TestCase):
    @pytest.mark.glance_snapshot("seeded.json")
    def test_unread(self):
        raise AssertionError("it does not run")

@pytest.mark.glance_snapshot("seeded.json")
def test_read_by_a_fixture(database):
    assert names(database) == ["seeded"]

@pytest.mark.glance_snapshot("seeded.json")
@pytest.mark.usefixtures("glance_db")
def test_read_for_its_own_sake():
    pass

@pytest.mark.glance_snapshot("seeded.json")
def test_that_could_have_read_it_and_has(request):
    assert names(request.getfixturevalue("glance_db")) == ["seeded"]

@pytest.mark.glance_snapshot("seeded.json")
def test_that_could_have_read_it_and_has_not(request):
    pass
""")
    done = inner.run()
    done.assert_outcomes(passed=3, errors=3, failed=1)
    assert done.stdout.str().count(f"\n{UNREAD}\n") == 4


def test_without_glance_there_is_the_database_and_the_rest_says_what_to_install(
    inner: Inner,
) -> None:
    inner.pytester.makeconftest(NO_GLANCE)
    inner.tests("""
def test_database(glance_db): assert names(glance_db) == []
def test_api(glance_db_api): pass
def test_server(glance_server): pass
""")
    done = inner.run()
    done.assert_outcomes(passed=1, errors=2)
    install = distribution.how_to_install("server")
    assert f"\nglance_db_api needs glance: {install}\n" in done.stdout.str()
    assert f"\nglance_server needs glance and waitress: {install}\n" in done.stdout.str()


# --- glance_db_api ---------------------------------------------------------------------------


@GLANCE
def test_glance_uses_the_database_and_no_configuration_during_the_test_and_not_after_it(
    inner: Inner,
) -> None:
    seed(inner.path, "seeded")
    inner.tests("""
@pytest.mark.glance_snapshot("seeded.json")
def test_during(glance_db_api, glance_db):
    import glance.db
    from glance.common import exception
    assert glance.db.get_api() is glance_db_api
    assert glance_db_api.database is glance_db
    assert names(glance_db) == names(glance_db_api) == ["seeded"]
    glance_db_api.image_create(ADMIN, {"name": "more", "status": "queued"})
    with pytest.raises(exception.ImageNotFound):
        glance_db_api.image_get(ADMIN, "none")

@pytest.mark.filterwarnings("default")
def test_after():
    import glance.db
    assert glance.db.get_api().__name__ == "glance.db.sqlalchemy.api"

def test_anew_with_contexts_that_need_no_configuration(glance_db_api):
    from glance.context import RequestContext
    assert names(glance_db_api) == []
    alice = RequestContext(project_id="alice", roles=["member"])
    glance_db_api.image_create(alice, {"name": "hers", "status": "queued", "owner": "alice"})
    assert names(glance_db_api) == ["hers"]

def test_after_it_the_configuration_is_as_it_was():
    from oslo_config import cfg
    assert "find_file" not in vars(cfg.CONF)
    with pytest.raises(cfg.NotInitializedError):
        cfg.CONF.find_file("policy.yaml")
""")
    inner.run("-p", "no:randomly").assert_outcomes(passed=4)


@GLANCE
def test_fixtures_and_parameters_reach_a_test_that_is_decorated(inner: Inner) -> None:
    inner.tests("""
from unittest import TestCase, mock
import glance.db
from simple_db.glance import install

@pytest.fixture
@install()
def seeded():
    glance.db.get_api().image_create(ADMIN, {"name": "seeded", "status": "queued"})
    yield glance.db.get_api()

@pytest.mark.parametrize("name", ["a", "b"])
@install()
@mock.patch("os.getcwd")
def test_it(getcwd, tmp_path, name):
    assert tmp_path.is_dir() and isinstance(getcwd, mock.Mock)
    glance.db.get_api().image_create(ADMIN, {"name": name, "status": "queued"})
    assert names(glance.db.get_api()) == [name]

def test_fixture(seeded):
    assert names(seeded) == names(glance.db.get_api()) == ["seeded"]

@install()
class TestClass(TestCase):
    def test_one(self):
        assert names(glance.db.get_api()) == []
        glance.db.get_api().image_create(ADMIN, {"name": "one", "status": "queued"})

    test_two = test_one
""")
    inner.run("-W", "ignore").assert_outcomes(passed=5)


# --- glance_server ---------------------------------------------------------------------------


@GLANCE
def test_a_server_is_shared_and_begins_each_test_empty_or_seeded(inner: Inner) -> None:
    seed(inner.path, "seeded")
    inner.tests("""
import contextlib, warnings
with warnings.catch_warnings(), contextlib.suppress(ImportError):
    warnings.simplefilter("ignore")
    import eventlet  # the client of Glance 32's time does, and it warns
import glanceclient

URLS = set()

def client(server, token=None):
    URLS.add(server.url)
    return glanceclient.Client("2", **server.for_glanceclient(token))

@pytest.mark.parametrize("number", [1, 2])
def test_upload(glance_server, number, tmp_path):
    images = client(glance_server).images
    assert list(images.list()) == []
    image = images.create(name="mine", disk_format="raw", container_format="bare")
    (tmp_path / "image").write_bytes(b"data")
    with (tmp_path / "image").open("rb") as data:
        images.upload(image.id, data)
    assert b"".join(images.data(image.id)) == b"data"
    assert names(glance_server.database()) == ["mine"]
    assert any(path.is_file() for path in glance_server.data_dir.rglob("*"))

def test_empty(glance_server):
    assert list(client(glance_server).images.list()) == []
    assert not any(path.is_file() for path in glance_server.data_dir.rglob("*"))

@pytest.mark.glance_snapshot("seeded.json")
def test_seeded(glance_server, glance_db):
    demo = client(glance_server, glance_server.token("alice", "demo"))
    other = client(glance_server, glance_server.token("bob", "lab", "reader"))
    assert [image.name for image in demo.images.list()] == ["seeded"]
    assert list(other.images.list()) == []
    assert names(glance_db) == ["seeded"]

def test_shared(glance_server):
    client(glance_server)
    assert len(URLS) == 1
    assert "GET /v2/images 200" in glance_server.log.read_text()
""")
    inner.run("-W", "ignore::DeprecationWarning").assert_outcomes(passed=5)


@GLANCE
def test_modules_beside_the_tests_do_not_get_in_the_way_of_the_server(
    inner: Inner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(PROJECT), str(inner.pytester.mkdir("more"))])
    )
    for name in ("queue", "ssl", "platform", "json", "socket", "multiprocessing", "sitecustomize"):
        (inner.path / f"{name}.py").write_text("raise AssertionError(__name__)\n")
    (inner.path / "more" / "of_the_project.py").touch()
    inner.tests("""
def test_it(glance_server):
    assert names(glance_server.database()) == []
""")
    # Not by `run`, which puts the working directory before the library of the tests themselves.
    command = (BIN / "pytest", *PLUGIN, "-p", "no:cacheprovider")
    done = ran(*command, cwd=inner.path, PYTHONPATH=os.environ["PYTHONPATH"])
    assert "1 passed" in done.stdout, done.stdout


def test_the_server_looks_for_modules_where_the_tests_do_and_in_the_library_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = [path for path in sys.path if path.startswith(sys.base_prefix)]
    monkeypatch.setattr(sys, "path", ["", "/tests", *library, "/more"])
    paths = pytest_plugin._paths()  # noqa: SLF001 - no other process shows its own
    assert sorted(paths) == sorted(sys.path)
    assert paths.index("") > paths.index(sysconfig.get_path("stdlib"))
    assert paths.index("") < paths.index("/tests") < paths.index("/more")


@GLANCE
def test_a_seed_brings_a_copy_of_the_data_beside_it(inner: Inner) -> None:
    database = Database()
    for name in ("1", "2", "3"):
        url = (
            f"file://{inner.path}/two-data/images/{name}"
            if name == "1"
            else f"file://images/{name}"
        )
        location = {"url": url, "metadata": {"store": "images"}, "status": "active"}
        values = {"status": "active", "size": 4, "container_format": "bare", "disk_format": "raw"}
        database.image_create(ADMIN, values | {"id": name, "locations": [location]})
    database.save(inner.path / "two.json")
    images = inner.pytester.mkdir("two-data") / "images"
    images.mkdir()
    (images / "1").write_bytes(b"one1")
    (images / "2").write_bytes(b"two2")
    (inner.path / "secret").write_bytes(b"last")
    (images / "3").symlink_to(inner.path / "secret")
    inner.tests("""
import urllib.error
import urllib.request

def call(server, method, path):
    request = urllib.request.Request(server.url + path, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, b""

@pytest.mark.glance_snapshot("two.json")
@pytest.mark.parametrize("time", [1, 2])
def test_it(glance_server, time):
    assert call(glance_server, "GET", "/v2/images/1/file") == (200, b"one1")
    assert call(glance_server, "GET", "/v2/images/2/file") == (200, b"two2")
    assert call(glance_server, "GET", "/v2/images/3/file") == (404, b"")
    for name in "123":
        assert call(glance_server, "DELETE", f"/v2/images/{name}") == (204, b"")
    assert list((glance_server.data_dir / "images").iterdir()) == []

def test_the_next_one(glance_server):
    assert "3: images has no data of it" in glance_server.log.read_text()
    assert not any(path.is_file() for path in glance_server.data_dir.rglob("*"))
""")
    inner.run().assert_outcomes(passed=3)
    assert {path.name: path.read_bytes() for path in images.iterdir()} == {
        "1": b"one1",
        "2": b"two2",
        "3": b"last",
    }


@GLANCE
def test_workers_have_servers_of_their_own(inner: Inner) -> None:
    inner.tests("""
from pathlib import Path

@pytest.mark.parametrize("number", range(4))
def test_it(glance_server, worker_id, number):
    assert names(glance_server.database()) == []
    Path(worker_id).write_text(glance_server.url)
""")
    inner.run("-n", "2", "--dist", "each").assert_outcomes(passed=8)
    assert (inner.path / "gw0").read_text() != (inner.path / "gw1").read_text()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GlanceServer]:
    server = GlanceServer(tmp_path_factory.mktemp("glance-server"))
    yield server
    server._stop()  # noqa: SLF001 - as the plugin does


@pytest.fixture
def server(shared: GlanceServer) -> GlanceServer:
    shared.reset()
    return shared


def call(server: GlanceServer, method: str, path: str, body: object = None) -> bytes:
    """Make a request as administrator, and return the body of the answer."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode() if body else None
    kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
    request = urllib.request.Request(  # noqa: S310 - http
        f"{server.url}{path}",
        data=data,
        method=method,
        headers={"Content-Type": kind, "X-Auth-Token": server.token()},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - http
        content: bytes = answer.read()
    return content


def new_image(server: GlanceServer) -> str:
    body = {"name": "new", "disk_format": "raw", "container_format": "bare"}
    return str(json.loads(call(server, "POST", "/v2/images", body))["id"])


@GLANCE
def test_a_token_says_who_calls(server: GlanceServer) -> None:
    assert server.token() == "admin:admin:admin"
    assert server.token("alice", "demo") == "alice:demo:member"
    assert server.token("alice", "demo", "reader", "member") == "alice:demo:reader,member"


@GLANCE
@pytest.mark.parametrize("parts", [("a:b", "demo"), ("alice", ""), ("alice", "demo", "a,b")])
def test_a_token_has_names_without_separators(server: GlanceServer, parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="names without"):
        server.token(*parts)


@GLANCE
def test_the_server_shows_where_it_is(server: GlanceServer) -> None:
    assert repr(server) == f"<GlanceServer at {server.url}>"


@GLANCE
def test_openstacksdk_connects_with_the_settings_for_it(inner: Inner) -> None:
    inner.tests("""
import openstack

def test_it(glance_server):
    token = glance_server.token("alice", "demo")
    with openstack.connect(**glance_server.for_openstacksdk(token)) as cloud:
        image = cloud.create_image(
            "mine", data=b"data", disk_format="raw", container_format="bare", wait=True
        )
        assert [each.name for each in cloud.image.images()] == ["mine"]
        assert cloud.image.download_image(image).content == b"data"
    (image,) = glance_server.database().image_get_all(ADMIN)
    assert (image["owner"], image["size"]) == ("demo", 4)

def test_by_the_environment(glance_server, monkeypatch):
    token = glance_server.token("alice", "demo")
    for name, value in glance_server.for_environment(token).items():
        monkeypatch.setenv(name, value)
    with openstack.connect() as cloud:
        cloud.image.create_image(name="mine", disk_format="raw", container_format="bare")
    (image,) = glance_server.database().image_get_all(ADMIN)
    assert (image["name"], image["owner"]) == ("mine", "demo")
""")
    inner.run("-W", "default").assert_outcomes(passed=2)


@GLANCE
def test_openstackclient_works_with_the_variables_for_it(server: GlanceServer) -> None:
    new_image(server)
    command = (BIN / "openstack", "image", "list", "-f", "value", "-c", "Name")
    done = ran(*command, cwd=server.data_dir, **server.for_environment())
    assert done.stdout == "new\n", done.stderr


@GLANCE
def test_a_reset_waits_for_the_imports_that_run(server: GlanceServer) -> None:
    image_id = new_image(server)
    with Source() as source:
        method = {"method": {"name": "web-download", "uri": f"{source.url}/slow"}}
        call(server, "POST", f"/v2/images/{image_id}/import", method)
        assert source.asked.wait(PATIENCE)
        threading.Timer(0.3, source.go_on.set).start()
        server.reset()
        assert source.go_on.is_set()
    assert server.database().image_get_all(ADMIN) == []
    assert server.database().task_get_all(ADMIN) == []
    assert not any(path.is_file() for path in server.data_dir.rglob("*"))


@GLANCE
def test_imports_and_the_cache_work_after_a_reset_too(server: GlanceServer) -> None:
    image_id = new_image(server)
    call(server, "PUT", f"/v2/images/{image_id}/file", CONTENT)
    (server.data_dir / "images" / image_id).unlink()
    # The thread of Glance that fills the cache does not survive a file that is gone.
    call(server, "PUT", f"/v2/cache/{image_id}")
    server.reset()

    image_id = new_image(server)
    with Source() as source:
        method = {"method": {"name": "web-download", "uri": f"{source.url}/image"}}
        call(server, "POST", f"/v2/images/{image_id}/import", method)
        eventually(
            lambda: server.database().image_get(ADMIN, image_id)["status"],
            lambda status: status == "active",
        )
    call(server, "PUT", f"/v2/cache/{image_id}")
    cached = eventually(lambda: server.database().get_cached_images(ADMIN, server.url), bool)
    assert [entry["image_id"] for entry in cached] == [image_id]


@GLANCE
def test_what_is_no_snapshot_is_refused_and_the_server_is_empty(server: GlanceServer) -> None:
    new_image(server)
    with pytest.raises(SnapshotError):
        server.restore(b"no snapshot")
    assert server.database().image_get_all(ADMIN) == []


@GLANCE
def test_a_database_goes_to_the_server_and_comes_back(server: GlanceServer) -> None:
    image_id = new_image(server)
    before = server.database()
    server.reset()
    server.restore(before.snapshot())
    assert json.loads(call(server, "GET", f"/v2/images/{image_id}"))["name"] == "new"
    assert server.database().snapshot() == before.snapshot()


@GLANCE
def test_importing_what_serves_starts_nothing() -> None:
    before = threading.active_count()
    assert importlib.import_module("simple_db.glance.under_test").main
    assert threading.active_count() == before


@GLANCE
def test_a_server_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(RuntimeError, match=r"(?s)'start' and has ended, .*NotADirectoryError"):
        GlanceServer(tmp_path)


@GLANCE
def test_a_server_outlives_the_signals_of_a_terminal_and_ends_with_the_tests(
    server: GlanceServer,
) -> None:
    for number in (signal.SIGINT, signal.SIGHUP):
        server._process.send_signal(number)  # noqa: SLF001 - as the terminal does
    assert server.database().image_get_all(ADMIN) == []


@GLANCE
def test_the_exit_code_of_a_server_that_ended_is_in_the_error(tmp_path: Path) -> None:
    server = GlanceServer(tmp_path)
    server._process.kill()  # noqa: SLF001 - as the machine might
    server._process.wait()  # noqa: SLF001
    with pytest.raises(RuntimeError, match="'reset' and has ended, exit code -9"):
        server.reset()


@GLANCE
def test_a_server_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("asked", "stopped"):
        (tmp_path / name).mkdir()
    asked, stopped = GlanceServer(tmp_path / "asked"), GlanceServer(tmp_path / "stopped")
    monkeypatch.setattr(pytest_plugin, "_PATIENCE", 0.2)
    for server in (asked, stopped):
        server._process.send_signal(signal.SIGSTOP)  # noqa: SLF001 - as the machine might
    with pytest.raises(RuntimeError, match="'reset' and has ended, exit code -9"):
        asked.reset()
    stopped._stop()  # noqa: SLF001 - as the plugin does
    assert stopped._process.returncode == -signal.SIGKILL  # noqa: SLF001
