"""Imported before the rest of a server is: it tells what the installed Glance lacks."""

from simple_db.installed.glance_needs import require_server

require_server()
