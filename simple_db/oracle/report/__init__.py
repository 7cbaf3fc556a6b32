"""The result of a run, for people on a terminal and for programs in files."""
