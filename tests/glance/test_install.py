import ast
import datetime as dt
import importlib
import inspect
import re
import sys
import tempfile
import textwrap
import types
import unittest
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import glance
import glance.db
import pytest
from glance.context import RequestContext
from glance.db.simple import api as in_tree_fake
from glance.db.sqlalchemy import api as sql_driver
from glance.gateway import Gateway
from oslo_config import cfg
from oslo_utils import timeutils

from simple_db import Database
from simple_db.api import FUNCTIONS
from simple_db.glance import Driver, install, metadata_backend
from simple_db.glance.installation import BINDINGS, METADATA_BINDINGS
from simple_db.installed import glance_release
from simple_db.installed.glance_needs import is_there
from tests.support.processes import ran

pytestmark = pytest.mark.glance

# It makes an enforcer of its own, which needs a configuration on Glance 31.
ADMIN = RequestContext(is_admin=True, policy_enforcer=object())


def in_force() -> list[Any]:
    """Return what Glance would use now, in each of the places where it reaches for a driver."""
    bound = [getattr(importlib.import_module(module), name) for module, name in BINDINGS]
    return [glance.db.get_api(), *bound]


@pytest.fixture(autouse=True)
def _nothing_stays_installed() -> Iterator[None]:
    before = glance.db.get_api
    yield
    assert glance.db.get_api is before
    assert all(driver is sql_driver for driver in in_force())


def test_every_place_in_glance_uses_the_given_database_inside_the_block() -> None:
    database = Database()
    with install(database) as db_api:
        assert db_api.database is database
        assert all(driver is db_api for driver in in_force())


def test_every_place_in_glance_loads_definitions_into_the_given_database() -> None:
    found = [each for each in METADATA_BINDINGS if is_there(":".join(each))]
    assert len(found) == 2
    with install():
        for module, name in found:
            loader = getattr(importlib.import_module(module), name)
            # That of Glance 31 is a function.
            assert (loader() if name == "get_backend" else loader) is metadata_backend


def test_a_plain_call_lasts_until_it_is_undone() -> None:
    installation = install()
    assert all(driver is installation.driver for driver in in_force())
    assert "active" in repr(installation)
    installation.uninstall()
    assert in_force()[0] is sql_driver
    assert "undone" in repr(installation)


def test_undoing_twice_is_undoing_once() -> None:
    with install() as outer:
        installation = install()
        installation.uninstall()
        installation.uninstall()
        assert in_force()[0] is outer


def test_an_installation_that_was_undone_cannot_be_entered() -> None:
    installation = install()
    installation.uninstall()
    with pytest.raises(RuntimeError, match=r"call install\(\) once more"), installation:
        pytest.fail("entered")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_missing_with_of_an_installation_is_an_error_that_says_to_write_it(name: str) -> None:
    installation = install()
    with pytest.raises(AttributeError, match=rf"with install\(\) as .*\.driver\.{name}.* in force"):
        getattr(installation, name)
    installation.uninstall()
    with pytest.raises(AttributeError, match="no attribute 'weather'"):
        getattr(installation, "weather")  # noqa: B009 - type checkers know


def test_installations_nest() -> None:
    with install() as outer:
        with install() as inner:
            assert in_force()[0] is inner
        assert all(driver is outer for driver in in_force())


def test_the_latest_one_left_is_in_force_in_whatever_order_they_end() -> None:
    first, second = install(), install()
    first.uninstall()
    assert all(driver is second.driver for driver in in_force())
    second.uninstall()


def test_an_error_in_the_block_undoes_the_installation() -> None:
    with pytest.raises(ZeroDivisionError), install():
        _ = 1 / 0


def test_without_an_argument_the_database_is_new_and_has_the_time_of_oslo() -> None:
    moment = dt.datetime(2001, 2, 3, 4, 5, 6)  # noqa: DTZ001 - Glance's times are naive
    with install() as db_api, mock.patch.object(timeutils, "utcnow", return_value=moment):
        assert db_api.image_get_all(ADMIN) == []
        assert db_api.image_create(ADMIN, {"status": "queued"})["created_at"] == moment


