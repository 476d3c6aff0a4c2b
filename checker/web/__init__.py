"""The edge that speaks HTTP: pages for people, a JSON API for programs, both over the same services."""
