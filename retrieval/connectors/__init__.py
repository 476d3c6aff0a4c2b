"""Places evidence comes from, one small module each."""
