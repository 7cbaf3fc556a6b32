"""The command ``simple-db``: a module for each command, and what they share."""
