from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any

import pytest

from checker import Checker
from checker.chat.conversations import Conversations, MemoryConversations, Turn
from checker.chat.events import Answer, Cited, Event, Finished, Judged, Progress, Started, Text, to_json
from checker.chat.plain import source_list, to_plain
from checker.chat.service import ChatService
from checker.errors import ModelUnavailable, NotFound, SettingsError
from checker.types import Verdict

AS_OF = "2025-07-01"


class Talk:
    """One conversation of one owner."""

    def __init__(self, service: ChatService, owner: str = "ani", as_of: str | None = AS_OF) -> None:
        self.service, self.owner, self.as_of = service, owner, as_of
        self.conversation: str | None = None
        self.events: list[Event] = []

    async def say(self, text: str, language: str | None = None) -> Answer:
        self.events = []
        async for event in self.service.turn(
            text, conversation=self.conversation, owner=self.owner, language=language, as_of=self.as_of
        ):
            self.events.append(event)
        first, last = self.events[0], self.events[-1]
        assert isinstance(first, Started)
        assert isinstance(last, Finished)
        self.conversation = first.conversation_id
        answer = last.answer
        assert "".join(event.delta for event in self.events if isinstance(event, Text)) == answer.text
        assert [event for event in self.events if isinstance(event, Cited)] == list(answer.citations)
        assert [cited.number for cited in answer.citations] == list(range(1, len(answer.citations) + 1))
        assert {int(mark) for mark in re.findall(r"(?<!\\)\[(\d+)\]", answer.text)} <= {
            cited.number for cited in answer.citations
        }
        for event in self.events:
            json.dumps(to_json(event))
        return answer


@pytest.fixture
def talk(service: ChatService) -> Talk:
    return Talk(service)


async def test_a_question_is_answered_with_the_verdict_of_its_claim(talk: Talk, checker: Checker) -> None:
    answer = await talk.say("Benarkah jembatan Sula ditutup pada Senin pagi?")
    (judged,) = answer.verdicts
    (alone,) = checker.check_claim("Jembatan Sula ditutup pada Senin pagi.", as_of=AS_OF).outcomes
    assert judged.outcome == alone
    assert isinstance(judged.outcome, Verdict)
    assert (answer.kind, answer.language, judged.outcome.label) == ("verdict", "id", "supported")
    assert "Jembatan Sula ditutup pada Senin pagi" in answer.text
    assert "Ya, menurut bukti" in answer.text
    assert "1 Juli 2025" in answer.text
    assert "1 asal independen" in answer.text
    assert [(c.citation.source_id, c.title) for c in answer.citations] == [("kabar", "Judul kabar")]
    assert "Kabar, 23 Juni 2025 [1]" in answer.text


async def test_what_was_understood_is_said_before_anything_is_looked_up(talk: Talk) -> None:
    await talk.say("Apakah jembatan Sula ditutup pada Senin pagi?")
    kinds = [type(event) for event in talk.events]
    assert kinds[:2] == [Started, Text]
    assert kinds.index(Text) < kinds.index(Progress) < kinds.index(Judged)
    stages = [event.stage for event in talk.events if isinstance(event, Progress)]
    assert {"evidence", "judge"} >= set(stages) >= {"evidence"}


async def test_a_denied_claim_is_answered_no_and_a_statement_without_yes_or_no(talk: Talk) -> None:
    asked = await talk.say("Apakah Budi Tan mengundurkan diri dari jabatan bupati?")
    assert "Tidak, menurut bukti" in asked.text
    stated = await talk.say("Budi Tan mengundurkan diri dari jabatan bupati.")
    assert "Tidak, menurut bukti" not in stated.text
    assert "Yang membantah" in stated.text


async def test_weak_evidence_gets_no_plain_yes(talk: Talk, judge: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "sure", 0.4)
    answer = await talk.say("Benarkah jembatan Sula ditutup pada Senin pagi?")
    assert isinstance(answer.verdicts[0].outcome, Verdict)
    assert answer.verdicts[0].outcome.label == "supported"
    assert "Ya, menurut bukti" not in answer.text
    assert "condong ke ya" in answer.text
    assert "hanya 0.40" in answer.text


async def test_without_evidence_there_is_no_answer_but_where_to_look(talk: Talk) -> None:
    answer = await talk.say("Apakah Citra Dewi membeli stadion Garuda?")
    (judged,) = answer.verdicts
    assert isinstance(judged.outcome, Verdict)
    assert judged.outcome.label == "needs_source"
    assert "Belum dapat dijawab" in answer.text
    assert "Citra Dewi" in answer.text.split("Yang kurang")[1]
    assert "saring evidence fetch" in answer.text
    assert to_plain(answer.text).count("**") == 0


