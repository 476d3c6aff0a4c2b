"""Where cases come from: files that people hand in, and public data sets."""
