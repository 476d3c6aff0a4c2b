"""One reader per public data set: its files in, records out.

A reader gets the files by the name that the catalogue gives them and never looks anywhere else.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.data.files import read_jsonl, read_table, read_text
from evals.errors import DataError
from evals.types import Attributed, Pair, RetrievalSet, Sentence

Files = Mapping[str, Path]
Reader = Callable[[str, Files], Sequence[Any]]

_FEVER = {"SUPPORTS": "supports", "REFUTES": "refutes", "NOT_ENOUGH_INFO": "neutral", "NOT ENOUGH INFO": "neutral"}


def indonli(name: str, files: Files) -> list[Pair]:
    """IndoNLI: the premise is the evidence, the hypothesis the claim."""
    labels = {"e": "supports", "c": "refutes", "n": "neutral"}
    return [
        Pair(str(row["pair_id"]), name, "id", row["hypothesis"], row["premise"], labels[row["label"]])
        for path in files.values()
        for _, row in read_jsonl(path)
    ]


def climate_fever(name: str, files: Files) -> list[Pair]:
    """Climate-FEVER: every claim with each of its five sentences and the sentence's own label."""
    return [
        Pair(
            f"{row['claim_id']}:{index}",
            name,
            "en",
            row["claim"],
            f"{evidence['article']}. {evidence['evidence']}",
            _FEVER[evidence["evidence_label"]],
        )
        for path in files.values()
        for _, row in read_jsonl(path)
        for index, evidence in enumerate(row["evidences"])
    ]


def scifact(name: str, files: Files) -> list[Pair]:
    """SciFact: every claim with each abstract that it cites; an abstract without a label does not settle the claim."""
    labels = {"SUPPORT": "supports", "REFUTE": "refutes", "CONTRADICT": "refutes"}
    corpus = _scifact_corpus(files["data/scifact.zip"])
    pairs = []
    for _, row in read_jsonl(files["data/scifact/claims_dev.jsonl"]):
        for document in dict.fromkeys([*row["evidence"], *map(str, row["cited_doc_ids"])]):
            marks = row["evidence"].get(document)
            label = labels[marks[0]["label"]] if marks else "neutral"
            if document in corpus:
                pairs.append(Pair(f"{row['id']}:{document}", name, "en", row["claim"], corpus[document], label))
    return pairs


def wrete(name: str, files: Files) -> list[Pair]:
    """WReTE: entailed or not, so that "not" says only that the claim is not supported."""
    labels = {"Entail_or_Paraphrase": "supports", "NotEntail": "not_supported"}
    return [
        Pair(str(line), name, "id", row["sent_B"], row["sent_A"], labels[row["label"]])
        for path in files.values()
        for line, row in read_table(path)
    ]


def covid_fact(name: str, files: Files) -> list[Pair]:
    """COVID-Fact: entailed by its evidence or not."""
    labels = {"entailment": "supports", "not_entailment": "not_supported"}
    return [
        Pair(row["index"], name, "en", row["Sentence2"], row["sentence1"], labels[row["entailment"]])
        for path in files.values()
        for _, row in read_table(path, delimiter="\t", quoted=False)
    ]


def healthver(name: str, files: Files) -> list[Pair]:
    """HealthVer."""
    labels = {"Supports": "supports", "Refutes": "refutes", "Neutral": "neutral"}
    return [
        Pair(f"{row['id']}:{line}", name, "en", row["claim"], row["evidence"], labels[row["label"]])
        for path in files.values()
        for line, row in read_table(path)
    ]


def fever_symmetric(name: str, files: Files) -> list[Pair]:
    """FEVER-Symmetric: the claim alone tells nothing about its label."""
    return [
        Pair(f"{row['id']}:{line}", name, "en", row["claim"], row["evidence"], _FEVER[row["gold_label"]])
        for path in files.values()
        for line, row in read_jsonl(path)
    ]


def fool_me_twice(name: str, files: Files) -> list[Pair]:
    """Fool Me Twice, with its gold evidence."""
    return [
        Pair(
            row["id"],
            name,
            "en",
            row["text"],
            " ".join(part["text"] for part in row["gold_evidence"]),
            _FEVER[row["label"]],
        )
        for path in files.values()
        for _, row in read_jsonl(path)
    ]


def wice(name: str, files: Files) -> list[Pair]:
    """WiCE claims with the first set of sentences marked as supporting, or the page's first ten where none is."""
    labels = {"supported": "supports", "partially_supported": "not_supported", "not_supported": "not_supported"}
    pairs = []
    for path in files.values():
        for line, row in read_jsonl(path):
            marked = next((part for part in row["supporting_sentences"] if part), range(10))
            text = " ".join(row["evidence"][index] for index in marked if index < len(row["evidence"]))
            pairs.append(Pair(str(line), name, "en", row["claim"], text, labels[row["label"]]))
    return pairs


def beir_scifact(name: str, files: Files) -> list[RetrievalSet]:
    """BEIR's SciFact test: the 300 claims of the validation split to the 339 abstracts that they cite."""
    path = files["data/scifact.zip"]
    queries: dict[str, str] = {}
    qrels: dict[str, dict[str, int]] = {}
    for row in _zipped_table(path, "claims_validation.csv"):
        queries[row["id"]] = row["claim"]
        qrels.setdefault(row["id"], {}).update(dict.fromkeys(re.findall(r"\d+", row["cited_doc_ids"]), 1))
    return [RetrievalSet(name, _scifact_corpus(path), queries, qrels, dict.fromkeys(queries, "en"))]


