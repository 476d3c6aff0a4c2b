"""What a check is made of: articles, claims, stances, verdicts, reports. Imports no sibling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from retrieval.types import Hit

Kind = Literal["fact", "quote", "prediction", "opinion", "question", "unclear"]
"""What a claim is. `fact` and `quote` (reported speech) are checked, the others are shown but not checked.

`unclear`: the article does not let a reader tell what it refers to.
"""

Label = Literal["supported", "unsupported", "needs_source"]
Reason = Literal["corroborated", "contradicted", "conflicting", "no_evidence", "weak_evidence", "only_origin"]
StanceName = Literal["supports", "refutes", "neutral"]
TraceStatus = Literal["traced", "second_hand", "untraced", "anonymous"]
Stage = Literal["extract", "retrieve", "judge", "verdict"]

CHECKED_KINDS: frozenset[str] = frozenset({"fact", "quote"})


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an article: `article.text[start:end] == text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Article:
    """The article under check.

    Attributes:
        id: Stable: derived from the URL, or from the text where there is none.
        published_at: ISO 8601 to the known precision, or None.
        language: ISO 639-1, `id` or `en`.
        text: What every span of the report points into.
        sentences: In order; spans do not overlap.
    """

    id: str
    url: str
    title: str
    publisher: str
    published_at: str | None
    language: str
    text: str
    sentences: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who is said to have said it, and through whom.

    Attributes:
        speaker: As named in the article, in its fullest form; empty for an unnamed one without any description.
        role: What the article calls them ("juru bicara Kremlin"), may be empty.
        outlet: The outlet the article credits ("Reuters"), may be empty.
        anonymous: The speaker is not named ("seorang sumber senior").
        cue: The words that mark the attribution ("kata", "said", "menurut").
        start: Start of the cue in the article's text, -1 where it was inherited.
        end: End of the cue, -1 where it was inherited.
    """

    speaker: str
    role: str = ""
    outlet: str = ""
    anonymous: bool = False
    cue: str = ""
    start: int = -1
    end: int = -1


@dataclass(frozen=True, slots=True)
class Claim:
    """One checkable proposition of an article.

    Attributes:
        id: Unique within the report; two claims of one text keep two ids.
        text: Self-contained wording, without its attribution.
        quote: Verbatim span: `article.text[start:end] == quote`.
        context: What pronouns and ellipses in the quote point to, in words ("-nya: Araqchi").
        checkworthiness: 0..1, how much it matters to check it.
    """

    id: str
    text: str
    quote: str
    start: int
    end: int
    context: str = ""
    kind: Kind = "fact"
    checkworthiness: float = 0.0
    attribution: Attribution | None = None

    @property
    def checkable(self) -> bool:
        """Whether this kind of claim is checked against evidence."""
        return self.kind in CHECKED_KINDS


@dataclass(frozen=True, slots=True)
class Stance:
    """What one passage says to one claim.

    Attributes:
        supports: Probability that the passage supports the claim; the three sum to 1.
        refutes: Probability that it refutes the claim.
        neutral: Probability that it does not settle the claim.
        quote: The sentence of the source that carries the stance: `hit.source.text[start:end] == quote`.
        speaker: Whom that sentence credits for it, empty where it speaks in its own voice.
        own_word: The sentence rests on the word of the claim's own speaker ("Peskov said ..."), so it shows that he
            said it and not that it is so.
        flagged: The source addresses the machine that reads it (an injection attempt); nothing may rest on it alone.
        notes: Why explicit checks lowered or vetoed the model's word, one sentence each.
    """

    claim_id: str
    hit: Hit
    supports: float
    refutes: float
    neutral: float
    quote: str
    start: int
    end: int
    speaker: str = ""
    own_word: bool = False
    flagged: bool = False
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> StanceName:
        """The likeliest of the three; ties go to the more cautious one."""
        best = max(self.supports, self.refutes, self.neutral)
        if self.neutral == best:
            return "neutral"
        return "refutes" if self.refutes == best else "supports"


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote of a source: `source.text[start:end] == quote`, always."""

    source_id: str
    passage_id: str
    url: str
    publisher: str
    published_at: str | None
    quote: str
    start: int
    end: int
    stance: StanceName
    score: float
    origin: str = ""
    counted: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The label of one claim and what it stands on.

    Attributes:
        label: For the claim as the article makes it.
        reason: Why that label.
        content_label: What is left of it when the speaker's own word is taken away; equals `label` where nobody
            is quoted.
        confidence: 0..1, the calibrated probability behind the label (for `needs_source`: that nothing settles it).
        citations: The decisive ones first. Never a quote that is not found in its source.
        origins: Number of independent origins behind the label's side.
        judge: Name of the judge that heard the evidence.
        disputed: Two judges strongly disagree (cascade); a person should look first.
        notes: Sentences for the reader, e.g. that evidence after the as-of date was left out.
    """

    claim_id: str
    label: Label
    reason: Reason
    content_label: Label
    confidence: float
    citations: tuple[Citation, ...]
    origins: int
    judge: str
    disputed: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """A claim that could not be checked. Never disguised as a label."""

    claim_id: str
    stage: Stage
    error_type: str
    message: str


Outcome = Verdict | Failure


@dataclass(frozen=True, slots=True)
class Witness:
    """One source that says something to an attributed claim, as source verification shows it."""

    source_id: str
    url: str
    publisher: str
    publisher_type: str
    published_at: str | None
    via: tuple[str, ...]
    origin: str
    stance: StanceName
    own_report: bool
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Trace:
    """Where the word of a claim comes from, as far as the store shows.

    Attributes:
        speaker: Who is said to have said it; empty where the article only credits an outlet.
        status: `traced`: the outlet's own report (the speaker's, where the article names no outlet) is in the store
            and says so · `second_hand`: others say so, it does not · `untraced`: nobody in the store says so ·
            `anonymous`: an unnamed speaker without an outlet, so there is nobody to trace it to.
        witnesses: Those who say so, then those who say otherwise; each the earliest first.
        conflict: Independent origins stand on both sides.
    """

    claim_id: str
    speaker: str
    role: str
    outlet: str
    anonymous: bool
    status: TraceStatus
    witnesses: tuple[Witness, ...]
    conflict: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one check found, enough to print it, store it and trace it."""

    id: str
    article: Article
    claims: tuple[Claim, ...]
    outcomes: tuple[Outcome, ...]
    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    as_of: str
    created_at: str
    elapsed: float
    provenance: tuple[Trace, ...] = ()
    usage: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The outcomes that are failures, in order."""
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, Failure))

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The outcomes that are verdicts, in order."""
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, Verdict))
