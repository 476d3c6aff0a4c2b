from __future__ import annotations

import numpy as np
import pytest

tokenizers = pytest.importorskip("tokenizers")

from training import vocabulary  # noqa: E402


def _base() -> object:
    words = ["[PAD]", "[unused0]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words += [*"abcdefghijklmnopqrstuvwxyz", *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz"), "the", "water", "eats"]
    tokenizer = tokenizers.Tokenizer(
        tokenizers.models.WordPiece({w: i for i, w in enumerate(words)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    return tokenizer


def test_new_pieces_take_the_free_slots_first_and_old_ids_do_not_move() -> None:
    base = _base()
    extended = vocabulary.extend(base, ["makan", "##nya", "minum"])
    old = base.get_vocab()
    new = extended.get_vocab()
    assert [new[p] for p in ("makan", "##nya", "minum")] == [1, 2, len(old)]
    assert all(new[p] == i for p, i in old.items() if not p.startswith("[unused"))
    assert len(new) == len(old) + 1
    assert extended.encode("Makannya minum", add_special_tokens=False).tokens == ["makan", "##nya", "minum"]


def test_fewer_pieces_than_slots_leave_the_rest_free() -> None:
    extended = vocabulary.extend(_base(), ["makan"])
    assert extended.token_to_id("makan") == 1
    assert sorted(extended.get_vocab().values()) == list(range(extended.get_vocab_size()))


def test_learnt_pieces_are_new_frequent_and_shorten_the_text() -> None:
    base = _base()
    texts = ["makan nasi goreng", "makan nasi putih", "minum air putih", "sekali saja"] * 20
    pieces = vocabulary.learn_pieces([*texts, "langka"], base, 6, candidates=200, minimum=8)
    assert 0 < len(pieces) <= 6
    assert {"makan", "nasi", "putih"} <= set(pieces)
    assert not set(pieces) & set(base.get_vocab())
    assert vocabulary.pieces_per_word(vocabulary.extend(base, pieces), texts) < 0.5 * vocabulary.pieces_per_word(
        base, texts
    )


def test_model_one_finds_the_translation_that_sentences_agree_on() -> None:
    # source words 10 11 12 mean target words 20 21 22, and no pair of sentences says so alone
    source = [[10, 11], [11, 12], [10, 12], [10], [12, 11]] * 4
    target = [[20, 21], [21, 22], [22, 20], [20], [22, 21]] * 4
    found = vocabulary.align(source, target, iterations=8)
    best = {}
    for piece in (10, 11, 12):
        rows = np.flatnonzero(found.source == piece)
        best[piece] = int(found.target[rows[np.argmax(found.forward[rows])]])
    assert best == {10: 20, 11: 21, 12: 22}
    for piece in (10, 11, 12):
        assert found.forward[found.source == piece].sum() <= 1.0 + 1e-9


def test_a_new_piece_starts_where_its_translation_is() -> None:
    base = _base()
    tokenizer = vocabulary.extend(base, ["air", "makan"])
    rng = np.random.default_rng(0)
    old = rng.standard_normal((base.get_vocab_size(), 16)).astype(np.float32)
    piece, meaning = tokenizer.token_to_id("air"), base.token_to_id("water")
    sure = vocabulary.Alignment(np.asarray([piece]), np.asarray([meaning]), np.asarray([1.0]), np.asarray([1.0]))
    counts = np.zeros(tokenizer.get_vocab_size(), np.int64)
    new, facts = vocabulary.initial_embeddings(old, base, tokenizer, ["air", "makan"], sure, counts, counts)
    np.testing.assert_allclose(new[piece], old[meaning], rtol=1e-5)
    spelt = old[base.encode("makan", add_special_tokens=False).ids].mean(0)
    np.testing.assert_allclose(new[tokenizer.token_to_id("makan")], spelt, rtol=1e-5)
    assert facts["aligned"] == 1
    untouched = [i for i in range(len(old)) if i not in {1, 2}]
    np.testing.assert_array_equal(new[untouched], old[untouched])


def test_an_old_piece_moves_only_if_it_is_mostly_indonesian() -> None:
    base = _base()
    tokenizer = vocabulary.extend(base, [])
    old = np.eye(base.get_vocab_size(), dtype=np.float32)
    the, water = base.token_to_id("the"), base.token_to_id("water")
    both = vocabulary.Alignment(np.asarray([the]), np.asarray([water]), np.asarray([1.0]), np.asarray([1.0]))
    often, never = np.zeros(len(old), np.int64), np.zeros(len(old), np.int64)
    often[the] = 10_000
    moved, _ = vocabulary.initial_embeddings(old, base, tokenizer, [], both, often, never)
    kept, _ = vocabulary.initial_embeddings(old, base, tokenizer, [], both, often, often)
    assert moved[the] @ old[water] > 0.9
    np.testing.assert_array_equal(kept[the], old[the])


def test_recall_counts_rows_whose_own_is_nearest() -> None:
    vectors = np.eye(4, dtype=np.float32)
    assert vocabulary.recall_at_1(vectors, vectors) == 1.0
    assert vocabulary.recall_at_1(vectors, vectors[[1, 0, 2, 3]]) == 0.5


def test_fragments_that_cut_english_words_anew_are_dropped_and_ids_stay() -> None:
    from collections import Counter

    base = _base()
    extended = vocabulary.extend(base, ["wat", "makan", "##ers"])
    # "waters" is "water" + "##s" to the teacher; "wat" is no word of its own, "makan" is one and touches no English
    assert extended.encode("waters", add_special_tokens=False).tokens == ["water", "##s"]
    assert extended.encode("watch", add_special_tokens=False).tokens == ["wat", "##c", "##h"]
    english = Counter({"watch": 50, "water": 90, "eats": 20})
    indonesian = Counter({"makan": 500, "watak": 3})
    spared, dropped = vocabulary.spare_english(extended, base, english, indonesian)
    assert dropped == ["wat"]
    assert (
        spared.encode("watch", add_special_tokens=False).tokens == base.encode("watch", add_special_tokens=False).tokens
    )
    assert spared.token_to_id("makan") == extended.token_to_id("makan")
    assert spared.get_vocab_size() == extended.get_vocab_size()
    common = Counter({"makan": 500, "watak": 5000})
    assert vocabulary.spare_english(extended, base, english, common)[1] == []
