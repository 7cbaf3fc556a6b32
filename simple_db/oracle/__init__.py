"""The oracle: any implementation of Glance's database API, held against simple_db."""
