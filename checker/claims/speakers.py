"""From the words that name a source to who it is: name, role, outlet, named or not."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from checker.claims.mentions import Mention, Mentions
from checker.claims.withheld import is_withheld
from checker.claims.words import Token, Tokens, lexicon, word_set
from checker.head import is_outlet
from checker.types import Attribution

_RELATIVE = frozenset({"yang", "who", "which", "that", "whose"})
_DETERMINERS = word_set(
    """
    seorang sebuah salah satu para sejumlah beberapa si sang a an the one some several another pihak oleh dari by
    keterangan pernyataan kesaksian pengakuan penjelasan
    """
)
_DEMONSTRATIVES = frozenset({"itu", "tersebut", "ini", "tadi"})


@dataclass(frozen=True, slots=True)
class Source:
    """Whom a phrase names.

    Attributes:
        pronoun: The phrase is a pronoun or points back ("sumber tersebut"): who it is stands earlier.
    """

    speaker: str
    role: str = ""
    outlet: str = ""
    anonymous: bool = False
    pronoun: bool = False

    def attribution(self, cue: Token | None, cue_text: str = "") -> Attribution:
        """As an attribution with its cue."""
        return Attribution(
            speaker=self.speaker,
            role=self.role,
            outlet=self.outlet,
            anonymous=self.anonymous,
            cue=cue_text or (cue.text if cue else ""),
            start=cue.start if cue else -1,
            end=cue.start + len(cue_text) if cue and cue_text else (cue.end if cue else -1),
        )


def describe(tokens: Tokens, mentions: Mentions) -> Source:
    """Who a noun phrase is.

    Args:
        tokens: The phrase, relative clauses and appositions included.
        mentions: The names of the article.
    """
    text = mentions.text
    words = lexicon()
    phrase = _trim(tokens)
    if not phrase:
        return Source("", pronoun=True)
    if len(phrase) == 1 and phrase[0].lower in words.words("cues.pronouns.subject") | words.words(
        "cues.pronouns.person"
    ):
        return Source(phrase[0].text, pronoun=True)
    anonymous = is_withheld(tokens)
    core = _without_relative(phrase)
    indefinite = bool(words.match("cues.anonymous.indefinite", core, 0))
    core_bare = _strip_determiners(core)
    if not core_bare:
        return Source(text[phrase[0].start : phrase[-1].end], pronoun=True)
    opening = mentions.at(core_bare[0].start)
    if opening is not None and opening.start < core_bare[0].start:
        # "The" is part of the name ("The Jakarta Post").
        core_bare = tuple(token for token in core if opening.start <= token.start)
    names = [m for m in mentions.within(core_bare[0].start, core_bare[-1].end + 1) if m.end <= core_bare[-1].end]
    medium = _medium(core_bare, text)
    whole = len(names) == 1 and names[0].start <= core_bare[0].start and names[0].end == core_bare[-1].end
    if whole and (names[0].sort == "outlet" or _shaped_like_outlet(core_bare, names)):
        medium = names[0].name
    if medium:
        return Source("", outlet=medium)
    person = _person(core_bare, names, mentions)
    if person is not None:
        name, role = person
        return Source(mentions.full(name), role, anonymous=False)
    noun = any(token.lower in words.words("cues.anonymous.nouns") for token in core_bare) and not _speaks_for(core_bare)
    public = any(token.lower in words.words("cues.anonymous.public") for token in core_bare)
    is_source = any(token.lower in _SOURCE_NOUNS for token in core_bare)
    seen = _seen_by(core_bare)
    if seen is not None and not any(t.lower in words.words("cues.anonymous.nouns") for t in core_bare[:seen]):
        outlet = as_outlet(core_bare[seen + 1 :], mentions)
        if outlet:
            return Source(text[core_bare[0].start : core_bare[seen - 2].end], outlet=outlet)
    core_bare = _to_comma(core_bare)
    described = _described(text, core_bare, names)
    if core_bare[-1].lower in _DEMONSTRATIVES or (core[0].lower in {"the", "that", "this"} and noun and not anonymous):
        return Source(described, anonymous=is_source or anonymous or noun, pronoun=True)
    role_noun = bool(words.match("names.roles.id", core_bare, 0) or words.match("names.roles.en", core_bare, 0))
    human = noun or role_noun or public or _human(core_bare)
    single = core[0].lower in {"seorang", "salah"} or (indefinite and human)
    if anonymous or is_source or (noun and not public) or (single and not _speaks_for(core_bare)):
        outlet = next((m.name for m in names if m.sort == "outlet"), "")
        return Source(described, outlet=outlet, anonymous=True)
    if names and not human:
        body = _body(core_bare, names, mentions)
        if is_outlet(body) or (core_bare[0].is_capital and _shaped_like_outlet(core_bare, names)):
            return Source("", outlet=body)
        return Source(body)
    return Source(described)


_SOURCE_NOUNS = frozenset({"sumber", "narasumber", "source", "sources", "informan", "insider", "insiders"})


_MEDIA = word_set(
    """
    broadcaster newspaper tabloid magazine daily weekly website outlet harian koran majalah surat_kabar kantor_berita
    stasiun situs laman agency
    """
)


def _medium(tokens: Tokens, text: str) -> str:
    """The outlet of `state broadcaster MCOT`, `harian Kompas`, `news agency Xinhua`: the name after the sort."""
    for index, token in enumerate(tokens[:-1]):
        lowered = token.lower
        pair = f"{tokens[index - 1].lower}_{lowered}" if index else lowered
        if lowered == "agency" and not (index and tokens[index - 1].lower == "news"):
            continue
        if (lowered in _MEDIA or pair in _MEDIA) and not token.is_capital:
            rest = tokens[index + 1 :]
            name = rest[:1] if rest[0].text == "TV" else ()
            for part in rest:
                if not part.is_capital:
                    break
                name = (*name, part) if not name or part is not name[-1] else name
            if name and name[-1] is tokens[-1]:
                return text[name[0].start : name[-1].end]
    return ""


def _described(text: str, tokens: Tokens, names: list[Mention]) -> str:
    """The phrase as it stands, its first letter small unless it begins a name."""
    phrase = text[tokens[0].start : tokens[-1].end]
    named = any(m.start == tokens[0].start for m in names) or tokens[0].is_acronym
    second = len(tokens) > 1 and tokens[1].is_capital
    return phrase if named or second or not phrase else phrase[0].lower() + phrase[1:]


def _seen_by(tokens: Tokens) -> int | None:
    """Where "seen by", "obtained by" or "dirilis oleh" stands in a phrase about a document: index of its last word."""
    for index in range(2, len(tokens) - 1):
        if tokens[index].lower in {"by", "oleh"} and tokens[index - 1].lower in _SEEN:
            return index
    return None


_SEEN = word_set("seen obtained reviewed published conducted released quoted dilihat diperoleh diterima dirilis")


def _to_comma(tokens: Tokens) -> Tokens:
    """Up to the first comma, where the phrase is a description and not a name of several parts."""
    if any(token.is_capital for token in tokens[:1]):
        return tokens
    stop = next((i for i, token in enumerate(tokens) if token.text == "," and i), None)
    return tokens[:stop] if stop else tokens


def _speaks_for(tokens: Tokens) -> bool:
    """Whether it is a spokesperson: unnamed perhaps, but speaking in the body's name."""
    return any(token.lower in {"spokesman", "spokeswoman", "spokesperson", "jubir"} for token in tokens) or any(
        one.lower == "juru" and two.lower == "bicara" for one, two in pairwise(tokens)
    )


