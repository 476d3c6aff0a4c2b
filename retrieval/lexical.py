"""The words' side of hybrid search: Indonesian and English text to tokens, and BM25 over them (bm25s).

Every passage and query gets the stems of its own language's words, without the words that every text has, and for
names and numbers one spelling whatever the language: that is what lets a query in Indonesian meet evidence in English.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.names import NameSpan, entities, find_names
from retrieval.vectors import FloatArray

TOKENISER = "terms-1"
"""Names these rules; passages whose terms were made by other rules get new ones at the next `reindex`."""

K1, B = 1.2, 0.75
"""The usual BM25 constants (Robertson and Zaragoza 2009)."""

_TOKEN = re.compile(r"\d+(?:[.,]\d{3})+(?!\d)|\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’ʼ`][^\W\d_]+)*")
_THOUSANDS = re.compile(r"^\d{1,3}(?:[.,]\d{3})+$")


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


ENGLISH_STOPWORDS = _listed(
    """
    a about above after again against all also am an and any are as at be because been before being below between
    both but by can could did do does doing down during each few for from further had has have having he her here
    hers him his how i if in into is it its just me more most my no nor not now of off on once only or other our out
    over own s same she should so some such t than that the their them then there these they this those through to
    too under until up very was we were what when where which while who whom why will with would you your said says
    say
    """
)
INDONESIAN_STOPWORDS = _listed(
    """
    ada adalah adapun agar akan aku anda antara apa apabila apakah atas atau bagaimana bagi bahwa banyak baru
    beberapa begitu belum bila bisa boleh bukan dalam dan dapat dari demi dengan di dia dua hal hanya harus hingga
    ia ialah ini itu jadi jika juga kalau kami karena kata kami ke kepada kita lagi lain lalu lebih maka masih
    melalui mengapa mereka namun nya oleh pada para pernah pula pun saat saja sambil sampai sangat satu saya se
    sebagai sebelum sebuah sedang sehingga sejak sekarang selama seorang seperti serta setelah siapa suatu sudah tak
    tanpa tapi telah tentang terhadap tersebut tetapi tidak untuk yaitu yakni yang ujar tutur
    """
)
# Names of months and days are dates, which are evidence: one spelling for both languages.
_CALENDAR = {
    "januari": "january", "februari": "february", "maret": "march", "mei": "may", "juni": "june", "juli": "july",
    "agustus": "august", "oktober": "october", "desember": "december", "jan": "january", "feb": "february",
    "mar": "march", "apr": "april", "jun": "june", "jul": "july", "aug": "august", "agu": "august", "agt": "august",
    "sep": "september", "sept": "september", "oct": "october", "okt": "october", "nov": "november", "dec": "december",
    "des": "december", "senin": "monday", "selasa": "tuesday", "rabu": "wednesday", "kamis": "thursday",
    "jumat": "friday", "sabtu": "saturday", "minggu": "sunday",
}  # fmt: skip


def guess_language(text: str) -> str:
    """Return `id` or `en`, whichever language's function words the text has more of; empty where it has neither."""
    words = re.findall(r"[a-z]+", text.lower())
    indonesian = sum(word in INDONESIAN_STOPWORDS for word in words)
    english = sum(word in ENGLISH_STOPWORDS for word in words)
    if indonesian == english:
        return ""
    return "id" if indonesian > english else "en"


def words(text: str, language: str = "") -> list[str]:
    """The words of a text as index terms.

    Args:
        text: Any text.
        language: ISO 639-1 of the text; guessed where empty. Only Indonesian and English words are stemmed.

    Returns:
        Terms in order, repeated as often as they occur: lower case, without accents, stemmed, function words left
        out; numbers without thousands separators ("4.700" and "4,700" are one term).
    """
    stem = _stemmer(language or guess_language(text))
    found = []
    for raw in _TOKEN.findall(_plain(text)):
        if raw[0].isdigit():
            found.append(re.sub(r"[.,]", "", raw) if _THOUSANDS.match(raw) else raw.replace(",", "."))
            continue
        word = re.sub(r"['’ʼ`]s?$|['’ʼ`]", "", raw)
        if word in ENGLISH_STOPWORDS or word in INDONESIAN_STOPWORDS:
            continue
        found.append(_CALENDAR.get(word) or stem(word))
    return found


def terms(text: str, language: str = "") -> list[str]:
    """The words of a text and the names in it, as index terms; arguments as for `words`."""
    language = language or guess_language(text)
    return words(text, language) + [term for span in find_names(text, language or None) for term in _name_terms(span)]


