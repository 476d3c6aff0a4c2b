from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "retrieval"))

from servers import ReplayServer, Reply

from evals.data import readers
from evals.data.beir import read_beir
from evals.data.catalogue import Entry, catalogue, data_root, entry, get, http_fetch, load, verify
from evals.data.pairs import read_pairs
from evals.errors import ChecksumMismatch, DataError, DataMissing, UnknownName


def lines(path: Path, *rows: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), encoding="utf-8"
    )
    return path


def test_pairs_keep_duplicates_apart_and_default_their_set(tmp_path: Path) -> None:
    row = {"id": 1, "claim": "a", "evidence": "b\u2028c", "label": "SUPPORTS"}
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in (row, row, {**row, "dataset": "x"})))
    pairs = read_pairs(path)
    assert [(p.id, p.dataset, p.label) for p in pairs] == [
        ("1", "mine", "supports"), ("1#2", "mine", "supports"), ("1", "x", "supports"),
    ]  # fmt: skip
    assert pairs[0].evidence == "b\u2028c"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"id": "1", "claim": "a", "evidence": "b", "label": "maybe"}, "label"),
        ({"id": "1", "claim": "", "evidence": "b", "label": "neutral"}, "claim"),
        ({"id": "1", "claim": "a", "label": "neutral"}, "evidence"),
        ("{oops", "not JSON"),
        ("[]", "JSON object"),
    ],
)
def test_a_bad_pair_is_named_by_line(tmp_path: Path, row: object, message: str) -> None:
    path = lines(tmp_path / "p.jsonl", {"id": "0", "claim": "a", "evidence": "b", "label": "neutral"}, "", row)
    with pytest.raises(DataError, match=rf"p\.jsonl:3.*{message}"):
        read_pairs(path)


def test_beir_folder(tmp_path: Path) -> None:
    lines(tmp_path / "corpus.jsonl", {"_id": "d1", "title": "T", "text": "x"}, {"_id": "d2", "text": "y"})
    lines(
        tmp_path / "queries.jsonl",
        {"_id": "q1", "text": "?", "metadata": {"language": "id"}},
        {"_id": "q2", "text": "-"},
    )
    lines(tmp_path / "qrels" / "test.tsv", "query-id\tcorpus-id\tscore", "q1\td1\t2")
    found = read_beir(tmp_path)
    assert found.corpus == {"d1": "T\nx", "d2": "y"}
    assert found.queries == {"q1": "?"}, "a query without a judgement cannot be scored"
    assert found.qrels == {"q1": {"d1": 2}}
    assert found.languages == {"q1": "id"}
    lines(tmp_path / "qrels" / "test.tsv", "query-id\tcorpus-id\tscore", "q1\tnone\t1")
    with pytest.raises(DataError, match=r"test\.tsv:2.*document 'none'"):
        read_beir(tmp_path)


def test_every_entry_says_where_it_lives_and_under_which_licence() -> None:
    entries = catalogue()
    assert {e.use for e in entries.values()} <= {"train", "dev", "test", "eval"}
    for found in entries.values():
        assert found.reader in readers.READERS
        assert found.licence
        assert found.files or found.tree_sha256
        assert all(len(checksum) == 64 for checksum in found.files.values())
        if found.home:
            assert found.raw.startswith("https://") or found.archive.startswith("https://")
    with pytest.raises(UnknownName, match="indonli"):
        entry("nope")


def test_saring_data_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SARING_DATA", str(tmp_path))
    assert data_root() == tmp_path
    with pytest.raises(DataMissing, match="data get indonli"):
        load("indonli")


def made_up(body: bytes = b"hello") -> Entry:
    return Entry(
        "made-up", "pairs", "dev", "en", "indonli", "made-up", "https://example.org", "CC0", "",
        {"a b.jsonl": hashlib.sha256(body).hexdigest()}, raw="https://example.org/raw/",
    )  # fmt: skip


