"""The lines of the fixture ``db``, which gives an emitted test its driver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from simple_db.oracle.emission.source import written
from simple_db.oracle.targets.target import SQL_DRIVER

if TYPE_CHECKING:
    from collections.abc import Iterator

_DATABASE = "simple_db_oracle_test"

_FIXTURE = '''\
@pytest.fixture
def db():
    """Return the target, or the module that the environment variable DRIVER names."""
    if "DRIVER" not in os.environ:
        return target()
    driver = importlib.import_module(os.environ["DRIVER"])
    driver.reset()
    return driver'''

_SQL = """\
    import sqlalchemy as sa
    from glance.db.sqlalchemy import api, models, models_metadef
    from oslo_db.sqlalchemy import enginefacade

    url = sa.make_url({url})
{own}    connection = url.render_as_string(hide_password=False)
    facade = enginefacade.transaction_context()
    facade.configure(connection=connection, sqlite_fk=True, thread_checkin=False)
    engine = facade.writer.get_engine()
    for schema in (models.BASE.metadata, models_metadef.BASE_DICT.metadata):
        schema.drop_all(engine)
        schema.create_all(engine)
    api._main_context_manager = facade
    return api"""

_OWN_DATABASE = f"""\
    server = sa.create_engine(url.set(database={{database}}), isolation_level="AUTOCOMMIT")
    with server.connect() as connection, suppress(sa.exc.DBAPIError):
        connection.execute(sa.text("CREATE DATABASE {_DATABASE}"))
    server.dispose()
    url = url.set(database="{_DATABASE}")
"""


@frozen
class Fixture:
    """The driver of an emitted test.

    Attributes:
        target: ``package.module`` or ``package.module:attribute``.
        setup: ``package.module:function`` that returns a clean driver.
        url: The database of Glance's SQL driver. If it has a password, that is not written out,
            and the test reads the URL from the environment variable DATABASE_URL.
        resets: Whether the driver has a function `reset`.
    """

    target: str
    setup: str | None = None
    url: str | None = None
    resets: bool = True

    @property
    def is_module(self) -> bool:
        """Whether it takes only an import to have the driver."""
        return self.setup is None and self.target != SQL_DRIVER

    def lines(self) -> Iterator[str]:
        """Yield the lines of the function that makes the target, and of the fixture."""
        yield "def target():"
        yield '    """Return what is tested, without any row."""'
        if self.setup is not None:
            yield from self._made(self.setup)
        elif self.target == SQL_DRIVER:
            yield from self._sql()
        else:
            yield from self._imported()
        yield from ("", "", *_FIXTURE.splitlines())

    def _imported(self) -> Iterator[str]:
        module, _, attribute = self.target.partition(":")
        yield f"    driver = importlib.import_module({written(module)})"
        if attribute:
            yield f"    driver = driver.{attribute}"
        yield "    driver.reset()"
        yield "    return driver"

    def _made(self, setup: str) -> Iterator[str]:
        module, _, function = setup.partition(":")
        yield f"    set_up = importlib.import_module({written(module)}).{function}"
        yield "    driver = set_up()"
        if self.resets:
            yield "    driver.reset()"
        yield "    return driver"

    def _sql(self) -> Iterator[str]:
        # Only this target needs SQLAlchemy, which may not be installed.
        import sqlalchemy as sa  # noqa: PLC0415

        url = sa.make_url(self.url or "sqlite://")
        backend = url.get_backend_name()
        shown = written(url.render_as_string())
        own = _OWN_DATABASE.format(database='"postgres"' if backend == "postgresql" else "None")
        yield from _SQL.format(
            url=f'os.environ.get("DATABASE_URL", {shown})' if url.password else shown,
            own="" if backend == "sqlite" else own,
        ).splitlines()
