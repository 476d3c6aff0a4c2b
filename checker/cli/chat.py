"""`saring chat`: a conversation on the terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.cli.options import AsOf, BaseUrl, JudgeName, Store

if TYPE_CHECKING:
    from rich.console import Console

    from checker.chat.events import Answer
    from checker.chat.service import ChatService

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_HELP = """\
Write a claim, a question, the address of an article, or paste its text.

/help        this list
/new         begin a new conversation
/sources     the sources of the last answer, with their addresses
/queue [N]   send what was checked last to the review queue; N: only that claim
/history     earlier conversations
/open N      go on with one of them
/quit        leave; so do Ctrl-D and Ctrl-C
"""
_LISTED = 15
_PASTED = 0.05


@app.command()
def chat(
    as_of: AsOf = None,
    store: Store = None,
    database: Annotated[
        str | None, typer.Option("--database", metavar="URL", help="Where conversations and the queue are kept.")
    ] = None,
    judge: JudgeName = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Chat model that words the answers; none by default.")
    ] = None,
    base_url: BaseUrl = None,
    lang: Annotated[
        str | None, typer.Option("--lang", metavar="id|en", help="Language of the answers. Default: the question's.")
    ] = None,
) -> None:
    """Talk with Saring: claims in, evidence out. /help says how.

    Exit codes: 0 done, 2 bad usage or input.
    """
    from checker.asof import parse_as_of
    from checker.cli.common import console
    from checker.cli.talk import opened
    from checker.settings import load_settings

    parse_as_of(as_of)
    settings = load_settings(
        store=store, database_url=database, judge=judge, model=model, base_url=base_url, language=lang
    )
    screen = console()
    with _opening(screen), opened(settings, kept=True) as (service, kept):
        _Session(service, screen, settings.language or None, as_of, kept=kept).run()


@contextmanager
def _opening(screen: Console) -> Iterator[None]:
    if screen.is_terminal:
        screen.print("Opening store and models ...", style="dim", end="\r")
    yield


class _Session:
    """One sitting at the terminal."""

    def __init__(
        self, service: ChatService, screen: Console, language: str | None, as_of: str | None, *, kept: bool
    ) -> None:
        self.service = service
        self.screen = screen
        self.language = language
        self.as_of = as_of
        self.kept = kept
        self.conversation: str | None = None
        self.last: Answer | None = None

    def run(self) -> None:
        """Read and answer until the end of the input."""
        if self.screen.is_terminal:
            self.screen.print("Saring. /help says how, /quit leaves.      ", style="dim")
            if not self.kept:
                self.screen.print("Conversations are not kept: pip install 'saring[web]' keeps them.", style="dim")
        with asyncio.Runner() as runner, _typed_before():
            for text in self._messages():
                if text.startswith("/") and not text.startswith("//"):
                    if not self._command(runner, text):
                        return
                    continue
                self._turn(runner, text)

    def _messages(self) -> Iterator[str]:
        while True:
            try:
                line = input("› " if self.screen.is_terminal else "")
            except (EOFError, KeyboardInterrupt):
                if self.screen.is_terminal:
                    self.screen.print()
                return
            text = _pasted(line) if self.screen.is_terminal else line
            if text.strip():
                yield text.strip()

    def _turn(self, runner: asyncio.Runner, text: str) -> None:
        from checker.cli.talk import OWNER, show

        events = self.service.turn(
            text, conversation=self.conversation, owner=OWNER, language=self.language, as_of=self.as_of
        )
        try:
            conversation, answer = runner.run(show(events, self.screen))
        except KeyboardInterrupt:
            self.screen.print("Stopped.", style="dim")
            return
        self.conversation = conversation or self.conversation
        self.last = answer
        if answer is not None and answer.citations and self.screen.is_terminal:
            self.screen.print(f"/sources shows {len(answer.citations)} addresses", style="dim")
        self.screen.print()

    def _command(self, runner: asyncio.Runner, text: str) -> bool:
        """Do what a command says; False where it ends the sitting."""
        from checker.cli.talk import print_sources

        name, _, rest = text.partition(" ")
        match name.lower():
            case "/quit" | "/exit" | "/q":
                return False
            case "/help" | "/?":
                self.screen.print(_HELP)
            case "/new":
                self.conversation = self.last = None
                self.screen.print("A new conversation.", style="dim")
            case "/sources":
                if self.last is None or not self.last.citations:
                    self.screen.print("The last answer has no sources.", style="dim")
                else:
                    print_sources(self.last, self.screen)
            case "/queue":
                number = rest.strip()
                if number and not number.isdecimal():
                    self.screen.print("Write /queue, or /queue and the number of a claim.", style="dim")
                else:
                    self._turn(runner, f"kirim klaim {int(number)} ke antrean" if number else "kirim semua ke antrean")
            case "/history":
                self._history()
            case "/open":
                self._open(rest.strip())
            case _:
                self.screen.print(f"There is no command {name[:40]}; /help lists them.", style="dim")
        return True

    def _history(self) -> None:
        from rich.text import Text

        from checker.cli.talk import OWNER
        from checker.render.base import clean_line

        found = self.service.conversations.list(OWNER, _LISTED)
        if not found:
            self.screen.print("No conversation yet.", style="dim")
        for number, conversation in enumerate(found, start=1):
            day = conversation.updated_at.astimezone().strftime("%Y-%m-%d %H:%M")
            self.screen.print(Text(f"{number:>3}  {day}  {clean_line(conversation.title) or '(empty)'}"))

    def _open(self, number: str) -> None:
        from checker.cli.talk import OWNER

        found = self.service.conversations.list(OWNER, _LISTED)
        if not number.isdecimal() or not 1 <= int(number) <= len(found):
            self.screen.print("Write /open and a number of /history.", style="dim")
            return
        self.conversation = found[int(number) - 1].id
        self.last = None
        for turn in self.service.conversations.turns(self.conversation, OWNER, 4):
            self._replay(turn.role, turn.text)

    def _replay(self, role: str, text: str) -> None:
        from rich.markdown import Markdown
        from rich.text import Text

        from checker.render.base import clean

        if role == "user":
            self.screen.print(Text(f"› {clean(text)[:2000]}", style="bold"))
        elif text:
            self.screen.print(Markdown(text, hyperlinks=False))
            self.screen.print()


def _pasted(line: str) -> str:
    """A line with those that were pasted along with it: they are there at once, where typing takes time."""
    import select
    import sys

    lines = [line]
    with suppress(OSError, ValueError):
        while select.select([sys.stdin], [], [], _PASTED)[0]:
            more = sys.stdin.readline()
            if not more:
                break
            lines.append(more.rstrip("\n"))
    return "\n".join(lines)


@contextmanager
def _typed_before() -> Iterator[None]:
    """Arrow keys bring back what was typed, in earlier sittings too; only for whoever's account it is."""
    try:
        import readline
    except ImportError:  # not on Windows
        yield
        return
    import platformdirs

    path = Path(platformdirs.user_state_dir("saring")) / "chat_history"
    with suppress(OSError):
        readline.read_history_file(path)
    readline.set_history_length(500)
    try:
        yield
    finally:
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            readline.write_history_file(path)
