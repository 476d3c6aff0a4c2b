"""Names that are withheld: the words in which an article says so."""

from __future__ import annotations

from checker.claims.words import Tokens, lexicon, word_set


def is_withheld(tokens: Tokens) -> bool:
    """Whether a phrase says that the name is withheld: a listed phrase, or a relative clause that refuses a name."""
    if lexicon().anywhere("cues.anonymous.phrases", tokens) >= 0:
        return True
    words = {token.lower for token in tokens}
    return bool(words & _NAME_WORDS and words & _REFUSALS)


_NAME_WORDS = word_set(
    "namanya identitasnya jatidirinya anonimitas anonim named identified anonymity anonymous anonymously identity"
)
_REFUSALS = word_set(
    """
    tidak tak enggan menolak dirahasiakan disembunyikan disamarkan minta meminta syarat bersyarat keberatan
    not declined refused asked requested condition without speaking spoke wished withheld
    """
)