def passage_terms(
    text: str, title: str, language: str, spans: Sequence[tuple[int, int]], names: Sequence[NameSpan]
) -> list[list[str]]:
    """The index terms of a source's passages.

    Args:
        text: The source's text.
        title: Its title, whose terms every passage gets: it often holds the names that a passage leaves out.
        language: ISO 639-1 of the source, empty where unknown.
        spans: `(start, end)` of each passage in `text`.
        names: What `find_names` found in the whole text, where more of them show than in a passage.

    Returns:
        For each passage what `terms` gives.
    """
    of_title = terms(title, language) if title else []
    starts = [name.start for name in names]
    found = []
    for start, end in spans:
        inside = names[bisect_left(starts, start) : bisect_left(starts, end)]
        found.append([*of_title, *words(text[start:end], language), *(t for name in inside for t in _name_terms(name))])
    return found


def _name_terms(name: NameSpan) -> Iterator[str]:
    """One term for a name of the gazetteer, one per folded word for another; none is also a word of a text."""
    if name.type in ("month", "weekday"):
        return
    if name.canonical in entities():
        yield f"={name.canonical.replace(' ', '_')}"
    else:
        yield from (f"={part}" for part in name.canonical.split() if len(part) > 2)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).lower()
    if folded.isascii():
        return folded
    return "".join(c for c in unicodedata.normalize("NFD", folded) if not unicodedata.combining(c))


@functools.cache
def _stemmer(language: str) -> Callable[[str], str]:
    names = {"en": "english", "id": "indonesian"}
    if language not in names:
        return str
    import Stemmer

    return Stemmer.Stemmer(names[language]).stemWord  # type: ignore[no-any-return]


class LexicalIndex:
    """BM25 over the terms of passages, by position: passage i is the i-th that was given.

    bm25s computes every term's weight in every passage once (eager scoring), so a query only adds a few rows up.
    """

    def __init__(self, engine: Any, size: int) -> None:
        self._engine = engine
        self.size = size

    @classmethod
    def build(cls, documents: Iterable[Sequence[str]]) -> LexicalIndex:
        """Index documents, each a list of terms as `terms` gives them."""
        vocabulary: dict[str, int] = {}
        ids = [[vocabulary.setdefault(term, len(vocabulary)) for term in document] for document in documents]
        if not vocabulary:
            return cls(None, len(ids))
        import bm25s

        engine = bm25s.BM25(k1=K1, b=B, method="lucene")
        engine.index((ids, vocabulary), show_progress=False, create_empty_token=False)
        return cls(engine, len(ids))

    def scores(self, query: Sequence[str]) -> FloatArray:
        """BM25 of every passage for a query.

        Args:
            query: The query's terms as `terms` gives them; a term given twice counts once.

        Returns:
            `(size,)` float32, 0 where a passage has none of the terms.
        """
        if self._engine is None:
            return np.zeros(self.size, dtype=np.float32)
        known = self._engine.get_tokens_ids(list(dict.fromkeys(query)))
        if not known:
            return np.zeros(self.size, dtype=np.float32)
        scores: FloatArray = self._engine.get_scores_from_ids(known)
        return scores

    def save(self, folder: Path) -> None:
        """Write the index to a folder that `load` reads."""
        if self._engine is None:
            raise ValueError("an index without any term is not worth saving")
        self._engine.save(folder, show_progress=False)

    @classmethod
    def load(cls, folder: Path) -> LexicalIndex:
        """Read an index that `save` wrote; raises OSError, ValueError or KeyError where it is not whole."""
        import bm25s

        engine = bm25s.BM25.load(folder, mmap=True, load_corpus=False, show_progress=False)
        return cls(engine, int(engine.scores["num_docs"]))


def reference_scores(documents: Sequence[Sequence[str]], query: Sequence[str]) -> FloatArray:
    """BM25 (the Lucene variant) by its formula, term by term: what `LexicalIndex` must agree with.

    Sums over the query's distinct terms `log(1 + (N - df + 0.5) / (df + 0.5)) * tf / (tf + K1 * (1 - B + B * len / mean
    len))`.
    """
    counts = [Counter(document) for document in documents]
    mean = sum(map(len, documents)) / max(1, len(documents))
    scores = np.zeros(len(documents), dtype=np.float32)
    for term in dict.fromkeys(query):
        frequency = sum(term in count for count in counts)
        weight = np.log(1 + (len(documents) - frequency + 0.5) / (frequency + 0.5))
        for i, count in enumerate(counts):
            tf = count[term]
            scores[i] += weight * tf / (tf + K1 * (1 - B + B * len(documents[i]) / mean)) if tf else 0.0
    return scores
