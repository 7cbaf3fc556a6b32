"""The OpenStack Glance database API in memory, proven equal to Glance's SQL driver.

::

    from simple_db import Database, RequestContext

    db = Database()
    alice = RequestContext(owner="alice")
    image = db.image_create(alice, {"name": "cirros", "status": "queued", "owner": "alice"})
    db.image_get_all(alice, filters={"name": "cirros"})
"""

from simple_db import errors
from simple_db.api import Database
from simple_db.shapes import RequestContext
from simple_db.version import __version__

__all__ = ["Database", "RequestContext", "__version__", "errors"]
