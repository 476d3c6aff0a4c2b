from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

import checker.claims
import checker.cli.root as cli
from checker.types import Article, Attribution, Claim, Failure

ARTICLE = "Judul Berita\n\nJAKARTA - Rusia menawarkan diri sebagai penengah, kata Dmitry Peskov. Itu memalukan.\n"


def claim(number: int, quote: str, **more: object) -> Claim:
    start = ARTICLE.index(quote)
    return Claim(f"c{number}", quote, quote, start, start + len(quote), **more)  # type: ignore[arg-type]


@dataclass
class Extraction:
    claims: tuple[Claim, ...]
    failures: tuple[Failure, ...] = ()


class Extractor:
    def __init__(self, extraction: Extraction) -> None:
        self.extraction = extraction

    def extract(self, article: Article) -> Extraction:
        assert article.text == ARTICLE
        return self.extraction


FOUND = Extraction(
    (
        claim(
            1,
            "Rusia menawarkan diri sebagai penengah",
            kind="quote",
            checkworthiness=0.87,
            attribution=Attribution("Dmitry Peskov", "", "Reuters"),
        ),
        claim(2, "Itu memalukan", kind="opinion", context="Itu: tawaran Rusia"),
    )
)


@pytest.fixture
def article(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    path = tmp_path / "article.txt"
    path.write_text(ARTICLE)
    use(monkeypatch, FOUND)
    return str(path)


def use(monkeypatch: pytest.MonkeyPatch, extraction: Extraction) -> None:
    monkeypatch.setattr(checker.claims, "get_extractor", lambda name, settings: Extractor(extraction), raising=False)


def test_a_person_reads_the_claims_and_who_makes_them(article: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["claims", article]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "reported speech" in shown
    assert "Rusia menawarkan diri sebagai penengah Dmitry Peskov, via Reuters" in shown
    assert "In context: Itu: tawaran Rusia" in shown
    assert "2 claims: 1 to check · 1 not checked · 0 failed" in shown


def test_json_holds_article_claims_and_the_text_they_point_into(
    article: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["claims", article, "--format", "json"]) == 0
    value = json.loads(capfd.readouterr().out)
    assert value.keys() >= {"article", "claims", "failures", "article_text"}
    assert value["article"]["language"] == "id"
    for item in value["claims"]:
        assert value["article_text"][item["start"] : item["end"]] == item["quote"]
    assert value["claims"][0]["attribution"]["outlet"] == "Reuters"
    assert value["claims"][1]["attribution"] is None


@pytest.mark.parametrize("format", ["text", "json"])
def test_a_list_in_a_file(article: str, format: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "claims.out"
    assert cli.run(["claims", article, "--format", format, "--output", str(target)]) == 0
    assert "penengah" in target.read_text()
    assert capsys.readouterr().out == ""


def test_a_claim_that_could_not_be_read_is_code_1(
    article: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, Extraction(FOUND.claims, (Failure("x", "extract", "BadReply", "not in the article"),)))
    assert cli.run(["claims", article]) == 1
    assert "1 failed" in capsys.readouterr().out


def test_an_article_without_claims_is_code_2(
    article: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, Extraction(()))
    assert cli.run(["claims", article]) == 2
    assert capsys.readouterr().err.startswith("saring: error: no claim was found in ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["missing.txt"], "no such file"),
        (["article.txt", "--format", "html"], "unknown format 'html'; choose one of: json, text"),
        (["article.txt", "--output", "no/such/file"], "there is no folder"),
    ],
)
def test_bad_input_is_one_line_and_code_2(
    arguments: list[str],
    says: str,
    article: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.run(["claims", *arguments]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert says in output.err
    assert output.err.count("\n") == 1
