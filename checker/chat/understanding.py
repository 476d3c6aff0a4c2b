"""One message, understood: what kind of turn it is, and the claim, question, article or address in it.

Pure: no model, no store, no network. What is said in a message is data. An order to the machine in it ("ignore your
instructions") is text like any other; where it stands beside a claim, the claim is checked and the order is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from checker.chat.questions import Form, Question, read
from checker.chat.requests import Request, out_of_scope, read_request
from checker.chat.tidy import capitals, language_of, lists, tidy
from checker.injection import inspect

Kind = Literal[
    "empty", "too_long", "url", "article", "claims", "wh", "request", "refusal", "opinion", "unclear", "who", "which"
]

ARTICLE_CHARACTERS = 500
"""From here on a message is read as an article: the longest sentence of news has some 400 characters."""

ARTICLE_SENTENCES = 3
"""Plain statements of this many sentences belong together: one may speak of what another names."""

MOST_CLAIMS = 5

_POINT = re.compile(r"^\s*(?:\(?\d{1,2}[.)]|[-•*–—])\s+(?=\S+\s+\S)")
_QUOTED = re.compile('["“”‘«»]')
_URL = re.compile(r"https?://[^\s<>\"')\]]+", re.I)


@dataclass(frozen=True, slots=True)
class Ask:
    """One claim to check.

    Attributes:
        claim: In a sentence, as it goes to the checker.
        form: Whether it was asked or stated.
    """

    claim: str
    form: Form = "statement"


@dataclass(frozen=True, slots=True)
class Memory:
    """What the conversation holds that a message may point to.

    Attributes:
        language: In which the last answer was given; empty at the beginning.
        persons: Names of people in what was asked last, in the order they were named.
        claims: The claims that were judged last, in their order.
        focus: Number of the claim that is spoken of, from 1; 0 where it is all of them.
        pending: What was asked before Saring asked back: the claim with a pronoun in it, empty where nothing is open.
        pronoun: The word in `pending` that was not clear.
        pending_form: Whether it was asked or stated.
        follows: Something was answered that a follow-up can follow.
    """

    language: str = ""
    persons: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    focus: int = 0
    pending: str = ""
    pronoun: str = ""
    pending_form: Form = "question"
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Understood:
    """What a message was taken for.

    Attributes:
        kind: `claims`: one or more to check · `wh`: a question to quote on · `request`: of the chat or its last answer
            · `unclear`: too little to go by · `who`: a pronoun with nobody to stand for · `which`: with several.
        asks: The claims of `claims`; for `who` and `which` the one with the pronoun.
        question: Of `wh`.
        request: Of `request`.
        text: Of `article`, and what is too long; the words around the address of `url`.
        url: The address.
        candidates: Whom the pronoun may stand for.
        pronoun: The word that is not clear.
        orders: The message speaks to the machine; what it orders was left out.
    """

    kind: Kind
    language: str
    asks: tuple[Ask, ...] = ()
    question: Question | None = None
    request: Request | None = None
    text: str = ""
    url: str = ""
    candidates: tuple[str, ...] = ()
    pronoun: str = ""
    orders: bool = False


def understand(
    message: str, memory: Memory | None = None, *, language: str | None = None, most: int = 40_000
) -> Understood:
    """What a message says.

    Args:
        message: As it was typed or pasted.
        memory: What the conversation holds.
        language: Of the answer, where the asker chose one.
        most: Characters of a message that are read.
    """
    memory = memory or Memory()
    if len(message) > most:
        spoken = language or language_of(message[:5_000], memory.language or "id")
        return Understood("too_long", spoken, text=str(len(message)))
    text = tidy(message)
    spoken = language or language_of(text, memory.language or "id")
    if not re.search(r"\w", text):
        return Understood("empty", spoken)
    if found := _url(text, spoken):
        return found
    if len(text) > ARTICLE_CHARACTERS:
        return Understood("article", spoken, text=text)
    if memory.pending and (answer := _resolved(text, memory)):
        said = language or memory.language or spoken
        if answer.form == "wh":
            return Understood("wh", said, question=read(answer.claim + "?", said))
        return Understood("claims", said, asks=(answer,))
    request = read_request(text, follows=memory.follows)
    if request is not None:
        # A name or a number alone says nothing of the language: the conversation's stands.
        return Understood("request", language or language_of(text, memory.language or spoken), request=request)
    sentences, orders = _sentences(text)
    if not sentences:
        return Understood("refusal", spoken, orders=True)
    body = " ".join(sentences)
    if (beyond := out_of_scope(body)) is not None:
        return Understood(beyond, spoken, orders=orders)
    return replace(_said(sentences, spoken, memory), orders=orders)


def persons_in(texts: Sequence[str]) -> tuple[str, ...]:
    """Names of people in texts, each once, as they were written first."""
    from retrieval.names import find_names

    found: dict[str, str] = {}
    for text in texts:
        for span in find_names(text):
            if span.type == "person" or (span.type == "other" and _like_person(span.text)):
                found.setdefault(span.canonical, span.text)
    return tuple(found.values())


def _like_person(name: str) -> bool:
    words = name.split()
    return len(words) >= 2 and all(word[0].isupper() and not word.isupper() for word in words)


def _url(text: str, language: str) -> Understood | None:
    """An address with few words around it is what is to be checked; in a longer text it is a part of it."""
    found = _URL.search(text)
    if found is None:
        return None
    around = (text[: found.start()] + " " + text[found.end() :]).split()
    if len(around) > 12:
        return None
    return Understood("url", language, text=" ".join(around), url=found.group().rstrip(".,;"))


def _sentences(text: str) -> tuple[list[str], bool]:
    """The sentences of a short message, without those that give orders to the machine, and whether there were any."""
    from retrieval.segment import split_sentences

    every = [part for start, end in split_sentences(text) for part in _listed(text[start:end])]
    kept = [sentence for sentence in every if not inspect(sentence).flagged]
    # A mark alone ("Betul?") belongs to what stands before it.
    joined: list[str] = []
    for sentence in kept:
        if joined and len(sentence.split()) <= 4 and sentence.endswith("?") and _only_asks(sentence):
            joined[-1] = f"{joined[-1]} {sentence}"
        else:
            joined.append(sentence)
    return joined, len(kept) < len(every)


def _listed(sentence: str) -> list[str]:
    """A point of a list without its mark; a sentence of several points as those points."""
    sentence = _POINT.sub("", sentence)
    parts = [part.strip() for part in sentence.split(";")]
    if len(parts) > 1 and not _QUOTED.search(sentence) and all(len(part.split()) >= 3 for part in parts):
        return parts
    return [sentence]


def _only_asks(sentence: str) -> bool:
    request = read_request(sentence, follows=False)
    return request is not None and request.kind in ("that", "why")


def _said(sentences: Sequence[str], language: str, memory: Memory) -> Understood:
    read_each = [(sentence, read(sentence, language)) for sentence in sentences if not _greets(sentence)]
    if not read_each:
        return Understood("unclear", language)
    questions = [question for _, question in read_each]
    if len(questions) >= ARTICLE_SENTENCES and all(question.form == "statement" for question in questions):
        return Understood("article", language, text=" ".join(sentence for sentence, _ in read_each))
    open_question = next((question for question in questions if question.form == "wh"), None)
    if open_question is not None and all(q.form in ("wh", "statement") for q in questions):
        query = " ".join(question.query or question.claim for question in questions)
        return _about(Understood("wh", language, question=replace(open_question, query=query)), memory)
    asks = [Ask(question.claim, question.form) for question in questions if question.claim][:MOST_CLAIMS]
    # What only leads up to the question ("Saya bingung. Benarkah ...?") is not asked about.
    asked = [ask for ask in asks if ask.form == "question"]
    asks = asked if asked and len(asked) < len(asks) and _leads(asks, asked) else asks
    asks = [ask for ask in asks if _says_something(ask.claim)]
    if not asks:
        return Understood("unclear", language, text=sentences[0])
    return _pronouns(asks, language, memory)


def _leads(asks: Sequence[Ask], asked: Sequence[Ask]) -> bool:
    """Whether what is not asked is short, names nobody and stands before what is."""
    first = asks.index(asked[0])
    rest = [ask for ask in asks if ask not in asked]
    return rest == list(asks[:first]) and all(len(a.claim.split()) <= 6 and not persons_in([a.claim]) for a in rest)


def _greets(sentence: str) -> bool:
    request = read_request(sentence, follows=False)
    return request is not None and request.kind == "small_talk"


def _says_something(claim: str) -> bool:
    """Whether there is something to check: two words, and one of them no pronoun or pointer."""
    words = [word.strip(".,").lower() for word in claim.split()]
    pointers = {"itu", "ini", "that", "this", "it", "begitu", "so", "is", "was", "benar", "true"}
    return len(words) >= 2 and any(word not in pointers for word in words)


# -- pronouns


def _pronouns(asks: Sequence[Ask], language: str, memory: Memory) -> Understood:
    """The claims with pronouns put right, or the question whom one stands for."""
    done: list[Ask] = []
    known = list(memory.persons)
    for ask in asks:
        pronoun = _unclear(ask.claim, language)
        if not pronoun:
            done.append(ask)
            known = list(persons_in([ask.claim])) or known
            continue
        if len(known) != 1:
            kind: Kind = "which" if known else "who"
            return Understood(kind, language, asks=(ask,), candidates=tuple(known[:4]), pronoun=pronoun)
        done.append(Ask(put_in(ask.claim, pronoun, known[0]), ask.form))
    return Understood("claims", language, asks=tuple(done))


def _about(understood: Understood, memory: Memory) -> Understood:
    """A wh-question with a pronoun in it ("Kapan dia tiba?"), put right where one person can be meant."""
    question = understood.question
    assert question is not None
    pronoun = _unclear(question.query, understood.language)
    if not pronoun:
        return understood
    if len(memory.persons) == 1:
        query = put_in(question.query, pronoun, memory.persons[0])
        return replace(understood, question=replace(question, query=query))
    kind: Kind = "which" if memory.persons else "who"
    return replace(
        understood, kind=kind, asks=(Ask(question.query, "wh"),), candidates=memory.persons[:4], pronoun=pronoun
    )


def _unclear(claim: str, language: str) -> str:
    """The first pronoun for a person that nobody named before it in the claim can stand behind; empty for none."""
    from retrieval.names import find_names

    pronouns = lists()[f"pronouns_{language}"] | lists()["possessives_en" if language == "en" else "pronouns_id"]
    names = [span.start for span in find_names(claim) if span.type in ("person", "other", "organisation", "place")]
    for word in re.finditer(r"[^\W\d_]+", claim):
        if word.group().lower() in pronouns and not any(start < word.start() for start in names):
            return word.group()
    return ""


def put_in(claim: str, pronoun: str, name: str) -> str:
    """The claim with a name in the place of a pronoun."""
    name = f"{name}'s" if pronoun.lower() in lists()["possessives_en"] else name
    return re.sub(rf"\b{re.escape(pronoun)}\b", lambda _: name, claim, count=1)


def _resolved(text: str, memory: Memory) -> Ask | None:
    """The question that was open, if the message says who was meant; None where it asks something else."""
    line = re.sub(
        r"^(?:maksud(?:nya|ku|\s+saya)|yang\s+saya\s+maksud|i\s+mean|i\s+meant)\s*[:,]?\s*", "", text, flags=re.I
    )
    line = re.sub(r"^(?:si|pak|bu|mr\.?|mrs\.?|ms\.?)\s+", "", line, flags=re.I).strip(" .!?,")
    if not line or len(line.split()) > 5 or text.rstrip().endswith("?"):
        return None
    if read_request(text, follows=False) is not None or out_of_scope(text) is not None:
        return None
    name = capitals(line)
    if name.islower():
        name = name.title()
    from retrieval.names import find_names

    spans = find_names(name)
    if not spans or spans[0].start > 0:
        return None
    return Ask(put_in(memory.pending, memory.pronoun, name), memory.pending_form)
