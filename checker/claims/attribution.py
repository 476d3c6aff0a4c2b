"""Who said what: frames of reported speech read in the light of the sentences before them.

`attribute` works on any article on its own; the extractor uses `Attributor` sentence by sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from checker.claims.antecedents import Scene
from checker.claims.frame import Frame
from checker.claims.frames import find_frame
from checker.claims.mentions import Mention, Mentions
from checker.claims.predicates import subject_of
from checker.claims.roles import CLAIMING, sentence_roles
from checker.claims.speakers import Source, as_outlet, describe
from checker.claims.words import Token, Tokens, lexicon, tokenise
from checker.head import read_head
from checker.types import Article, Attribution

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Attributed:
    """One attribution of an article, with the spans it was read from.

    Attributes:
        contents: What is said; two spans where the attribution interrupts it.
        source: The words that name who says it; None where it is inherited.
        cue: The words that mark it; None where it is inherited.
    """

    attribution: Attribution
    contents: tuple[Span, ...]
    source: Span | None
    cue: Span | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A frame, with who its source turned out to be.

    Attributes:
        refers: What a pronoun or "tersebut" in the source stands for, empty where it names someone itself.
    """

    frame: Frame
    attribution: Attribution
    refers: str = ""


@dataclass
class Attributor:
    """Reads frames in the order of the article, and keeps who spoke last.

    Attributes:
        speaker: Whom "tambahnya" and "he added" mean.
        subject: Whom the last sentence that named somebody was about, for a pronoun that speaks.
        spoken_at: Where the last credit stands; likewise `subject_at`.
        unnamed: The last anonymous source.
    """

    mentions: Mentions
    language: str
    speaker: Source | None = None
    subject: str = ""
    spoken_at: int = -1
    subject_at: int = -1
    unnamed: Source | None = None
    outlets: list[str] = field(default_factory=list)

    def read(self, tokens: Tokens, *, subject: Tokens = (), inherit: bool = False) -> Reading | None:
        """The outermost attribution of a stretch of tokens, or None.

        Args:
            tokens: A sentence or clause without its final full stop.
            subject: Whose clause it is where the stretch begins with its verb.
            inherit: Whether it may begin with its verb.
        """
        frame = find_frame(tokens, self.language, inherit=inherit)
        if frame is None:
            return None
        if frame.shape == "outlet":
            outlet = as_outlet(frame.source, self.mentions) or _phrase(frame.source, self.mentions.text)
            found = Source("", outlet=outlet)
            return Reading(frame, found.attribution(frame.cue[0], _text(frame.cue, self.mentions.text)))
        refers = ""
        if frame.shape in ("according", "trailing") and len(frame.contents) == 1:
            merged = self._doubly(frame)
            if merged is not None:
                return merged
        if frame.source:
            source = describe(frame.source, self.mentions)
            if source.pronoun:
                refers, source = self._resolve(source, frame)
        elif frame.shape in ("trailing", "according"):
            refers, source = self._carried(frame.cue[0].lower)
        else:
            source = describe(subject, self.mentions) if subject else self.speaker or Source(self.subject)
            if source.pronoun:
                refers, source = self._resolve(source, frame)
        outlet = as_outlet(frame.recipient, self.mentions) if frame.recipient else ""
        if frame.source and not outlet:
            outlet = self._through(frame)
        if outlet:
            source = replace(source, outlet=outlet)
        if source.speaker:
            self.note(source, frame.whole[0].start)
        cue = frame.cue[0] if frame.cue else None
        return Reading(frame, source.attribution(cue, _text(frame.cue, self.mentions.text)), refers)

    def about(self, person: Mention | None) -> None:
        """Remember whom the sentence that was just read is about."""
        if person is not None:
            self.subject, self.subject_at = person.name, person.start

    def _doubly(self, frame: Frame) -> Reading | None:
        """`..., Bloomberg reported, citing two people`: an outlet and its source, both after the content."""
        inner = find_frame(frame.contents[0], self.language)
        if inner is None or inner.shape not in ("trailing", "according") or not inner.source or not frame.source:
            return None
        if inner.source[0].start < inner.contents[0][0].start:
            return None
        first, second = describe(inner.source, self.mentions), describe(frame.source, self.mentions)
        if first.outlet and not first.speaker and second.speaker and not second.outlet:
            source, told = second, first
        elif second.outlet and not second.speaker and first.speaker and not first.outlet:
            source, told = first, second
        else:
            return None
        source = replace(source, outlet=told.outlet)
        self.note(source, frame.whole[0].start)
        joined = Frame(frame.shape, inner.contents, frame.source, frame.cue, frame.whole)
        return Reading(joined, source.attribution(frame.cue[0], _text(frame.cue, self.mentions.text)))

    def note(self, source: Source, at: int) -> None:
        """Remember who spoke, and where."""
        self.spoken_at = at
        kept = replace(source, outlet="")
        if source.anonymous:
            self.unnamed = source
        self.speaker = kept

    def _through(self, frame: Frame) -> str:
        """The outlet in the source's own words: `a source who spoke to Reuters`, `seperti dikutip Antara`."""
        text = frame.source
        for index, token in enumerate(text[:-1]):
            if token.lower in {"kepada", "to", "told", "oleh", "dikutip", "dilansir"}:
                return as_outlet(text[index + 1 :], self.mentions)
        return ""

    def _carried(self, cue: str) -> tuple[str, Source]:
        """Whom "tambahnya" or "menurutnya" mean: who spoke last where more is said, else who was spoken of last."""
        if cue in _ADDED and self.speaker is not None:
            return self.speaker.speaker, self.speaker
        return self._resolve(Source("", pronoun=True), None)

    def _resolve(self, source: Source, frame: Frame | None) -> tuple[str, Source]:
        """Who a pronoun or a pointing phrase is, as far as the sentences before tell."""
        words = lexicon()
        lowered = source.speaker.lower()
        if lowered in {"it", "they"} and frame is not None and frame.shape == "trailing":
            # "The ministry will close 40 clinics, it said": the subject of what is said.
            subject = describe(subject_of(frame.contents[0], self.language), self.mentions)
            if subject.speaker and not subject.pronoun:
                return subject.speaker, Source(subject.speaker, subject.role)
        if source.anonymous:
            if self.unnamed is not None:
                return self.unnamed.speaker, replace(self.unnamed, outlet="")
            return "", replace(source, pronoun=False)
        if lowered in words.words("cues.pronouns.person") or not lowered:
            later = self.spoken_at > self.subject_at
            if self.speaker is not None and (not self.subject or later or self._was_last(self.speaker)):
                return self.speaker.speaker, self.speaker
            if self.subject:
                return self.subject, Source(self.mentions.full(self.subject))
            return "", Source(source.speaker)
        if lowered in words.words("cues.pronouns.plural"):
            if self.speaker is not None:
                return self.speaker.speaker, self.speaker
            return "", Source(source.speaker)
        return "", replace(source, pronoun=False)

    def _was_last(self, speaker: Source) -> bool:
        """Whether the last sentence's subject is the last speaker."""
        return self.mentions.full(self.subject) == speaker.speaker or speaker.speaker.endswith(self.subject)


