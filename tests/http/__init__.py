"""Glance's application on simple_db and on its SQL driver, and random requests to both."""