@pytest.mark.parametrize(
    "driver", [Driver(Database()), SimpleNamespace(**dict.fromkeys(FUNCTIONS, lambda *_: None))]
)
def test_a_driver_or_any_object_with_all_functions_is_used_as_it_is(driver: Any) -> None:
    with install(driver) as db_api:
        assert db_api is in_force()[0] is driver


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        *(
            (one, r"takes a simple_db\.Database")
            for one in (3, "a.json", Database, in_tree_fake, object())
        ),
        *(
            (one, r"written @install\(\), with parentheses$")
            for one in (in_force, unittest.TestCase)
        ),
    ],
)
def test_anything_else_is_refused_with_the_fix_and_nothing_is_installed(
    wrong: Any, why: str
) -> None:
    with pytest.raises(TypeError, match=why):
        install(wrong)


def test_what_an_object_lacks_is_named() -> None:
    lacking: Any = SimpleNamespace(**dict.fromkeys(FUNCTIONS[1:], lambda *_: None))
    with pytest.raises(TypeError, match=f"lacks {FUNCTIONS[0]}$"):
        install(lacking)


@pytest.fixture
def _glance_is_configured() -> Iterator[None]:
    cfg.CONF([], project="glance", default_config_files=[], default_config_dirs=[])
    yield
    cfg.CONF.reset()


@pytest.mark.usefixtures("_glance_is_configured")
def test_glances_own_repository_of_images_reads_and_writes_the_database() -> None:
    database = Database()
    context = RequestContext(project_id="demo", roles=["member", "reader"])
    with install(database):
        gateway = Gateway()
        image = gateway.get_image_factory(context).new_image(owner="demo", name="by glance")
        gateway.get_repo(context).add(image)
        assert gateway.get_repo(context).get(image.image_id).name == "by glance"
    assert database.image_get(ADMIN, image.image_id)["owner"] == "demo"


def test_modules_of_glance_that_are_imported_later_use_the_database_too() -> None:
    script = f"""
import sys
from simple_db.glance import install
import glance.db
installation = install()
from importlib import import_module
for module, name in {BINDINGS!r}:
    assert getattr(import_module(module), name) is installation.driver
from glance.image_cache.drivers import centralized_db
from glance import housekeeping, location, scrubber, sqlite_migration
assert centralized_db.glance.db.get_api() is installation.driver
assert scrubber.db_api.get_api() is installation.driver
installation.uninstall()
from glance.db.sqlalchemy import api
for module, name in {BINDINGS!r}:
    assert getattr(import_module(module), name) is api
assert glance.db.get_api() is api
"""
    done = ran(sys.executable, "-W", "ignore", "-c", script)
    assert done.returncode == 0, done.stderr


def test_no_other_module_of_glance_binds_the_sql_driver_to_a_name() -> None:
    package = Path(glance.__file__).parent
    modules = {
        source.relative_to(package.parent): source
        for source in package.rglob("*.py")
        if not source.is_relative_to(package / "tests")
        and not source.is_relative_to(package / "db" / "sqlalchemy")
    }
    bound = {
        (".".join(name.with_suffix("").parts), alias)
        for name, source in modules.items()
        for alias in sql_driver_names(ast.parse(source.read_text()))
    }
    assert bound == set(BINDINGS)


def sql_driver_names(tree: ast.Module) -> set[str]:
    """Return the names that a module gives to the SQL driver, or to what it takes out of it."""
    driver = sql_driver.__name__
    package, _, module = driver.rpartition(".")
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in {driver, package}:
            names |= {
                alias.asname or alias.name
                for alias in node.names
                if node.module == driver or alias.name == module
            }
        if isinstance(node, ast.Import):
            names |= {alias.asname or alias.name for alias in node.names if alias.name == driver}
    return names


@pytest.mark.skipif(
    glance_release.release() < "33", reason="Glance 31 and 32 leave the choice to whoever runs them"
)
def test_oslo_service_is_left_on_threads_as_glance_wants_it() -> None:
    script = """
import simple_db.glance.server
from oslo_service.backend import BackendType, get_backend_type
assert get_backend_type() is BackendType.THREADING
"""
    done = ran(sys.executable, "-W", "ignore", "-c", script)
    assert done.returncode == 0, done.stderr