_ADDED = frozenset({"tambahnya", "imbuhnya", "lanjutnya", "sambungnya", "pungkasnya"})


def _phrase(tokens: Sequence[Token], text: str) -> str:
    return " ".join(text[tokens[0].start : tokens[-1].end].split()) if tokens else ""


def _text(tokens: Tokens, text: str) -> str:
    return text[tokens[0].start : tokens[-1].end] if tokens else ""


def _span(tokens: Tokens) -> Span | None:
    return (tokens[0].start, tokens[-1].end) if tokens else None


def trim_stop(tokens: Tokens) -> Tokens:
    """Without the marks that end a sentence."""
    end = len(tokens)
    while end and tokens[end - 1].text in ".…":
        end -= 1
    return tokens[:end]


def attribute(article: Article) -> tuple[Attributed, ...]:
    """Every attribution of an article, in order.

    A quotation that runs over several sentences is credited as a whole to whom one of them names.

    Returns:
        Spans are of `article.text`, in code points.
    """
    head = read_head(article.text)
    sentences = sentence_roles(article, head)
    skip = [(s.start, s.end) for s in sentences if s.role not in ("body", "standfirst")]
    if head.dateline:
        skip.append(head.dateline)
    begin = head.standfirst[0][0] if head.standfirst else head.body
    mentions = Mentions(article.text, article.language, begin, skip)
    scene = Scene(mentions, article.language, begin)
    attributor = Attributor(mentions, article.language)
    found: list[Attributed] = []
    for sentence in sentences:
        if sentence.role not in CLAIMING:
            continue
        tokens = trim_stop(tokenise(article.text, sentence.start, sentence.end))
        found.extend(_all(tokens, attributor))
        scene.advance(sentence.start, sentence.end)
        attributor.about(scene.person)
    return tuple(_with_running_quotes(article.text, found))


