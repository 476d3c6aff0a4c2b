"""Append-only: a migration that has landed is never edited; the next change is a new file."""