def _human(tokens: Tokens) -> bool:
    return any(token.lower in _PEOPLE or token.lower in lexicon().words("names.nouns.person") for token in tokens)


_PEOPLE = word_set(
    """
    relawan pegawai karyawan pedagang petani nelayan penumpang pengunjung pembeli pelanggan pasien siswa mahasiswa guru
    dokter perawat sopir tetangga kerabat keluarga orang saksi warga penyintas korban pekerja buruh staf anggota pejabat
    volunteer employee worker resident trader farmer passenger customer patient student teacher doctor nurse driver
    neighbour neighbor relative survivor witness staffer member official man woman person people engineer executive
    banker trader shopkeeper vendor fisherman mother father manager analyst lawyer negotiator adviser aide insider
    """
)


def _trim(tokens: Tokens) -> Tokens:
    """Without marks and particles at either end."""
    start, end = 0, len(tokens)
    while start < end and (not tokens[start].is_word or tokens[start].lower in {"oleh", "by", "dari", "from"}):
        start += 1
    while end > start and not (tokens[end - 1].is_word or tokens[end - 1].text == ")"):
        end -= 1
    return tokens[start:end]


def _without_relative(tokens: Tokens) -> Tokens:
    for index, token in enumerate(tokens):
        if index and (token.lower in _RELATIVE or (token.text in "(—–" and not _spells_out(tokens, index))):
            kept = tokens[:index]
            while kept and not kept[-1].is_word:
                kept = kept[:-1]
            return kept
    return tokens


