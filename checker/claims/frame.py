"""What a frame of reported speech is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from checker.claims.words import Tokens

Shape = Literal["trailing", "initial", "according", "outlet", "document", "participle", "label"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One attribution in a stretch of tokens; the fields are runs of its tokens.

    Attributes:
        contents: What is said; two runs where the attribution interrupts it.
        source: Who says it; empty where it is to be inherited ("tambahnya", a shared subject).
        recipient: Whom it was told ("kepada Reuters").
        whole: From the first to the last token that belongs to the frame.
        lead: An adverbial before the source that dates or places the saying, not the content.
        more: What the same speaker goes on to say ("..., he said, adding that ...").
        still: The frame continues an earlier one ("Masih dari Aljazeera").
        opinion: The cue is of holding a view.
    """

    shape: Shape
    contents: tuple[Tokens, ...]
    source: Tokens
    cue: Tokens
    whole: Tokens
    recipient: Tokens = ()
    lead: Tokens = ()
    more: Tokens = ()
    still: bool = False
    opinion: bool = False
