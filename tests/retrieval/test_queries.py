from __future__ import annotations

import pytest

from retrieval.queries import MOST_TERMS, SearchQuery, queries_from_claim


def test_names_figures_and_topic_words_in_both_languages() -> None:
    own, other = queries_from_claim(
        "Gempa magnitudo 5,6 di Cianjur pada Senin, 21 November 2022 menewaskan 602 orang, kata BNPB.", "id"
    )
    assert own.language == "id"
    assert {"Cianjur", "BNPB", "Gempa", "November", "2022", "5,6"} <= set(own.text.split())
    assert not {"Senin", "kata", "pada", "di"} & set(own.text.split())
    assert other.language == "en"
    assert {"Cianjur", "earthquake", "November", "2022", "5.6"} <= set(other.text.split())
    assert "Gempa" not in other.text


def test_names_take_their_form_in_the_other_language() -> None:
    own, other = queries_from_claim("Abbas Araqchi bertemu Vladimir Putin di Moskow pada Senin, 23 Juni 2025.", "id")
    assert "Araqchi" in own.text
    assert "Moskow" in own.text
    assert "Abbas Araghchi" in other.text
    assert "Moscow" in other.text
    assert "June 2025" in other.text


def test_english_to_indonesian() -> None:
    own, other = queries_from_claim("Putin met Araghchi in Moscow on 23 June 2025.")
    assert own.language == "en"
    assert other == SearchQuery(other.text, "id")
    assert "Moskow" in other.text
    assert "Juni 2025" in other.text


def test_a_word_that_begins_a_sentence_is_no_name() -> None:
    own, other = queries_from_claim("Inflasi 2,5 persen.", "id")
    assert {"Inflasi", "2,5"} <= set(own.text.split())
    assert {"inflation", "2.5"} <= set(other.text.split())


def test_what_is_in_no_glossary_is_left_out_not_guessed() -> None:
    queries = queries_from_claim("Dia melamun sendirian.", "id")
    assert [query.language for query in queries] == ["id"]


@pytest.mark.parametrize("text", ["", "   ", "?!", "di yang dan"])
def test_nothing_to_look_for(text: str) -> None:
    assert queries_from_claim(text, "id") == []


def test_a_query_has_so_many_terms_at_most_and_none_twice() -> None:
    text = (
        "Iran, Israel, Rusia, Ukraina, Turki, Qatar dan Mesir membahas perang, minyak, sanksi, rudal, nuklir dan Iran."
    )
    for query in queries_from_claim(text, "id"):
        terms = query.text.split()
        assert len(terms) <= MOST_TERMS
        assert len(set(terms)) == len(terms)
