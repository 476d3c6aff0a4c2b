"""Bulk work: many articles, or a whole store, by many processes; broken off at any moment and continued."""
