"""Programs as plain data: their calls, who calls, and how hypothesis makes them up."""
