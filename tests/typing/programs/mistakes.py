"""Mistakes that a type checker reports, each at its line."""

import simple_db
import simple_db.api
from simple_db import Databas  # error: it is Database
from simple_db import Database, RequestContext
from simple_db.glance import Driver, install
from simple_db.glance import api as db_api

db = Database()
alice = RequestContext(owner="alice")
wrong_name = RequestContext(tenant="alice")  # error: it is owner
by_place = RequestContext("alice")  # error: arguments have names
of_a_file = Database("glance.json")  # error: Database.open takes a path
simple_db.database  # error: simple_db.api has it

image = db.image_create(alice, {"status": "queued"})
image["tags"]  # error: only a listing with return_tag has tags
image["is_public"]  # error: only v1_mode has it
image["visibilty"]  # error: a typing mistake
image["size"] + 1  # error: it can be None
db.image_get_all(alice)[0]["tags"]  # error: return_tag is not given
db.image_get_all(alice, return_tag=True)[0]["is_public"]  # error: v1_mode is not given
db.image_get(alice, image["id"], v1_mode=True)["visibility"]  # error: it tells is_public
db.task_get_all(alice)[0]["message"]  # error: a listing does not tell it

db.image_gett(alice, "1")  # error: there is no such function
db.image_get(alice)  # error: the id is missing
db.image_get(alice, 1)  # error: an id is text
db.image_get(alice, "1", show_deleted=True)  # error: it is force_show_deleted
db.image_get("alice", "1")  # error: text is no context
db.image_get_all(alice, sort_dir=["down"])  # error: asc or desc
db.image_get_all(alice, sort_kye=["name"])  # error: it is sort_key
db.image_create(alice)  # error: the values are missing
db.fork().save(1)  # error: a path is text
db.explain(alice, "1").visibel  # error: it is visible

simple_db.api.image_gett(alice, "1")  # error: there is no such function
simple_db.api.image_get("1")  # error: the context is missing
db_api.image_gett(alice, "1")  # error: there is no such function
db_api.image_get("1")  # error: the context is missing
db_api.image_create(alice, {"status": "queued"})["tags"]  # error: as above

driver = Driver(db)
driver.image_gett(alice, "1")  # error: there is no such function
driver.image_get(alice, 1)  # error: an id is text
driver.save("glance.json")  # error: only the database has it
Driver()  # error: of a database
install("glance.json")  # error: a database or a driver
install().image_get(alice, "1")  # error: the driver has it


def in_blocks() -> None:
    with install() as installed:
        installed.image_gett(alice, "1")  # error: there is no such function
    with Database.open("glance.json") as kept:
        kept.image_gett(alice, "1")  # error: there is no such function
    with db.checkpoint() as point:
        point.rolback()  # error: it is rollback


def with_what_is_no_block() -> None:
    Database.open("glance.json").image_get(alice, "1")  # error: without with
    Database.open("glance.json", save="sometimes")  # error: there is no such mode
    with Database() as entered:  # error: a database has no end
        del entered


@install  # error: it is written with parentheses
def test_without_parentheses() -> None: ...


def test_wrong_fixtures(glance_db: Database, glance_db_api: Driver) -> None:
    glance_db.image_gett(None, "1")  # error: there is no such function
    glance_db_api.database.image_gett(None, "1")  # error: there is no such function
