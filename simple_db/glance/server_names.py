"""Import it first: it checks that the installed Glance has what a server needs."""

from simple_db.installed.glance_needs import require_server

require_server()
