"""The arguments of a listing, and how it is found: filters, orders, pages, indexes, the plan."""
