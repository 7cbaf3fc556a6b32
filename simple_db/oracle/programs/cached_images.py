"""Random calls on the image cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from simple_db.oracle.programs.domain import URLS
from simple_db.oracle.programs.draws import Calls, Values, admin, calls_of, image_ids, times

if TYPE_CHECKING:
    from collections.abc import Sequence

_urls = st.sampled_from([*URLS[:1] * 3, URLS[1]])
_cached: Values = {"image_id": image_ids, "node_reference_url": _urls}
CACHE: Sequence[Calls] = (
    calls_of("node_reference_create", admin, node_reference_url=_urls),
    calls_of("node_reference_get_by_url", admin, node_reference_url=_urls),
    *[
        calls_of(
            "insert_cache_details",
            admin,
            **_cached,
            filesize=st.integers(0, 4),
            checksum=st.sampled_from(["c", None]),
            last_accessed=times,
            last_modified=times,
            hits=st.integers(0, 3),
        )
    ]
    * 3,
    calls_of("update_hit_count", admin, **_cached),
    calls_of("get_hit_count", admin, **_cached),
    calls_of("is_image_cached_for_node", admin, **_cached),
    calls_of("delete_cached_image", admin, **_cached),
    calls_of("get_cached_images", admin, node_reference_url=_urls),
    calls_of("get_least_recently_accessed", admin, node_reference_url=_urls),
    calls_of("delete_all_cached_images", admin, node_reference_url=_urls),
)
