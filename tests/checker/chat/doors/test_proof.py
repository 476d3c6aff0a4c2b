"""What of a chat model's words is shown."""

from __future__ import annotations

import pytest

from checker.chat.proof import Break, Dropped, Found, Ground, Kept, Piece, Reader, Shown, judge
from retrieval.types import Source

TOLD = (
    "Trump had not told Putin in detail about the planned strikes ahead of time, Peskov said, although the two had "
    "discussed possible US military involvement in more general terms."
)
LEVEL = "Radiation levels did not rise off site on Monday 23 June, the IAEA said."
LONG = "Filler sentences stand here. " * 30 + "Kostyukov sat in, too."


def source(text: str, publisher: str = "A News") -> Source:
    return Source(
        id=f"s-{publisher}", url="https://a.example/1", title="Kremlin regrets the strikes", publisher=publisher,
        publisher_type="newspaper", country="TR", language="en", published_at="2025-06-23",
        fetched_at="2026-01-01T00:00:00Z", via=(), content_hash="h", text=text,
    )  # fmt: skip


def shown(number: int, text: str, before: str = "", publisher: str = "A News") -> Shown:
    return Shown(number, source(before + text, publisher), f"p{number}", len(before), len(before + text))


@pytest.fixture
def ground() -> Ground:
    return Ground(
        {1: shown(1, TOLD, "Earlier words. "), 2: shown(2, LEVEL, publisher="IAEA"), 3: shown(3, LONG)},
        ["unsupported"],
        ["Benarkah Trump memberi tahu Putin sebelum menyerang Iran?"],
    )


@pytest.mark.parametrize(
    "sentence",
    [
        'Menurut Peskov, Trump tidak memberi tahu Putin secara rinci [1: "Trump had not told Putin in detail"].',
        "Peskov said so to A News on 23 June 2025 [1: “had not told Putin in detail about”].",
        "IAEA: tingkat radiasi tidak naik pada 23 Juni 2025 [2: «did not rise off site»].",
        "Radiasi tidak naik, kata IAEA [2].",  # a whole passage of one sentence
        'Moskow dan Washington membicarakannya [1: "the two had discussed possible US military involvement"].',
        'Klaim itu tidak didukung: Peskov membantahnya [1: "had not told Putin in detail"].',
        'It was benar-benar umum saja [1: "in more general terms"].',
        'He said “it is true” or not [1: "the two had discussed possible"].',  # the word is in quotation marks
        "Maksud Anda serangan ke Iran?",
    ],
)
def test_a_sentence_with_a_quote_that_stands_in_its_passage_is_shown(ground: Ground, sentence: str) -> None:
    kept = judge(sentence, ground)
    assert isinstance(kept, Kept), kept
    for of, citation in kept.citations:
        assert of.source.text[citation.start : citation.end] == citation.quote
    assert "[" not in kept.text


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("Trump tidak memberi tahu Putin.", "no quote"),
        ('Trump memberi tahu Putin [1: "Trump told Putin everything"].', "no quote"),  # not the passage's words
        ('Trump tidak memberi tahu Putin [2: "had not told Putin in detail"].', "no quote"),  # of another passage
        ('Trump tidak memberi tahu Putin [9: "had not told Putin in detail"].', "no quote"),  # of none
        ('Begitu kata Peskov [1: "Peskov said"].', "no quote"),  # two words stand anywhere
        ("Kostyukov ikut hadir [3].", "no quote"),  # the whole of a long passage shows nothing
        ('Klaim itu benar [1: "had not told Putin in detail"].', "another verdict"),
        ('The claim is supported [1: "had not told Putin in detail"].', "another verdict"),
        ('Masih perlu sumber [1: "had not told Putin in detail"].', "another verdict"),
        ('Ada 400 korban jiwa [2: "did not rise off site"].', "number 400"),
        ('Pada 24 Juni radiasi tidak naik [2: "did not rise off site"].', "number 24"),
        ('Emmanuel Macron mengecamnya [1: "had not told Putin in detail"].', "name"),
        ("Tahukah Anda bahwa Macron berbohong?", "name"),
        ("Bukankah klaim itu benar?", "another verdict"),
        ("[1] [2]", "says nothing"),
    ],
)
def test_anything_else_is_left_out(ground: Ground, sentence: str, why: str) -> None:
    dropped = judge(sentence, ground)
    assert isinstance(dropped, Dropped)
    assert why in dropped.why