async def test_said_is_kept_apart_from_so(talk: Talk) -> None:
    answer = await talk.say("Ana Wirja mengatakan bahwa jembatan Sula ditutup pada Senin pagi.")
    assert "Bahwa Ana Wirja berkata demikian" in answer.text


async def test_the_answer_is_in_the_language_of_whoever_asks(talk: Talk) -> None:
    answer = await talk.say("Is it true that jembatan Sula ditutup pada Senin pagi?", language="en")
    assert answer.language == "en"
    assert "Claim as I understand it" in answer.text
    assert (await talk.say("halo", language="en")).text.startswith("Hello")


async def test_open_questions_are_quoted_not_judged(talk: Talk) -> None:
    answer = await talk.say("Berapa feri dikerahkan sebagai pengganti jembatan Sula?")
    assert (answer.kind, answer.verdicts) == ("quotes", ())
    assert [cited.citation.source_id for cited in answer.citations] == ["harian"]
    assert "Saya mengutip sumber, tidak menyimpulkan" in answer.text
    nothing = await talk.say("Siapa penemu telepon genggam pertama?")
    assert (nothing.kind, nothing.citations) == ("quotes", ())
    assert "tidak menjawab dari ingatan" in nothing.text


async def test_follow_ups_speak_of_what_was_checked(talk: Talk) -> None:
    await talk.say("Benarkah 12 feri dikerahkan sebagai pengganti jembatan Sula?")
    shown = await talk.say("tampilkan buktinya")
    assert (shown.kind, [c.citation.source_id for c in shown.citations]) == ("evidence", ["harian"])
    relayed = await talk.say("dan menurut Reuters?")
    assert relayed.kind == "outlet"
    assert "lewat Harian" in relayed.text
    assert "bukan putusan" in relayed.text
    own = await talk.say("kalau menurut Harian?")
    assert "laporan sendiri" in own.text
    none = await talk.say("dan menurut TASS?")
    assert (none.kind, none.citations) == ("outlet", ())
    since = await talk.say("sejak kapan?")
    assert "25 Juni 2025" in since.text
    why = await talk.say("kenapa?")
    assert "salinan satu berita dihitung sekali" in why.text
    again = await talk.say("in English please")
    assert (again.kind, again.language, len(again.verdicts)) == ("verdict", "en", 1)
    assert (await talk.say("cek lagi")).verdicts[0].outcome == again.verdicts[0].outcome


async def test_according_to_a_person_is_a_claim_of_its_own(talk: Talk) -> None:
    await talk.say("Benarkah 12 feri dikerahkan sebagai pengganti jembatan Sula?")
    answer = await talk.say("kalau menurut Vladimir Putin?")
    assert answer.kind == "verdict"
    assert answer.verdicts[0].claim.quote.startswith("Vladimir Putin mengatakan bahwa 12 feri")


async def test_an_article_is_checked_whole_and_its_claims_have_numbers(talk: Talk) -> None:
    article = (
        "Jembatan Sula ditutup pada Senin pagi. Budi Tan mengundurkan diri dari jabatan bupati. "
        "Sebanyak 12 feri dikerahkan sebagai pengganti jembatan Sula. Stadion Garuda terbakar pada Selasa malam."
    )
    answer = await talk.say(article)
    assert answer.kind == "article"
    labels = [judged.outcome.label for judged in answer.verdicts if isinstance(judged.outcome, Verdict)]
    assert labels == ["supported", "unsupported", "supported", "needs_source"]
    assert "4 klaim" in answer.text
    assert [line[:2] for line in answer.text.splitlines() if line[:1].isdigit()][1:] == ["1.", "2.", "3.", "4."]
    second = await talk.say("bagaimana dengan klaim kedua?")
    assert second.verdicts[0].number == 2
    assert [c.citation.source_id for c in (await talk.say("mana buktinya?")).citations] == ["radar"]
    assert (await talk.say("kirim ke antrean")).item_ids != ()
    assert len((await talk.say("kirim semua ke antrean")).item_ids) == 4
    wrong = await talk.say("klaim 9")
    assert wrong.kind == "clarify"
    assert "9" in wrong.text


async def test_claims_go_to_the_queue_and_can_be_asked_after(talk: Talk) -> None:
    assert (await talk.say("kirim ke antrean")).item_ids == ()
    await talk.say("Benarkah jembatan Sula ditutup pada Senin pagi?")
    sent = await talk.say("kirim ke antrean")
    assert len(sent.item_ids) == 1
    assert (await talk.say("kirim ke antrean")).item_ids == sent.item_ids
    status = await talk.say("sudah sampai mana di antrean?")
    assert (status.kind, status.item_ids) == ("queue", sent.item_ids)
    assert "claimed, Ani" in status.text


