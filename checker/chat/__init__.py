"""The chat: a question in, an answer with its evidence out. One service, many doors."""
