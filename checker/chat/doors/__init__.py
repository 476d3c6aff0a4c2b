"""The doors of the chat that lead to other programs: MCP, Telegram, the OpenAI-compatible API."""
