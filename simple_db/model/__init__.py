"""What a database is made of: rows and their values, errors, the clock, the lock of a call."""
