"""Showing what came out: on the terminal and as one page."""
