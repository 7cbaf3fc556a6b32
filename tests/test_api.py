import copy
import datetime as dt
import inspect
import pickle
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import simple_db
from simple_db import Database, RequestContext, api
from simple_db.installed import glance_release
from tests.support.build import (
    ADMIN,
    ALICE,
    UUID,
    a_database,
    a_full_database,
    a_location,
    a_member,
    an_image,
    ids,
    rows,
)
from tests.support.forks import DONE, in_a_fork
from tests.support.world import BEGINNING, World

# The functions of the Glance database API and how they are called.
SIGNATURES = {
    "image_create": "(context, values, v1_mode=False)",
    "image_update": "(context, image_id, values, purge_props=False, from_state=None,"
    " v1_mode=False, atomic_props=None)",
    "image_destroy": "(context, image_id)",
    "image_restore": "(context, image_id)",
    "image_get": "(context, image_id, force_show_deleted=False, v1_mode=False)",
    "image_get_all": "(context, filters=None, marker=None, limit=None, sort_key=None,"
    " sort_dir=None, member_status='accepted', is_public=None, admin_as_user=False,"
    " return_tag=False, v1_mode=False)",
    "image_location_add": "(context, image_id, location)",
    "image_location_update": "(context, image_id, location)",
    "image_location_delete": "(context, image_id, location_id, status, delete_time=None)",
    "image_property_create": "(context, values)",
    "image_property_delete": "(context, prop_ref, image_ref)",
    "image_set_property_atomic": "(image_id, name, value)",
    "image_delete_property_atomic": "(image_id, name, value)",
    "image_member_create": "(context, values)",
    "image_member_update": "(context, memb_id, values)",
    "image_member_delete": "(context, memb_id)",
    "image_member_find": "(context, image_id=None, member=None, status=None,"
    " include_deleted=False)",
    "image_member_count": "(context, image_id)",
    "image_tag_set_all": "(context, image_id, tags)",
    "image_tag_create": "(context, image_id, value)",
    "image_tag_delete": "(context, image_id, value)",
    "image_tag_get_all": "(context, image_id)",
    "is_image_mutable": "(context, image)",
    "is_image_visible": "(context, image, status=None)",
    "user_get_storage_usage": "(context, owner_id, image_id=None)",
    "user_get_staging_usage": "(context, owner_id)",
    "user_get_image_count": "(context, owner_id)",
    "user_get_uploading_count": "(context, owner_id)",
    "task_create": "(context, values)",
    "task_update": "(context, task_id, values)",
    "task_delete": "(context, task_id)",
    "task_get": "(context, task_id, force_show_deleted=False)",
    "task_get_all": "(context, filters=None, marker=None, limit=None, sort_key='created_at',"
    " sort_dir='desc', admin_as_user=False)",
    "tasks_get_by_image": "(context, image_id)",
    "metadef_namespace_create": "(context, values)",
    "metadef_namespace_update": "(context, namespace_id, namespace_dict)",
    "metadef_namespace_delete": "(context, namespace_name)",
    "metadef_namespace_get": "(context, namespace_name)",
    "metadef_namespace_get_all": "(context, marker=None, limit=None, sort_key='created_at',"
    " sort_dir='desc', filters=None)",
    "metadef_object_create": "(context, namespace_name, object_dict)",
    "metadef_object_update": "(context, namespace_name, object_id, object_dict)",
    "metadef_object_delete": "(context, namespace_name, object_name)",
    "metadef_object_get": "(context, namespace_name, object_name)",
    "metadef_object_get_all": "(context, namespace_name)",
    "metadef_object_count": "(context, namespace_name)",
    "metadef_object_delete_namespace_content": "(context, namespace_name)",
    "metadef_property_create": "(context, namespace_name, property_dict)",
    "metadef_property_update": "(context, namespace_name, property_id, property_dict)",
    "metadef_property_delete": "(context, namespace_name, property_name)",
    "metadef_property_get": "(context, namespace_name, property_name)",
    "metadef_property_get_all": "(context, namespace_name)",
    "metadef_property_count": "(context, namespace_name)",
    "metadef_property_delete_namespace_content": "(context, namespace_name)",
    "metadef_tag_create": "(context, namespace_name, tag_dict)",
    "metadef_tag_create_tags": "(context, namespace_name, tag_list, can_append=False)",
    "metadef_tag_update": "(context, namespace_name, id, tag_dict)",
    "metadef_tag_delete": "(context, namespace_name, name)",
    "metadef_tag_get": "(context, namespace_name, name)",
    "metadef_tag_get_all": "(context, namespace_name, filters=None, marker=None, limit=None,"
    " sort_key='created_at', sort_dir='desc')",
    "metadef_tag_count": "(context, namespace_name)",
    "metadef_tag_delete_namespace_content": "(context, namespace_name)",
    "metadef_resource_type_create": "(context, values)",
    "metadef_resource_type_delete": "(context, resource_type_name)",
    "metadef_resource_type_get": "(context, resource_type_name)",
    "metadef_resource_type_get_all": "(context)",
    "metadef_resource_type_association_create": "(context, namespace_name, values)",
    "metadef_resource_type_association_delete": "(context, namespace_name, resource_type_name)",
    "metadef_resource_type_association_get": "(context, namespace_name, resource_type_name)",
    "metadef_resource_type_association_get_all_by_namespace": "(context, namespace_name)",
    "node_reference_create": "(context, node_reference_url)",
    "node_reference_get_by_url": "(context, node_reference_url)",
    "insert_cache_details": "(context, node_reference_url, image_id, filesize, checksum=None,"
    " last_accessed=None, last_modified=None, hits=None)",
    "update_hit_count": "(context, image_id, node_reference_url)",
    "get_hit_count": "(context, image_id, node_reference_url)",
    "is_image_cached_for_node": "(context, node_reference_url, image_id)",
    "get_cached_images": "(context, node_reference_url)",
    "get_cached_nodes": "(context, image_id)",
    "get_least_recently_accessed": "(context, node_reference_url)",
    "delete_cached_image": "(context, image_id, node_reference_url)",
    "delete_all_cached_images": "(context, node_reference_url)",
    "purge_deleted_rows": "(context, age_in_days, max_rows)",
    "purge_deleted_rows_from_images": "(context, age_in_days, max_rows)",
}

