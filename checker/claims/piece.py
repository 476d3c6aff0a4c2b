"""A proposition on its way from the sentence to the claim."""

from __future__ import annotations

from dataclasses import dataclass

from checker.claims.attribution import Reading
from checker.claims.clause import Clause
from checker.claims.roles import RoleSentence
from checker.claims.words import Tokens
from checker.types import Attribution


@dataclass
class Piece:
    """One proposition.

    Attributes:
        tokens: What it says.
        span: What is quoted for it.
        clause: How it was cut from its sentence.
        reading: The frame that credits it, if one does.
        whole: The quote takes in who said it.
    """

    tokens: Tokens
    span: tuple[int, int]
    clause: Clause
    attribution: Attribution | None
    reading: Reading | None
    sentence: RoleSentence
    question: bool = False
    whole: bool = False
