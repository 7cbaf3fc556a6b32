"""Random tests make few rows: let them be enough for indexes, and for a plan of a listing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from simple_db.queries import plan

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True, scope="module")
def _few_rows_are_many() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "LARGE", 1)
        yield
