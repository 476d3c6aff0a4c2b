"""Evidence: from a URL to ranked, dated, de-duplicated passages."""
