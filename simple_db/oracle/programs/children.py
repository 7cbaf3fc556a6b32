"""Random calls on the children of images: members, tags, locations and properties."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from simple_db.oracle.programs.calls import Call, call, location_id, member_id
from simple_db.oracle.programs.cast import MEMBER_STATUSES
from simple_db.oracle.programs.domain import PROPERTIES
from simple_db.oracle.programs.draws import (
    Calls,
    Values,
    anyone,
    calls_of,
    image_ids,
    kept_locations,
    new_locations,
    property_values,
    some,
    times,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_projects = st.sampled_from([*MEMBER_STATUSES, "alice"])
_memberships = st.builds(member_id, image_ids, _projects)


def membership(image_id: str, project: str, optional: Values) -> Call:
    """Make the project a member of the image."""
    values = {"image_id": image_id, "member": project} | optional
    return call("image_member_create", "admin", values=values)


_new_members = st.one_of(
    st.builds(
        lambda image_id, project: membership(
            image_id, project, {"status": MEMBER_STATUSES[project]}
        ),
        image_ids,
        st.sampled_from(list(MEMBER_STATUSES)),
    ),
    st.builds(
        membership,
        image_ids,
        _projects,
        some(can_share=st.booleans(), deleted=st.booleans(), unknown=st.none()),
    ),
)
MEMBERS: Sequence[Calls] = (
    *[_new_members] * 3,
    calls_of(
        "image_member_update",
        memb_id=_memberships,
        values=some(
            status=st.sampled_from(list(MEMBER_STATUSES)),
            can_share=st.booleans(),
            member=_projects,
            unknown=st.none(),
        ),
    ),
    calls_of("image_member_delete", memb_id=_memberships),
    *[
        calls_of(
            "image_member_find",
            anyone,
            image_id=image_ids,
            member=_projects,
            status=st.sampled_from([*MEMBER_STATUSES, "all"]),
            include_deleted=st.booleans(),
        )
    ]
    * 2,
    calls_of("image_member_count", image_id=image_ids),
)

_tag_values = st.sampled_from(["t1", "t2", "T1", "", "ünï"])
TAGS: Sequence[Calls] = (
    *[calls_of("image_tag_create", image_id=image_ids, value=_tag_values)] * 2,
    calls_of("image_tag_delete", image_id=image_ids, value=_tag_values),
    calls_of("image_tag_set_all", image_id=image_ids, tags=st.lists(_tag_values, max_size=3)),
    calls_of("image_tag_get_all", image_id=image_ids),
)


@functools.cache
def _location_calls(image_id: str) -> Calls:
    this, ids = st.just(image_id), st.builds(location_id, st.just(image_id), st.integers(0, 2))
    return st.one_of(
        calls_of("image_location_add", image_id=this, location=new_locations),
        calls_of("image_location_add", image_id=this, location=new_locations),
        calls_of("image_location_update", image_id=this, location=kept_locations(image_id)),
        calls_of(
            "image_location_delete",
            image_id=this,
            location_id=ids,
            status=st.sampled_from(["deleted", "pending_delete", "active"]),
            delete_time=times,
        ),
    )


LOCATIONS: Sequence[Calls] = (image_ids.flatmap(_location_calls),) * 3

_names = st.sampled_from([*PROPERTIES, PROPERTIES[0].upper()])
PROPERTY_CALLS: Sequence[Calls] = (
    calls_of(
        "image_property_create",
        values=st.fixed_dictionaries(
            {"image_id": image_ids, "name": _names, "value": property_values}
        ),
    ),
    calls_of("image_property_delete", prop_ref=_names, image_ref=image_ids),
    calls_of("image_set_property_atomic", image_id=image_ids, name=_names, value=property_values),
    calls_of(
        "image_delete_property_atomic", image_id=image_ids, name=_names, value=property_values
    ),
)
