"""The extractor that works by rule: deterministic, without a model, Indonesian and English."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from checker.article import article_from_text, detect_language
from checker.claims.antecedents import Scene
from checker.claims.attribution import Attributor, Reading, trim_stop
from checker.claims.base import Extraction, Progress
from checker.claims.carry import carry_over
from checker.claims.clause import Clause
from checker.claims.clauses import split_clauses, split_credits
from checker.claims.context import resolve
from checker.claims.dates import describe_days, resolve_dates
from checker.claims.frames import find_frame
from checker.claims.kinds import is_statement, kind_of, rule_checkworthiness
from checker.claims.mentions import Mentions
from checker.claims.piece import Piece
from checker.claims.predicates import subject_of
from checker.claims.roles import CLAIMING, RoleSentence, sentence_roles
from checker.claims.trims import bare, drop_connective, trim_marks
from checker.claims.wording import reword
from checker.claims.words import Tokens, lexicon, tokenise, word_set
from checker.cues import DENIALS
from checker.head import read_head
from checker.types import Article, Attribution, Claim, Failure, Kind

_RULES = "1"
"""Raised with every change of the rules that changes what is found, so that reports tell their extractors apart."""


class RuleExtractor:
    """Finds claims by rule."""

    @property
    def name(self) -> str:
        """`rules`."""
        return "rules"

    @property
    def versions(self) -> Mapping[str, str]:
        """The version of the rules."""
        return {"claim_rules": _RULES}

    def extract(self, article: Article, progress: Progress | None = None) -> Extraction:
        """Find the claims of an article, in its order.

        Args:
            article: As `checker.article` makes it; the language decides which rules are used.
            progress: Called with the number of sentences read and their total.

        Returns:
            The claims; a sentence that the rules break on becomes a failure and the rest is still read.
        """
        return _Reading(article).run(progress)


class _Reading:
    """One pass over one article."""

    def __init__(self, article: Article) -> None:
        self.article = article
        self.language = article.language if article.language in ("id", "en") else detect_language(article.text)
        head = read_head(article.text)
        self.sentences = sentence_roles(article, head)
        begin = head.standfirst[0][0] if head.standfirst else head.body
        skip = [(s.start, s.end) for s in self.sentences if s.role not in ("body", "standfirst")]
        if head.dateline:
            skip.append(head.dateline)
        self.mentions = Mentions(article.text, self.language, begin, skip)
        self.attributor = Attributor(self.mentions, self.language)
        self.scene = Scene(self.mentions, self.language, begin)
        self.claims: list[Claim] = []
        self.failures: list[Failure] = []
        self.topic = self._next_topic = ""
        self.frame_outlets: list[tuple[int, str, bool]] = []

    def run(self, progress: Progress | None) -> Extraction:
        read = [sentence for sentence in self.sentences if sentence.role in CLAIMING and not sentence.repeats]
        body = [sentence for sentence in read if sentence.role != "headline"]
        pieces: list[Piece] = []
        for done, sentence in enumerate(body):
            try:
                found = self._pieces(sentence)
                pieces.extend(found)
                self.topic, self._next_topic = self._next_topic, ""
                made = [claim for piece in found if (claim := self._claim(piece)) is not None]
                self.claims.extend(made)
                self._advance(sentence, found)
                self.scene.said = made[0].text if made else ""
            except Exception as error:  # noqa: BLE001 - one sentence must not sink the article
                self.failures.append(_failure(self.article, sentence, error))
            if progress is not None:
                progress(done + 1, len(body))
        self.claims = carry_over(self.claims, pieces, self.article.text, self.language, self.frame_outlets)
        self._headlines([sentence for sentence in read if sentence.role == "headline"])
        self.claims.sort(key=lambda claim: (claim.start, claim.end))
        return Extraction(tuple(_unique(self.claims)), tuple(self.failures))

    # -- sentences to propositions

    def _pieces(self, sentence: RoleSentence) -> list[Piece]:
        text = self.article.text
        tokens = drop_connective(trim_stop(tokenise(text, sentence.start, sentence.end)))
        if not tokens:
            return []
        question = tokens[-1].text == "?" or (tokens[-1].is_quote and len(tokens) > 1 and tokens[-2].text == "?")
        pieces = self._decompose(tokens, None, None, sentence)
        for piece in pieces:
            piece.question = question
        kept = [p for p in pieces if is_statement(p.tokens, self.language, spoken=p.attribution is not None)]
        if not kept and is_statement(tokens, self.language):
            # A frame that left nothing was none: the sentence still says something.
            return [self._piece(tokens, Clause("first", tokens), None, sentence)]
        return kept

    def _decompose(
        self, tokens: Tokens, outer: Reading | None, clause: Clause | None, sentence: RoleSentence, depth: int = 0
    ) -> list[Piece]:
        """The propositions of a stretch: what is attributed first, what is joined after."""
        clause = clause or Clause("first", tokens)
        apart = split_credits(tokens, self.language) if outer is None and depth < 4 else None
        if apart is not None:
            return [p for part in apart for p in self._decompose(part, None, None, sentence, depth + 1)]
        if outer is None or not (outer.attribution.speaker or outer.attribution.anonymous):
            reading = self.attributor.read(tokens, subject=clause.subject, inherit=bool(clause.subject))
            if reading is not None and depth < 6:
                if reading.frame.shape == "outlet":
                    self.frame_outlets.append((sentence.start, reading.attribution.outlet, reading.frame.still))
                reading = _combine(outer, reading)
                return self._attributed(reading, clause, sentence, depth)
        clauses = split_clauses(tokens, self.language) if depth < 6 else (Clause("first", tokens),)
        if len(clauses) < 2:
            return [self._piece(tokens, clause, outer, sentence)]
        pieces: list[Piece] = []
        for part in clauses:
            if part.relation == "first" and clause.subject and not part.subject:
                part = replace(part, subject=clause.subject)
            if part.relation == "contrast" and outer is not None and outer.frame.shape == "initial":
                # "She wrote that they would meet, though the union denied it": the union speaks for itself.
                own = find_frame(part.tokens, self.language)
                if own is not None and own.source:
                    pieces.extend(self._decompose(part.tokens, None, part, sentence, depth + 1))
                    continue
            pieces.extend(self._decompose(part.tokens, outer, part, sentence, depth + 1))
        return pieces

    def _attributed(self, reading: Reading, clause: Clause, sentence: RoleSentence, depth: int) -> list[Piece]:
        frame = reading.frame
        if reading.attribution.cue.lower() in _ANNOUNCED and not reading.attribution.anonymous:
            # To announce a thing is to do it: the claim is that they did.
            whole = drop_connective(frame.whole)
            return [self._piece(whole, clause, None, sentence)]
        if frame.shape in ("document", "participle"):
            whole = drop_connective(frame.whole)
            return [self._piece(whole, clause, reading, sentence)]
        if len(frame.contents) == 2:
            first, second = frame.contents
            if _continues(second):
                # One sentence that its attribution interrupts: quoted whole, worded without it.
                main, rest = bare(first), bare(second)
                piece = self._piece(rest, Clause("first", rest, main=main), reading, sentence)
                piece.span = (first[0].start, second[-1].end)
                return [piece]
        pieces: list[Piece] = []
        for content in frame.contents:
            content = drop_connective(content)
            if content:
                pieces.extend(self._decompose(content, reading, None, sentence, depth + 1))
        if frame.more:
            added = replace(reading, attribution=replace(reading.attribution, start=-1, end=-1))
            pieces.extend(self._decompose(frame.more, added, None, sentence, depth + 1))
        elif len(pieces) == 1 and _quote_whole(reading):
            start = frame.whole[0].start
            if frame.lead:
                start = frame.source[0].start if frame.source else frame.lead[-1].end
            pieces[0].span = (start, self._end_of(frame.whole))
            pieces[0].whole = True
        return pieces

    def _piece(self, tokens: Tokens, clause: Clause, reading: Reading | None, sentence: RoleSentence) -> Piece:
        tokens = trim_marks(tokens)
        attribution = reading.attribution if reading else None
        start = tokens[0].start if tokens else sentence.start
        end = tokens[-1].end if tokens else sentence.start
        return Piece(tokens, (start, end), replace(clause, tokens=tokens), attribution, reading, sentence)

    def _end_of(self, tokens: Tokens) -> int:
        trimmed = trim_stop(tokens)
        return trimmed[-1].end if trimmed else tokens[-1].end

    def _advance(self, sentence: RoleSentence, pieces: list[Piece]) -> None:
        speaker = next((p.attribution.speaker for p in pieces if p.attribution and p.attribution.speaker), "")
        self.scene.advance(sentence.start, sentence.end, speaker)
        if self.attributor.unnamed is not None:
            self.scene.unnamed = self.attributor.unnamed.speaker
        self.attributor.about(self.scene.person)

    # -- propositions to claims

    def _claim(self, piece: Piece) -> Claim | None:
        start, end = piece.span
        if end <= start:
            return None
        quote = self.article.text[start:end]
        speaker = piece.attribution.speaker if piece.attribution and not piece.attribution.anonymous else ""
        told = piece.clause.subject
        direct = bool(piece.tokens) and piece.tokens[0].is_quote
        if direct:
            speaker = ""  # who speaks says "I": "she" is somebody else
        topic = self.topic if speaker == "" or piece.clause.relation != "first" else ""
        resolved = resolve((*told, *piece.tokens), self.scene, piece.sentence.start, speaker, topic, direct=direct)
        self._set_topic(piece)
        if piece.reading and piece.reading.refers:
            shown = " ".join(token.text for token in piece.reading.frame.source) or piece.attribution.cue  # type: ignore[union-attr]
            resolved.note(shown, piece.reading.refers)
        for at, until, days in resolve_dates(quote, self.article):
            bracket = quote[until : until + 1] == ")" and "(" in quote[at:until]
            resolved.note(quote[at : until + bracket], describe_days(days))
        if piece.attribution is None:
            piece.attribution = self._pointed_source(piece)
        denied = piece.attribution is not None and piece.attribution.cue.lower() in DENIALS
        if denied and piece.reading is not None and piece.whole:
            wording = reword(self.article.text, trim_marks(piece.reading.frame.whole), (), (), resolved.swaps)
        else:
            wording = reword(self.article.text, piece.tokens, piece.clause.subject, piece.clause.main, resolved.swaps)
        kind: Kind = kind_of(
            piece.tokens,
            self.language,
            piece.attribution,
            opinion_cue=bool(piece.reading and piece.reading.frame.opinion),
            question=piece.question,
        )
        return Claim(
            id=_claim_id(self.article, start, end, wording),
            text=wording,
            quote=quote,
            start=start,
            end=end,
            context="; ".join(resolved.notes),
            kind=kind,
            checkworthiness=rule_checkworthiness(piece.tokens, kind, piece.attribution, self.language),
            attribution=piece.attribution,
        )

    def _set_topic(self, piece: Piece) -> None:
        """Keep the subject of this clause for an "it" in the next one, where it is a thing and no pronoun."""
        subject = piece.clause.subject or subject_of(piece.tokens, self.language)
        if not subject or len(subject) > 8 or subject[0].lower in lexicon().words("cues.pronouns"):
            return
        if self.mentions.persons_between(subject[0].start, subject[-1].end + 1):
            self.topic = self._next_topic = ""
            return
        self.topic = self._next_topic = self.article.text[subject[0].start : subject[-1].end]

    def _pointed_source(self, piece: Piece) -> Attribution | None:
        """`Sumber tersebut tidak merinci ...`: what an unnamed source does in speaking rests on its word."""
        tokens = piece.tokens
        unnamed = self.attributor.unnamed
        if unnamed is None or len(tokens) < 3 or piece.clause.subject:
            return None
        sources = lexicon().words("names.nouns.source")
        pointed = tokens[0].lower in sources and tokens[1].lower in {"tersebut", "itu", "ini"}
        pointed = pointed or (tokens[0].lower in {"the", "that"} and tokens[1].lower in sources)
        return unnamed.attribution(None) if pointed else None

    # -- the headline

    def _headlines(self, sentences: list[RoleSentence]) -> None:
        """Claims of the headline, only where the body does not make them."""
        said = " ".join(self.article.text[s.start : s.end] for s in self.sentences if s.role in ("body", "standfirst"))
        body = _content_words(said)
        for sentence in sentences:
            words = _content_words(self.article.text[sentence.start : sentence.end])
            if len(body) >= 12 and len(words & body) >= 0.4 * len(words):
                continue
            try:
                pieces = self._pieces(sentence)
                self.claims.extend(claim for piece in pieces if (claim := self._claim(piece)) is not None)
            except Exception as error:  # noqa: BLE001 - the headline must not sink the article
                self.failures.append(_failure(self.article, sentence, error))


def claim_from_text(text: str, language: str = "") -> Claim:
    """One claim of a bare text, as `saring check --claim` takes it.

    "Peskov mengatakan Trump tidak memberi tahu Putin" is a claim about what Peskov said: the attribution is read from
    it. A question is kept as it is. Spans count from the start of the text.

    Args:
        text: One sentence, in Indonesian or English.
        language: Told where not given.

    Raises:
        ArticleEmpty: There is no text.
    """
    article = article_from_text(text, language=language or detect_language(text))
    cleaned = article.text.strip()
    offset = article.text.index(cleaned)
    tokens = trim_marks(tokenise(article.text, offset, offset + len(cleaned)))
    mentions = Mentions(article.text, article.language)
    reading = Attributor(mentions, article.language).read(trim_stop(tokens)) if tokens else None
    if reading is not None and reading.attribution.cue.lower() in _ANNOUNCED:
        reading = None
    attribution = reading.attribution if reading else None
    content = tokens
    if (
        reading is not None
        and len(reading.frame.contents) == 1
        and reading.frame.shape not in ("document", "participle")
    ):
        content = trim_marks(reading.frame.contents[0])
    denied = attribution is not None and attribution.cue.lower() in DENIALS
    wording = reword(article.text, tokens if denied else content or tokens, (), (), [])
    kind = kind_of(content, article.language, attribution, question=cleaned.endswith("?"))
    return Claim(
        id=_claim_id(article, offset, offset + len(cleaned), wording),
        text=wording or cleaned,
        quote=cleaned,
        start=offset,
        end=offset + len(cleaned),
        kind=kind,
        checkworthiness=rule_checkworthiness(content, kind, attribution, article.language),
        attribution=attribution,
    )


_ANNOUNCED = frozenset({"announced", "announces", "announce", "mengumumkan"})


def _combine(outer: Reading | None, inner: Reading) -> Reading:
    """The inner credit, through the outlet that the outer one names."""
    if outer is None or not outer.attribution.outlet or inner.attribution.outlet:
        return inner
    return replace(inner, attribution=replace(inner.attribution, outlet=outer.attribution.outlet))


def _quote_whole(reading: Reading) -> bool:
    """Whether the quote takes in who said it: unnamed sources, verbatim speech, sayings that are acts."""
    if reading.attribution.anonymous and reading.frame.shape == "initial":
        return True
    if reading.frame.shape == "trailing" and reading.frame.contents[0][0].is_quote:
        return True
    return reading.frame.shape == "initial" and reading.attribution.cue.lower() in lexicon().words("cues.speech.acts")


def _continues(tokens: Tokens) -> bool:
    """Whether the second half of an interrupted quotation goes on with its sentence."""
    first = next((token for token in tokens if token.is_word), None)
    return first is None or first.text[0].islower()


def _content_words(text: str) -> set[str]:
    common = word_set("yang dan di ke dari untuk pada dengan the a an of to in on for by as at and or is")
    return {token.lower for token in tokenise(text) if token.is_word and token.lower not in common}


def _claim_id(article: Article, start: int, end: int, wording: str) -> str:
    seed = f"{article.id}\n{start}\n{end}\n{wording}"
    return "clm-" + hashlib.sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _unique(claims: list[Claim]) -> list[Claim]:
    """The claims with every id once: one that was read twice from the same words counts once."""
    return list({claim.id: claim for claim in claims}.values())


def _failure(article: Article, sentence: RoleSentence, error: Exception) -> Failure:
    message = " ".join(str(error).split())[:300] or "no message"
    return Failure(_claim_id(article, sentence.start, sentence.end, ""), "extract", type(error).__name__, message)


__all__ = ["RuleExtractor", "claim_from_text"]
