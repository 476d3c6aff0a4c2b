"""The options that several commands share: one name, one meaning, one line of help."""

from __future__ import annotations

from typing import Annotated

import typer

AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="Evidence published after it never counts. Default: now."),
]
Store = Annotated[
    str | None, typer.Option("--store", metavar="PATH", help="Evidence store. Default: SARING_STORE, else yours.")
]
JudgeName = Annotated[
    str | None, typer.Option("--judge", metavar="NAME", help="Who hears the evidence: embedded, llm or cascade.")
]
ModelName = Annotated[
    str | None,
    typer.Option("--model", metavar="NAME", help="Chat model for llm and cascade: openai:…, anthropic:…, ollama:…"),
]
BaseUrl = Annotated[
    str | None, typer.Option("--base-url", metavar="URL", help="Of an OpenAI-compatible server of your own.")
]
ExtractorName = Annotated[
    str | None, typer.Option("--extractor", metavar="NAME", help="What finds the claims: rules or llm.")
]