def _spells_out(tokens: Tokens, index: int) -> bool:
    """`(BNPB)`: an acronym in brackets stays with its name."""
    return (
        tokens[index].text == "("
        and index + 2 < len(tokens)
        and tokens[index + 2].text == ")"
        and tokens[index + 1].is_acronym
    )


def _strip_determiners(tokens: Tokens) -> Tokens:
    start = 0
    named = any(token.is_capital for token in tokens[1:])
    documents = lexicon().words("cues.speech.id_documents")
    while start < len(tokens) - 1 and named and tokens[start].lower in documents:
        start += 1
    while start < len(tokens) and (tokens[start].lower in _DETERMINERS or not tokens[start].is_word):
        start += 1
    return tokens[start:]


def _person(tokens: Tokens, names: list[Mention], mentions: Mentions) -> tuple[str, str] | None:
    """The person's name as it stands there, and the role around it."""
    text = mentions.text
    candidates = [m for m in names if mentions.is_person(m) and not _belongs(tokens, m)]
    chosen = candidates[-1] if candidates else None
    closing = _unknown_person(tokens, names, mentions)
    if chosen is None or (closing is not None and closing.start > chosen.start):
        chosen = closing
    if chosen is None:
        return None
    # `Abbas Araqchi, menteri luar negeri Iran`: the role follows; what is named in it is not the speaker.
    first = names[0] if names else None
    opens = first is not None and first.start == tokens[0].start and not _has_role(tokens[:1])
    if first is not None and opens and mentions.is_person(first):
        chosen = first
    if chosen.sort == "place":
        return None
    name, role_end = chosen.name, chosen.start
    before = text[tokens[0].start : role_end].strip(" ,")
    after = text[chosen.end : tokens[-1].end].strip(" ,") if chosen.end < tokens[-1].end else ""
    if after.startswith("("):
        after = ""
    role = " ".join((before or after).split())
    if not any(char.isalpha() for char in role):
        role = ""  # an age
    return name, role.removeprefix("seorang ").removeprefix("sang ")


def _has_role(tokens: Tokens) -> bool:
    """Whether a role begins at one of the tokens."""
    words = lexicon()
    return any(
        words.match("names.roles.id", tokens, i) or words.match("names.roles.en", tokens, i) for i in range(len(tokens))
    )


def _belongs(tokens: Tokens, mention: Mention) -> bool:
    """Whether a name says where somebody belongs ("analysts at Siam Securities") and not who they are."""
    before = [token for token in tokens if token.end <= mention.start]
    return bool(before) and before[-1].lower in {"at", "of", "from", "in", "for", "with", "to", "di", "dari", "pada"}


