"""simple_db inside a real Glance.

- `install` makes Glance's own code use a database of ours;
- `simple_db.glance.api` is a module that takes the place of Glance's database drivers;
- `Driver` is a database dressed as such a driver;
- `simple_db.glance.server` is a whole Glance API server for development.

Glance has to be there: the extra ``server`` brings it, and keeps one that is installed.
"""

from simple_db import extras

try:
    # Before any other module of Glance: it selects threads, where oslo.service would select
    # eventlet.
    import glance.common.config  # noqa: F401 - for that effect
except ModuleNotFoundError as error:
    raise extras.absent(__name__, "server", error) from None

from simple_db.glance.driver import Driver
from simple_db.glance.installation import Installation, install

__all__ = ["Driver", "Installation", "install"]
