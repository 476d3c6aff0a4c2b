"""What Saring remarks on a verdict or a citation, in both languages of its readers.

A note is made in one place, at the time of judging, and shown in many: reports, the queue, the chat, saved files. It
travels as its English sentence, so that a file is readable by itself; `in_language` knows the sentence again by its
template and says the same in the reader's language. A test holds every note of the packages to this catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

__all__ = ["in_language", "note"]


class _Template(NamedTuple):
    en: str
    id: str


_NOTES: Mapping[str, _Template] = {
    "other_value": _Template(
        "The claim says “{claimed}”; the source says {stated}.",
        "Klaim menyebut “{claimed}”; sumber menyebut {stated}.",
    ),
    "instead": _Template(
        "The claim says “{claimed}”; the source gives {stated} instead.",
        "Klaim menyebut “{claimed}”; sumber memberi {stated}.",
    ),
    "not_stated": _Template(
        "The cited text does not state “{claimed}”.",
        "Kutipan tidak menyebut “{claimed}”.",
    ),
    "less_exact": _Template(
        "The source is less exact than “{claimed}”.",
        "Sumber tidak serinci “{claimed}”.",
    ),
    "no_date": _Template(
        "The cited text does not give the date “{claimed}”.",
        "Kutipan tidak menyebut tanggal “{claimed}”.",
    ),
    "no_time": _Template(
        "The cited text does not give the time “{claimed}”.",
        "Kutipan tidak menyebut waktu “{claimed}”.",
    ),
    "earlier": _Template(
        "The source is of {published}, before “{claimed}”: it cannot have reported it.",
        "Sumber terbit {published}, sebelum “{claimed}”: tidak mungkin memberitakannya.",
    ),
    "bound_elsewhere": _Template(
        "The source gives “{value}” for {other} and “{own}” for {name}.",
        "Sumber memberi “{value}” untuk {other} dan “{own}” untuk {name}.",
    ),
    "name_replaced": _Template(
        "The claim names {name}; in its place the source names {rival}.",
        "Klaim menyebut {name}; sumber menyebut {rival} pada tempatnya.",
    ),
    "name_absent": _Template(
        "The cited passage does not name {name}.",
        "Bagian yang dikutip tidak menyebut {name}.",
    ),
    "source_denies": _Template("Only the source denies it.", "Hanya sumber yang menyangkalnya."),
    "one_denies": _Template(
        "Only the {who} denies it (“{word}”).",
        "Hanya {who} yang menyangkalnya (“{word}”).",
    ),
    "direction": _Template(
        "They differ in {axis}: the claim says {says}, the source {said}.",
        "Keduanya berbeda dalam hal {axis}: klaim mengatakan {says}, sumber {said}.",
    ),
    "other_speaker": _Template(
        "The article has {claimed} say it; the source has {stated} say it.",
        "Menurut artikel, {claimed} yang mengatakannya; menurut sumber, {stated}.",
    ),
    "order": _Template("The source {order}.", "Sumber ini {order}."),
    "article_order": _Template("The article {order}.", "Artikel ini {order}."),
    "article_hidden": _Template(
        "The article holds text that a reader cannot see.", "Artikel ini memuat teks yang tidak terlihat oleh pembaca."
    ),
    "hidden": _Template(
        "The source holds text that a reader cannot see.", "Sumber ini memuat teks yang tidak terlihat oleh pembaca."
    ),
    "own_word": _Template(
        "On the speaker's word alone; without it the content needs a source of its own.",
        "Hanya bersandar pada ucapan pembicara; tanpa itu, isinya memerlukan sumber tersendiri.",
    ),
    "bad_quote": _Template(
        "A quote that does not stand in its source was thrown out.",
        "Kutipan yang tidak ada dalam sumbernya telah dibuang.",
    ),
    "left_out": _Template(
        "Evidence that must not count (see the citations) is shown but was left out.",
        "Bukti yang tidak boleh dihitung (lihat kutipan) ditampilkan tetapi tidak diperhitungkan.",
    ),
    "minority_against": _Template(
        "Outvoted or of lower standing, yet worth reading: {names} contradicts it.",
        "Kalah jumlah atau kalah bobot, tetapi layak dibaca: {names} membantahnya.",
    ),
    "minority_for": _Template(
        "Outvoted or of lower standing, yet worth reading: {names} supports it.",
        "Kalah jumlah atau kalah bobot, tetapi layak dibaca: {names} mendukungnya.",
    ),
    "only_copy": _Template(
        "The only evidence is the article itself or a copy of it.",
        "Satu-satunya bukti adalah artikel itu sendiri atau salinannya.",
    ),
    "only_flagged": _Template(
        "The only evidence addresses the machine that reads it; nothing may rest on it alone.",
        "Satu-satunya bukti berbicara kepada mesin pembacanya; tidak ada yang boleh bersandar padanya saja.",
    ),
    "only_later": _Template(
        "Evidence published after the as-of date addresses it, but does not count.",
        "Ada bukti yang terbit setelah tanggal acuan, tetapi tidak dihitung.",
    ),
    "later": _Template(
        "Published after the as-of date: shown, not counted.",
        "Terbit setelah tanggal acuan: ditampilkan, tidak dihitung.",
    ),
    "copy": _Template(
        "A copy of the article under check: shown, not counted.",
        "Salinan artikel yang diperiksa: ditampilkan, tidak dihitung.",
    ),
    "flagged": _Template(
        "This source addresses the machine that reads it: not counted.",
        "Sumber ini berbicara kepada mesin pembacanya: tidak dihitung.",
    ),
}

# Words that stand in a template's place and are Saring's own: both sides of an axis (`checker.cues`), orders to the
# machine (`checker.injection`), who denies. What comes from a claim or a source is never translated.
_OWN: Mapping[str, str] = {
    "claim": "klaim",
    "source": "sumber",
    "a change": "perubahan",
    "went up": "naik",
    "went down": "turun",
    "the order in time": "urutan waktu",
    "before": "sebelum",
    "after": "sesudah",
    "the outcome": "hasil",
    "won": "menang",
    "lost": "kalah",
    "who is for it": "dukungan",
    "supports it": "mendukung",
    "opposes it": "menolak",
    "whether it is allowed": "boleh tidaknya",
    "is allowed": "boleh",
    "is forbidden": "dilarang",
    "whether it opened or closed": "buka atau tutup",
    "opened": "dibuka",
    "closed": "ditutup",
    "the start or the end": "mulai atau berakhir",
    "began": "mulai",
    "ended": "berakhir",
    "the verdict": "putusan",
    "guilty": "bersalah",
    "cleared": "bebas",
    "whether it is confirmed": "diakui tidaknya",
    "confirmed": "membenarkan",
    "denied": "membantah",
    "whether it worked": "berhasil tidaknya",
    "succeeded": "berhasil",
    "failed": "gagal",
    "which end of the scale": "ujung skala",
    "the most": "paling tinggi",
    "the least": "paling rendah",
    "the larger part": "bagian terbesar",
    "the majority": "mayoritas",
    "the minority": "minoritas",
    "the comparison": "perbandingan",
    "more": "lebih",
    "less": "kurang",
    "the direction of trade": "arah perdagangan",
    "exports": "ekspor",
    "imports": "impor",
    "buying or selling": "beli atau jual",
    "bought": "membeli",
    "sold": "menjual",
    "the result": "hasil usaha",
    "a surplus or profit": "surplus atau laba",
    "a deficit or loss": "defisit atau rugi",
    "coming or going": "datang atau pergi",
    "arrived": "tiba",
    "left": "pergi",
    "strictness": "ketat tidaknya",
    "was tightened": "diperketat",
    "was loosened": "dilonggarkan",
    "whether it was extended": "diperpanjang tidaknya",
    "was extended": "diperpanjang",
    "was cut short": "dipersingkat",
    "the appointment": "pengangkatan",
    "was appointed": "diangkat",
    "was dismissed": "diberhentikan",
    "alive or dead": "hidup atau mati",
    "survived": "selamat",
    "died": "meninggal",
    "arrest or release": "penahanan",
    "was detained": "ditahan",
    "was released": "dibebaskan",
    "tells the reader to drop its instructions": "menyuruh pembacanya mengabaikan instruksi",
    "addresses a language model": "menyapa model bahasa",
    "dictates a label": "mendikte label",
    "carries a ready-made reply": "memuat jawaban siap pakai",
    "imitates a prompt's frame": "meniru bingkai perintah",
    "speaks of the prompt": "membicarakan perintah",
    "spells something out in invisible tag characters": "menyembunyikan tulisan dalam karakter tak kasatmata",
}
_HIDDEN, _HIDDEN_ID = ", in hidden text", ", dalam teks tersembunyi"
_OURS = frozenset({"axis", "says", "said", "who", "order"})


def note(name: str, /, **values: str) -> str:
    """The English sentence of a note.

    Args:
        name: Its name in the catalogue.
        values: What stands in its places.

    Raises:
        KeyError: There is no such note, or a place is left empty.
    """
    return _NOTES[name].en.format(**values)


def in_language(text: str, language: str) -> str:
    """A note in the reader's language; as it stands where the language is not Indonesian or the note is not ours.

    Args:
        text: A note, as made by `note`.
        language: ISO 639-1.
    """
    if language != "id":
        return text
    for name, pattern in _patterns():
        if found := pattern.fullmatch(text):
            values = {place: _own(value) if place in _OURS else value for place, value in found.groupdict().items()}
            return _NOTES[name].id.format(**values)
    return text


def _own(value: str) -> str:
    hidden = value.endswith(_HIDDEN)
    bare = value.removesuffix(_HIDDEN)
    return _OWN.get(bare, bare) + (_HIDDEN_ID if hidden else "")


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Templates as patterns, those with more fixed text first, so that the general ones take only what is left."""
    ordered = sorted(_NOTES.items(), key=lambda entry: -len(re.sub(r"\{\w+\}", "", entry[1].en)))
    return tuple(
        (name, re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(template.en)), re.DOTALL))
        for name, template in ordered
    )