def test_get_downloads_checks_and_only_then_writes(tmp_path: Path) -> None:
    asked: list[str] = []

    def fetch(address: str) -> bytes:
        asked.append(address)
        return b"hello"

    written = get(made_up(), tmp_path, fetch)
    assert asked == ["https://example.org/raw/a%20b.jsonl"]
    assert written == [tmp_path / "made-up" / "a b.jsonl"]
    assert verify(made_up(), tmp_path) == {"a b.jsonl": "ok"}
    assert get(made_up(), tmp_path, fetch) == []
    written[0].write_bytes(b"changed")
    assert verify(made_up(), tmp_path) == {"a b.jsonl": "differs"}


def test_a_wrong_download_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ChecksumMismatch):
        get(made_up(), tmp_path, lambda _: b"something else")
    assert not (tmp_path / "made-up").exists() or not list((tmp_path / "made-up").iterdir())


def test_get_takes_a_tree_out_of_an_archive_and_nothing_beside_it(tmp_path: Path) -> None:
    from evals.data.files import digest

    lines(tmp_path / "expected" / "t" / "data" / "x.txt", "x")
    expected = digest([tmp_path / "expected" / "t" / "data" / "x.txt"], tmp_path / "expected" / "t")
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("repo-abc/data/x.txt", "x\n")
        archive.writestr("repo-abc/other.txt", "y")
        archive.writestr("repo-abc/data/../../escape.txt", "z")
    wanted = Entry(
        "t", "attributed", "eval", "en", "polnear", "t", "", "?", "", {}, archive="https://e.org/z",
        tree="data", tree_sha256=expected,
    )  # fmt: skip
    assert get(wanted, tmp_path, lambda _: body.getvalue()) == [tmp_path / "t" / "data" / "x.txt"]
    assert not (tmp_path / "escape.txt").exists()
    assert verify(wanted, tmp_path) == {"data/": "ok"}


def test_a_tree_that_differs_is_replaced_only_by_the_right_one(tmp_path: Path) -> None:
    from evals.data.files import digest

    def zipped(content: str) -> bytes:
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr("repo-abc/data/test/x.txt", content)
        return body.getvalue()

    lines(tmp_path / "expected" / "data" / "test" / "x.txt", "right")
    expected = digest([tmp_path / "expected" / "data" / "test" / "x.txt"], tmp_path / "expected")
    wanted = Entry(
        "t", "attributed", "eval", "en", "polnear", "t", "", "?", "", {}, archive="https://e.org/z",
        tree="data/test", tree_sha256=expected,
    )  # fmt: skip
    lines(tmp_path / "t" / "data" / "test" / "mine.txt", "kept until better is there")
    for wrong in (zipped("wrong\n"), b"not a zip at all", zipped("right\n")[:40]):
        with pytest.raises(ChecksumMismatch):
            get(wanted, tmp_path, lambda _, body=wrong: body)
        assert [path.name for path in (tmp_path / "t").rglob("*") if path.is_file()] == ["mine.txt"]
    get(wanted, tmp_path, lambda _: zipped("right\n"))
    assert [path.name for path in (tmp_path / "t").rglob("*") if path.is_file()] == ["x.txt"]


def test_downloads_go_through_the_guarded_door(tmp_path: Path) -> None:
    from dataclasses import replace

    from retrieval.fetch import Fetcher, FetchSettings

    with ReplayServer() as server:
        server.on("/raw/a%20b.jsonl", body=b"hello", content_type="application/octet-stream")
        server.on("/gone/a%20b.jsonl", Reply(404))
        host = server.url("/").split("/")[2]
        here = replace(made_up(), raw=server.url("/raw/"))

        def allowed(address: str) -> bytes:
            return http_fetch(address, Fetcher(FetchSettings(hosts=(host,), retries=0)))

        with pytest.raises(DataMissing, match="copy it by hand into SARING_DATA"):
            get(here, tmp_path, http_fetch)
        assert server.requests == [], "a private address is not fetched from, whatever a catalogue says"
        assert get(here, tmp_path, allowed) == [tmp_path / "made-up" / "a b.jsonl"]
        with pytest.raises(DataMissing, match="404"):
            get(replace(here, raw=server.url("/gone/"), folder="other"), tmp_path, allowed)


