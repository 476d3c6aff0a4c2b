"""`saring ask`: one question, one answer with its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from checker.cli.options import AsOf, BaseUrl, JudgeName, Store
from checker.errors import ArticleEmpty

if TYPE_CHECKING:
    from checker.chat.events import Answer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_FORMATS = ("text", "json", "markdown")


@app.command()
def ask(
    question: Annotated[
        str,
        typer.Argument(
            metavar="TEXT", help="A claim, a question, an address or an article, or - to read it from stdin."
        ),
    ],
    format: Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help="text, json or markdown.")] = "text",
    as_of: AsOf = None,
    store: Store = None,
    judge: JudgeName = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Chat model that words the answer; none by default.")
    ] = None,
    base_url: BaseUrl = None,
    lang: Annotated[
        str | None, typer.Option("--lang", metavar="id|en", help="Language of the answer. Default: the question's.")
    ] = None,
) -> None:
    """Ask about a claim and get an answer with its evidence.

    Exit codes: 0 answered, 1 something could not be checked, 2 bad usage or input.
    """
    import asyncio

    from checker.asof import parse_as_of
    from checker.cli.talk import OWNER, opened
    from checker.errors import UnknownName
    from checker.settings import load_settings

    if format not in _FORMATS:
        raise UnknownName("format", format, _FORMATS)
    parse_as_of(as_of)
    settings = load_settings(store=store, judge=judge, model=model, base_url=base_url, language=lang)
    text = _read() if question == "-" else question
    if not text.strip():
        raise ArticleEmpty("there is nothing to answer; give a claim or a question, in quotes")
    with opened(settings, kept=False) as (service, _):
        answer = asyncio.run(service.answer(text, owner=OWNER, language=settings.language or None, as_of=as_of))
    _write(answer, format)
    if answer.kind == "failure" or any(judged.failed for judged in answer.verdicts):
        raise typer.Exit(1)


def _read() -> str:
    import sys

    from checker.article import MAX_BYTES, decode
    from checker.errors import ArticleTooLarge

    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ArticleTooLarge(f"standard input has more than {MAX_BYTES:,} bytes; give a part of it")
    return decode(data, "standard input")


def _write(answer: Answer, format: str) -> None:
    from checker.chat.events import answer_to_json
    from checker.chat.plain import source_list, to_plain
    from checker.cli.common import write_out
    from checker.render.json import dump

    if format == "json":
        write_out(dump(answer_to_json(answer)) + "\n")
        return
    whole = f"{answer.text.rstrip()}\n\n{source_list(answer)}".rstrip() + "\n"
    write_out(whole if format == "markdown" else to_plain(whole))