def _unknown_person(tokens: Tokens, names: list[Mention], mentions: Mentions) -> Mention | None:
    """A name of unknown sort that closes a phrase which opens with a role: the person who holds it."""
    words = lexicon()
    has_role = _has_role(tokens)
    last = next(
        (m for m in reversed(names) if m.end == tokens[-1].end or mentions.text[m.end : m.end + 1] in ",("), None
    )
    if last is None or last.sort != "other":
        return None
    if _belongs(tokens, last):
        return None
    if has_role and last.start > tokens[0].start and not any(char.isdigit() for char in last.name):
        return last
    follows = mentions.text[last.end : tokens[-1].end].lstrip(" ")
    if last.start == tokens[0].start and has_role and follows.startswith(",") and len(last.name.split()) > 1:
        return last
    if (
        len(names) == 1
        and last.start == tokens[0].start
        and last.end == tokens[-1].end
        and len(last.name.split()) in (2, 3)
    ):
        lowered = [word.lower() for word in last.name.split()]
        listed = words.words("names.organisations.words") | words.words("names.organisations.acronyms")
        return None if any(word in listed for word in lowered) or not last.name.replace(" ", "").isalpha() else last
    return None


def _body(tokens: Tokens, names: list[Mention], mentions: Mentions) -> str:
    """The name of a body: the phrase from its first name to its last, with the words around that belong to it."""
    text = mentions.text
    phrase = text[tokens[0].start : tokens[-1].end]
    alone = len(names) == 1 and tokens[0].start == names[0].start and names[0].end >= tokens[-1].end
    if alone and not _opens_with_body_word(tokens):
        full = mentions.full(names[0].name)
        acronym = names[0].name
        return f"{full} ({acronym})" if full != acronym and mentions.acronyms.get(acronym) == full else full
    return " ".join(phrase.split())


def _opens_with_body_word(tokens: Tokens) -> bool:
    return tokens[0].lower in lexicon().words("names.organisations.words")


def _shaped_like_outlet(tokens: Tokens, names: list[Mention]) -> bool:
    words = lexicon().words("cues.frames.id_outlet")
    shapes = word_set(str(lexicon().raw("outlets.shapes")))
    return bool(names) and words is not None and any(token.is_capital and token.lower in shapes for token in tokens)


def as_outlet(tokens: Tokens, mentions: Mentions) -> str:
    """The outlet that a phrase names after `dilansir dari`, `kepada` or `told`; empty where it names none."""
    core = _strip_determiners(_without_relative(_trim(tokens)))
    if not core:
        return ""
    phrase = " ".join(mentions.text[core[0].start : core[-1].end].split())
    if is_outlet(phrase):
        return phrase
    names = [m for m in mentions.within(core[0].start, core[-1].end + 1) if m.end <= core[-1].end]
    for mention in names:
        if mention.sort == "outlet":
            return mention.name
    for token in core:
        if is_outlet(token.text):
            return token.text
    if _shaped_like_outlet(core, names):
        return _capital_run(core, mentions.text) or phrase
    if len(core) == 1 and core[0].is_capital and core[0].lower.endswith(_OUTLET_ENDINGS):
        return core[0].text
    return ""


_OUTLET_ENDINGS = ("news", "times", "post", "press", "wire", "journal", "herald", "tribune", "tv", "radio", "daily")


def _capital_run(tokens: Tokens, text: str) -> str:
    """The capitalised words around the one that is shaped like an outlet's: `Radio Mozambique`."""
    shapes = word_set(str(lexicon().raw("outlets.shapes")))
    at = next(i for i, token in enumerate(tokens) if token.is_capital and token.lower in shapes)
    first = last = at
    while first > 0 and tokens[first - 1].is_capital:
        first -= 1
    while last + 1 < len(tokens) and tokens[last + 1].is_capital:
        last += 1
    return text[tokens[first].start : tokens[last].end]
