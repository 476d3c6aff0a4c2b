"""The Telegram bot, against a local server of that API's shape."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from telegram_server import ME, TOKEN, Telegram, serving

from checker.chat.conversations import MemoryConversations
from checker.chat.doors.telegram import CONFLICTS, Bot
from checker.chat.doors.telegram_text import MOST, chunks_of, units
from checker.chat.events import Answer, Cited
from checker.chat.service import ChatService
from checker.errors import SettingsError
from checker.pipeline import Checker
from checker.types import Citation

CLAIM = "Araghchi tiba di Moskow pada Minggu malam, 22 Juni 2025."
ASKED = "Benarkah Araghchi tiba di Moskow pada Minggu malam, 22 Juni 2025?"


@pytest.fixture
def telegram() -> Iterator[Telegram]:
    with serving() as server:
        yield server


@pytest.fixture
def service(checker: Checker) -> Iterator[ChatService]:
    made = ChatService(checker, MemoryConversations())
    yield made
    made.close()


Running = Callable[..., contextlib.AbstractAsyncContextManager[Bot]]


@pytest.fixture
def running(telegram: Telegram, service: ChatService) -> Running:
    @contextlib.asynccontextmanager
    async def run(**options: Any) -> AsyncIterator[Bot]:
        bot = Bot(service, options.pop("token", TOKEN), telegram.url, poll=2, **options)
        stop = asyncio.Event()
        task = asyncio.create_task(bot.run(stop))
        try:
            yield bot
        finally:
            stop.set()
            await asyncio.wait_for(task, 60)

    return run


async def answers(telegram: Telegram, count: int) -> list[dict[str, Any]]:
    return await asyncio.to_thread(telegram.answers, count)


async def test_a_forwarded_message_gets_its_answer(telegram: Telegram, running: Running, checker: Checker) -> None:
    from checker.render.words import words

    origin = {"type": "hidden_user", "sender_user_name": "Grup Keluarga", "date": 1_750_000_000}
    message = telegram.say(CLAIM, forward_origin=origin)
    async with running():
        (sent, *_) = await answers(telegram, 1)
    label = words("id")[checker.check_claim(CLAIM).verdicts[0].label]
    assert label.capitalize() in sent["seen"]
    assert "[1]" in sent["seen"]
    assert "Sumber" in sent["seen"]
    assert '<a href="https://' in sent["text"]
    assert (sent["chat_id"], sent["reply_parameters"]["message_id"]) == (7, message)
    assert "sendChatAction" in telegram.calls


async def test_follow_ups_belong_to_their_chat(telegram: Telegram, running: Running) -> None:
    async with running():
        telegram.say(ASKED, chat=7)
        first = len(await answers(telegram, 1))
        telegram.say("tampilkan buktinya", chat=8)
        strange = (await answers(telegram, first + 1))[-1]
        assert (strange["chat_id"], "Araghchi" in strange["seen"]) == (8, False)
        telegram.say("tampilkan buktinya", chat=7)
        mine = (await answers(telegram, first + 2))[-1]
        assert (mine["chat_id"], "Araghchi" in mine["seen"]) == (7, True)
        count = len(telegram.sent)
        telegram.say("/baru", chat=7)
        telegram.say("tampilkan buktinya", chat=7)
        fresh = (await answers(telegram, count + 2))[-1]
        assert "Araghchi" not in fresh["seen"]


async def test_a_conversation_goes_on_after_a_restart(telegram: Telegram, running: Running) -> None:
    telegram.say(ASKED)
    async with running():
        count = len(await answers(telegram, 1))
    telegram.say("tampilkan buktinya")
    async with running():
        assert "Araghchi" in (await answers(telegram, count + 1))[-1]["seen"]


async def test_what_was_read_is_acknowledged_once_and_answered_once(telegram: Telegram, running: Running) -> None:
    for number in range(3):
        telegram.say("halo", chat=100 + number)
    async with running():
        await answers(telegram, 3)
    assert telegram.updates == []  # the last ones were acknowledged on the way out
    assert max(telegram.offsets) == 504
    async with running():
        telegram.say("halo", chat=200)
        await answers(telegram, 4)
    assert [one["chat_id"] for one in telegram.sent].count(100) == 1
    assert len(telegram.sent) == 4


async def test_a_flood_limit_is_sat_out(telegram: Telegram, running: Running) -> None:
    telegram.fail("sendMessage", 429, times=2, description="Too Many Requests", parameters={"retry_after": 0.2})
    telegram.fail("getUpdates", 429, description="Too Many Requests", parameters={"retry_after": 0.1})
    telegram.say("halo")
    async with running():
        (sent,) = await answers(telegram, 1)
    assert sent["seen"]
    assert telegram.calls.count("sendMessage") == 3


async def test_faults_of_the_server_end_nothing(telegram: Telegram, running: Running) -> None:
    telegram.fail("getUpdates", 502, times=2)
    telegram.fail("sendMessage", 500)
    telegram.say("halo")
    async with running():
        await answers(telegram, 1)


async def test_another_program_that_polls_ends_the_bot(telegram: Telegram, service: ChatService) -> None:
    said = "Conflict: can't use getUpdates method while webhook is active"
    telegram.fail("getUpdates", 409, times=CONFLICTS + 2, description=said)
    bot = Bot(service, TOKEN, telegram.url, poll=1)
    with pytest.raises(SettingsError, match="another program"):
        await asyncio.wait_for(bot.run(asyncio.Event()), 30)


async def test_a_conflict_that_passes_is_no_end(telegram: Telegram, running: Running) -> None:
    telegram.fail("getUpdates", 409)  # the bot's former self was still polling
    telegram.say("halo")
    async with running():
        await answers(telegram, 1)


async def test_a_token_that_is_refused(telegram: Telegram, service: ChatService) -> None:
    with pytest.raises(SettingsError, match="token") as refused:
        await Bot(service, "1:wrong", telegram.url).run(asyncio.Event())
    assert "1:wrong" not in str(refused.value)


async def test_the_token_is_in_no_log_and_no_error(
    telegram: Telegram, running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="checker")
    telegram.fail("sendMessage", 500, description=f"cannot reach https://api/bot{TOKEN}/x", times=9)
    telegram.say("halo")
    async with running():
        await asyncio.sleep(0.5)
        telegram.faults.clear()
        telegram.say("halo", chat=9)
        await answers(telegram, 1)
    assert TOKEN not in caplog.text


async def test_a_long_answer_comes_in_parts(telegram: Telegram, running: Running) -> None:
    article = Path(__file__).parents[4] / "seeds" / "01-araghchi-moskow" / "article.txt"
    telegram.say(article.read_text(encoding="utf-8"))
    async with running():
        first = await answers(telegram, 1)
        await asyncio.sleep(0.5)
    parts = telegram.sent
    assert first[0]["reply_parameters"]
    assert all("reply_parameters" not in part for part in parts[1:])
    assert all(units(part["seen"]) <= MOST for part in parts)
    whole = "\n".join(part["seen"] for part in parts)
    assert "klaim" in whole
    assert "Sumber" in whole


async def test_who_has_blocked_the_bot_is_left_alone(telegram: Telegram, running: Running) -> None:
    telegram.blocked.add(7)
    telegram.say("halo", chat=7)
    telegram.say("halo", chat=8)
    async with running():
        (sent,) = await answers(telegram, 1)
    assert sent["chat_id"] == 8


async def test_html_that_is_refused_goes_as_plain_text(telegram: Telegram, running: Running) -> None:
    telegram.fail("sendMessage", 400, description="Bad Request: can't parse entities")
    telegram.say("halo")
    async with running():
        (sent,) = await answers(telegram, 1)
    assert "parse_mode" not in sent


@pytest.mark.parametrize("message", [{"photo": [{"file_id": "x"}]}, {"sticker": {"emoji": "🙂"}}, {"voice": {}}])
async def test_what_is_no_text_is_said_to_be_none(
    telegram: Telegram, running: Running, message: dict[str, Any]
) -> None:
    telegram.say(None, **message)
    async with running():
        (sent,) = await answers(telegram, 1)
    assert "teks saja" in sent["seen"]


async def test_a_caption_is_read(telegram: Telegram, running: Running) -> None:
    telegram.say(None, photo=[{"file_id": "x"}], caption=ASKED)
    async with running():
        assert "Araghchi" in (await answers(telegram, 1))[0]["seen"]


async def test_in_a_group_only_who_speaks_to_it_is_answered(telegram: Telegram, running: Running) -> None:
    group: dict[str, Any] = {"chat": -5, "kind": "supergroup"}
    telegram.say("Besok kita kumpul jam berapa?", **group)
    telegram.say("/cek@another_bot halo", **group)
    telegram.say("/cek", **group, reply_to_message={"message_id": 1, "text": ASKED, "from": {"id": 3}})
    telegram.say(f"@{ME['username']} halo", **group)
    telegram.say("terima kasih", **group, reply_to_message={"message_id": 2, "text": "x", "from": {"id": ME["id"]}})
    async with running():
        sent = await answers(telegram, 3)
        await asyncio.sleep(0.3)
    assert len(telegram.sent) == len(sent)
    assert "Araghchi" in sent[0]["seen"]
    assert {one["chat_id"] for one in sent} == {-5}


async def test_whoever_floods_is_asked_to_wait(telegram: Telegram, running: Running) -> None:
    for _ in range(8):
        telegram.say(ASKED)
    async with running():
        await answers(telegram, 4)
        await asyncio.sleep(0.3)
    assert len(telegram.sent) == 4
    assert "Sebentar" in telegram.sent[-1]["seen"]


async def test_only_allowed_chats_are_answered(telegram: Telegram, running: Running) -> None:
    telegram.say(ASKED, chat=7)
    telegram.say("halo", chat=8)
    async with running(allowed=frozenset([8])):
        sent = await answers(telegram, 2)
    by_chat = {one["chat_id"]: one["seen"] for one in sent}
    assert "hanya untuk" in by_chat[7]
    assert "7" in by_chat[7]
    assert "Araghchi" not in by_chat[7]
    assert "hanya untuk" not in by_chat[8]


async def test_odd_updates_are_passed_over(telegram: Telegram, running: Running) -> None:
    telegram.updates += [{"update_id": 1}, {"update_id": 2, "edited_message": {}}, {"update_id": 3, "message": None}]
    telegram.say("halo", **{"from": {"id": 9, "is_bot": True}})  # another bot: two would answer each other for ever
    telegram.say("halo")
    async with running():
        await answers(telegram, 1)
        await asyncio.sleep(0.2)
    assert len(telegram.sent) == 1


async def test_what_is_under_way_is_answered_before_it_ends(telegram: Telegram, running: Running) -> None:
    telegram.say(ASKED)
    async with running():
        while "sendChatAction" not in telegram.calls:
            await asyncio.sleep(0.02)
    assert telegram.sent


# -- the text


def cited(number: int, url: str = "https://a.example/?a=1&b=2") -> Cited:
    citation = Citation("s1", "p1", url, "A & B", "2025-06-23", "kutipan", 0, 7, "supports", 0.9)
    return Cited(number, citation, "Judul <b>")


def shown(text: str, *citations: Cited) -> list[Any]:
    return chunks_of(Answer(text, citations, (), "id", "verdict"))


def test_markdown_becomes_telegrams_html() -> None:
    (chunk,) = shown("**Didukung.** a < b & `c` _d_ [1]\n\n- satu [1]\n1. dua \\[2\\] [3]", cited(1))
    link = '<a href="https://a.example/?a=1&amp;b=2">[1]</a>'
    first, _, second, third, *_ = chunk.html.split("\n")
    assert first == f"<b>Didukung.</b> a &lt; b &amp; <code>c</code> <i>d</i> {link}"
    assert second == f"• satu {link}"
    assert third.endswith("dua [2] [3]")
    assert "Judul &lt;b&gt;" in chunk.html
    assert chunk.plain.startswith("Didukung. a < b & c d [1]")


def test_addresses_that_lead_nowhere_safe_are_no_links() -> None:
    (chunk,) = shown("a [1]", cited(1, "javascript:alert(1)"))
    assert "<a" not in chunk.html


@pytest.mark.parametrize("unit", ["kata ", "😀", "x", "**tebal** dan & < > \\[1\\] ", "- butir\n", "\n\n"])
def test_whatever_is_said_fits(unit: str) -> None:
    chunks = shown(unit * (20_000 // len(unit)) + "akhir", cited(1))
    for chunk in chunks:
        from telegram_server import Entities

        parser = Entities()
        parser.feed(chunk.html)
        parser.close()
        assert parser.open == []
        assert parser.text.strip()
        assert units(parser.text) <= MOST
        assert 0 < units(chunk.plain) <= MOST
    assert "akhir" in "".join(chunk.plain for chunk in chunks)


# -- the command

PROGRAM = [sys.executable, "-c", "import sys; from checker.cli import main; sys.exit(main())", "telegram"]


def test_the_command(telegram: Telegram, environment: dict[str, str], tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text(TOKEN + "\n", encoding="utf-8")
    started = subprocess.Popen(
        [*PROGRAM, "--api", telegram.url],
        env={**environment, "SARING_TELEGRAM_TOKEN_FILE": str(secret)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stderr is not None
    try:
        assert "@saring_bot" in started.stderr.readline()
        telegram.say(ASKED)
        assert "Araghchi" in telegram.answers(1)[0]["seen"]
        telegram.say("kirim ke antrean")  # strangers fill no queue
        assert "Antrean tidak tersambung" in telegram.answers(2)[-1]["seen"]
    finally:
        started.send_signal(signal.SIGTERM)
        rest = started.communicate(timeout=30)[1]
    assert started.returncode == 0, rest
    assert TOKEN not in rest
    assert telegram.updates == []


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({}, "SARING_TELEGRAM_TOKEN"),
        ({"SARING_TELEGRAM_TOKEN_FILE": "/no/such/file"}, "cannot be read"),
        ({"SARING_TELEGRAM_TOKEN": "1:bad"}, "does not know"),
    ],
)
def test_without_a_good_token(
    telegram: Telegram, environment: dict[str, str], variables: dict[str, str], says: str
) -> None:
    done = subprocess.run(
        [*PROGRAM, "--api", telegram.url], env={**environment, **variables}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert "1:bad" not in done.stderr