def idk_mrc(name: str, files: Files) -> list[RetrievalSet]:
    """IDK-MRC: an answerable Indonesian question to its Wikipedia passage, among all passages of both files."""
    corpus: dict[str, str] = {}
    queries: dict[str, str] = {}
    qrels: dict[str, dict[str, int]] = {}
    for file, path in files.items():
        for entry in _json(path):
            document = hashlib.sha256(entry["context"].encode()).hexdigest()[:16]
            corpus[document] = entry["context"]
            if not file.endswith("valid.json"):
                continue
            for question in entry["qas"]:
                if not question["is_impossible"]:
                    queries[question["id"]] = question["question"]
                    qrels.setdefault(question["id"], {})[document] = 1
    return [RetrievalSet(name, corpus, queries, qrels, dict.fromkeys(queries, "id"))]


def parallel(name: str, files: Files, size: int = 1000) -> list[RetrievalSet]:
    """English sentences to their Indonesian counterparts: the `size` pairs of lowest hash, a fixed sample."""
    ranked = []
    for path in files.values():
        for _, row in read_table(path, delimiter="\t", quoted=False):
            if row["en"] and row["id"]:
                ranked.append((hashlib.sha256(f"{row['en']}\t{row['id']}".encode()).hexdigest()[:16], row))
    chosen = dict(sorted(ranked, key=lambda entry: entry[0])[:size])
    corpus = {key: row["id"] for key, row in chosen.items()}
    queries = {key: row["en"] for key, row in chosen.items()}
    return [RetrievalSet(name, corpus, queries, {key: {key: 1} for key in chosen}, dict.fromkeys(queries, "en"))]


def parallel_news(name: str, files: Files, source: str = "gunnxx/news/valid") -> list[RetrievalSet]:
    """Indonesian news sentences to their English counterparts: the pairs of `source`, which no model was trained on."""
    corpus: dict[str, str] = {}
    queries: dict[str, str] = {}
    for path in files.values():
        for line, row in read_table(path, delimiter="\t", quoted=False):
            if row["source"] == source and row["en"] and row["id"]:
                corpus[str(line)], queries[str(line)] = row["en"], row["id"]
    return [RetrievalSet(name, corpus, queries, {key: {key: 1} for key in queries}, dict.fromkeys(queries, "id"))]


def claimbuster(name: str, files: Files) -> list[Sentence]:
    """ClaimBuster's two-class split."""
    return [
        Sentence(str(row["sentence_id"]), name, "en", row["text"], row["label"] == 1)
        for path in files.values()
        for row in _json(path)
    ]


def checkthat(name: str, files: Files) -> list[Sentence]:
    """CheckThat! 2020, task 5: sentences of debates and speeches."""
    return [
        Sentence(str(line), name, "en", row["text"], row["label"] == "1")
        for path in files.values()
        for line, row in read_table(path, delimiter="\t", quoted=False)
        if row["text"].strip()
    ]


_BRAT_TEXT = re.compile(r"(T\d+)\t(\S+) ([\d ;]+)\t")
_BRAT_EVENT = re.compile(r"E\d+\t(.+)")


def polnear(name: str, files: Files) -> list[Attributed]:
    """PolNeAR, one annotator per article (the first by code); a discontinuous span becomes its outer bounds."""
    annotated: dict[str, Path] = {}
    for path in sorted(files.values()):
        if path.suffix == ".ann":
            annotated.setdefault(path.stem.rsplit("_", 1)[0], path)
    texts = {path.stem: path for path in files.values() if path.suffix == ".txt"}
    articles = []
    for article, path in annotated.items():
        if article not in texts:
            raise DataError(f"{path}: there is no text for this annotation")
        articles.append(Attributed(article, name, "en", read_text(texts[article]), tuple(_attributions(path))))
    return articles


def _attributions(path: Path) -> Iterator[tuple[tuple[int, int] | None, tuple[int, int], tuple[int, int]]]:
    spans: dict[str, tuple[int, int]] = {}
    for line in read_text(path).split("\n"):
        if found := _BRAT_TEXT.match(line):
            numbers = [int(part) for part in re.findall(r"\d+", found[3])]
            spans[found[1]] = (min(numbers), max(numbers))
    for line in read_text(path).split("\n"):
        if found := _BRAT_EVENT.match(line):
            roles = dict(part.split(":", 1) for part in found[1].split())
            if "Cue" in roles and "Content" in roles:
                source = spans.get(roles.get("Source", ""))
                yield source, spans[roles["Cue"]], spans[roles["Content"]]


def _json(path: Path) -> list[dict[str, Any]]:
    try:
        value: list[dict[str, Any]] = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise DataError(f"{path}: not JSON ({error.msg} at line {error.lineno})") from error
    return value


def _zipped_table(path: Path, member: str) -> Iterator[dict[str, str]]:
    import csv

    csv.field_size_limit(1 << 24)
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as handle:
            yield from csv.DictReader(io.TextIOWrapper(handle, encoding="utf-8", newline=""))
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: cannot read {member} from it ({error})") from error


_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)


def _scifact_corpus(path: Path) -> dict[str, str]:
    """Title and abstract by id. The sentences stand there as NumPy prints a list of strings."""
    corpus = {}
    for row in _zipped_table(path, "corpus_train.csv"):
        sentences = [single or double for single, double in _QUOTED.findall(row["abstract"])]
        corpus[row["doc_id"]] = f"{row['title']}\n{' '.join(part.strip() for part in sentences)}"
    return corpus


READERS: Mapping[str, Reader] = {
    reader.__name__: reader
    for reader in (
        indonli,
        climate_fever,
        scifact,
        wrete,
        covid_fact,
        healthver,
        fever_symmetric,
        fool_me_twice,
        wice,
        beir_scifact,
        idk_mrc,
        parallel,
        parallel_news,
        claimbuster,
        checkthat,
        polnear,
    )
}
