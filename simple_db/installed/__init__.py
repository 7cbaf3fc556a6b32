"""What is installed around a database: this distribution, its extras, and which Glance."""
