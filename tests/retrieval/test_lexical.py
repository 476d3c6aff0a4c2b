"""Words to index terms, and BM25 over them."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from retrieval.lexical import LexicalIndex, guess_language, passage_terms, reference_scores, terms, words
from retrieval.names import find_names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Abbas Araqchi tiba di Moskow", "Araghchi landed in Moscow"),
        ("Aljazeera memberitakan", "Al Jazeera reports"),
        ("Menlu Iran ke Amerika Serikat", "the US and Iran"),
        ("serangan AS terhadap Iran", "the United States struck"),
        ("Gedung Putih membantah", "the White House denied"),
        ("4.700 orang terluka", "4,700 people injured"),
        ("pada Juni 2025", "in June 2025"),
        ("hari Senin", "on Monday"),
        ("Perserikatan Bangsa-Bangsa", "the United Nations said"),
    ],
)
def test_names_and_numbers_meet_across_spellings_and_languages(one: str, other: str) -> None:
    assert set(terms(one, "id")) & set(terms(other, "en"))


def test_different_names_do_not_meet() -> None:
    assert not set(terms("Iran menyerang", "id")) & set(terms("Iraq was attacked", "en"))
    # "as" is a word in English and a country in Indonesian.
    assert not set(terms("as they said", "en")) & set(terms("serangan AS", "id"))


def test_forms_of_a_word_meet_in_its_language() -> None:
    assert words("menyerang diserang", "id")[0] == words("serang", "id")[0]
    assert words("attacked attacks attacking", "en") == words("attack attack attack", "en")
    assert words("Café CAFÉ cafe\u0301", "en") == ["cafe"] * 3
    assert words("Iran's Jum'at", "en") == ["iran", "friday"]
    assert words("the of and yang di dan", "") == []
    assert words("", "id") == []
    assert words("1.5 juta 1,5 1.884.000", "id") == ["1.5", "juta", "1.5", "1884000"]


def test_the_language_is_told_by_its_function_words() -> None:
    assert guess_language("Ia mengatakan bahwa itu tidak benar") == "id"
    assert guess_language("He said that it was not true") == "en"
    assert guess_language("Putin Araghchi 2025") == ""


def test_passages_get_the_names_of_the_whole_text_and_the_terms_of_the_title() -> None:
    text = "Abbas Araghchi tiba. Araghchi lalu pergi."
    spans = [(0, 20), (21, len(text))]
    first, second = passage_terms(text, "Kunjungan ke Moskow", "id", spans, find_names(text, "id"))
    assert any(term.startswith("=Abbas") for term in first)
    assert any(term.startswith("=Abbas") for term in second)
    assert set(terms("Moscow", "en")) & set(second)


def _documents(count: int = 200) -> list[list[str]]:
    chance = random.Random(3)
    vocabulary = [f"w{i}" for i in range(60)]
    return [chance.choices(vocabulary, weights=range(60, 0, -1), k=chance.randint(0, 40)) for _ in range(count)]


def test_scores_agree_with_the_formula(tmp_path: Path) -> None:
    documents = _documents()
    index = LexicalIndex.build(documents)
    index.save(tmp_path / "words")
    again = LexicalIndex.load(tmp_path / "words")
    assert again.size == index.size == 200
    for query in (["w1", "w50", "w1"], ["w59"], ["w3", "never seen"], ["never seen"], []):
        expected = reference_scores(documents, query)
        assert index.scores(query) == pytest.approx(expected, abs=1e-4)
        assert again.scores(query) == pytest.approx(expected, abs=1e-4)
    assert not index.scores(["never seen"]).any()


def test_documents_without_any_term_score_nothing() -> None:
    index = LexicalIndex.build([[], []])
    assert np.array_equal(index.scores(["x"]), [0.0, 0.0])
    assert LexicalIndex.build([]).scores(["x"]).shape == (0,)
    with pytest.raises(ValueError, match="not worth saving"):
        index.save(Path("nowhere"))


def test_a_broken_cache_is_noticed(tmp_path: Path) -> None:
    with pytest.raises((OSError, ValueError, KeyError)):
        LexicalIndex.load(tmp_path / "none")
    LexicalIndex.build(_documents()).save(tmp_path / "words")
    (tmp_path / "words" / "params.index.json").write_text("{")
    with pytest.raises((OSError, ValueError, KeyError)):
        LexicalIndex.load(tmp_path / "words")