# --- as a decorator ----------------------------------------------------------------------------


def images() -> list[Any]:
    """Return what the database that Glance uses now has, and add an image."""
    db_api = glance.db.get_api()
    assert isinstance(db_api, Driver)
    found: list[Any] = db_api.image_get_all(ADMIN)
    db_api.image_create(ADMIN, {"status": "queued"})
    return found


def driven(made: Any) -> Any:
    """Run a coroutine or a generator to its end, and return its result."""
    try:
        while True:
            made.send(None)
    except StopIteration as stop:
        return stop.value


@install()
def plain(number: int, *, name: str = "it") -> tuple[int, str, int]:
    """Count the images."""
    return number, name, len(images())


@install()
async def coroutine(number: int, *, name: str = "it") -> tuple[int, str, int]:
    """Count the images."""
    found = len(images())
    await pause()
    assert len(images()) == found + 1
    return number, name, found


@types.coroutine
def pause() -> Iterator[None]:
    yield


@install()
def generator(number: int, *, name: str = "it") -> Generator[None, None, tuple[int, str, int]]:
    """Count the images."""
    found = len(images())
    yield
    assert len(images()) == found + 1
    return number, name, found


class Tests(unittest.TestCase):
    @install()
    def method(self, number: int, *, name: str = "it") -> tuple[int, str, int]:
        """Count the images."""
        assert isinstance(self, Tests)
        return number, name, len(images())


@install()
class Decorated:
    def test_method(self, number: int, *, name: str = "it") -> tuple[int, str, int]:
        """Count the images."""
        assert isinstance(self, Decorated)
        return number, name, len(images())

    @staticmethod
    def test_static(number: int, *, name: str = "it") -> tuple[int, str, int]:
        """Count the images."""
        return number, name, len(images())

    @classmethod
    def test_class(cls, number: int, *, name: str = "it") -> tuple[int, str, int]:
        """Count the images."""
        assert issubclass(cls, Decorated)
        return number, name, len(images())

    def helper(self) -> object:
        return glance.db.get_api()

    test_data = "no function"


@install()
class Inheriting(Decorated):
    pass


KINDS: dict[str, Callable[..., Any]] = {
    "function": plain,
    "coroutine function": lambda *args, **kwargs: driven(coroutine(*args, **kwargs)),
    "generator function": lambda *args, **kwargs: driven(generator(*args, **kwargs)),
    "method": Tests().method,
    "method of a class": Decorated().test_method,
    "static method of a class": Decorated.test_static,
    "class method of a class": Decorated().test_class,
    "inherited method of a class": Inheriting().test_method,
}
DECORATED = [plain, coroutine, generator, Tests.method, Decorated.test_method]
EVERY_KIND = pytest.mark.parametrize("kind", KINDS)


@EVERY_KIND
def test_each_call_of_what_is_decorated_has_an_empty_database_of_its_own(kind: str) -> None:
    for number in range(3):
        assert KINDS[kind](number, name="mine") == (number, "mine", 0)
        assert all(driver is sql_driver for driver in in_force())


@pytest.mark.parametrize("function", DECORATED)
def test_what_is_decorated_keeps_its_name_its_signature_and_its_kind(function: Any) -> None:
    parameters = [*inspect.signature(function).parameters]
    assert parameters[-2:] == ["number", "name"]
    assert function.__doc__ == "Count the images."
    assert inspect.iscoroutinefunction(function) is (function is coroutine)
    assert inspect.isgeneratorfunction(function) is (function is generator)


def test_only_the_tests_of_a_class_are_decorated() -> None:
    assert Decorated().helper() is sql_driver
    assert Decorated.test_data == "no function"


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_a_decorated_function_is_undone_whatever_it_raises(error: type[BaseException]) -> None:
    @install()
    def failing() -> None:
        images()
        raise error

    @install()
    async def failing_later() -> None:
        images()
        await pause()
        raise error

    @install()
    def thrown_into() -> Iterator[None]:
        images()
        yield

    for call in (failing, lambda: driven(failing_later())):
        with pytest.raises(error):
            call()
        assert all(driver is sql_driver for driver in in_force())
    made: Any = thrown_into()
    next(made)
    with pytest.raises(error):
        made.throw(error)
    assert all(driver is sql_driver for driver in in_force())