SETUP = {"configure": "()", "clear_db_env": "()", "reset": "()"}

EVERY_FUNCTION = pytest.mark.parametrize(("name", "signature"), (SIGNATURES | SETUP).items())


def signature_of(function: Any) -> str:
    """Give names, order and defaults of a function's parameters."""
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(function).parameters.values()
    ]
    return str(inspect.Signature(parameters))


def undecorated(function: Any) -> Any:
    """Give a function of the SQL driver, if need be from under what takes any arguments."""
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    hidden = [cell for cell in cells if inspect.isfunction(cell)]
    return hidden[0] if hidden else function


@pytest.fixture(autouse=True)
def _emptied_default_database() -> None:
    api.reset()


# --- functions -------------------------------------------------------------------------------


def test_these_are_all_functions_that_read_or_write_data() -> None:
    assert tuple(SIGNATURES) == api.FUNCTIONS


# What the SQL driver shows of its engine, beside the functions on data.
OF_THE_ENGINE = {"get_engine", "session_for_read", "session_for_write", "visit_delete_from_select"}


@pytest.mark.glance
def test_every_function_of_the_sql_driver_is_there() -> None:
    driver = pytest.importorskip("glance.db.sqlalchemy.api")
    # A decorator of Glance or oslo.db makes a function look like one of theirs.
    homes = {driver.__name__, "glance.common.utils", "oslo_db.api"}
    theirs = {
        name
        for name, function in inspect.getmembers(driver, inspect.isfunction)
        if function.__module__ in homes and not name.startswith("_")
    }

    assert theirs - OF_THE_ENGINE - {"clear_db_env"} == set(of_this_release()) - {"reset"}


def of_this_release() -> list[str]:
    """Give the functions that the installed Glance has: Glance 31 and 32 lack one."""
    is_newest = glance_release.release() >= "33"
    return [name for name in SIGNATURES if is_newest or name != "get_cached_nodes"]


@EVERY_FUNCTION
def test_a_method_has_the_signature_of_the_api(name: str, signature: str) -> None:
    assert signature_of(getattr(Database(), name)) == signature


@EVERY_FUNCTION
def test_a_function_of_the_module_is_the_method_of_the_default_database(
    name: str, signature: str
) -> None:
    assert getattr(api, name) == getattr(api.database, name)


