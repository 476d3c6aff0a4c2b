"""Article to claims: sentence roles, splitting, attribution, check-worthiness."""