def test_the_question_alone_carries_no_number_and_no_name(ground: Ground) -> None:
    ground.asked.append("Benarkah Macron bilang 400 orang tewas pada 23 Juni?")
    for sentence in (
        'Ada 400 korban [1: "had not told Putin in detail"].',
        'Macron mengatakannya [1: "in more general terms"].',
    ):
        dropped = judge(sentence, ground)
        assert isinstance(dropped, Dropped)
        assert "only in what was asked" in dropped.why
    for sentence in (
        'Bukan Macron, melainkan Peskov yang mengatakannya [1: "in more general terms"].',
        'Pada 23 Juni tidak disebut 400 korban [2: "did not rise off site"].',
    ):
        assert isinstance(judge(sentence, ground), Kept)


def test_a_verdict_word_needs_a_verdict(ground: Ground) -> None:
    sentence = 'Klaim itu tidak didukung [1: "had not told Putin in detail"].'
    ground.labels[:] = []
    assert isinstance(judge(sentence, ground), Dropped)
    ground.labels[:] = ["unsupported", "supported"]  # of which of the two does it speak?
    assert isinstance(judge(sentence, ground), Dropped)
    ground.labels[:] = ["unsupported", "unsupported"]
    assert isinstance(judge(sentence, ground), Kept)


def test_nothing_in_a_sentence_acts(ground: Ground) -> None:
    text = (
        "Lihat [di sini](https://evil.example/?q=x) ![](https://evil.example/p.png) <img src=x onerror=alert(x)> "
        'https://evil.example/a **tebal** [1: "had not told Putin in detail"]'
    )
    kept = judge(text, ground)
    assert isinstance(kept, Kept)
    assert "evil.example" not in kept.text
    assert "<" not in kept.text.replace("\\<", "")
    assert "**" not in kept.text


def test_a_quote_is_found_in_the_text_as_it_was_published(ground: Ground) -> None:
    hidden = "Peskov said\u200b that “nothing” was\nagreed."
    ground.passages[4] = shown(4, hidden)
    kept = judge('Tidak ada yang disepakati, kata Peskov [4: "that "nothing" was agreed"].', ground)
    assert isinstance(kept, Kept)
    assert kept.citations[0][1].quote == "that “nothing” was\nagreed"


REPLY = (
    "{{thanks}}\n"
    'Menurut Peskov, Trump tidak memberi tahu Putin [1: "Trump had not told Putin in detail"]. Keduanya hanya '
    'membicarakannya secara umum. [1: "in more general\nterms"]\n'
    '- Radiasi tidak naik, kata IAEA [2: "Radiation levels did not rise off site on Monday 23 June"]\n'
    "- Tanpa kutipan.\nSelesai?"
)


def read(reply: str, size: int, ground: Ground) -> list[Found]:
    reader = Reader(ground)
    found: list[Found] = []
    for start in range(0, len(reply), size):
        found += reader.feed(reply[start : start + size])
    return found + list(reader.end())


@pytest.mark.parametrize("size", [1, 2, 7, 50, 1000])
def test_however_it_streams_the_same_is_read(ground: Ground, size: int) -> None:
    found = read(REPLY, size, ground)
    assert [type(one) for one in found] == [Piece, Break, Kept, Kept, Break, Kept, Break, Dropped, Break, Kept]
    assert [one.lead for one in found if isinstance(one, Kept)] == ["", "", "- ", ""]
    assert all(len(one.citations) == 1 for one in found[:6] if isinstance(one, Kept))


def test_a_sentence_is_shown_before_the_reply_ends(ground: Ground) -> None:
    reader = Reader(ground)
    early = list(reader.feed('Satu kata Peskov [1: "had not told Putin in detail"]. Dua'))
    assert [type(one) for one in early] == [Kept]
    assert list(reader.feed(" kata")) == []  # the mark may still come


def test_what_does_not_end_is_given_up(ground: Ground) -> None:
    found = read("x" * 30_000 + "\nSelesai?", 500, ground)
    assert [type(one) for one in found if not isinstance(one, Break)] == [Dropped, Kept]


def test_a_reply_that_begins_anew_leaves_nothing_half_read(ground: Ground) -> None:
    reader = Reader(ground)
    list(reader.feed("Setengah kalimat yang"))
    reader.restart()
    assert [one.text for one in reader.feed("Selesai?\n") if isinstance(one, Kept)] == ["Selesai?"]
