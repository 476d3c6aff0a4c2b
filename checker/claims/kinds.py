"""What kind of claim a proposition is, and how much it matters to check it, by its words alone."""

from __future__ import annotations

from checker.claims.marks import quoted_mask
from checker.claims.verbs import is_verb
from checker.claims.words import Tokens, lexicon, word_set
from checker.types import Attribution, Kind

_FUTURE = frozenset({"akan", "bakal", "will", "won't", "shall"})
_HEDGES_EN = word_set("might could may probably likely perhaps maybe surely")


def kind_of(
    tokens: Tokens, language: str, attribution: Attribution | None, *, opinion_cue: bool = False, question: bool = False
) -> Kind:
    """The kind of a claim.

    What a speaker is credited with is a `quote`: whether they said so can be checked, even of a forecast. A view
    ("menilai", "believes") without a figure or a name is an `opinion` all the same. In the article's own voice, a plan
    or an expectation that names a figure, a date or an actor is a `fact`, and so is anything without a cue.

    Args:
        tokens: The proposition, without its attribution.
        language: `id` or `en`.
        attribution: Whom the article credits.
        opinion_cue: The credit is by a verb of holding a view.
        question: It ends with a question mark.
    """
    spoken = attribution is not None and bool(attribution.speaker or attribution.anonymous)
    if spoken:
        return "opinion" if opinion_cue and not _specific(tokens) else "quote"
    if question:
        return "question"
    words = lexicon()
    own = tuple(token for token, quoted in zip(tokens, quoted_mask(tokens), strict=True) if not quoted)
    if _is_opinion(own, language):
        return "opinion"
    if words.anywhere("cues.pronouns.self_id" if language == "id" else "cues.pronouns.self_en", own) >= 0:
        return "opinion" if words.anywhere("cues.kind.first_person", own) >= 0 else "fact"
    if _is_prediction(own):
        return "prediction"
    return "fact"


def _is_opinion(tokens: Tokens, language: str) -> bool:
    words = lexicon()
    at = words.anywhere("cues.kind.opinion", tokens)
    if at < 0:
        return False
    if language == "en" and tokens[at].lower in {"should", "must"}:
        # "must pay", "should arrive by Friday" with a figure report a rule or a plan.
        return not any(token.is_number for token in tokens)
    if tokens[at].lower in {"luar", "tragis", "tragic", "remarkable", "terrible", "pantas", "sungguh"}:
        return not any(token.is_number for token in tokens)
    return True


def _is_prediction(tokens: Tokens) -> bool:
    words = lexicon()
    at = words.anywhere("cues.kind.prediction", tokens)
    future = next((i for i, token in enumerate(tokens) if token.lower in _FUTURE), -1)
    if at >= 0 and tokens[at].lower == "may" and tokens[at].is_capital:
        at = words.anywhere("cues.kind.prediction", tokens[at + 1 :])
    if at < 0 and future < 0:
        return False
    if (
        at >= 0
        and tokens[at].lower == "could"
        and any(t.lower in {"that", "so", "not"} for t in tokens[max(0, at - 2) : at])
    ):
        at = -1
    figure = any(token.is_number for token in tokens)
    abstract = any(token.lower in words.words("cues.kind.abstract") for token in tokens[max(at, future, 0) :])
    if at >= 0 and tokens[at].lower in _HEDGES_EN | {
        "mungkin",
        "kemungkinan",
        "barangkali",
        "agaknya",
        "tampaknya",
        "sepertinya",
        "niscaya",
    }:
        return True
    if at >= 0 and not figure:
        becomes = " ".join(token.lower for token in tokens[at : at + 2]) in {"akan menjadi", "bakal menjadi"}
        return abstract or not becomes
    return future >= 0 and abstract and not figure and not _named_after(tokens, future)


def _named_after(tokens: Tokens, index: int) -> bool:
    return any(token.is_capital for token in tokens[index + 1 :])


def _specific(tokens: Tokens) -> bool:
    """Whether a view names something that can be looked up: a figure."""
    return any(token.is_number for token in tokens)


def is_statement(tokens: Tokens, language: str, *, spoken: bool = False) -> bool:
    """Whether a stretch says anything: two words, and a verb or a figure among them; any two words if spoken."""
    words = [token for token in tokens if token.is_word]
    if len(words) < 2:
        return False
    if spoken and tokens[0].is_quote:
        return True
    if any(is_verb(token, language, tokens, i) for i, token in enumerate(tokens)):
        return True
    if language == "id":
        # Indonesian needs no verb to say that something is so ("Korban mayoritas lansia").
        return len(words) >= 4 or (len(words) >= 3 and any(token.is_number for token in words))
    return any(token.is_number for token in words) and len(words) >= 4


def rule_checkworthiness(tokens: Tokens, kind: Kind, attribution: Attribution | None, language: str) -> float:
    """How much a claim matters to check, 0..1, until a trained head says better.

    A sum of what editors look for, chosen by hand and not measured: figures, names, dates, a reported action, somebody
    who is credited. Opinions, predictions and questions stay below any claim that is checked.
    """
    calendar = lexicon().words("names.calendar.words")
    number = any(token.is_number for token in tokens)
    named = sum(token.is_capital for index, token in enumerate(tokens) if index and token.lower not in calendar)
    dated = any(token.lower in calendar for token in tokens)
    acts = any(is_verb(token, language, tokens, i) for i, token in enumerate(tokens))
    score = 0.3 + 0.25 * number + min(0.2, 0.07 * named) + 0.1 * dated + 0.05 * acts
    if attribution is not None:
        score += 0.1
    if kind in ("opinion", "prediction", "question", "unclear"):
        score *= 0.3
    return round(min(score, 1.0), 3)
