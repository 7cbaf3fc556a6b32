"""The commands ``simple-db snapshot``: check, show, diff and upgrade."""
