"""Where a clause has its verb and its subject."""

from __future__ import annotations

from checker.claims.marks import quoted_mask
from checker.claims.phrases import split_lead
from checker.claims.verbs import is_verb
from checker.claims.words import Token, Tokens, lexicon, word_set


def subject_of(tokens: Tokens, language: str) -> Tokens:
    """The subject of a clause: what stands before its verb, less adverbials before it."""
    verb = main_verb(tokens, language)
    if verb is None or verb == 0:
        return ()
    _, subject = split_lead(tokens[:verb], language)
    end = len(subject)
    while end and (subject[end - 1].lower in lexicon().words("verbs.id.auxiliaries") if language == "id" else False):
        end -= 1
    return strip(subject[:end])


def strip(tokens: Tokens) -> Tokens:
    """Without punctuation at either end, the final full stop included."""
    start, end = 0, len(tokens)
    while start < end and tokens[start].text in ",;:–—-.":
        start += 1
    while end > start and tokens[end - 1].text in ",;:–—-.":
        end -= 1
    return tokens[start:end]


def verbs_of(tokens: Tokens, language: str) -> list[int]:
    """Where the verbs are that stand outside quotations and relative clauses."""
    mask = quoted_mask(tokens)
    found = []
    relative = False
    inner = -1
    for index, token in enumerate(tokens):
        if token.lower in RELATIVES and index and not (token.lower == "that" and says(tokens[index - 1])):
            relative, inner = True, -1
        elif token.text == "," or token.lower in {"itu", "tersebut"}:
            relative = False
        if mask[index] or not is_verb(token, language, tokens, index):
            continue
        if relative and language == "id":
            # "laporan yang diterima BNPB mencatat": after the verb of the relative clause comes the main one.
            if inner < 0 or index == inner + 1 or tokens[index - 1].lower in _GOVERNING:
                inner = index
                continue
            relative = False
        if not relative:
            found.append(index)
    return found


_GOVERNING = word_set(
    "untuk agar supaya dan serta atau guna demi dengan bisa dapat akan telah sudah sedang tidak belum bakal"
)


RELATIVES = frozenset({"yang", "who", "which", "whose", "that", "where", "whom"})


def says(token: Token) -> bool:
    """Whether it is an English verb of saying or thinking, after which "that" opens no relative clause."""
    return token.lower in lexicon().words("cues.speech.en") | lexicon().words("cues.speech.en_opinion")


def main_verb(tokens: Tokens, language: str) -> int | None:
    """Where the predicate begins: the first auxiliary or verb of the clause."""
    verbs = verbs_of(tokens, language)
    if not verbs:
        return None
    first = verbs[0]
    if language == "id":
        auxiliaries = lexicon().words("verbs.id.auxiliaries")
        while first > 0 and tokens[first - 1].lower in auxiliaries:
            first -= 1
    return first


def states(tokens: Tokens, language: str) -> bool:
    """Whether a stretch has a verb outside its relative clauses, and something beside it."""
    return len([t for t in tokens if t.is_word]) >= 3 and bool(verbs_of(tokens, language))


PREPOSITIONS = word_set(
    """
    di ke dari pada dalam untuk dengan oleh tanpa sejak hingga sampai bagi kepada terhadap atas antara seperti sebagai
    in on at of for from with by to under over about after before between among into during against through
    """
)


def verb_at(tokens: Tokens, language: str) -> int | None:
    """Index of the verb with which a stretch begins, adverbs and auxiliaries allowed before it."""
    for index, token in enumerate(tokens[:4]):
        if is_verb(token, language, tokens, index) and not (token.is_capital and index):
            if language == "en" and index and tokens[index - 1].lower not in _EN_ADVERBS:
                return None
            return index
        if token.lower not in (lexicon().words("verbs.id.auxiliaries") if language == "id" else _EN_ADVERBS):
            return None
    return None


_EN_ADVERBS = word_set(
    "also then later not never now still already has had have is are was were will would even only again"
)
