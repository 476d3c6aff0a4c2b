"""Which words are verbs, by their form and their neighbours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from checker.claims.words import Token, lexicon, word_set


def is_verb(token: Token, language: str, tokens: Sequence[Token] = (), index: int = 0) -> bool:
    """Whether the token can be the verb of a clause: by form, without a dictionary.

    Args:
        token: The token asked about.
        language: `id` or `en`.
        tokens: The sentence it stands in; with `index`, it tells "the planned talks" from "they planned".
        index: Where it stands.
    """
    word = token.base
    if not token.text[0].isalpha() or (token.is_capital and index > 0):
        return False
    if language == "id":
        return _is_indonesian_verb(word)
    words = lexicon()
    if word in words.words("verbs.en.auxiliaries"):
        return True
    before = tokens[index - 1].base if index > 0 and tokens else ""
    after = tokens[index + 1] if index + 1 < len(tokens) else None
    if before in _DETERMINERS:
        return False
    if word in words.words("verbs.en.forms") or word in words.words("cues.speech.en"):
        # "plans", "report" are as often nouns: after a preposition or an adjective-like word they are no verbs.
        noun_like = word in _ALSO_NOUNS and (
            before in _PREPOSITIONS or before.endswith(("al", "ic", "ive", "ous", "ary"))
        )
        return not (noun_like or (before == "to" and word not in {"said"}))
    if word.endswith("ed") and len(word) > 3 and word not in words.words("verbs.en.not_verbs"):
        attributive = before in _PREPOSITIONS and after is not None and after.text[0].isalpha() and not after.is_capital
        return not attributive
    return False


_DETERMINERS = word_set("the a an this that these those its his her their our my your of no any some") - {
    "that",
    "this",
    "no",
}


_PREPOSITIONS = word_set("of in on at by for from with to under over about after before between among into")


_ALSO_NOUNS = word_set(
    """
    plans plan works work calls call needs need costs cost falls fall rises rise runs run stands stand lives live means
    offers offer serves uses use helps help supports support shows show holds hold leads lead faces face comments
    comment reports report claims claim states state notes note posts post opens closes close ends end starts start
    stops stop turns turn stays stay sets set puts put cut hit read spread shut let wins win loses backs bans ban
    measures measure ranks rank lists list reads draws promises promise estimates estimate bid left felt found saw
    covers cover produces produce provides matters hopes hope fears fear thought set split
    """
)


_ID_PREFIXED = re.compile(r"(?:mem|men|meng|meny|me|memper|diper|di|ber|bel|ter)[a-z][a-z'-]{2,}$")


_ID_NOMINAL = re.compile(r"(?:.*-.*|.*(?:isme|isasi|tas|sionis|ologi))$")


@cache
def _is_indonesian_verb(word: str) -> bool:
    listed = lexicon()
    if word in listed.words("verbs.id.not_verbs"):
        return False
    if word in listed.words("verbs.id.predicates"):
        return True
    return bool(_ID_PREFIXED.match(word)) and not _ID_NOMINAL.match(word)
