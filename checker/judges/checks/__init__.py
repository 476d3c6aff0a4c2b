"""Explicit checks for what small models are blind to; they veto or lower, they never invent support."""
