"""Judges: claim and hits to stances."""
