"""Pure functions from answers to numbers. No files, no models, no state."""