def test_readers_map_labels(tmp_path: Path) -> None:
    path = lines(tmp_path / "i.jsonl", {"pair_id": 5, "premise": "bukti", "hypothesis": "klaim", "label": "c"})
    pair = readers.indonli("indonli", {"i": path})[0]
    assert (pair.claim, pair.evidence, pair.label, pair.language) == ("klaim", "bukti", "refutes", "id")
    page = {"claim": "klaim", "evidence": [f"kalimat {number}" for number in range(12)]}
    path = lines(
        tmp_path / "wice.jsonl",
        {**page, "label": "supported", "supporting_sentences": [[2, 3], [5]]},
        {**page, "label": "not_supported", "supporting_sentences": [[]]},
        {**page, "label": "partially_supported", "supporting_sentences": []},
    )
    found = readers.wice("wice", {"w": path})
    assert [pair.evidence.count("kalimat") for pair in found] == [2, 10, 10], "no pair is without evidence"
    path = lines(tmp_path / "w.csv", "sent_A,sent_B,category,label", "bukti,klaim,x,NotEntail")
    assert readers.wrete("w", {"w": path})[0].label == "not_supported"


def test_scifact_sentences_are_read_as_numpy_prints_them(tmp_path: Path) -> None:
    path = tmp_path / "s.zip"
    table = 'doc_id,title,abstract,structured\n7,Title,"[\'One.\' ""It\'s two.""\n \'Three.\']",False\n'
    claims = "id,claim,evidence_doc_id,evidence_label,evidence_sentences,cited_doc_ids\n1,C,7,SUPPORT,[0],[7]\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("corpus_train.csv", table)
        archive.writestr("claims_validation.csv", claims)
    found = readers.beir_scifact("s", {"data/scifact.zip": path})[0]
    assert found.corpus == {"7": "Title\nOne. It's two. Three."}
    assert found.qrels == {"1": {"7": 1}}


def test_parallel_news_takes_the_rows_held_out_of_training_only(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "p.tsv",
        "source\tdomain\tlicence\ten\tid",
        "gunnxx/news/train\tnews\t?\tTrained on.\tDilatih.",
        "gunnxx/news/valid\tnews\t?\tHeld out.\tDisisihkan.",
    )
    found = readers.parallel_news("parallel-news", {"en_id_parallel.tsv": path})[0]
    assert list(found.corpus.values()) == ["Held out."]
    assert list(found.queries.values()) == ["Disisihkan."]
    assert found.qrels == {key: {key: 1} for key in found.queries}
    assert set(found.languages.values()) == {"id"}


def test_brat_annotations(tmp_path: Path) -> None:
    text = "The mayor said the bridge will open, she added."
    lines(tmp_path / "a.txt", text)
    lines(
        tmp_path / "a_x1.ann",
        "T1\tSource 0 9\tThe mayor",
        "T2\tCue 10 14\tsaid",
        "T3\tContent 15 20;24 35\tthe bridge will open",
        "T4\tAttribution 10 14\tsaid",
        "E1\tAttribution:T4 Source:T1 Cue:T2 Content:T3",
        "T5\tCue 41 46\tadded",
        "E2\tAttribution-no-source:T4 Content:T3 Cue:T5",
        "E3\tAttribution:T4 Source:T1",
    )
    files = {path.name: path for path in tmp_path.iterdir()}
    article = readers.polnear("polnear", files)[0]
    assert article.attributions == (((0, 9), (10, 14), (15, 35)), (None, (41, 46), (15, 35)))


DATA = data_root()


@pytest.mark.skipif(not (DATA / "indonli").is_dir(), reason="no local copy of the public data sets (SARING_DATA)")
@pytest.mark.parametrize(
    ("name", "rows"), [("indonli", 2201), ("wrete", 100), ("scifact", 339), ("claimbuster", 702), ("polnear", 84)]
)
def test_local_copies_are_whole(name: str, rows: int) -> None:
    assert len(load(name).records) == rows