async def test_a_button_sends_the_claims_of_one_answer(talk: Talk, service: ChatService) -> None:
    await talk.say("Benarkah jembatan Sula ditutup pada Senin pagi?")
    started = talk.events[0]
    assert isinstance(started, Started)
    await talk.say("Benarkah 12 feri dikerahkan sebagai pengganti jembatan Sula?")
    conversation = started.conversation_id
    (first,) = await service.to_queue(conversation, owner="ani", turn=started.turn_id)
    (last,) = await service.to_queue(conversation, owner="ani")
    assert first != last
    assert (await talk.say("status antrean")).item_ids == (first, last)
    with pytest.raises(NotFound):
        await service.to_queue(conversation, owner="budi")


async def test_whoever_may_not_add_is_told_so(service: ChatService) -> None:
    talk = Talk(service, owner="viewer")
    await talk.say("Benarkah jembatan Sula ditutup pada Senin pagi?")
    answer = await talk.say("kirim ke antrean")
    assert (answer.kind, answer.item_ids) == ("refusal", ())


async def test_without_a_queue_it_is_said_where_there_is_one(checker: Checker) -> None:
    talk = Talk(ChatService(checker, MemoryConversations()))
    await talk.say("Benarkah jembatan Sula ditutup pada Senin pagi?")
    assert "saring serve" in (await talk.say("kirim ke antrean")).text


async def test_ambiguous_questions_are_asked_back_and_completed(talk: Talk) -> None:
    back = await talk.say("Apakah dia mengundurkan diri dari jabatan bupati?")
    assert (back.kind, back.verdicts) == ("clarify", ())
    assert "Dia" in back.text
    answer = await talk.say("Budi Tan")
    assert answer.verdicts[0].claim.quote == "Budi Tan mengundurkan diri dari jabatan bupati."


@pytest.mark.parametrize("text", ["", "   ", "???", "\u200b", "Iran?", "buktinya mana?", "Tulis puisi", "menurutmu?"])
async def test_nothing_to_check_is_answered_without_a_verdict(talk: Talk, text: str) -> None:
    answer = await talk.say(text)
    assert answer.kind in ("clarify", "refusal")
    assert (answer.verdicts, answer.citations) == ((), ())
    assert answer.text.strip()


async def test_a_long_text_is_refused_with_its_size(talk: Talk) -> None:
    answer = await talk.say("Jembatan Sula ditutup. " * 5000)
    assert answer.kind == "refusal"
    assert "115,000" in answer.text
    assert "40,000" in answer.text


async def test_text_from_outside_is_never_markup(talk: Talk) -> None:
    said = "Benarkah [gajah](javascript:alert(1)) <img src=x onerror=alert(1)> terbang ke **bulan**?"
    answer = await talk.say(said)
    from markdown_it import MarkdownIt

    html = MarkdownIt("commonmark", {"html": True}).render(answer.text + "\n" + source_list(answer))
    assert "<img" not in html
    assert "<a " not in html.replace('<a href="https://example.org/', "")
    assert "javascript:" not in re.findall(r'href="([^"]*)"', html)


async def test_what_breaks_becomes_the_answer_and_the_conversation_goes_on(talk: Talk, judge: Any) -> None:
    judge.breaks = True
    answer = await talk.say("Benarkah jembatan Sula ditutup pada Senin pagi?")
    assert answer.verdicts[0].failed
    assert "gagal diperiksa" in answer.text
    assert "Didukung" not in answer.text
    assert (await talk.say("kirim ke antrean")).item_ids == ()
    judge.breaks = False
    assert not (await talk.say("cek lagi")).verdicts[0].failed


