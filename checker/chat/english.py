"""English questions turned back into statements: "Did Trump tell Putin?" asks whether Trump told Putin.

Which words can be verbs and how they inflect is looked up in LemmInflect's lexicon. There is no parser: where the
subject ends is told by the first word that can begin a predicate. Where that cannot be told the words are kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

_DO: Final = {"did": "VBD", "does": "VBZ", "do": "VBP"}
_BE: Final = frozenset(("is", "are", "was", "were", "am"))
_HAVE: Final = frozenset(("has", "have", "had"))
_MODAL: Final = frozenset(("can", "could", "will", "would", "should", "may", "might", "must", "shall"))
AUXILIARIES: Final = frozenset((*_DO, *_BE, *_HAVE, *_MODAL))

_SHORT = {"won't": "will", "can't": "can", "shan't": "shall"}
_SUBJECTS = frozenset("it there he she they we you i this that these those anyone everyone nobody".split())
_DETERMINERS = frozenset("the a an this that these those its his her their our my your any some no every each".split())
_PREPOSITIONS = frozenset(
    "in on at by for from with without under over about after before since until during against through into".split()
)
_CLAUSES = frozenset("before after because when while if that although since until who which".split())
# Say that the asker doubts, and nothing about what is asked.
_DOUBT = frozenset("really actually truly ever even indeed".split())
_STAY = frozenset("not never also already still only just officially now".split())
_NO_PARTICIPLES = frozenset("according following including regarding concerning during pending".split())
_SAME = frozenset("hit put cut set shut read let cost hurt quit split spread bet burst".split())


def opens_question(words: Sequence[str]) -> bool:
    """Whether the words begin as a yes/no question does."""
    return len(words) > 1 and _auxiliary(words[0])[0] in AUXILIARIES


def statement(words: Sequence[str]) -> str:
    """The statement that a yes/no question asks about; "" where the words do not begin as one does.

    A negative question ("Didn't Trump tell Putin?") asks for the positive statement to be confirmed.
    """
    if not opens_question(words):
        return ""
    auxiliary, _negated = _auxiliary(words[0])
    rest = ["some" if word.lower() == "any" else word for word in words[1:] if word.lower() not in _DOUBT]
    if not rest:
        return ""
    if auxiliary in _DO:
        return _with_do(auxiliary, rest)
    at = _predicate(auxiliary, rest)
    if at is None:
        return " ".join(rest)
    return " ".join([*rest[:at], auxiliary, *rest[at:]])


def _auxiliary(word: str) -> tuple[str, bool]:
    lowered = word.lower().replace("’", "'")
    if lowered.endswith("n't"):
        return _SHORT.get(lowered, lowered[:-3]), True
    return lowered, False


def _with_do(auxiliary: str, rest: list[str]) -> str:
    at = _base_verb(rest)
    if at is None:
        return " ".join(rest)
    denied = next((i for i in range(1, at) if rest[i].lower() == "not"), None)
    if denied is not None:
        return " ".join([*rest[:denied], auxiliary, *rest[denied:]])
    verb = _inflected(rest[at], _DO[auxiliary])
    return " ".join([*rest[:at], verb, *rest[at + 1 :]])


def _base_verb(rest: Sequence[str]) -> int | None:
    """Where the verb stands whose auxiliary came first."""
    start = 1 if rest[0].lower() in _SUBJECTS else 0
    fallback = None
    for index in range(max(1, start), len(rest)):
        word = rest[index]
        if word.lower() in _CLAUSES:
            break
        if not word.islower() or not _is_base(word):
            continue
        before = rest[index - 1].lower()
        if before in _DETERMINERS and not (index == 1 and before in _SUBJECTS):
            continue
        if before in _PREPOSITIONS or before.endswith("'s") or before in ("of", "to"):
            continue
        if "NOUN" not in _kinds(word) or rest[index - 1][0].isupper() or before in _STAY or before in _SUBJECTS:
            return index
        if fallback is None or _takes_object(rest, index):
            fallback = index
    return fallback


def _takes_object(rest: Sequence[str], index: int) -> bool:
    """Whether what follows can only follow a verb: "closed the strait", "hit Fordow"."""
    if index + 1 >= len(rest):
        return False
    after = rest[index + 1]
    return after.lower() in _DETERMINERS or after[0].isupper() or after[0].isdigit()


def _predicate(auxiliary: str, rest: Sequence[str]) -> int | None:
    """Where the auxiliary goes: the end of the subject."""
    if rest[0].lower() in _SUBJECTS and len(rest) > 1:
        return 1
    if auxiliary in _MODAL:
        verb = _base_verb(rest)
        return None if verb is None else _over_adverbs(rest, verb)
    for index in range(1, len(rest)):
        word = rest[index]
        if word.lower() in _CLAUSES - {"before", "after", "since", "until"} and index > 1:
            break
        if not word.islower() or _attributive(rest, index):
            continue
        if _is_participle(word, being=auxiliary in _BE) or (auxiliary in _BE and _is_adjective(rest, index)):
            return _over_adverbs(rest, index)
    if auxiliary in _HAVE:
        return None
    return _noun_phrase_end(rest)


def _over_adverbs(rest: Sequence[str], index: int) -> int:
    while index > 1 and rest[index - 1].lower() in _STAY | {"been", "being"}:
        index -= 1
    return index


def _attributive(rest: Sequence[str], index: int) -> bool:
    """Whether a participle belongs to a noun after it: "the planned talks", "the attacked sites"."""
    before = rest[index - 1].lower()
    follows = index + 1 < len(rest) and rest[index + 1].islower() and "NOUN" in _kinds(rest[index + 1])
    return follows and (before in _DETERMINERS or before in _PREPOSITIONS or before == "of")


def _is_adjective(rest: Sequence[str], index: int) -> bool:
    """Whether a word can only be said of the subject: an adjective that no noun follows."""
    kinds = _kinds(rest[index])
    if "ADJ" not in kinds or kinds & {"NOUN", "VERB", "ADV"} or rest[index - 1].lower() in _DETERMINERS:
        return False
    return index + 1 == len(rest) or (rest[index + 1].islower() and "NOUN" not in _kinds(rest[index + 1]))


def _noun_phrase_end(rest: Sequence[str]) -> int | None:
    """Where the first noun phrase ends, "of" phrases taken along."""
    index, linked = 0, False
    if rest[0].lower() in _DETERMINERS:
        index = 1
    while index < len(rest):
        word, lowered = rest[index], rest[index].lower()
        if lowered in ("of", "and") and 0 < index < len(rest) - 1:
            linked = True
        elif linked:
            linked = lowered in _DETERMINERS
        elif index > (1 if rest[0].lower() in _DETERMINERS else 0):
            kinds = _kinds(word) if word.islower() else frozenset()
            if lowered in _PREPOSITIONS | _DETERMINERS | _STAY or word[0].isdigit():
                return index
            if kinds and "NOUN" not in kinds:
                return index
            if word[0].isupper() and rest[index - 1].islower():
                return index
        index += 1
    # Two words without a boundary: the first is the subject ("Is Iran nuclear").
    return 1 if len(rest) == 2 else None


@lru_cache(maxsize=4096)
def _kinds(word: str) -> frozenset[str]:
    from lemminflect import getAllLemmas

    return frozenset(getAllLemmas(re.sub(r"[^\w-]+$", "", word).lower()))


@lru_cache(maxsize=4096)
def _is_base(word: str) -> bool:
    from lemminflect import getAllLemmas

    plain = re.sub(r"[^\w-]+$", "", word)
    return plain in getAllLemmas(plain, "VERB").get("VERB", ())


@lru_cache(maxsize=4096)
def _is_participle(word: str, *, being: bool) -> bool:
    from lemminflect import getAllLemmas, getInflection

    plain = re.sub(r"[^\w-]+$", "", word)
    if plain in _NO_PARTICIPLES:
        return False
    for lemma in getAllLemmas(plain, "VERB").get("VERB", ()):
        if plain == lemma and plain not in _SAME:
            continue
        if plain in getInflection(lemma, "VBN") or (being and plain in getInflection(lemma, "VBG")):
            return True
    return False


def _inflected(word: str, tag: str) -> str:
    from lemminflect import getInflection

    match = re.fullmatch(r"([\w-]+)(\W*)", word)
    if match is None:
        return word
    found = getInflection(match[1], tag)
    return (found[0] if found else match[1]) + match[2]
