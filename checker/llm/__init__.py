"""What every use of a chat model shares: opening it, asking for structured answers, paying for them once."""
