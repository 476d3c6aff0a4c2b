"""What a clause is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from checker.claims.words import Tokens

Relation = Literal["first", "joined", "contrast", "relative", "adjunct", "consequence"]


@dataclass(frozen=True, slots=True)
class Clause:
    """One proposition.

    Attributes:
        tokens: What it says, without the word that joins it.
        subject: What it is said of where the clause does not say so itself.
        link: What stands between subject and clause in a rewording ("dengan nilai ..." keeps its main clause).
    """

    relation: Relation
    tokens: Tokens
    subject: Tokens = ()
    main: Tokens = ()
