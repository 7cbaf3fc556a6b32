"""What calls did on both sides, and where that differs."""
