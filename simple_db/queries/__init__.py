"""What a listing asks for: filters, sort orders, pages."""
