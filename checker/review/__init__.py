"""The editorial review queue: machine verdicts come in, a person decides, another approves, all of it on record."""
