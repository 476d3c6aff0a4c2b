"""`saring telegram`: the chat as a Telegram bot."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.cli.options import JudgeName, Store

if TYPE_CHECKING:
    from checker.chat.doors.telegram import Bot

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

TOKEN = "SARING_TELEGRAM_TOKEN"  # noqa: S105 - the name of a variable
"""The bot's token is read from this variable, or from the file that `<variable>_FILE` names, and from nowhere else."""


@app.command()
def telegram(
    allow: Annotated[
        str | None,
        typer.Option("--allow", metavar="IDS", help="Chats that are answered, by comma. Default: everybody."),
    ] = None,
    api: Annotated[
        str, typer.Option("--api", metavar="URL", help="Of a Bot API server of your own.")
    ] = "https://api.telegram.org",
    store: Store = None,
    database: Annotated[
        str | None, typer.Option("--database", metavar="URL", help="Where conversations are kept.")
    ] = None,
    judge: JudgeName = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Chat model that words the answers; none by default.")
    ] = None,
) -> None:
    """Answer on Telegram: send or forward a message to the bot, and the answer comes with its evidence.

    Set SARING_TELEGRAM_TOKEN, or SARING_TELEGRAM_TOKEN_FILE, to the token that BotFather gave. Nobody can fill the
    review queue from there. In a group, reply to a message with /cek, or mention the bot.
    """
    import asyncio
    import logging

    from checker.chat.doors.telegram import Bot
    from checker.cli.talk import opened
    from checker.settings import load_settings

    # httpx logs every address it asks, and the token is in each.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    allowed = _ids(allow)
    token = read_token()
    settings = load_settings(store=store, database_url=database, judge=judge, model=model)
    with opened(settings, kept=True) as (service, _):
        service.queue = None  # strangers write here: what they send is checked, and enters no queue
        asyncio.run(_run(Bot(service, token, api.rstrip("/"), allowed)))


async def _run(bot: Bot) -> None:
    import asyncio
    import signal
    from contextlib import suppress

    from checker.cli.common import console

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(sign, stop.set)
    screen = console(stderr=True)
    await bot.run(stop, lambda name: screen.print(f"Answering as @{name} on Telegram; Ctrl-C ends it", soft_wrap=True))


def read_token() -> str:
    """The bot's token.

    Raises:
        SettingsError: There is none, or its file cannot be read. The message never holds it.
    """
    from checker.errors import SettingsError

    if given := os.environ.get(TOKEN, "").strip():
        return given
    named = os.environ.get(f"{TOKEN}_FILE", "").strip()
    if not named:
        raise SettingsError(f"no bot token: set {TOKEN}, or {TOKEN}_FILE to a file that holds it")
    try:
        token = Path(named).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the token file {named} ({TOKEN}_FILE) cannot be read") from error
    if not token:
        raise SettingsError(f"the token file {named} ({TOKEN}_FILE) is empty")
    return token


def _ids(allow: str | None) -> frozenset[int]:
    try:
        return frozenset(int(part) for part in (allow or "").split(",") if part.strip())
    except ValueError as error:
        raise typer.BadParameter("give chat ids, whole numbers with commas between; the bot tells its own") from error