@pytest.mark.glance
@pytest.mark.parametrize("name", of_this_release())
def test_the_sql_driver_takes_the_same_parameters(name: str) -> None:
    driver = pytest.importorskip("glance.db.sqlalchemy.api")

    assert signature_of(undecorated(getattr(driver, name))) == SIGNATURES[name]


# --- databases -------------------------------------------------------------------------------


def test_functions_of_the_module_share_one_database() -> None:
    image_id = api.image_create(ALICE, {"status": "active", "owner": "alice"})["id"]
    api.image_tag_create(ALICE, image_id, "blue")

    assert ids(api.image_get_all(ALICE, {"tags": ["blue"]})) == [image_id]
    assert api.database.image_get(ALICE, image_id)["id"] == image_id


def test_databases_share_nothing() -> None:
    first, second = a_database(), a_database()
    empty = second.snapshot()
    image_id = an_image(first)
    a_location(first, image_id)
    a_member(first, image_id)

    assert second.snapshot() == empty
    assert second.revision == 0
    assert api.database.image_get_all(ADMIN) == []
    assert an_image(second, image_id) == image_id


def test_clocks_and_id_sources_are_given_by_name() -> None:
    positional: Any = Database
    with pytest.raises(TypeError):
        positional(lambda: None)


def test_a_database_stands_where_glance_takes_a_module() -> None:
    glance_db: Any = Database()
    glance_db.configure()
    glance_db.image_create(context=ALICE, values={"status": "active", "owner": "alice"})

    assert len(glance_db.image_get_all(context=ALICE, filters={"owner": "alice"})) == 1


@pytest.mark.parametrize("name", ["configure", "clear_db_env"])
def test_setting_up_and_tearing_down_do_nothing(name: str) -> None:
    db = a_database()
    an_image(db)
    before = db.snapshot(), db.revision
    getattr(db, name)()

    assert (db.snapshot(), db.revision) == before


# --- reset -----------------------------------------------------------------------------------


def used_everywhere(db: Database, one: Any) -> Iterator[Any]:
    """Take one id for an image, a task, a project and whatever else is text, and give answers."""
    owner, node = RequestContext(owner=one), "http://here"
    image = {"status": "queued", "owner": one}
    location = {"url": "file:///a", "metadata": {}, "status": "active"}
    yield db.image_create(owner, image | {"id": one, "size": 5, "properties": {"p": one}})
    yield db.image_create(owner, image | {"id": "other", "visibility": "shared"})
    yield db.image_location_add(owner, one, location)
    yield db.image_location_update(owner, one, location | {"id": 1})
    yield db.user_get_storage_usage(owner, one), db.user_get_storage_usage(owner, one, one)
    yield db.image_location_delete(owner, one, 1, "deleted")
    yield db.image_set_property_atomic(one, "lock", one)
    yield db.image_delete_property_atomic(one, "lock", one)
    yield db.image_property_create(owner, {"image_id": one, "name": "q", "value": one})
    yield db.image_property_delete(owner, "q", one)
    yield db.image_tag_create(owner, one, "old"), db.image_tag_set_all(owner, one, ["new"])
    yield db.image_tag_get_all(owner, one), db.image_tag_delete(owner, one, "new")
    yield db.image_member_create(owner, {"image_id": one, "member": one})
    yield db.image_member_find(owner, one, one), db.image_member_count(owner, one)
    yield db.image_get_all(owner, marker=one), db.image_get_all(owner, {"owner": one, "p": one})
    yield db.image_update(owner, one, {"id": one, "status": "pending_delete"})
    yield db.image_restore(owner, one), db.image_get(owner, one), db.image_destroy(owner, one)
    yield db.is_image_mutable(owner, {"owner": one})
    yield db.is_image_visible(owner, {"id": one, "owner": one, "visibility": "private"})
    yield db.node_reference_create(owner, node), db.insert_cache_details(owner, node, one, 5)
    yield db.update_hit_count(owner, one, node), db.get_hit_count(owner, one, node)
    yield db.is_image_cached_for_node(owner, node, one), db.get_cached_nodes(owner, one)
    yield db.delete_cached_image(owner, one, node)
    task = {"type": "import", "status": "pending"} | {"id": one, "owner": one, "image_id": one}
    yield db.task_create(owner, task), db.task_update(owner, one, {"message": "done"})
    yield db.tasks_get_by_image(owner, one), db.task_get_all(owner, {"image_id": one})
    yield db.task_get(owner, one), db.task_get_all(owner, marker=one), db.task_delete(owner, one)
    yield db.metadef_namespace_create(owner, {"namespace": one, "owner": one})
    yield db.metadef_tag_create(owner, one, {"name": one}), db.metadef_tag_get(owner, one, one)