def test_a_generator_that_is_closed_early_is_undone() -> None:
    made: Any = generator(1)
    next(made)
    assert isinstance(glance.db.get_api(), Driver)
    made.close()
    assert all(driver is sql_driver for driver in in_force())


def test_a_decorated_function_that_calls_itself_has_a_database_for_each_call() -> None:
    @install()
    def deep(levels: int) -> None:
        assert images() == []
        if levels:
            deep(levels - 1)
        assert len(images()) == 1

    deep(3)


@pytest.mark.parametrize("wrap", [lambda database: database, Driver])
def test_a_database_that_was_given_is_that_of_every_call(wrap: Any) -> None:
    database = Database()

    @install(wrap(database))
    def counted() -> int:
        return len(images())

    assert [counted(), counted()] == [0, 1]
    assert len(database.image_get_all(ADMIN)) == 2


def test_a_decorator_leaves_what_was_installed_before() -> None:
    with install() as outer:

        @install()
        def inner() -> object:
            return in_force()[0]

        assert in_force()[0] is outer
        assert inner() is not outer
        assert in_force()[0] is outer


async def asynchronous() -> AsyncIterator[None]:
    yield


@pytest.mark.parametrize(
    ("wrong", "why"),
    [(3, "not 3"), ("f", "not 'f'"), (asynchronous, "asynchronous .* write a with statement")],
)
def test_what_cannot_be_decorated_is_named_and_nothing_stays_installed(
    wrong: Any, why: str
) -> None:
    with pytest.raises(TypeError, match=why):
        install()(wrong)


@pytest.mark.parametrize("above", [pytest.fixture, staticmethod, classmethod])
def test_a_decorator_that_has_to_be_above_is_named(above: Any) -> None:
    with pytest.raises(TypeError, match=rf"put @[\w.]*{above.__name__} above @install\(\)"):
        install()(above(lambda: None))


# --- as a decorator of classes of tests --------------------------------------------------------

TWO_TESTS = """
    def test_first(self):
        self.steps.append(("test", counted()))

    def test_second(self):
        self.steps.append(("test", counted()))
"""
LIVES = """
@install()
class Plain(unittest.TestCase):
    def setUp(self):
        self.steps = []
        self.addCleanup(lambda: all_of(self.steps, "setUp test tearDown cleanup", counted()))
        self.steps.append(("setUp", counted()))

    def tearDown(self):
        self.steps.append(("tearDown", counted()))
{TWO_TESTS}

class Subclass(Plain):
{TWO_TESTS}
    def test_third(self):
        self.steps.append(("test", counted()))


@install(FULL)
class Redecorated(Plain):
    test_first = test_second = None

    def setUp(self):
        assert glance.db.get_api().database is FULL
        self.steps = []

    def tearDown(self):
        assert glance.db.get_api().database is FULL

    def test_it(self):
        assert glance.db.get_api().database is FULL


@install()
class Asynchronous(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.steps = [("setUp", counted())]
        self.addAsyncCleanup(self.end)

    async def asyncTearDown(self):
        self.steps.append(("tearDown", counted()))

    async def end(self):
        all_of(self.steps, "setUp test tearDown cleanup", counted())

    async def test_first(self):
        self.steps.append(("test", counted()))

    test_second = test_first
""".replace("{TWO_TESTS}", TWO_TESTS)
HEAD = """
import unittest
import glance.db
import pytest
from simple_db import Database, RequestContext
from simple_db.glance import install

FULL = Database()

def counted():
    db_api = glance.db.get_api()
    db_api.image_create(RequestContext(), {"status": "queued"})
    return len(db_api.image_get_all(RequestContext(is_admin=True)))

def all_of(steps, names, last):
    assert [*steps, ("cleanup", last)] == [(name, n) for n, name in enumerate(names.split(), 1)]
"""


