from pathlib import Path

import pytest
from glance.image_cache.drivers import base, centralized_db

from simple_db.glance.cache_files import cache_files_inside

pytestmark = pytest.mark.glance


def cache(directory: Path) -> centralized_db.Driver:
    """Return Glance's driver with its directories there."""
    driver = object.__new__(centralized_db.Driver)
    driver.base_dir = str(directory)
    return driver


@pytest.mark.parametrize("status", ["active", "incomplete", "invalid", "queue"])
@pytest.mark.parametrize(
    "image_id",
    [
        "/home/me/x",
        "../../x",
        "a/b",
        "..",
        ".",
        "",
        "queue",
        "Invalid",
        "incomplete",
        "\0",
        "x" * 999,
    ],
)
def test_a_file_of_whatever_id_is_in_the_directory(
    tmp_path: Path, image_id: str, status: str
) -> None:
    driver = cache(tmp_path)
    with cache_files_inside():
        path = Path(driver.get_image_filepath(image_id, status))
        again = Path(driver.get_image_filepath(image_id + "x", status))

    assert path.parent == (tmp_path if status == "active" else tmp_path / status)
    assert path.name.startswith("%")
    assert not path.exists()
    assert path != again


@pytest.mark.parametrize("image_id", ["3a1e0fd2-9d3f-4a5e-8f6b-0c1d2e3f4a5b", "x", "my_image.1"])
def test_a_usual_id_is_the_name_of_the_file(tmp_path: Path, image_id: str) -> None:
    with cache_files_inside():
        assert cache(tmp_path).get_image_filepath(image_id) == str(tmp_path / image_id)


def test_glance_is_as_it_was_afterwards() -> None:
    oldest = centralized_db.Driver.get_least_recently_accessed
    with cache_files_inside():
        assert centralized_db.Driver.get_least_recently_accessed is not oldest

    assert centralized_db.Driver.get_least_recently_accessed is oldest
    assert centralized_db.Driver.get_image_filepath is base.Driver.get_image_filepath
