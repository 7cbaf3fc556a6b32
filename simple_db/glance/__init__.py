"""simple_db inside a real Glance.

- `install` makes Glance's own code use a database of ours;
- `simple_db.glance.api` is a module that takes the place of Glance's database drivers;
- `Driver` is a database dressed as such a driver;
- `simple_db.glance.server` is a whole Glance API server for development.

Glance has to be there: the extra ``server`` brings it, and keeps one that is installed.
"""

from simple_db.installed import extras, glance_needs, glance_release

try:
    glance_needs.require(glance_needs.LIBRARY)
except ModuleNotFoundError as error:
    raise extras.absent(__name__, "server", error) from None
glance_release.warn(glance_release.untried())

# Not before: they import Glance.
from simple_db.glance.driver import Driver  # noqa: E402
from simple_db.glance.installation import Installation, install  # noqa: E402

__all__ = ["Driver", "Installation", "install"]