def test_a_uuid_is_taken_for_its_text_wherever_an_id_is_text() -> None:
    as_text, as_uuid = a_database(), a_database()

    assert list(used_everywhere(as_uuid, uuid.UUID(UUID))) == list(used_everywhere(as_text, UUID))
    assert as_uuid.snapshot() == as_text.snapshot()
    as_uuid.check()


def test_a_reset_database_is_as_a_new_one(full: Database) -> None:
    full.reset()

    assert full.snapshot() == Database().snapshot()
    full.check()


def test_a_reset_forgets_counters_that_no_row_has_any_more() -> None:
    db = a_database()
    image_id = an_image(db)
    db.image_set_property_atomic(image_id, "lock", "mine")
    db.image_delete_property_atomic(image_id, "lock", "mine")
    db.image_destroy(ALICE, image_id)
    db.purge_deleted_rows_from_images(ADMIN, -1, -1)
    before = db.revision
    db.reset()

    assert db.snapshot() == Database().snapshot()
    assert db.revision == before + 1


# --- forks -----------------------------------------------------------------------------------


def test_a_fork_and_its_database_go_their_own_ways(full: Database) -> None:
    before = full.snapshot()
    fork = full.fork()
    assert fork.snapshot() == before
    fork.image_update(ADMIN, "a", {"name": "of the fork", "properties": {"os": "bsd"}})
    fork.image_destroy(ADMIN, "a")
    forked = fork.snapshot()

    assert full.snapshot() == before
    an_image(full, "new")
    assert fork.snapshot() == forked
    for one in (full, fork):
        one.check()


def test_forks_of_forks_are_their_own_too() -> None:
    generations = [a_full_database()]
    for number in range(3):
        generations.append(generations[-1].fork())
        an_image(generations[-1], f"image {number}")

    assert [len(rows(db, "images")) for db in generations] == [2, 3, 4, 5]


class Own(Database):
    """A database of our own."""


@pytest.mark.parametrize(
    "copied", [Database.fork, copy.copy, copy.deepcopy, lambda db: copy.deepcopy([db])[0]]
)
def test_a_fork_or_a_copy_has_class_clock_and_id_source_of_its_database(
    copied: Callable[[Database], Database],
) -> None:
    world = World()
    db = Own(clock=world.now, new_id=lambda: "made")
    an_image(db, "a")
    other = copied(db)
    assert type(other) is Own
    assert other.snapshot() == db.snapshot()
    world.pass_time(days=1)
    an_image(other, "b")
    db.image_destroy(ADMIN, "a")

    assert ids(db.image_get_all(ADMIN)) == ["a"]
    assert other.image_get(ADMIN, "a")["deleted"] is False
    assert an_image(other) == "made"
    assert other.image_get(ADMIN, "made")["created_at"] == world.now()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_database_is_not_pickled_and_says_what_to_do(protocol: int) -> None:
    with pytest.raises(TypeError, match=r"fork\(\).* snapshot\(\)"):
        pickle.dumps(Database(), protocol)


def test_a_process_that_is_forked_during_a_call_of_another_thread_has_a_whole_database() -> None:
    def wait() -> dt.datetime:
        if threading.current_thread() is not threading.main_thread():
            in_call.set()
            end.wait(10)
        return BEGINNING

    def child() -> None:
        db.check()
        assert db.snapshot() == before
        an_image(db, "c")
        assert ids(db.image_get_all(ADMIN, sort_key=["id"], sort_dir=["asc"])) == ["a", "c"]

    db = Database(clock=wait)
    an_image(db, "a")
    before = db.snapshot()
    in_call, end = threading.Event(), threading.Event()
    writer = threading.Thread(target=db.image_update, args=(ADMIN, "a", {"name": "new"}))
    writer.start()
    in_call.wait(10)
    assert in_a_fork(child) == DONE
    end.set()
    writer.join()

    assert db.image_get(ADMIN, "a")["name"] == "new"


def test_a_fork_shares_every_row_that_nobody_changes(full: Database) -> None:
    fork = full.fork()
    an_image(fork, "new")

    with full.store.reading() as ours, fork.store.reading() as theirs:
        assert ours.tags.rows is theirs.tags.rows
        assert ours.images.rows is not theirs.images.rows
        assert ours.images.rows["a"] is theirs.images.rows["a"]


