"""Documents, bodies and denials that speak: `Data BPS menunjukkan ...`, `BPS melaporkan ... 2,51 persen`."""

from __future__ import annotations

from checker.claims.frame import Frame
from checker.claims.marks import commas, strip
from checker.claims.phrases import NEGATIONS, SOURCE_ENDS, drop_adverbs, is_noun_phrase, split_lead
from checker.claims.trailing import PARTICIPLES
from checker.claims.verbs import is_verb
from checker.claims.withheld import is_withheld
from checker.claims.words import Tokens, lexicon, word_set


def document_frame(tokens: Tokens, language: str) -> Frame | None:
    """`Data BPS menunjukkan ...`, `Laporan yang diterima BNPB mencatat ...`, `A study by X found that ...`."""
    words = lexicon()
    documents = words.words(f"cues.speech.{language}_documents")
    verbs = words.words(f"cues.speech.{language}_document_verbs")
    for index in range(1, min(len(tokens) - 1, 30)):
        if tokens[index].lower not in verbs or tokens[index - 1].lower in NEGATIONS | {"yang"}:
            continue
        lead, subject = split_lead(tokens[:index], language)
        head = next((i for i, t in enumerate(subject[:6]) if t.lower in documents and not (i and t.is_capital)), None)
        if head is None or any(is_verb(t, language, subject, i) for i, t in enumerate(subject[:head])):
            continue
        source = _owner(subject, head)
        if not source:
            return None
        whole = strip(tokens[len(lead) :])
        return Frame("document", (whole,), source, tokens[index : index + 1], whole, lead=lead)
    return None


_FIGURES_ID = word_set("melaporkan mencatat mengumumkan mendata menghitung membukukan")


_FIGURES_EN = word_set("reported reports recorded counted posted registered")


_NUMBER_WORDS = word_set(
    """
    satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas belasan puluhan ratusan ribuan belas puluh
    one two three four five six seven eight nine ten eleven twelve twenty thirty dozens hundreds thousands millions
    """
)


def reporting_frame(tokens: Tokens, language: str) -> Frame | None:
    """`BPS melaporkan inflasi tahunan sebesar 2,51 persen`: a body that gives a figure answers for it."""
    found = _subject_of_verb(tokens, _FIGURES_ID if language == "id" else _FIGURES_EN, language)
    if found is None:
        return None
    index, lead, source = found
    body = any(t.is_acronym or t.lower in lexicon().words("names.organisations.words") for t in source)
    counted = any(t.is_number or t.lower in _NUMBER_WORDS for t in tokens[index + 1 :])
    if not (source and body and counted):
        return None
    return Frame("document", (strip(tokens),), source, (tokens[index],), tokens, lead=lead)


def _subject_of_verb(tokens: Tokens, verbs: frozenset[str], language: str) -> tuple[int, Tokens, Tokens] | None:
    """The first verb of a clause if it is one of these: its index, the adverbials before its subject, its subject."""
    for index in range(min(len(tokens) - 1, 30)):
        if tokens[index].lower not in verbs:
            continue
        lead, source = split_lead(tokens[:index], language)
        source = drop_adverbs(source)
        if source and not is_noun_phrase(source, language):
            return None
        if index and tokens[index - 1].lower in NEGATIONS | {"yang", "who", "which"}:
            return None
        return index, lead, source
    return None


_DENYING = word_set("membantah menyangkal menepis menampik membenarkan denied denies")


def denial_frame(tokens: Tokens, language: str, inherit: bool) -> Frame | None:
    """`Jaksa membantah adanya bukti baru`: who denies a thing answers for the denial, which is quoted whole."""
    found = _subject_of_verb(tokens, _DENYING, language)
    if found is None:
        return None
    index, lead, source = found
    if not source and not inherit:
        return None
    return Frame("document", (strip(tokens),), source, (tokens[index],), tokens, lead=lead)


def _owner(subject: Tokens, head: int) -> Tokens:
    """Whose document it is: the first name in the phrase, from its first capital to its last."""
    after = [i for i in range(len(subject)) if i != head and subject[i].is_capital and (i > 0 or head != 0)]
    after = [i for i in after if i > head] or [i for i in after if i < head]
    if not after:
        return ()
    first = last = after[0]
    while last + 1 < len(subject) and (
        subject[last + 1].is_capital
        or (
            subject[last + 1].lower in {"dan", "of", "and", "for", "the", "&"}
            and last + 2 < len(subject)
            and subject[last + 2].is_capital
        )
        or (subject[last + 1].text in "()" and last + 2 <= len(subject))
        or (subject[last + 1].text == "," and last + 2 < len(subject) and subject[last + 2].is_capital)
    ):
        last += 1
    if subject[last].possessive:
        # "the Pentagon's intelligence agency": the owned body, up to whatever qualifies it.
        while last + 1 < len(subject) and subject[last + 1].is_word and subject[last + 1].lower not in SOURCE_ENDS:
            last += 1
    return strip(subject[first : last + 1])


def participle_frame(tokens: Tokens, language: str) -> Frame | None:
    """`The government turned down the offer, saying it lacked fairness`: the subject answers for both."""
    if language != "en":
        return None
    for stop in commas(tokens):
        if stop + 2 < len(tokens) and tokens[stop + 1].lower in PARTICIPLES:
            _, clause = split_lead(tokens[:stop], language)
            verb = next((i for i, t in enumerate(clause) if is_verb(t, language, clause, i)), None)
            if verb is None or verb == 0:
                return None
            source = drop_adverbs(clause[:verb])
            if source and is_noun_phrase(source, language):
                return Frame("participle", (tokens,), source, tokens[stop + 1 : stop + 2], tokens)
    return None


_CALLING = word_set(
    "called calls branded dubbed labelled labeled described dismissed praised condemned slammed hailed menyebut"
)


def calling_frame(tokens: Tokens, language: str) -> Frame | None:
    """`The ministry called the bombing an "irresponsible decision"`: the words in quotation marks are the subject's."""
    found = _subject_of_verb(tokens, _CALLING, language)
    if found is None or not found[2]:
        return None
    index, lead, source = found
    if not any(token.is_quote and not token.closing for token in tokens[index + 1 :]):
        return None
    return Frame("document", (strip(tokens),), source, (tokens[index],), tokens, lead=lead)


def withheld_frame(tokens: Tokens, language: str) -> Frame | None:
    """`One manager, who spoke on condition of anonymity, put losses at ...`: an unnamed source, whatever the verb."""
    lead, rest = split_lead(tokens, language)
    relative = next((i for i, t in enumerate(rest[:10]) if i and t.lower in {"who", "yang", "speaking"}), None)
    if relative is None:
        return None
    stop = next((i for i in commas(rest) if i > relative), None)
    end = stop if stop is not None else min(len(rest), relative + 10)
    if not is_withheld(rest[relative:end]) or end + 2 >= len(rest):
        return None
    return Frame("document", (strip(tokens),), strip(rest[:relative]), (), tokens, lead=lead)
