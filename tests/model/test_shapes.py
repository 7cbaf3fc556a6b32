from typing import Any

import attrs
import pytest

from simple_db import RequestContext
from simple_db.model.shapes import (
    AssociationDict,
    Context,
    ImageDict,
    LocationDict,
    MemberDict,
    MetadefObjectDict,
    MetadefPropertyDict,
    MetadefTagDict,
    NamespaceDict,
    PropertyDict,
    ResourceTypeDict,
)
from tests.support.build import ADMIN, a_database, a_location, a_namespace, a_property, an_image


def test_a_context_is_an_ordinary_caller_without_project_by_default() -> None:
    context = RequestContext()

    assert (context.owner, context.is_admin, context.can_see_deleted) == (None, False, False)


@pytest.mark.parametrize("is_admin", [True, False])
def test_seeing_deleted_images_follows_being_an_administrator(is_admin: bool) -> None:
    assert RequestContext(is_admin=is_admin).can_see_deleted is is_admin


@pytest.mark.parametrize("is_admin", [True, False])
@pytest.mark.parametrize("sees", [True, False])
def test_seeing_deleted_images_can_be_given_by_itself(is_admin: bool, sees: bool) -> None:
    assert RequestContext(is_admin=is_admin, can_see_deleted=sees).can_see_deleted is sees


def test_contexts_of_the_same_three_are_equal() -> None:
    assert RequestContext(owner="alice") == RequestContext(owner="alice")
    assert RequestContext(owner="alice") != RequestContext(owner="bob")


def test_a_context_never_changes() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        RequestContext().owner = "alice"  # type: ignore[misc]


def test_a_context_is_made_by_names_only() -> None:
    positional: Any = RequestContext
    with pytest.raises(TypeError):
        positional("alice")


def test_anything_with_the_three_attributes_is_a_context() -> None:
    class Ours:
        is_admin = False
        owner = "alice"
        can_see_deleted = False

    context: Context = Ours()
    db = a_database()
    an_image(db)

    assert len(db.image_get_all(context)) == 1


def test_an_image_comes_out_with_exactly_the_keys_of_its_type() -> None:
    db = a_database()
    image = db.image_get(ADMIN, an_image(db))

    assert image.keys() == ImageDict.__annotations__.keys() - {"tags", "is_public"}


def test_the_keys_of_an_image_that_come_and_go_are_marked() -> None:
    assert ImageDict.__optional_keys__ == {"tags", "is_public", "visibility"}


def test_children_come_out_with_exactly_the_keys_of_their_types() -> None:
    db = a_database()
    image_id = an_image(db)
    a_location(db, image_id)
    a_property(db, image_id)
    member = db.image_member_create(ADMIN, {"image_id": image_id, "member": "bob"})
    image = db.image_get(ADMIN, image_id)

    assert image["locations"][0].keys() == LocationDict.__annotations__.keys()
    assert image["properties"][0].keys() == PropertyDict.__annotations__.keys()
    assert member.keys() == MemberDict.__annotations__.keys()


def test_metadata_definitions_come_out_with_exactly_the_keys_of_their_types() -> None:
    db = a_database()
    a_namespace(db)
    values = {"name": "x", "prefix": None, "properties_target": None}
    answers: dict[Any, Any] = {
        NamespaceDict: db.metadef_namespace_get(ADMIN, "ns"),
        MetadefObjectDict: db.metadef_object_create(ADMIN, "ns", values),
        MetadefPropertyDict: db.metadef_property_create(ADMIN, "ns", values),
        MetadefTagDict: db.metadef_tag_create(ADMIN, "ns", values),
        AssociationDict: db.metadef_resource_type_association_create(ADMIN, "ns", values),
        ResourceTypeDict: db.metadef_resource_type_get(ADMIN, "x"),
    }

    assert all(answer.keys() == shape.__annotations__.keys() for shape, answer in answers.items())
