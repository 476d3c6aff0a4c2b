"""One voice per origin: copies, reprints of a wire story in two languages, and credits in passing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from retrieval.connectors.cards import CardsConnector
from retrieval.credits import find_credits, relayed_outlets
from retrieval.names import find_names
from retrieval.origins import COPY_CONTAINMENT, containment, is_copy, shingles, sketch
from retrieval.store import EvidenceStore
from retrieval.types import Source

Make = Callable[..., Source]

CARDS = Path(__file__).parents[2] / "seeds" / "evidence" / "iran-june-2025.jsonl"

# Read and grouped by hand. A story is what an outlet first reported; its prints are cards that relay it.
ONE_ORIGIN = {
    "Reuters: the letter": {
        "adaderana-2025-06-23-reuters-letter",
        "watan-2025-06-23-reuters-letter",
        "uol-2025-06-23-reuters-putin",
    },
    "AFP: Putin receives Araghchi": {
        "dailystar-2025-06-23-afp-putin",
        "brecorder-2025-06-23-afp-putin",
        "rmol-2025-06-24-afp-putin",
    },
    "TASS: Putin receives Araghchi": {"tass-2025-06-23-putin-araghchi", "pilarsultra-2025-06-23-tass-putin"},
    "Anadolu: Peskov on what Iran needs": {
        "opsiin-2025-06-24-sindonews-rusia-siap",
        "mediapasti-2025-06-24-anadolu-peskov",
    },
}
# Cards whose outlets reported for themselves, or relay another agency or another story.
INDEPENDENT = (
    "adaderana-2025-06-23-reuters-letter",
    "dailystar-2025-06-23-afp-putin",
    "tass-2025-06-23-putin-araghchi",
    "tass-2025-06-23-peskov-radiation",
    "sputnik-2025-06-23-araghchi-kremlin",
    "cna-2025-06-23-putin-no-justification",
    "deccanchronicle-2025-06-23-ap-putin",
    "telesur-2025-06-23-putin-araqchi",
    "educationpost-2025-06-23-letter-handed",
    "skai-2025-06-24-peskov-no-document",
    "oedigital-2025-06-24-kremlin-denies",
    "anews-2025-06-23-kremlin-regrets",
    "anews-2025-06-22-mfa-condemns",
    "trt-2025-06-23-peskov-ready",
    "mk-2025-06-23-peskov-detail",
    "memo-2025-06-20-peskov-warning",
    "tehrantimes-2025-04-20-april-message",
    "okezone-2025-06-22-araghchi-ke-moskow",
    "businessstandard-2025-06-22-unsc",
    "newsbytes-2025-06-24-ceasefire",
    "jurnalistika-2025-06-24-gencatan",
    "rctiplus-2025-06-24-okezone-udeid",
    "tribunnews-2025-06-23-iaea-fordow",
    "unifeed-2025-06-23-grossi-fordow",
    "tribunnews-2025-06-25-korban-610",
    "metrotv-2025-06-25-korban-606",
    "okezone-2025-07-01-korban-935",
)


@pytest.fixture(scope="module")
def sixty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EvidenceStore]:
    """The 60 cards, embedded by the model that ships."""
    with EvidenceStore.open(tmp_path_factory.mktemp("cards"), mode="rw") as store:
        result = store.add(CardsConnector().find(str(CARDS)))
        assert len(result.added) == 60
        yield store


@pytest.mark.parametrize("story", ONE_ORIGIN)
def test_a_wire_story_counts_once_however_often_it_is_printed(sixty: EvidenceStore, story: str) -> None:
    assert len({sixty.origin(source_id) for source_id in ONE_ORIGIN[story]}) == 1


def test_reports_of_their_own_are_not_thrown_together(sixty: EvidenceStore) -> None:
    origins = {source_id: sixty.origin(source_id) for source_id in INDEPENDENT}
    twice = [o for o in origins.values() if list(origins.values()).count(o) > 1]
    assert not twice, {i: o for i, o in origins.items() if o in twice}


def test_hits_of_a_printed_story_carry_one_origin(sixty: EvidenceStore) -> None:
    [hits] = sixty.search(["Araghchi membawa surat Khamenei yang meminta dukungan Putin, kata sumber Reuters"], k=12)
    story = [hit for hit in hits if hit.source.id in ONE_ORIGIN["Reuters: the letter"]]
    assert len({hit.source.id for hit in story}) >= 2
    assert len({hit.origin for hit in story if "Reuters" in hit.passage.text}) == 1


def test_origins_do_not_depend_on_when_a_card_came(sixty: EvidenceStore, tmp_path: Path) -> None:
    everything = sixty.list()
    with EvidenceStore.open(tmp_path, embedder=sixty.embedder, mode="rw") as store:
        for part in (everything[40:], everything[:7], everything[7:40]):
            store.add(part)

        def groups(of: EvidenceStore) -> set[frozenset[str]]:
            found: dict[str, set[str]] = {}
            for source in of.list():
                found.setdefault(of.origin(source.id), set()).add(source.id)
            return {frozenset(group) for group in found.values()}

        assert groups(store) == groups(sixty)
        before = {source.id: store.origin(source.id) for source in everything}
        store.reindex()
        assert {source.id: store.origin(source.id) for source in everything} == before


# -- copies

TEXT = (
    "A storm closed the harbour of Ampana on Monday. The harbour master said that two ferries were damaged at their "
    "moorings. Nobody was hurt, according to the police of the district. The harbour is to open again on Wednesday."
)


def test_copies_are_found_whatever_was_done_to_them() -> None:
    original = shingles(TEXT)
    cut = TEXT.split(". ", 1)[1]
    shouted = TEXT.upper().replace(",", " –").replace("'", "’")
    longer = TEXT + " " + "Our reporter adds that the market in the town stayed shut and that fuel is scarce in Wakai."
    assert containment(original, original) == 1.0
    for text in (TEXT, cut, shouted, longer):
        assert is_copy(original, shingles(text)), text
    other = "Two ferries were damaged when a storm hit Ampana's harbour on Monday, its master reported to the district."
    assert containment(original, shingles(other)) < COPY_CONTAINMENT / 2
    assert containment(original, shingles("")) == 0.0


def test_a_sketch_is_a_part_of_the_shingles_that_copies_share() -> None:
    assert sketch(TEXT) == sketch(TEXT.lower())
    assert set(sketch(TEXT)) & set(sketch(TEXT + " One more sentence is added at the end of it."))
    assert not set(sketch(TEXT)) & set(sketch("Rice prices rose by four percent in May, the statistics office said."))
    assert all(-(2**63) <= value < 2**63 for value in sketch(TEXT))


def test_reprints_are_one_origin_in_a_store_until_they_go(store: EvidenceStore, source: Make) -> None:
    first = source(TEXT, "first", publisher="One")
    bridge = source(TEXT.split(". ", 1)[1] + " " + LATER, "bridge", publisher="Two")
    last = source(LATER, "last", publisher="Three")
    store.add([first, last])
    assert store.origin("first") != store.origin("last")
    store.add([bridge])
    assert store.origin("first") == store.origin("bridge") == store.origin("last")
    assert store.stats().origins == 5
    store.remove("bridge")
    assert store.origin("first") != store.origin("last")
    assert {hit.origin for hit in store.search([TEXT])[0] if hit.source.id == "first"} == {store.origin("first")}


LATER = (
    "On Tuesday the governor visited the islands by helicopter and promised new moorings within a year. The cost is "
    "put at nine billion rupiah by the provincial office for transport. Fishermen asked for a lighthouse as well."
)


def test_an_origin_keeps_its_name_as_others_join(store: EvidenceStore, source: Make) -> None:
    store.add([source(TEXT, "first")])
    name = store.origin("first")
    store.add([source(TEXT + " Corrected at noon.", "second")])
    assert store.origin("first") == store.origin("second") == name
    store.add([source(TEXT, "first", title="A new headline")])
    assert store.origin("first") == name


def test_hundreds_of_copies_are_one_origin(store: EvidenceStore, source: Make) -> None:
    store.add([source(f"{TEXT} Edition {i}.", f"c{i}") for i in range(120)])
    assert len({store.origin(f"c{i}") for i in range(120)}) == 1


# -- credits


def _credits(text: str, language: str) -> list[tuple[str, bool]]:
    return [(credit.outlet, credit.whole) for credit in find_credits(text, find_names(text, language))]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Surat itu meminta dukungan Putin, kata seorang sumber senior kepada Reuters.", "id", [("Reuters", False)]),
        ("A senior source told Reuters that a letter was coming.", "en", [("Reuters", False)]),
        ("JAKARTA (AFP) - Harga beras naik. Pemerintah diam.", "id", [("Agence France-Presse", True)]),
        ("Dilansir Antara, harga beras naik. Pemerintah diam.", "id", [("Antara", True)]),
        ("Mengutip Reuters, harga naik. Lalu turun. Lalu naik lagi.", "id", [("Reuters", True)]),
        ("Pemerintah diam. Harga naik. Hal itu diberitakan, dikutip dari Reuters.", "id", [("Reuters", False)]),
        # To speak of a report is not to relay it.
        ("Asked about the Reuters report, Peskov denied it.", "en", []),
        ("Peskov membantah laporan yang dikutip dari Reuters.", "id", []),
        ("Reuters has its head office in London.", "en", []),
        ("A senior source told nobody.", "en", []),
    ],
)
def test_credits_are_found_by_their_cues(text: str, language: str, expected: list[tuple[str, bool]]) -> None:
    assert _credits(text, language) == expected


def test_what_a_page_relays(source: Make) -> None:
    def relayed(text: str = "Harga beras naik.", **fields: object) -> tuple[str, ...]:
        given = source(text, **fields)
        return relayed_outlets(given, find_credits(text, find_names(text)))

    assert relayed(via=("AFP", "Tasnim")) == ("Agence France-Presse",)
    assert len(relayed(via=("Sindonews", "Anadolu"))) == 2  # a copy of Sindonews, which has it from Anadolu
    assert relayed("Dilansir Antara, harga beras naik. Titik.") == ("Antara",)
    assert relayed("Harga naik. Titik. Sumber kepada Reuters, katanya.") == ()
    assert relayed(via=("Reuters",), publisher="Reuters") == ()


def test_a_credit_in_passing_counts_with_the_outlets_own_story(
    sixty: EvidenceStore, tmp_path: Path, source: Make
) -> None:
    story = source(
        "Khamenei sent a letter to Putin that asks for more help. Tehran is not impressed by Moscow so far. "
        "The Kremlin would not say when the letter came, or who read it. Oil was dearer in the morning in London. "
        "Diplomats in Vienna think that the talks may go on in July, if both of the sides wish for it.",
        "wire", publisher="Reuters", published_at="2025-06-23T08:00:00Z",
    )  # fmt: skip
    own = source(
        "Our correspondent in Palu saw long queues for fuel on Monday. The mayor asked all drivers for patience, and "
        "the police closed two roads in the east of the town for the whole of the week because of works on the bridge, "
        "the market and the new bus station behind it, which are to be finished before the end of July this year. "
        "Khamenei has sent Putin a letter that asks for help, a source told Reuters. "
        "Tehran is so far not impressed by Moscow, the source told Reuters.",
        "own", publisher="Kabar Palu", published_at="2025-06-23T12:00:00Z",
    )  # fmt: skip
    with EvidenceStore.open(tmp_path, embedder=sixty.embedder, mode="rw") as store:
        for order in ([story, own], [own, story]):
            store.add(order)
            assert store.origin("own") != store.origin("wire")
            origins = {
                hit.passage.text: hit.origin
                for query in ("Khamenei sent Putin a letter that asks for help", "queues for fuel in Palu")
                for hit in store.search([query])[0]
                if hit.source.id == "own"
            }
            assert next(o for text, o in origins.items() if text.startswith("Khamenei")) == store.origin("wire")
            assert next(o for text, o in origins.items() if text.startswith("Our")) == store.origin("own")
            store.remove("wire")
            assert all(hit.origin == store.origin("own") for hit in store.search(["Khamenei sent Putin a letter"])[0])
            store.remove("own")


def test_the_same_wire_on_another_day_or_matter_is_another_origin(store: EvidenceStore, source: Make) -> None:
    text = "Khamenei sent a letter to Putin that asks for help, the agency says."
    again = "The letter that Khamenei sent to Putin asks for help, the agency says."
    store.add(
        [
            source(text, "print", publisher="One", via=("Reuters",), published_at="2025-06-23"),
            source(again, "same", publisher="Two", via=("Reuters",), published_at="2025-06-24"),
            source(again + " So.", "later", publisher="Three", via=("Reuters",), published_at="2025-09-01"),
            source(again + " Yes.", "undated", publisher="Four", via=("Reuters",), published_at=None),
            source("Rice is dear in Makassar, traders said.", "rice2", via=("Reuters",), published_at="2025-06-23"),
            source(again + " Oh.", "other-wire", publisher="Five", via=("AFP",), published_at="2025-06-23"),
        ]
    )
    assert store.origin("print") == store.origin("same")
    assert store.origin("rice2") != store.origin("print")
