"""The phrases that reported speech is made of: who speaks, to whom, when, and what is said."""

from __future__ import annotations

from checker.claims.marks import commas, strip
from checker.claims.verbs import is_verb
from checker.claims.words import Tokens, lexicon, word_set

SOURCE_ENDS = word_set(
    """
    kepada saat ketika dalam melalui lewat usai seusai sebelum setelah pada seperti dikutip dilansir sebagaimana sambil
    seraya sembari sehabis selepas di ke terkait soal tentang mengenai menanggapi merujuk ihwal perihal
    to in on at during after before when while as about via through from following outside speaking late early
    adding referring last this earlier yesterday today via per citing regarding
    """
)


SUBORDINATORS = word_set(
    """
    kepada
    pada di dalam dari ke saat ketika setelah sebelum sesudah sejak selama sementara meski meskipun walau walaupun untuk
    dengan tanpa usai seusai menurut selain karena jika bila apabila kendati terkait menanggapi namun tetapi hingga
    sampai menjelang berdasarkan lewat melalui seiring sebagai akibat atas kemarin hari tadi sebelumnya kemudian
    in on at after before when while during under as since with without although though despite for from by if because
    until upon amid following speaking asked responding citing however earlier later yesterday today last this meanwhile
    but and so yet still also then separately among about around over through throughout once
    """
)


ADVERBS = word_set(
    """
    juga telah sudah sebelumnya kemudian lalu sempat pun kembali hanya pernah sendiri secara terus lantas selanjutnya
    kini sekali lagi langsung turut tetap akhirnya masih bahkan tegas terpisah terang-terangan
    also has had have later then repeatedly previously already just recently once again publicly still now reportedly
    eventually have since initially earlier only simply finally even both all who always often long further
    """
)


NEGATIONS = word_set(
    """
    tidak tak belum bukan enggan menolak jangan tanpa not never didn't doesn't don't hasn't hadn't haven't won't
    wouldn't cannot can't couldn't declined refused refuses declines failed to should must will would could may might
    can akan untuk agar bisa dapat
    """
)


WEEKDAYS = word_set(
    """
    monday tuesday wednesday thursday friday saturday sunday senin selasa rabu kamis jumat sabtu minggu today yesterday
    tomorrow earlier later tonight again
    """
)


RECEIVED = frozenset({"told", "tells", "tell", "informed", "assured", "reminded", "warned", "asked", "asks"})


THAT = frozenset({"that", "bahwa", "bahwasanya", "jika", "kalau", "how", "whether", "apakah"})


def phrase_to_comma(tokens: Tokens, begin: int) -> tuple[Tokens, Tokens]:
    """The noun phrase from `begin` to the comma that closes it, and what follows.

    A comma inside a name of several parts ("Badan Meteorologi, Klimatologi, dan Geofisika") does not close it, nor one
    before an apposition ("menurut Peskov, juru bicara Kremlin, ...").
    """
    stops = [i for i in commas(tokens) if i > begin]
    if not stops:
        if begin < len(tokens) and tokens[begin].lower in lexicon().words("cues.pronouns.subject"):
            return tokens[begin : begin + 1], tokens[begin + 1 :]
        return (), ()
    index = 0
    while index + 1 < len(stops):
        between = tokens[stops[index] + 1 : stops[index + 1]]
        listed = between and all(token.is_capital or token.lower in {"dan", "and", "of"} for token in between)
        following = tokens[stops[index + 1] + 1 :]
        joined = following and following[0].lower in {"dan", "and", "&"} and listed
        role = (
            len(between) <= 8
            and between
            and (
                lexicon().match("names.roles.id", between, 0)
                or lexicon().match("names.roles.en", between, 0)
                or (
                    between[0].lower in {"who", "yang", "seorang", "a", "an", "the"}
                    and lexicon().anywhere("names.roles.en", between) >= 0
                )
            )
        )
        named = (
            listed
            and len(between) <= 4
            and len(following) > 2
            and not joined
            and _closes_apposition(tokens[begin : stops[index]])
        )
        if joined or role or named:
            index += 1
            continue
        break
    close = stops[index]
    rest = tokens[close + 1 :]
    if rest and rest[0].lower in {"dan", "and"} and any(token.text == ")" for token in rest[:6]):
        bracket = next(i for i, token in enumerate(rest) if token.text == ")")
        if bracket + 1 < len(rest) and rest[bracket + 1].text == ",":
            return tokens[begin : close + 1 + bracket + 1], rest[bracket + 2 :]
    return tokens[begin:close], rest


