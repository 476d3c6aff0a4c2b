from __future__ import annotations

from pathlib import Path

import pytest

from checker import Checker
from checker.chat.conversations import SqlConversations
from checker.chat.queueing import ReviewQueue, only
from checker.chat.service import ChatService
from checker.errors import NotAllowed
from checker.review.database import Database
from checker.review.records import Actor
from checker.review.service import ReviewService
from checker.review.transitions import Role, State

TEXT = (
    "Jembatan Sula ditutup pada Senin pagi. Budi Tan mengundurkan diri dari jabatan bupati. "
    "Sebanyak 12 feri dikerahkan sebagai pengganti jembatan Sula."
)


@pytest.fixture
def review(tmp_path: Path, empty_queue: Path) -> ReviewService:
    import shutil

    shutil.copy(empty_queue, tmp_path / "review.sqlite3")
    return ReviewService(Database.open(str(tmp_path / "review.sqlite3")))


async def test_the_chat_puts_claims_into_the_real_queue(checker: Checker, review: ReviewService) -> None:
    service = ChatService(checker, SqlConversations(review.database), queue=ReviewQueue(review))
    started = None
    async for event in service.turn(TEXT, owner="local", as_of="2025-07-01"):
        started = started or event
    conversation = started.conversation_id  # type: ignore[union-attr]
    sent = await service.answer("kirim klaim 2 ke antrean", conversation=conversation, owner="local")
    (item_id,) = sent.item_ids
    item = review.get(item_id)
    assert (item.state, item.machine_label) == (State.NEW, "unsupported")
    assert item.text.startswith("Budi Tan")
    (verdict,) = review.verdicts(item_id)
    assert [citation["source_id"] for citation in verdict.citations] == ["radar"]
    everything = await service.answer("kirim semua ke antrean", conversation=conversation, owner="local")
    assert item_id in everything.item_ids
    assert review.list().total == 3
    status = await service.answer("status antrean", conversation=conversation, owner="local")
    assert status.text.count("`itm-") == 3
    review.database.close()


def test_a_report_on_one_claim_keeps_its_id(checker: Checker) -> None:
    report = checker.check(TEXT, as_of="2025-07-01")
    first, second = report.claims[:2]
    part = only(report, second.id)
    assert [claim.id for claim in part.claims] == [second.id]
    assert [outcome.claim_id for outcome in part.outcomes] == [second.id]
    assert part.id == only(report, second.id).id != only(report, first.id).id
    assert len(f"chk-{part.id}") <= 40
    assert only(part, second.id) == part


def test_who_only_looks_may_not_add(checker: Checker, review: ReviewService) -> None:
    queue = ReviewQueue(review, actor=lambda owner: Actor(owner, owner, Role.VIEWER))
    with pytest.raises(NotAllowed):
        queue.add(checker.check_claim("Jembatan Sula ditutup pada Senin pagi."), owner="fitri")
    assert review.list().total == 0
    assert queue.status(["itm-none"]) == []
    review.database.close()
