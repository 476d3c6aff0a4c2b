"""What a chat model writes, sentence by sentence: shown where a quote that stands in the evidence carries it, else not.

The model marks each sentence with the passage it rests on and that passage's own words: `… [2: "no detailed
informing"]`. A sentence is shown only if such a quote stands in that passage to the letter, if its numbers and names
are found in what was cited or asked, and if it names no label but the pipeline's. Everything else is left out, and how
much was left out is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from checker.injection import find_quote, inspect
from checker.render.base import clean
from checker.types import Citation, Label, StanceName
from retrieval.names import canonical, find_names, lookup, related, same_name
from retrieval.segment import split_sentences
from retrieval.types import Source

LEAST_WORDS = 3
"""Words of a quote. A shorter one ("Iran") stands in every source and shows nothing."""

WHOLE = 400
"""Characters up to which a bare mark `[2]` stands for the whole passage: a sentence or two, as verdicts cite them."""

MAX_HELD = 4_000
"""Characters held back while a sentence does not end; what is longer is no sentence and is left out."""

_MARK = re.compile(r"\[\s*(\d{1,3})\s*(?:[:,]?\s*[\"“”«'‘](?P<quote>.+?)[\"“”»'’]\s*)?\]", re.DOTALL)
_OPEN_MARK = re.compile(r"\[[^\]]*$")
_SLOT = re.compile("[\ue000-\uf8ff]")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")
_HEADING = re.compile(r"^\s*#{1,6}\s+")
_PIECE = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_URL = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)
_EMPHASIS = re.compile(r"\*{1,3}|_{2,3}|`+|~~")
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~])")
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_POLITE = re.compile(r"\b(?:Anda|Saya|Kami|Kita|Saring)\b")
_QUOTED = re.compile(r"[\"“«][^\"”»]*[\"”»]")

# Longest first, so that "tidak didukung" is not read as "didukung". A word stands for the labels it may mean.
_LABEL_WORDS: tuple[tuple[str, frozenset[Label]], ...] = (
    (r"(?:tidak|belum|tak|kurang)\s+(?:\w+\s+)?(?:terbukti|terverifikasi)|unproven|unverified|not\s+(?:been\s+)?"
     r"(?:proven|verified)", frozenset(("unsupported", "needs_source"))),
    (r"(?:tidak|bukan|tak)\s+(?:\w+\s+)?(?:didukung|benar|betul|akurat|fakta|tepat)|unsupported|untrue|incorrect|"
     r"inaccurate|not\s+(?:\w+\s+)?(?:supported|true|correct|accurate)|(?:isn't|wasn't|is\s+not)\s+(?:true|supported)",
     frozenset(("unsupported",))),
    (r"(?:perlu|butuh|memerlukan|membutuhkan)\s+sumber|needs?\s+(?:a\s+)?source|needs_source|belum\s+(?:dapat|bisa)\s+"
     r"dipastikan|inconclusive", frozenset(("needs_source",))),
    (r"salah|keliru|hoaks|hoax|bohong|palsu|menyesatkan|terbantah|dibantah|false|fake|wrong|misleading|debunked|refuted",
     frozenset(("unsupported",))),
    (r"didukung|terbukti|terverifikasi|terkonfirmasi|benar(?!-benar)(?<!benar-benar)|betul|supported|true|proven|"
     r"verified|confirmed|correct|accurate|factual", frozenset(("supported",))),
)  # fmt: skip
_LABELS = re.compile(
    "|".join(rf"(?P<l{i}>\b(?:{words})\b)" for i, (words, _) in enumerate(_LABEL_WORDS)), re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage that a tool showed the model under a number in this turn.

    Attributes:
        counted: Whether a verdict rests on it; True where nothing was judged.
        claim_id: The claim it was cited for; empty where it was found by a search.
    """

    number: int
    source: Source
    passage_id: str
    start: int
    end: int
    stance: StanceName = "neutral"
    score: float = 0.0
    origin: str = ""
    counted: bool = True
    notes: tuple[str, ...] = ()
    claim_id: str = ""

    @property
    def text(self) -> str:
        """The passage, as it stands in its source."""
        return self.source.text[self.start : self.end]

    @property
    def around(self) -> str:
        """The passage with what a reader is told of its source: who published it, when, under which headline."""
        source = self.source
        return f"{self.text}\n{source.title}\n{source.publisher}\n{source.published_at or ''}"

    def cite(self, start: int, end: int) -> Citation:
        """A quote of the passage; offsets count in the source."""
        return Citation(
            source_id=self.source.id,
            passage_id=self.passage_id,
            url=self.source.url,
            publisher=self.source.publisher,
            published_at=self.source.published_at,
            quote=self.source.text[start:end],
            start=start,
            end=end,
            stance=self.stance,
            score=self.score,
            origin=self.origin,
            counted=self.counted,
            notes=self.notes,
        )