async def test_a_fault_of_ours_is_said_in_a_line(talk: Talk, checker: Checker, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(checker, "acheck_claim", broken)
    answer = await talk.say("Benarkah jembatan Sula ditutup?")
    assert answer.kind == "failure"
    assert "ZeroDivisionError" in answer.text
    assert "secret" not in answer.text


async def test_an_empty_store_is_said_so(tmp_path: Any, judge: Any) -> None:
    from checker import Settings
    from checker.claims.rules import RuleExtractor
    from retrieval.store import EvidenceStore
    from retrieval.testing import HashEmbedder

    with EvidenceStore.open(tmp_path / "empty", embedder=HashEmbedder()) as store:
        talk = Talk(ChatService(Checker(store, RuleExtractor(), judge, Settings()), MemoryConversations()))
        answer = await talk.say("Benarkah jembatan Sula ditutup?")
    assert answer.kind == "failure"
    assert "saring evidence add" in answer.text


async def test_another_owners_conversation_cannot_be_joined(talk: Talk, service: ChatService) -> None:
    await talk.say("halo")
    stranger = Talk(service, owner="budi")
    stranger.conversation = talk.conversation
    with pytest.raises(NotFound):
        await stranger.say("halo")
    with pytest.raises(SettingsError):
        await Talk(service, as_of="kapan-kapan").say("halo")


async def test_evidence_after_the_date_does_not_count(service: ChatService) -> None:
    early = Talk(service, as_of="2025-06-24")
    answer = await early.say("12 feri dikerahkan sebagai pengganti jembatan Sula.")
    (judged,) = answer.verdicts
    assert isinstance(judged.outcome, Verdict)
    assert judged.outcome.label == "needs_source"
    assert "Ditampilkan, tidak dihitung" in answer.text
    assert (await early.say("Berapa feri dikerahkan sebagai pengganti jembatan Sula?")).citations == ()


async def test_thirty_conversations_at_once(service: ChatService, judge: Any, conversations: Conversations) -> None:
    service.conversations = conversations
    judge.waits = 0.01
    claims = [
        "Benarkah jembatan Sula ditutup pada Senin pagi?",
        "Apakah Budi Tan mengundurkan diri dari jabatan bupati?",
    ]

    async def hold(number: int) -> list[Answer]:
        talk = Talk(service, owner=f"owner-{number}")
        return [
            await talk.say(claims[number % 2]),
            await talk.say("tampilkan buktinya"),
            await talk.say("kirim ke antrean"),
        ]

    held = await asyncio.gather(*(hold(number) for number in range(30)))
    for number, (verdict, shown, sent) in enumerate(held):
        label = "supported" if number % 2 == 0 else "unsupported"
        assert isinstance(verdict.verdicts[0].outcome, Verdict)
        assert verdict.verdicts[0].outcome.label == label
        assert [c.citation.source_id for c in shown.citations] == ["kabar" if number % 2 == 0 else "radar"]
        assert len(sent.item_ids) == 1


async def test_whoever_leaves_early_leaves_nothing_behind(service: ChatService, judge: Any) -> None:
    judge.waits = 0.05
    events = service.turn("Benarkah jembatan Sula ditutup pada Senin pagi?", owner="ani", as_of=AS_OF)
    async for event in events:
        if isinstance(event, Text):
            break
    assert isinstance(events, AsyncGenerator)
    await events.aclose()
    assert len(service.conversations.list("ani")) == 1
    assert service.conversations.turns(service.conversations.list("ani")[0].id, "ani") == ()
    assert (await Talk(service).say("Benarkah jembatan Sula ditutup pada Senin pagi?")).kind == "verdict"


class ScriptedAgent:
    """Words answers as a test says."""

    def __init__(self, *said: str, fails: bool = False) -> None:
        self.said, self.fails = said, fails
        self.asked: list[tuple[str, int, int]] = []

    async def turn(
        self, text: str, *, language: str, history: Sequence[Turn] = (), reports: Sequence[Any] = (), **_: Any
    ) -> AsyncIterator[Event]:
        self.asked.append((text, len(history), len(reports)))
        if self.fails:
            raise ModelUnavailable("the chat model cannot be reached")
        for piece in self.said:
            yield Text(piece)
        yield Finished(Answer("".join(self.said), (), (), language, "verdict"))


async def test_an_agent_words_the_answer_where_there_is_one(checker: Checker) -> None:
    agent = ScriptedAgent("Satu. ", "Dua.")
    talk = Talk(ChatService(checker, MemoryConversations(), agent=agent))
    assert (await talk.say("Benarkah jembatan Sula ditutup?")).text == "Satu. Dua."
    assert (await talk.say("terima kasih")).kind == "small_talk"
    await talk.say("Benarkah feri dikerahkan?")
    assert agent.asked == [("Benarkah jembatan Sula ditutup?", 0, 0), ("Benarkah feri dikerahkan?", 4, 0)]


@pytest.mark.parametrize("agent", [ScriptedAgent(), ScriptedAgent(fails=True)])
async def test_without_the_model_the_embedded_ones_answer(checker: Checker, agent: ScriptedAgent) -> None:
    talk = Talk(ChatService(checker, MemoryConversations(), agent=agent))
    answer = await talk.say("Benarkah jembatan Sula ditutup pada Senin pagi?")
    assert answer.kind == "verdict"
    assert len(answer.verdicts) == 1
    assert (await talk.say("tampilkan buktinya")).citations != ()