def _closes_apposition(before: Tokens) -> bool:
    """Whether a phrase is a role without a name, so that a name may follow after a comma."""
    return (
        bool(before) and lexicon().match("names.roles.id", before, 0) + lexicon().match("names.roles.en", before, 0) > 0
    )


def plausible_source(source: Tokens) -> bool:
    """Whether a phrase names someone: "menurut rencana", "menurut hukum" and "citing weak exports" do not."""
    return (bool(source) and source[0].is_capital) or any(
        token.is_capital
        or token.lower in lexicon().words("cues.pronouns.person")
        or token.lower in lexicon().words("cues.anonymous")
        or token.lower in lexicon().words("names.roles.id")
        or token.lower in lexicon().words("cues.speech.id_documents")
        or token.lower in lexicon().words("cues.speech.en_documents")
        or token.lower in lexicon().words("names.roles.en")
        or token.lower in {"seorang", "para", "keterangan"}
        for token in source
    )


def source_phrase(tokens: Tokens) -> tuple[Tokens, Tokens]:
    """The noun phrase with which the tokens begin, and what follows it: a role and a name may be parted by a comma."""
    end = 0
    relative = False
    while end < len(tokens):
        token = tokens[end]
        if token.lower in {"yang", "who", "whose", "which"}:
            relative = True
        if token.is_quote or token.text in ";:—–":
            break
        if token.text == ",":
            following = tokens[end + 1] if end + 1 < len(tokens) else None
            if following is None or not _continues_source(tokens, end):
                break
        briefed = end and tokens[end - 1].lower in {"briefed", "working"}
        if not relative and end and token.lower in SOURCE_ENDS and not briefed and not _inside_title(tokens, end):
            break
        if token.text == "(" and not (end + 2 < len(tokens) and tokens[end + 2].text == ")"):
            break
        end += 1
    return strip(tokens[:end]), tokens[end:]


def _continues_source(tokens: Tokens, comma: int) -> bool:
    """Whether what follows a comma still names the source: an apposition or a relative clause."""
    rest = tokens[comma + 1 :]
    if rest[0].lower in {"yang", "who", "whose"}:
        return True
    words = lexicon()
    if rest[0].lower in {"seorang", "a", "an", "the"}:
        return words.anywhere("names.roles.en", rest[:6]) >= 0 or words.anywhere("names.roles.id", rest[:6]) >= 0
    role = words.match("names.roles.id", rest, 0) or words.match("names.roles.en", rest, 0)
    if role:
        return True
    before = tokens[:comma]
    return rest[0].is_capital and rest[0].lower not in WEEKDAYS and _closes_apposition(before)


def _inside_title(tokens: Tokens, index: int) -> bool:
    """`saksi di persidangan`, `pejabat di Kementerian`, `Menteri dalam negeri`, `Director of ...` belong together."""
    before, token = tokens[index - 1], tokens[index]
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if token.lower == "dalam":
        return following is not None and following.lower == "negeri"
    if token.lower in {"di", "in", "at", "from", "to"} and following is not None:
        unnamed = not any(t.is_capital for t in tokens[:index])
        return (unnamed and following.lower not in WEEKDAYS and before.is_word and token.lower != "to") or (
            token.lower == "to" and before.lower in {"adviser", "advisor", "ambassador", "envoy", "aide", "close"}
        )
    return False


def recipient_of(tokens: Tokens) -> tuple[Tokens, Tokens]:
    """`kepada Reuters di Jakarta` gives `Reuters`."""
    for index, token in enumerate(tokens):
        if token.lower in {"kepada", "to"}:
            phrase, rest = source_phrase(tokens[index + 1 :])
            return phrase, rest
        if token.text in ".!?" or token.is_quote:
            break
    return (), tokens


