"""One task per question. A task scores the rows that a solver wrote; it starts no model and reads no file."""