def _all(tokens: Tokens, attributor: Attributor, depth: int = 0) -> list[Attributed]:
    """The attributions of a stretch, the outer one first, those in its clauses after it."""
    from checker.claims.clauses import split_clauses

    reading = attributor.read(tokens)
    if reading is not None:
        outer = Attributed(
            reading.attribution, _contents(reading.frame), _span(reading.frame.source), _span(reading.frame.cue)
        )
        inner: list[Attributed] = []
        if reading.frame.more:
            more = _span(reading.frame.more)
            added = replace(reading.attribution, start=-1, end=-1)
            inner.append(Attributed(added, (more,) if more else (), None, None))
        if depth < 2 and reading.frame.shape in ("outlet", "according"):
            for content in reading.frame.contents:
                inner.extend(_all(content, attributor, depth + 1))
        return [outer, *inner]
    clauses = split_clauses(tokens, attributor.language)
    if len(clauses) < 2 or depth > 2:
        return []
    result: list[Attributed] = []
    for clause in clauses:
        reading = attributor.read(clause.tokens, subject=clause.subject, inherit=bool(clause.subject))
        if reading is not None:
            source = _span(reading.frame.source) or _span(clause.subject)
            result.append(Attributed(reading.attribution, _contents(reading.frame), source, _span(reading.frame.cue)))
    return result


def _contents(frame: Frame) -> tuple[Span, ...]:
    """The spans of what is said; of "..., saying it lacked fairness" only what the participle introduces."""
    if frame.shape == "participle":
        after = tuple(token for token in frame.whole if token.start > frame.cue[-1].start)
        return ((after[0].start, after[-1].end),) if after else ()
    return tuple(span for content in frame.contents if (span := _span(content)) is not None)


def quotations(text: str) -> list[Span]:
    """The spans inside double quotation marks, the marks included; an open one ends with its paragraph."""
    spans: list[Span] = []
    start = -1
    text = text.replace("``", "“ ").replace("''", '" ')
    for index, char in enumerate(text):
        if char == "\n" and start >= 0:
            # A quotation of several paragraphs opens each of them anew; one that never closes was a slip.
            following = text[index:].lstrip()[:1]
            if following not in '"“':
                spans.append((start, index))
            start = -1
        elif char in "“„" or (char == '"' and start < 0):
            start = index if start < 0 else start
        elif char in '”"' and start >= 0:
            spans.append((start, index + 1))
            start = -1
    return spans


def _with_running_quotes(text: str, found: list[Attributed]) -> list[Attributed]:
    """Extend contents to the whole quotation they are part of, and credit a bare quotation that follows one."""
    spans = quotations(text)
    extended: list[Attributed] = []
    for item in found:
        contents = []
        for start, end in item.contents:
            around = next((s for s in spans if s[0] <= start < s[1] and s[1] - s[0] > 8 and end <= s[1] + 1), None)
            starts = next((s for s in spans if s[0] == start or start < s[0] < start + 2), None)
            if around:
                contents.append((min(start, around[0]), max(end, around[1])))
            elif starts and starts[1] > end:
                contents.append((start, starts[1]))
            else:
                contents.append((start, end))
        extended.append(replace(item, contents=tuple(contents)))
    covered = [span for item in extended for span in item.contents]
    result = list(extended)
    for span in spans:
        if span[1] - span[0] < 25 or any(a < span[1] and span[0] < b for a, b in covered):
            continue
        previous = max((item for item in extended if item.contents and max(e for _, e in item.contents) <= span[0]),
                       key=lambda item: item.contents[-1][1], default=None)  # fmt: skip
        between = text[max(e for _, e in previous.contents) : span[0]] if previous else "\n\n\n"
        if previous is not None and between.count("\n") <= 2 and len(between) < 160:
            inherited = replace(previous.attribution, start=-1, end=-1)
            result.append(Attributed(inherited, (span,), None, None))
    return sorted(result, key=lambda item: item.contents[0] if item.contents else (0, 0))
