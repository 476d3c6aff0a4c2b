from __future__ import annotations

import threading

import pytest

from checker.chat.conversations import Conversations, Turn
from checker.errors import NotFound


def exchange(number: int) -> list[Turn]:
    return [
        Turn(f"trn-{number}", "user", f"Question {number}?", "en"),
        Turn(f"trn-{number}", "assistant", f"Answer {number}.", "en", "verdict", {"report": {"n": number}}),
    ]


def test_what_was_said_comes_back_in_order(conversations: Conversations) -> None:
    begun = conversations.start("ani")
    for number in (1, 2, 3):
        conversations.add(begun.id, "ani", exchange(number))
    said = conversations.turns(begun.id, "ani")
    assert [turn.text for turn in said] == [text for n in (1, 2, 3) for text in (f"Question {n}?", f"Answer {n}.")]
    assert said[-1].data == {"report": {"n": 3}}
    assert [turn.id for turn in conversations.turns(begun.id, "ani", limit=3)] == ["trn-2", "trn-3", "trn-3"]


def test_the_first_question_is_the_title_and_the_latest_conversation_is_first(conversations: Conversations) -> None:
    first, second = conversations.start("ani"), conversations.start("ani")
    conversations.add(second.id, "ani", exchange(1))
    conversations.add(first.id, "ani", [Turn("t", "user", "Benarkah\x1b[31m  ini? " + "kata " * 60)])
    listed = conversations.list("ani")
    assert [found.id for found in listed] == [first.id, second.id]
    assert listed[0].title.startswith("Benarkah[31m ini? kata")
    assert len(listed[0].title) <= 120
    assert listed[1].title == "Question 1?"
    conversations.add(second.id, "ani", exchange(2))
    assert conversations.get(second.id, "ani").title == "Question 1?"


@pytest.mark.parametrize("owner", ["budi", "", "ANI", "ani "])
def test_another_owners_conversation_does_not_exist(conversations: Conversations, owner: str) -> None:
    begun = conversations.start("ani")
    conversations.add(begun.id, "ani", exchange(1))
    with pytest.raises(NotFound):
        conversations.get(begun.id, owner)
    with pytest.raises(NotFound):
        conversations.turns(begun.id, owner)
    with pytest.raises(NotFound):
        conversations.add(begun.id, owner, exchange(2))
    with pytest.raises(NotFound):
        conversations.delete(begun.id, owner)
    assert conversations.list(owner) == ()
    assert len(conversations.turns(begun.id, "ani")) == 2


@pytest.mark.parametrize("identity", ["", "cnv-0", "x" * 5000, "' OR 1=1 --", "cnv\x00"])
def test_no_such_conversation(conversations: Conversations, identity: str) -> None:
    with pytest.raises(NotFound):
        conversations.turns(identity, "ani")


def test_a_deleted_conversation_is_gone(conversations: Conversations) -> None:
    begun, other = conversations.start("ani"), conversations.start("ani")
    conversations.add(begun.id, "ani", exchange(1))
    conversations.delete(begun.id, "ani")
    with pytest.raises(NotFound):
        conversations.turns(begun.id, "ani")
    assert [found.id for found in conversations.list("ani")] == [other.id]


def test_any_text_is_kept(conversations: Conversations) -> None:
    begun = conversations.start("ani")
    conversations.add(begun.id, "ani", [Turn("t", "user", "nol \x00 dan \ud800 dan 🇮🇩", data={"a": ["\x00"]})])
    (turn,) = conversations.turns(begun.id, "ani")
    assert turn.text.endswith("🇮🇩")


def test_many_write_at_once(conversations: Conversations) -> None:
    begun = [conversations.start("ani") for _ in range(8)]

    def talk(identity: str) -> None:
        for number in range(5):
            conversations.add(identity, "ani", exchange(number))

    threads = [threading.Thread(target=talk, args=(found.id,)) for found in begun]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(conversations.turns(found.id, "ani")) for found in begun] == [10] * 8
