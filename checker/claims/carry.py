"""What carries over from one sentence to others: running quotations, an outlet's passage, a body's word."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from checker.claims.attribution import quotations
from checker.claims.kinds import kind_of, rule_checkworthiness
from checker.claims.piece import Piece
from checker.claims.words import tokenise
from checker.types import Attribution, Claim

FrameOutlet = tuple[int, str, bool]
"""Where a sentence that credits an outlet begins, the outlet, and whether it goes on with it ("masih dari X")."""

_REACH = 160
"""Characters between a quotation and the bare one that continues it: an attribution, never a paragraph."""


def carry_over(
    claims: Sequence[Claim], pieces: Sequence[Piece], text: str, language: str, outlets: Sequence[FrameOutlet]
) -> list[Claim]:
    """The claims, those credited that their own sentence does not credit.

    Args:
        claims: In the order of the article.
        pieces: What the claims were made of.
        text: The article's text.
        language: `id` or `en`.
        outlets: The sentences that credit an outlet, in order.
    """
    return _CarryOver(claims, pieces, text, language, outlets).run()


class _CarryOver:
    def __init__(
        self,
        claims: Sequence[Claim],
        pieces: Sequence[Piece],
        text: str,
        language: str,
        outlets: Sequence[FrameOutlet],
    ) -> None:
        self.claims = claims
        self.pieces = {piece.span: piece for piece in pieces}
        self.text = text
        self.language = language
        self.outlets = outlets
        self.spoken = [span for span in quotations(text) if span[1] - span[0] > 12]
        self.opened = [start for start, _ in self.spoken]
        self.credits = self._credits_of_quotations()

    def run(self) -> list[Claim]:
        updated: list[Claim] = []
        direct: Claim | None = None
        for index, original in enumerate(self.claims):
            claim = self._credited(original, self._attribution(index, direct))
            if claim.attribution and claim.attribution.speaker and claim.quote[:1] in '"“':
                direct = claim
            updated.append(claim)
        return updated

    def _attribution(self, index: int, direct: Claim | None) -> Attribution | None:
        claim = self.claims[index]
        given = claim.attribution
        if given is None or not (given.speaker or given.anonymous):
            found = self._running_quote(claim) or self._bare_quote(claim, direct)
            if found is not None:
                given = replace(found, start=-1, end=-1, outlet=found.outlet or (given.outlet if given else ""))
        outlet = self._outlet_between(claim)
        if outlet and (given is None or not given.outlet):
            given = replace(given, outlet=outlet) if given else Attribution("", outlet=outlet)
        return given if given is not None else self._between_credits(index)

    def _credited(self, claim: Claim, attribution: Attribution | None) -> Claim:
        if attribution is claim.attribution:
            return claim
        piece = self.pieces.get((claim.start, claim.end))
        tokens = piece.tokens if piece else tokenise(claim.quote)
        kind = kind_of(tokens, self.language, attribution, question=bool(piece and piece.question))
        score = rule_checkworthiness(tokens, kind, attribution, self.language)
        return replace(claim, attribution=attribution, kind=kind, checkworthiness=score)

    def _quotation(self, position: int) -> int | None:
        """Number of the quotation that covers a position."""
        index = bisect_right(self.opened, position) - 1
        return index if index >= 0 and position < self.spoken[index][1] else None

    def _credits_of_quotations(self) -> dict[int, Attribution]:
        """The first credit that a sentence of each quotation gives."""
        found: dict[int, Attribution] = {}
        for claim in self.claims:
            given = claim.attribution
            if given is None or not (given.speaker or given.anonymous):
                continue
            for number in {self._quotation(claim.start), self._quotation(claim.end - 1)} - {None}:
                assert number is not None
                found.setdefault(number, given)
        return found

    def _running_quote(self, claim: Claim) -> Attribution | None:
        """The credit of another sentence of the same quotation."""
        number = self._quotation(claim.start)
        return None if number is None else self.credits.get(number)

    def _bare_quote(self, claim: Claim, previous: Claim | None) -> Attribution | None:
        """A quotation without a credit that follows one by somebody: it goes on."""
        if previous is None or claim.quote[:1] not in '"“':
            return None
        number = self._quotation(claim.start)
        if number is None or claim.end > self.spoken[number][1]:
            return None
        between = self.text[previous.end : claim.start]
        return previous.attribution if between.count("\n") <= 2 and len(between) < _REACH else None

    def _outlet_between(self, claim: Claim) -> str:
        """The outlet of a passage that the article opens with "diberitakan X" and closes with "masih dari X"."""
        piece = self.pieces.get((claim.start, claim.end))
        if piece is None or not self.outlets:
            return ""
        at = piece.sentence.start
        before = next((outlet for start, outlet, _ in reversed(self.outlets) if start < at), "")
        after = next(((outlet, still) for start, outlet, still in self.outlets if start > at), ("", False))
        return before if before and after == (before, True) else ""

    def _between_credits(self, index: int) -> Attribution | None:
        """A sentence that points back into what a body said, before the same body goes on: still its word.

        `Menurut BMKG, pemicunya adalah Sesar Cugenang. Sesar itu melintasi ... "...," kata Daryono dari BMKG.`
        """
        if not 0 < index < len(self.claims) - 1:
            return None
        earlier, claim, later = self.claims[index - 1 : index + 2]
        around = [self.pieces.get((c.start, c.end)) for c in (earlier, claim, later)]
        before, piece, after = around
        if before is None or piece is None or after is None or piece.clause.relation != "first":
            return None
        if len({p.sentence.paragraph for p in (before, piece, after)}) != 1 or len(piece.tokens) < 2:
            return None
        first, second = piece.tokens[0].lower, piece.tokens[1].lower
        if second in {"itu", "tersebut"}:
            noun = first
        elif first in {"the", "this", "that"}:
            noun = second
        else:
            return None
        given, following = earlier.attribution, later.attribution
        if given is None or following is None or not given.speaker or given.anonymous:
            return None
        acronym = given.speaker.rpartition("(")[2].rstrip(")")
        continues = following.speaker == given.speaker or acronym in following.role.split()
        return replace(given, start=-1, end=-1) if continues and noun in earlier.quote.lower() else None
