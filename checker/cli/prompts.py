"""`saring prompts`: what a chat model is told."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)


@app.callback()
def prompts() -> None:
    """Show what a chat model is told. The digests are those that reports record."""


@app.command("list")
def list_prompts() -> None:
    """List the prompts with their versions and digests."""
    from checker.cli.common import write_out
    from checker.llm.prompts import load_prompt, prompt_names

    write_out("".join(f"{load_prompt(name).label}\n" for name in prompt_names()))


@app.command("show")
def show(name: Annotated[str, typer.Argument(metavar="NAME", help="One of those that `list` names.")]) -> None:
    """Show a prompt, with {placeholders} where an article or a source goes."""
    from checker.cli.common import write_out
    from checker.llm.prompts import load_prompt

    prompt = load_prompt(name)
    write_out(f"# {prompt.label}\n\n## system\n\n{prompt.system}\n\n## user\n\n{prompt.user}\n")