def has_clause(tokens: Tokens, language: str) -> bool:
    """Whether a verb is among the tokens."""
    return any(is_verb(token, language, tokens, i) for i, token in enumerate(tokens))


def before_relative(tokens: Tokens) -> Tokens:
    """What stands before the first relative clause."""
    for index, token in enumerate(tokens):
        if token.lower in {"yang", "who", "which", "whose", "that", "where"}:
            return tokens[:index]
    return tokens


def is_noun_phrase(tokens: Tokens, language: str) -> bool:
    """Whether a stretch can be a source: it has a word, and no verb outside its relative clauses."""
    if not any(token.is_word for token in tokens) or len(tokens) > 28:
        return False
    core = before_relative(tokens)
    if not core or core[0].lower in {"dan", "and", "or", "atau"}:
        return False
    for index, token in enumerate(core):
        if is_verb(token, language, core, index) and not adjectival(core, index):
            return False
    return True


def adjectival(tokens: Tokens, index: int) -> bool:
    """`retired general`, `the elected governor`, `petugas berwenang`: a participle beside its noun."""
    word = tokens[index].lower
    if word.endswith("ed") and index + 1 < len(tokens) and tokens[index + 1].is_word:
        return index == 0 or not tokens[index - 1].is_capital or tokens[index - 1].lower in {"the", "a"}
    return word.startswith(("ber", "ter")) and index > 0 and index == len(tokens) - 1 and len(tokens) <= 3


def drop_adverbs(tokens: Tokens) -> Tokens:
    """Without the adverbs between a subject and its verb ("Peskov juga")."""
    end = len(tokens)
    while end and (tokens[end - 1].lower in ADVERBS or (tokens[end - 1].lower.endswith("ly") and end > 1)):
        end -= 1
    return strip(tokens[:end])


def split_lead(tokens: Tokens, language: str) -> tuple[Tokens, Tokens]:
    """The adverbials before a subject, and the subject: `Pada hari-hari awal, | Gubernur Jawa Barat Ridwan Kamil`."""
    cut = 0
    stops = commas(tokens)
    for position, stop in enumerate(stops):
        chunk = tokens[cut:stop]
        if not chunk:
            cut = stop + 1
            continue
        following = tokens[stop + 1 : stops[position + 1]] if position + 1 < len(stops) else tokens[stop + 1 :]
        adverbial = chunk[0].lower in SUBORDINATORS or lexicon().match("cues.join.connectives", chunk, 0) == len(chunk)
        clause = is_verb(chunk[0], language, chunk, 0) or (
            len(chunk) > 2
            and any(
                is_verb(t, language, chunk, i) and not adjectival(chunk, i)
                for i, t in enumerate(before_relative(chunk))
            )
        )
        if (adverbial or clause) and following:
            cut = stop + 1
        else:
            break
    lead, source = tokens[:cut], tokens[cut:]
    # "Sementara Peskov mengatakan", "But Peskov said": the joining word is no part of the source.
    while source and source[0].lower in {
        "sementara",
        "namun",
        "tetapi",
        "dan",
        "sedangkan",
        "but",
        "and",
        "while",
        "yet",
        "so",
    }:
        lead, source = tokens[: len(lead) + 1], source[1:]
    return lead, source


def proposition(tokens: Tokens, language: str) -> bool:
    """Whether a stretch states something: it has a verb, or a number, or begins a quotation."""
    words = [token for token in tokens if token.is_word]
    if len(words) < 2:
        return False
    if tokens[0].is_quote and len(words) >= 3:
        return True
    if language == "en" and tokens[0].lower in _NO_OPENERS:
        return False
    if language == "id" and tokens[0].lower in {"soal", "tentang", "mengenai", "terkait", "hal", "kepada", "untuk"}:
        return False
    if any(is_verb(t, language, tokens, i) for i, t in enumerate(tokens)):
        return True
    if language == "en":
        # "favors", "knows": the list of verbs has gaps, but a subject of its own begins a clause.
        return len(words) >= 4
    return any(t.is_number for t in tokens) or len(words) >= 4


SUBJECT_OPENERS = word_set(
    "the a an this these those it he she they we i you his her its their our my many most some all"
)


_NO_OPENERS = word_set("to and or nor for of about with against on by in at")