def outcomes(body: str) -> dict[str, int]:
    """Return how the tests of a module end under pytest, which has to leave Glance as it was."""
    module = HEAD + textwrap.dedent(body)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "test_of_a_user.py")
        path.write_text(module)
        options = ["-p", "no:cacheprovider", "-p", "no:cov", "-q", "-W", "ignore", "--rootdir"]
        command = [sys.executable, "-m", "pytest", *options, directory, str(path)]
        done = ran(*command, cwd=Path(directory))
    found = re.findall(r"(\d+) (passed|failed|error)", done.stdout.splitlines()[-1])
    assert found, done.stdout + done.stderr
    return {outcome: int(number) for number, outcome in found}


def test_a_test_case_has_one_installation_from_its_set_up_to_its_last_clean_up() -> None:
    module: dict[str, Any] = {"__name__": "lives"}
    exec(HEAD + LIVES, module)  # noqa: S102 - our own
    classes = [each for each in module.values() if isinstance(each, type)]
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    cases = [each for each in classes if issubclass(each, unittest.TestCase)]
    suite = unittest.TestSuite(map(load, cases))
    result = unittest.TestResult()
    suite.run(result)
    assert (result.testsRun, result.failures, result.errors) == (8, [], [])
    unittest.TestSuite(map(load, cases)).debug()


def test_it_has_it_under_pytest_too() -> None:
    assert outcomes(LIVES) == {"passed": 8}


AROUND = [
    *("setup_method", "teardown_method", "setup_class", "teardown_class"),
    *("setUp", "tearDown", "asyncSetUp", "asyncTearDown", "setUpClass", "tearDownClass"),
]


def with_method(name: str, *bases: type) -> type:
    """Return a class with a test, and a method of that name."""
    members = {"test_it": lambda _: None, name: lambda *_: None}
    return type("Cases", bases, members)


@pytest.mark.parametrize("name", AROUND)
def test_a_method_around_tests_that_would_be_outside_is_named_with_the_fix(name: str) -> None:
    with pytest.raises(TypeError, match=rf"Cases\.{name} would .*TestCase .* glance_db_api"):
        install()(with_method(name))


@pytest.mark.parametrize("name", AROUND)
def test_a_test_case_may_have_those_of_unittest_alone(name: str) -> None:
    cases = with_method(name, unittest.TestCase)
    if name.islower():
        with pytest.raises(TypeError, match=rf"Cases\.{name} would"):
            install()(cases)
    else:
        assert install()(cases) is cases


def test_a_class_without_tests_is_refused() -> None:
    class Empty:
        test_data = "no function"

    with pytest.raises(TypeError, match=r"Empty has nothing to decorate: .* begins with test"):
        install()(Empty)


# --- contexts without a configuration ----------------------------------------------------------


def test_a_context_of_glance_needs_no_configuration_where_something_is_installed() -> None:
    before = dict(vars(cfg.CONF))
    with pytest.raises(cfg.NotInitializedError):
        RequestContext(project_id="demo")
    with install() as db_api, install():
        context = RequestContext(project_id="demo", roles=["member"])
        assert (context.owner, context.is_admin) == ("demo", False)
        assert RequestContext(roles=["admin"]).is_admin
        db_api.image_create(context, {"status": "queued", "owner": "demo"})
    assert vars(cfg.CONF).keys() == before.keys()
    with pytest.raises(cfg.NotInitializedError):
        RequestContext(project_id="demo")


def test_a_policy_file_of_the_configuration_is_still_read(tmp_path: Path) -> None:
    (tmp_path / "glance.conf").touch()
    (tmp_path / "policy.yaml").write_text("context_is_admin: role:operator\n")
    cfg.CONF([], default_config_files=[str(tmp_path / "glance.conf")], default_config_dirs=[])
    try:
        with install():
            assert RequestContext(roles=["operator"]).is_admin
            assert not RequestContext(roles=["admin"]).is_admin
    finally:
        cfg.CONF.reset()
