"""What was found, for people on a terminal and for programs in files."""
