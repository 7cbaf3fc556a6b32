"""Divergences: looked for, made short, known, put into words."""
