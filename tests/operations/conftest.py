"""What most tests of functions begin with: a clock that stands still, a database, an image."""

import pytest

from simple_db import Database
from tests.support.build import a_database, an_image
from tests.support.world import World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def db(world: World) -> Database:
    """Make an empty database with the clock of the world."""
    return a_database(world)


@pytest.fixture
def image_id(db: Database) -> str:
    """Create a shared, active image of alice; give its id."""
    return an_image(db)
