import os
from pathlib import Path
from typing import Any

import pytest
from glance.api.v2.images import ImagesController
from glance.common import exception
from glance.common.scripts import utils

from simple_db.glance.staged_files import only_staged_files

pytestmark = pytest.mark.glance


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name in ("images", "staging/deep", "tasks", "cache"):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "x").write_bytes(b"data")
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "data/staging/link").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "data/staging/pipe")
    return tmp_path / "data"


def read(data: Path, uri: str) -> Any:
    with only_staged_files(data):
        given = utils.get_image_data_iter(uri)
        # With its size from Glance 32 on, and within readers of Glance from 33 on.
        content = given[0] if isinstance(given, tuple) else given
        with content.data.fd if hasattr(content, "data") else content:
            return content.read(100)


@pytest.mark.parametrize("store", ["staging", "tasks"])
def test_what_is_staged_is_read(data: Path, store: str) -> None:
    (data / store / "x").write_bytes(b"staged")
    assert read(data, f"file://{data}/{store}/x") == b"staged"


@pytest.mark.parametrize(
    "path",
    [
        *("/etc/hostname", "{data}/../secret", "{data}/staging/../../secret", "{data}/staging/.."),
        *("{data}/staging/.", "{data}/staging/", "{data}/staging", "{data}/staging/link"),
        *("{data}/staging/pipe", "{data}/staging/deep/x", "{data}/staging/gone", "{data}/images/x"),
        *("{data}/cache/x", "/etc/hostname?file://{data}/staging/x", "localhost{data}/staging/x"),
        *("{data}/staging/x\0", "staging/x", ""),
    ],
)
def test_no_other_file_is_read(data: Path, path: str) -> None:
    with pytest.raises(exception.BadStoreUri, match="staged"):
        read(data, f"file://{path.format(data=data)}")


def test_glance_is_as_it_was_afterwards(data: Path) -> None:
    before = (ImagesController.import_image, utils.get_image_data_iter)
    with only_staged_files(data):
        assert ImagesController.import_image is not before[0]
    assert (ImagesController.import_image, utils.get_image_data_iter) == before