@dataclass
class Ground:
    """What sentences of this turn may rest on.

    Attributes:
        passages: By number.
        labels: The pipeline's labels of this turn, one for each claim.
        asked: The words of whoever asks and the claims that were checked: names and numbers in them are no invention.
    """

    passages: dict[int, Shown] = field(default_factory=dict)
    labels: list[Label] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Kept:
    """A sentence that may be shown.

    Attributes:
        text: Without marks, made safe for Markdown.
        citations: What carries it, with the number of the passage; empty for a question back.
        lead: What the line begins with (a bullet), empty within a line.
    """

    text: str
    citations: tuple[tuple[Shown, Citation], ...]
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A sentence that is left out, and why."""

    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A set piece that the model asks for by name; its words are ours."""

    name: str


@dataclass(frozen=True, slots=True)
class Break:
    """A line has ended."""


Found = Kept | Dropped | Piece | Break


class Reader:
    """Reads a reply as it streams, and yields what may be shown as soon as a sentence is whole."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self._held = ""
        self._skips = False

    def feed(self, delta: str) -> Iterator[Found]:
        """Take in a further piece of the reply."""
        self._held += delta
        if len(self._held) > MAX_HELD and "\n" not in self._held:
            if not self._skips:
                yield Dropped(self._held[:80], "it does not end")
            self._skips, self._held = True, ""
            return
        held = _MARK.sub(lambda mark: " ".join(mark[0].split()), self._held)
        whole = _mark_begun(held)
        *lines, rest = held[:whole].split("\n")
        self._held = rest + held[whole:]
        for line in lines:
            yield from self._line(line)
            yield Break()
        yield from self._begun()

    def end(self) -> Iterator[Found]:
        """The reply is over."""
        held, self._held = self._held, ""
        yield from self._line(held)

    def restart(self) -> None:
        """The reply begins anew: what was half read is forgotten."""
        self._held, self._skips = "", False

    def _line(self, line: str) -> Iterator[Found]:
        if self._skips:
            self._skips = False
            return
        for sentence in sentences(line):
            yield self._judge(sentence)

    def _begun(self) -> Iterator[Found]:
        """The whole sentences of a line that has not ended: all but the last, which may go on or get its mark."""
        if self._skips or _OPEN_MARK.search(self._held):
            return
        begun = sentences(self._held)
        if len(begun) < 2:
            return
        for sentence in begun[:-1]:
            yield self._judge(sentence)
        self._held = begun[-1]

    def _judge(self, sentence: str) -> Found:
        if piece := _PIECE.fullmatch(sentence.strip()):
            return Piece(piece[1])
        return judge(sentence, self.ground)


def _mark_begun(text: str) -> int:
    """Where a mark begins that has a quote and has not ended, else the length of the text.

    A line break in such a mark ends no line; one that is longer than any quote is given up.
    """
    start = text.rfind("[")
    if start < 0 or len(text) - start > 2 * WHOLE:
        return len(text)
    return start if re.match(r"\[\s*\d{1,3}\s*[:,]?\s*[\"“«][^\]]*$", text[start:]) else len(text)


def sentences(line: str) -> list[str]:
    """The sentences of one line, each with the marks that follow it."""
    marks: list[str] = []

    def slot(found: re.Match[str]) -> str:
        marks.append(found[0])
        return chr(0xE000 + len(marks) - 1)

    bare = _MARK.sub(slot, _SLOT.sub("", line)) if len(line) <= MAX_HELD else ""
    out: list[str] = []
    for start, end in split_sentences(bare):
        text = bare[start:end]
        led = re.match("[\ue000-\uf8ff\\s]*", text)
        if out and led is not None and led.end():
            out[-1] += " " + text[: led.end()].strip()
            text = text[led.end() :]
        if text.strip() and (_BULLET.fullmatch(text + " ") is None):
            lead = _BULLET.match(line) if not out else None
            out.append((lead[0] if lead and _BULLET.match(text) is None else "") + text)
    return [_SLOT.sub(lambda found: marks[ord(found[0]) - 0xE000], text) for text in out]


def judge(sentence: str, ground: Ground) -> Kept | Dropped:
    """Whether a sentence may be shown.

    Args:
        sentence: As the model wrote it, marks included.
        ground: What it may rest on.

    Returns:
        The sentence with its citations, or why it is left out.
    """
    cited = list(_cited(sentence, ground))
    lead = _BULLET.match(sentence)
    plain = _bare(sentence)
    if not re.search(r"\w", plain):
        return Dropped(plain, "it says nothing")
    texts = [shown.around for shown, _ in cited]
    if reason := _wrong_label(plain, ground, " ".join(citation.quote for _, citation in cited)):
        return Dropped(plain, reason)
    if not cited:
        if not plain.rstrip("\"”'’) ").endswith("?"):
            return Dropped(plain, "no quote of the evidence carries it")
        # A question back asserts nothing; what it names must be spoken of.
        texts = [*(shown.around for shown in ground.passages.values()), *ground.asked]
    if reason := _invented(plain, texts, ground.asked):
        return Dropped(plain, reason)
    # Two marks of one sentence may name the same words.
    once = {(citation.source_id, citation.start, citation.end): (shown, citation) for shown, citation in cited}
    return Kept(escape(plain), tuple(once.values()), lead="- " if lead else "")


def escape(text: str) -> str:
    """Text that shows itself in Markdown and does nothing else: no links, pictures, emphasis or HTML."""
    return _SPECIAL.sub(r"\\\1", clean(text))


def _cited(sentence: str, ground: Ground) -> Iterator[tuple[Shown, Citation]]:
    """The marks of a sentence whose quotes stand where they say."""
    for mark in _MARK.finditer(sentence):
        shown = ground.passages.get(int(mark[1]))
        if shown is None:
            continue
        quote = mark["quote"]
        if quote is None:
            if len(shown.text) <= WHOLE:
                yield shown, shown.cite(shown.start, shown.end)
            continue
        # What the model was shown is the cleaned text; the quote is found in the text as it was published.
        span = find_quote(inspect(shown.text), quote.strip(" .…"))
        if span is None or (len(quote.split()) < LEAST_WORDS and len(shown.text.split()) >= LEAST_WORDS):
            continue
        yield shown, shown.cite(shown.start + span[0], shown.start + span[1])


def _bare(sentence: str) -> str:
    """The words of a sentence: no marks, links, emphasis or addresses; nothing that acts instead of showing."""
    text = _MARK.sub("", sentence)
    text = _LINK.sub(r"\1", text)
    text = _URL.sub("", _PIECE.sub("", text))
    text = _EMPHASIS.sub("", _HEADING.sub("", _BULLET.sub("", text)))
    text = " ".join(clean(text).split())
    return re.sub(r"\s+([.,;:!?])", r"\1", text)


def _wrong_label(text: str, ground: Ground, quoted: str) -> str | None:
    """Why a sentence's label words are not the pipeline's; None where they are, or where it has none of its own.

    Words inside quotation marks, and those that the cited words have too, are the source's.
    """
    labels = frozenset(ground.labels)
    for found in _LABELS.finditer(_QUOTED.sub(" ", text)):
        if re.search(rf"\b{re.escape(found[0])}\b", quoted, re.IGNORECASE):
            continue
        means = next(means for i, (_, means) in enumerate(_LABEL_WORDS) if found[f"l{i}"])
        if not labels:
            return f"it gives a verdict ({found[0]}) where none was reached"
        if len(labels) > 1:
            return f"it gives a verdict ({found[0]}) and does not say of which claim"
        if not labels & means:
            return f"it gives another verdict ({found[0]}) than the pipeline"
    return None


def _invented(text: str, cited: Sequence[str], asked: Sequence[str]) -> str | None:
    """What of a sentence's numbers and names it may not rest on.

    Each must be in what was cited, or in what was asked; and where one is only in what was asked ("not 400 but 200"),
    another of its kind must be in what was cited: else the sentence merely repeats the question.
    """
    evidence, question = "\n".join(cited), "\n".join(asked)
    for kind, wanted, known in (
        ("number", _numbers(text), (_figures(evidence), _figures(question))),
        ("name", _names(text), (_Named(evidence), _Named(question))),
    ):
        in_evidence, in_question = ([one for one in wanted if one in place] for place in known)
        for one in wanted:
            if one not in in_evidence and one not in in_question:
                return f"the {kind} {one} is in nothing that was cited"
        if wanted and not in_evidence:
            return f"the {kind} {wanted[0]} is only in what was asked"
    return None


def _numbers(text: str) -> list[str]:
    return [found[0] for found in _NUMBER.finditer(text)]


class _Figures(frozenset[str]):
    """Numbers of a text, without separators; a date or a time is known by its parts as well."""

    def __contains__(self, number: object) -> bool:
        parts = [_figure(part) for part in re.split(r"[-:/]", str(number))]
        return super().__contains__(_figure(str(number))) or all(super(_Figures, self).__contains__(p) for p in parts)


def _figures(text: str) -> _Figures:
    found = _numbers(text)
    return _Figures(_figure(part) for number in found for part in (number, *re.split(r"[-:/]", number)))


def _names(text: str) -> list[str]:
    """Names in a text. A date's month and weekday stand beside numbers, which are looked at by themselves."""
    found = find_names(_POLITE.sub(lambda word: word[0].lower(), text))
    return [name.text for name in found if name.type not in ("month", "weekday")]


class _Named:
    """Names of a text, in any of the forms the gazetteer knows."""

    def __init__(self, text: str) -> None:
        self._folded = canonical(text)
        self._names = [name.text for name in find_names(text)]

    def __contains__(self, name: str) -> bool:
        entity = lookup(name)
        forms = entity.aliases if entity else (name,)
        return any(canonical(form) in self._folded for form in forms) or any(
            same_name(name, other) or related(name, other) for other in self._names
        )


def _figure(number: str) -> str:
    return re.sub(r"[.,]", "", number).lstrip("0") or "0"