# --- checkpoints -----------------------------------------------------------------------------


def change_everything(db: Database) -> None:
    db.image_update(ADMIN, "a", {"name": "new", "properties": {"os": "bsd", "new": "x"}}, True)
    an_image(db, "new")
    db.image_destroy(ADMIN, "a")
    db.purge_deleted_rows(ADMIN, 0, -1)
    db.purge_deleted_rows_from_images(ADMIN, 0, -1)


def change_everything_and_fail(db: Database) -> None:
    with db.checkpoint():
        change_everything(db)
        raise ZeroDivisionError


def test_a_block_that_raises_leaves_the_database_as_it_was(full: Database) -> None:
    before = full.snapshot()
    with pytest.raises(ZeroDivisionError):
        change_everything_and_fail(full)

    assert full.snapshot() == before
    full.check()


def test_a_block_that_ends_well_keeps_what_it_did(full: Database) -> None:
    with full.checkpoint():
        an_image(full, "new")

    assert len(rows(full, "images")) == 3


def test_a_checkpoint_can_be_gone_back_to_any_number_of_times(full: Database) -> None:
    before = full.snapshot()
    with full.checkpoint() as point:
        for _ in range(2):
            change_everything(full)
            point.rollback()
            assert full.snapshot() == before
            full.check()


def test_a_checkpoint_within_another_goes_back_to_its_own_point(full: Database) -> None:
    with full.checkpoint() as outer:
        before = full.snapshot()
        an_image(full, "first")
        between = full.snapshot()
        with full.checkpoint() as inner:
            an_image(full, "second")
            inner.rollback()
            assert full.snapshot() == between
        outer.rollback()
        assert full.snapshot() == before


def test_ids_are_counted_on_from_a_checkpoint(full: Database) -> None:
    with full.checkpoint() as point:
        first = a_member(full, "a", "carol")
        point.rollback()

        assert a_member(full, "a", "dave") == first


def test_going_back_is_one_change_and_none_if_nothing_was_changed(full: Database) -> None:
    with full.checkpoint() as point:
        before = full.revision
        point.rollback()
        assert full.revision == before
        an_image(full, "new")
        point.rollback()
        assert full.revision == before + 2


# --- revision, check and repr ----------------------------------------------------------------


def test_the_revision_counts_the_calls_that_changed_something() -> None:
    db = a_database()
    image_id = an_image(db, properties={"os": "linux"})
    db.image_update(ALICE, image_id, {"name": "new", "properties": {"os": "bsd"}})
    db.image_get(ALICE, image_id)
    db.image_tag_set_all(ALICE, image_id, [])

    assert db.revision == 2


def test_the_revision_cannot_be_set() -> None:
    db: Any = Database()
    with pytest.raises(AttributeError):
        db.revision = 5


def test_check_tells_what_is_wrong() -> None:
    db = a_database()
    an_image(db)
    with db.store.writing() as tables:
        tables.tags.next_id = 5
        tables.images.rows["misfiled"] = next(iter(tables.images.rows.values()))

    with pytest.raises(AssertionError, match="is stored under 'misfiled'"):
        db.check()


def test_the_repr_names_the_class_and_counts_rows() -> None:
    db = Own()
    assert repr(db) == "<Own: empty>"
    image_id = an_image(db)
    an_image(db)
    for tag in ("a", "b", "c"):
        db.image_tag_create(ADMIN, image_id, tag)
    a_location(db, image_id)

    assert repr(db) == "<Own: 2 images, 1 locations, 3 tags>"


# --- the package -----------------------------------------------------------------------------


def test_the_package_offers_database_context_errors_and_its_version() -> None:
    assert sorted(simple_db.__all__) == ["Database", "RequestContext", "__version__", "errors"]
    assert all(hasattr(simple_db, name) for name in simple_db.__all__)


def test_the_example_in_the_packages_docstring_runs() -> None:
    example = inspect.cleandoc((simple_db.__doc__ or "").split("::\n")[1])
    namespace: dict[str, Any] = {}
    exec(example, namespace)  # noqa: S102 - it is our own

    assert len(rows(namespace["db"], "images")) == 1
    assert namespace["alice"] == RequestContext(owner="alice")
