"""What is compared with the reference: the target that a user names, and simple_db itself."""
