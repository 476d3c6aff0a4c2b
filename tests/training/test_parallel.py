from __future__ import annotations

import json
from pathlib import Path

import pytest

from training import parallel

HEADER = "source\tdomain\tlicence\ten\tid\n"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    (folder / "parallel-en-id").mkdir(parents=True)
    (folder / "other.jsonl").write_text(
        json.dumps({"claim": "Vaksin itu mengandung cip pelacak, katanya.", "n": [1, {"x": "Pendek."}]}) + "\n"
    )
    monkeypatch.setattr(parallel, "HELD_OUT_FILES", ("other.jsonl",))
    return folder


def _write(data: Path, rows: list[tuple[str, str, str]]) -> None:
    lines = [f"{source}\td\tl\t{en}\t{id_}\n" for source, en, id_ in rows]
    (data / "parallel-en-id" / "en_id_parallel.tsv").write_text(HEADER + "".join(lines))


def test_test_and_dev_rows_never_train(data: Path) -> None:
    sources = [*parallel.TEST_SOURCES, *parallel.DEV_SOURCES, "tatoeba"]
    _write(data, [(s, f"english number {i}", f"indonesia nomor {i}") for i, s in enumerate(sources)])
    loaded = parallel.load(data)
    assert [p.source for p in loaded.train] == ["tatoeba"]
    assert {p.source for p in loaded.test} == set(parallel.TEST_SOURCES)
    assert {p.source for p in loaded.dev} == set(parallel.DEV_SOURCES)


@pytest.mark.parametrize(
    ("en", "id_", "rule"),
    [
        ("The QUAKE struck; Java!", "Beda sama sekali.", "side in own dev or test"),
        ("Other words.", "gempa, mengguncang jawa", "side in own dev or test"),
        ("A chip.", "Vaksin itu mengandung cip pelacak katanya", "side in another dev or test set"),
        ("So one two three four five six seven eight it said", "x", "eight words shared with own dev or test"),
        ("...", "kosong", "empty"),
    ],
)
def test_a_row_that_shares_a_side_with_held_out_text_is_removed(data: Path, en: str, id_: str, rule: str) -> None:
    _write(
        data,
        [
            ("gunnxx/news/valid", "The quake struck Java.", "Gempa mengguncang Jawa."),
            ("gunnxx/news/valid", "One two three four five six seven eight nine", "Satu dua."),
            ("tatoeba", en, id_),
            ("tatoeba", "A clean row.", "Baris yang bersih."),
        ],
    )
    loaded = parallel.load(data)
    assert [p.en for p in loaded.train] == ["A clean row."]
    assert loaded.removed == {rule: 1}


def test_short_text_shared_with_another_set_is_chance(data: Path) -> None:
    _write(data, [("tatoeba", "Short.", "Pendek.")])
    assert len(parallel.load(data).train) == 1


def test_a_repeated_row_counts_once(data: Path) -> None:
    _write(data, [("tatoeba", "Who?", "Siapa?"), ("tatoeba", "who", "siapa"), ("tatoeba", "Who?", "Siapakah?")])
    loaded = parallel.load(data)
    assert [p.row for p in loaded.train] == [1, 3]
    assert loaded.removed == {"duplicate": 1}


def test_quotes_are_text_not_syntax(data: Path) -> None:
    _write(data, [("tatoeba", '"Yes," he said.', 'Katanya, "Ya.'), ("tatoeba", "Next row.", "Baris berikut.")])
    assert [p.en for p in parallel.load(data).train] == ['"Yes," he said.', "Next row."]
