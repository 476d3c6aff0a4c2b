"""Claims: from an article to verdicts, and the people who use them."""
