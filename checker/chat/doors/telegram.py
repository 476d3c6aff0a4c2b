"""A Telegram bot: somebody forwards a message, the answer comes back. Long polling over httpx, nothing listens.

The bot's token is part of every address of that API; no address is logged or put into an error.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from checker.chat.doors.telegram_text import chunks_of
from checker.chat.events import Answer
from checker.errors import SettingsError

if TYPE_CHECKING:
    import httpx

    from checker.chat.service import ChatService

logger = logging.getLogger(__name__)

API = "https://api.telegram.org"

POLL = 50
"""Seconds one request for updates waits. Telegram holds it open for at most 50."""

AT_ONCE = 4
"""Chats answered at once: more would only wait for the same cores."""

WAITING = 3
"""Messages of one chat that wait; whoever sends more is asked to hold on."""

LONGEST_WAIT = 60.0
"""Most seconds that a flood limit is sat out for one message; a longer one costs the message."""

TRIES = 5

CONFLICTS = 3
"""Conflicts in a row from which another program is taken to poll for good: one that just ends causes one or two."""

_HELP = frozenset({"/start", "/help", "/bantuan", "/mulai"})
_NEW = frozenset({"/new", "/baru"})
_CHECK = frozenset({"/cek", "/check", "/tanya", "/ask"})

_SAY = {
    "no_text": "Saya membaca teks saja: kirim atau teruskan pesan yang berisi teks. (I read text only.)",
    "new": "Percakapan baru. Apa yang perlu diperiksa? (A new conversation. What shall I check?)",
    "busy": "Sebentar, pesan sebelumnya masih diperiksa. (One moment, your earlier messages are still being checked.)",
    "closed": "Bot ini hanya untuk pemakai yang diizinkan. Nomor obrolan ini: {chat}. (This bot is for its own users.)",
    "broken": "Gagal di pihak Saring; coba kirim lagi. (That failed on Saring's side; send it again.)",
}


class Gone(Exception):
    """The chat cannot be written to (the bot was blocked, the group is gone): nobody is left to tell."""


@dataclass
class Bot:
    """Reads messages and answers them.

    Attributes:
        chat: Answers the turns. Each Telegram chat is an owner of its own.
        token: The bot's, from BotFather.
        api: Where the API is.
        allowed: Ids of the chats that are answered; everybody where empty.
    """

    chat: ChatService
    token: str
    api: str = API
    allowed: frozenset[int] = frozenset()
    poll: int = POLL
    client: httpx.AsyncClient | None = None
    name: str = ""
    _id: int = 0
    _offset: int = 0
    _working: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _waiting: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _conversations: dict[int, str | None] = field(default_factory=dict)

    # -- reading

    async def run(self, stop: asyncio.Event, started: Callable[[str], None] = lambda _: None) -> None:
        """Poll until told to stop; what was read by then is answered first, and acknowledged.

        Args:
            stop: Set to end.
            started: Told the bot's name once the token is known to be good.

        Raises:
            SettingsError: The token is refused, or another program polls with it.
        """
        import httpx

        if self.client is None:
            async with httpx.AsyncClient(timeout=httpx.Timeout(20, read=self.poll + 20)) as client:
                self.client = client
                try:
                    await self._run(stop, started)
                finally:
                    self.client = None
        else:
            await self._run(stop, started)

    async def _run(self, stop: asyncio.Event, started: Callable[[str], None]) -> None:
        me = await self._call("getMe")
        self._id, self.name = int(me["id"]), str(me.get("username", ""))
        started(self.name)
        stopping = asyncio.create_task(stop.wait())
        conflicts = faults = 0
        try:
            while not stop.is_set():
                asking = asyncio.create_task(self._updates(self.poll))
                await asyncio.wait({asking, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if not asking.done():
                    asking.cancel()
                    with suppress(asyncio.CancelledError):
                        await asking
                    break
                try:
                    updates = asking.result()
                except _Conflict as error:
                    conflicts += 1
                    if conflicts >= CONFLICTS:
                        raise SettingsError(
                            f"another program reads this bot's messages ({error}); stop it, or take its webhook out "
                            "with deleteWebhook"
                        ) from None
                    await _sleep(2.0 * conflicts, stop)
                    continue
                except _Fault as error:
                    faults += 1
                    logger.warning("Telegram cannot be read: %s", error)
                    await _sleep(error.wait or random.uniform(0.5, 1) * min(30.0, 2.0**faults), stop)
                    continue
                conflicts = faults = 0
                for update in updates:
                    self._offset = max(self._offset, int(update["update_id"]) + 1)
                    self._take(update)
        finally:
            stopping.cancel()
            while self._working:
                await asyncio.gather(*self._working.values(), return_exceptions=True)
            with suppress(_Fault, _Conflict):
                await self._updates(0)  # acknowledges what was answered, so that it is not read again

    async def _updates(self, wait: int) -> list[dict[str, Any]]:
        asked = {"timeout": wait, "allowed_updates": ["message"], "limit": 100 if wait else 1}
        if self._offset:
            asked["offset"] = self._offset
        found = await self._call("getUpdates", asked, tries=1)
        return [one for one in found if isinstance(one, dict) and "update_id" in one] if isinstance(found, list) else []

    def _take(self, update: dict[str, Any]) -> None:
        """Put a message where its chat's others wait: one chat is answered in order, several at once."""
        message = update.get("message")
        if not isinstance(message, dict) or not isinstance(message.get("chat"), dict):
            return
        if (message.get("from") or {}).get("is_bot"):
            return
        chat = int(message["chat"]["id"])
        text = self._meant(message)
        if text is None:
            return
        waiting = self._waiting.setdefault(chat, [])
        if len(waiting) >= WAITING:
            if len(waiting) == WAITING:
                waiting.append({"chat": chat, "id": message["message_id"], "say": _SAY["busy"]})
            return
        waiting.append({"chat": chat, "id": message["message_id"], "text": text})
        if chat not in self._working:
            self._working[chat] = asyncio.create_task(self._work(chat))

    def _meant(self, message: dict[str, Any]) -> str | None:
        """What is asked in a message; None where the bot is not spoken to. Empty where it holds no text."""
        text = str(message.get("text") or message.get("caption") or "")
        replied = message.get("reply_to_message") or {}
        quoted = str(replied.get("text") or replied.get("caption") or "")
        command, mentioned, rest = self._command(text)
        if message["chat"].get("type") in ("group", "supergroup"):
            to_bot = (replied.get("from") or {}).get("id") == self._id
            if not mentioned and not to_bot and command not in _CHECK:
                return None
            text = rest if mentioned or command in _CHECK else text
            if not to_bot and quoted and (command in _CHECK or not text.strip()):
                return quoted if not text.strip() else text
            return text
        if command in _CHECK:
            return rest if rest.strip() else quoted
        return text

    def _command(self, text: str) -> tuple[str, bool, str]:
        """The command of a message, whether it names this bot, and the rest of the text."""
        found = re.match(r"\s*(/\w+)(?:@(\w+))?\s*", text)
        command = ""
        mentioned = False
        rest = text
        if found and (found[2] is None or found[2].lower() == self.name.lower()):
            command = found[1].lower()
            mentioned = found[2] is not None
            rest = text[found.end() :]
        named = re.compile(rf"@{re.escape(self.name)}\b", re.IGNORECASE) if self.name else None
        if named and named.search(rest):
            mentioned = True
            rest = named.sub(" ", rest).strip()
        return command, mentioned, rest

    # -- answering

    async def _work(self, chat: int) -> None:
        try:
            while self._waiting.get(chat):
                one = self._waiting[chat][0]
                async with self._gate:
                    try:
                        await self._answer(one)
                    except Gone as error:
                        logger.info("chat %s is gone: %s", chat, error)
                    except Exception:  # one message that breaks must not end the others
                        logger.exception("a message from Telegram could not be answered")
                        with suppress(Gone, _Fault):
                            await self._send(chat, _SAY["broken"], one["id"])
                self._waiting[chat].pop(0)
        finally:
            self._working.pop(chat, None)
            self._waiting.pop(chat, None)

    async def _answer(self, one: dict[str, Any]) -> None:
        chat = one["chat"]
        if self.allowed and chat not in self.allowed:
            await self._send(chat, _SAY["closed"].format(chat=chat), one["id"])
            return
        if "say" in one:
            await self._send(chat, one["say"], one["id"])
            return
        text = one["text"]
        command, _, rest = self._command(text)
        if command in _NEW:
            self._conversations[chat] = None
            if not rest.strip():
                await self._send(chat, _SAY["new"], one["id"])
                return
            text = rest
        elif command in _HELP:
            text = "bantuan"
        elif not text.strip():
            await self._send(chat, _SAY["no_text"], one["id"])
            return
        typing = asyncio.create_task(self._typing(chat))
        try:
            answer = await self._turn(chat, text)
        finally:
            typing.cancel()
        for place, chunk in enumerate(chunks_of(answer)):
            await self._send(chat, chunk.html, one["id"] if place == 0 else None, html=True, plain=chunk.plain)

    async def _turn(self, chat: int, text: str) -> Answer:
        from checker.chat.events import Finished, Started

        owner = f"telegram:{chat}"
        if chat not in self._conversations:
            earlier = await asyncio.to_thread(self.chat.conversations.list, owner, 1)
            self._conversations[chat] = earlier[0].id if earlier else None
        async for event in self.chat.turn(text, conversation=self._conversations[chat], owner=owner):
            if isinstance(event, Started):
                self._conversations[chat] = event.conversation_id
            elif isinstance(event, Finished):
                return event.answer
        raise RuntimeError("a turn ended without an answer")

    async def _typing(self, chat: int) -> None:
        """Show that it is being worked on; Telegram takes the sign down after five seconds."""
        with suppress(Gone, _Fault):
            while True:
                await self._call("sendChatAction", {"chat_id": chat, "action": "typing"}, tries=1)
                await asyncio.sleep(4.5)

    async def _send(
        self, chat: int, text: str, reply_to: int | None, *, html: bool = False, plain: str | None = None
    ) -> None:
        body: dict[str, Any] = {"chat_id": chat, "text": text, "link_preview_options": {"is_disabled": True}}
        if html:
            body["parse_mode"] = "HTML"
        if reply_to is not None:
            body["reply_parameters"] = {"message_id": reply_to, "allow_sending_without_reply": True}
        try:
            await self._call("sendMessage", body)
        except _Refused as error:
            if not html or plain is None:
                raise
            logger.warning("Telegram does not take a message as HTML (%s); it goes as plain text", error)
            body.pop("parse_mode")
            await self._call("sendMessage", {**body, "text": plain})

    # -- the wire

    async def _call(self, method: str, body: dict[str, Any] | None = None, *, tries: int = TRIES) -> Any:
        """Call the API.

        Raises:
            SettingsError: The token is refused.
            Gone: The chat cannot be written to.
            _Conflict, _Refused, _Fault: As they say.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._once(method, body or {})
            except _Fault as error:
                if attempt >= tries or (error.wait or 0) > LONGEST_WAIT:
                    raise
                await asyncio.sleep(error.wait or random.uniform(0.3, 1) * min(30.0, 2.0 ** (attempt - 1)))

    async def _once(self, method: str, body: dict[str, Any]) -> Any:
        import httpx

        assert self.client is not None
        try:
            answer = await self.client.post(f"{self.api}/bot{self.token}/{method}", json=body)
            reply = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _Fault(type(error).__name__) from None  # its message may hold the address, and so the token
        except ValueError:
            raise _Fault(f"HTTP {answer.status_code} without JSON") from None
        if not isinstance(reply, dict):
            raise _Fault(f"HTTP {answer.status_code} with something else than an object")
        if reply.get("ok") is True:
            return reply.get("result")
        code = int(reply.get("error_code") or answer.status_code)
        said = str(reply.get("description") or f"HTTP {code}").replace(self.token, "[token]")[:200]
        parameters = reply.get("parameters") or {}
        if code == 429:
            raise _Fault(said, wait=float(parameters.get("retry_after") or 1))
        if code in (401, 404):
            raise SettingsError("Telegram does not know this bot's token; make another with BotFather")
        if code == 409:
            raise _Conflict(said)
        if code == 403 or (code == 400 and "chat not found" in said.lower()):
            raise Gone(said)
        if code == 400:
            raise _Refused(said)
        raise _Fault(said)


class _Fault(Exception):
    """The network or Telegram failed; it may go well a moment later, after `wait` seconds where that was said."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        self.wait = wait
        super().__init__(message)


class _Refused(Exception):
    """The request is wrong; sent again, it would be so again."""


class _Conflict(Exception):
    """Another program polls with this token, or a webhook is set."""


async def _sleep(seconds: float, stop: asyncio.Event) -> None:
    """Sleep, unless told to stop."""
    waited: Awaitable[Any] = stop.wait()
    with suppress(TimeoutError):
        await asyncio.wait_for(waited, seconds)
