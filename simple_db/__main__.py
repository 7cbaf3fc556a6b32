"""``python -m simple_db``: the command ``simple-db``, where its script is not on the path."""

from simple_db.cli.main import main

main("python -m simple_db")
