"""The judge's training and dev rows, one reader per public data set (`../shared/data`, see its README)."""

from __future__ import annotations

import csv
import json
import re
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import log
from pathlib import Path

SUPPORTS, REFUTES, NEUTRAL, NOT_SUPPORTED = range(4)
"""`NOT_SUPPORTED`: the set does not tell refuted from not settled, and only P(supports) learns from the row."""


@dataclass(frozen=True, slots=True)
class Row:
    """One (premise, claim) with its label; `languages` of the two, `weight` of its loss."""

    source: str
    premise: str
    claim: str
    label: int
    languages: tuple[str, str] = ("en", "en")
    weight: float = 1.0


def words_of(text: str) -> list[str]:
    """The lower-case words of `text`."""
    return re.findall(r"\w+", text.lower())


def sentences_of(text: str) -> list[str]:
    """A plain sentence split, good enough for cutting training passages."""
    return [s for s in re.split(r"(?<=[.!?])\s+|\n+", text) if s.strip()]


def overlap(premise: str, claim: str) -> float:
    """The share of the claim's words that the premise holds."""
    asked = set(words_of(claim))
    return len(asked & set(words_of(premise))) / max(1, len(asked))


def best_window(sentences: list[str], claim: str, limit: int = 80) -> str:
    """The run of at most `limit` words of whole sentences that shares the rarest words with the claim.

    A word's weight is its inverse document frequency over these sentences. The best sentence is grown by its better
    neighbour while the limit allows, so that the passage reads on.
    """
    bags = [set(words_of(s)) for s in sentences]
    seen = Counter(w for bag in bags for w in bag)
    asked = {w: log(1 + len(bags) / seen[w]) for w in set(words_of(claim)) if w in seen and len(w) > 2}
    scores = [sum(v for w, v in asked.items() if w in bag) for bag in bags]
    low = high = max(range(len(scores)), key=lambda i: scores[i])
    while True:
        size = sum(len(s.split()) for s in sentences[low : high + 1])
        options = [i for i in (low - 1, high + 1) if 0 <= i < len(sentences)]
        options = [i for i in options if size + len(sentences[i].split()) <= limit]
        if not options:
            return " ".join(s.strip() for s in sentences[low : high + 1])
        best = max(options, key=lambda i: scores[i])
        low, high = min(low, best), max(high, best)


def _jsonl(path: Path) -> Iterator[dict]:  # type: ignore[type-arg]
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def _tsv(path: Path, *, quoting: int = csv.QUOTE_NONE) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t", quoting=quoting)


def indonli(data: Path, part: str = "train") -> Iterator[Row]:
    """IndoNLI, `train`, `val` or `test_lay`."""
    labels = {"e": SUPPORTS, "c": REFUTES, "n": NEUTRAL}
    for r in _jsonl(data / f"indonli/data/indonli/{part}.jsonl"):
        yield Row("indonli", r["premise"], r["hypothesis"], labels[r["label"]], ("id", "id"))


def mnli_mt(data: Path) -> Iterator[Row]:
    """The MultiNLI rows machine-translated to Indonesian that IndoNLI ships."""
    labels = {"entailment": SUPPORTS, "contradiction": REFUTES, "neutral": NEUTRAL}
    with tarfile.open(data / "indonli/data/translate_train_small.tar.gz") as archive:
        for name in ("translate_train_small/train.jsonl", "translate_train_small/dev.jsonl"):
            member = archive.extractfile(name)
            assert member is not None
            for line in member.read().decode("utf-8").splitlines():
                r = json.loads(line)
                if r["gold_label"] in labels:
                    yield Row("mnli-mt", r["sentence1"], r["sentence2"], labels[r["gold_label"]], ("id", "id"), 0.7)


def _unbracket(text: str) -> str:
    """FEVER's tokenised text as a person would write it."""
    for old, new in (("-LRB-", "("), ("-RRB-", ")"), ("-LSB-", "["), ("-RSB-", "]"), ("``", '"'), ("''", '"')):
        text = text.replace(old, new)
    return re.sub(r"\s+([,.;:!?)\]'])", r"\1", text).replace("( ", "(").strip()


def fever(data: Path) -> Iterator[Row]:
    """FEVER dev claims with gold evidence, from COVID-Fact's repository.

    The set has 6,666 entailed and 6,666 not entailed rows: FEVER's dev split without its 6,666 NOT ENOUGH INFO claims
    (those have no gold evidence; of 25 "not entailed" rows read, each had evidence that speaks against its claim), so
    "not entailed" is FEVER's REFUTES. But FEVER refutes by what it takes for granted ("a character on an HBO series"
    beside "on the Showtime series"), and a window may lose what refutes: where the evidence holds less than half of the
    claim's words the row only teaches that the claim is not supported.
    """
    folder = data / "covidfact/RTE-Fever/processed"
    columns = [(folder / n).read_text(encoding="utf-8").splitlines() for n in
               ("dev.raw.input0", "dev.raw.input1", "dev.label")]  # fmt: skip
    for premise, claim, label in zip(*columns, strict=True):
        sentences = sentences_of(_unbracket(premise))
        window = best_window(sentences, claim, 70) if sentences else ""
        against = REFUTES if overlap(window, claim) >= 0.5 else NOT_SUPPORTED
        yield Row("fever", window, claim, SUPPORTS if label == "entailment" else against)


def fever_symmetric(data: Path) -> Iterator[Row]:
    """FEVER-Symmetric: each claim under both labels."""
    for r in _jsonl(data / "fever-symmetric/symmetric_v0.2/fever_symmetric_dev.jsonl"):
        label = SUPPORTS if r["label"] == "SUPPORTS" else REFUTES
        yield Row("fever-symmetric", _unbracket(r["evidence"]), _unbracket(r["claim"]), label)


def covidfact(data: Path, part: str = "train") -> Iterator[Row]:
    """COVID-Fact; its claims that are not entailed are made by exchanging a word, so mostly refuted, not always."""
    for r in _tsv(data / f"covidfact/RTE-covidfact/{part}.tsv"):
        label = SUPPORTS if (r.get("label") or r.get("entailment")) == "entailment" else NOT_SUPPORTED
        sentences = [s.lstrip("> ") for s in sentences_of(r["sentence1"].replace(" > ", " "))]
        if sentences:
            # Two claims in three are altered ones: the others weigh more, so that "not" is no safe guess.
            yield Row("covidfact", best_window(sentences, r["Sentence2"], 110), r["Sentence2"], label,
                      weight=1.6 if label == SUPPORTS else 1.0)  # fmt: skip


def healthver(data: Path) -> Iterator[Row]:
    """HealthVer's dev split."""
    labels = {"Supports": SUPPORTS, "Refutes": REFUTES, "Neutral": NEUTRAL}
    with (data / "healthver/data/healthver_dev.csv").open(encoding="utf-8", newline="") as lines:
        for r in csv.DictReader(lines):
            yield Row("healthver", best_window(sentences_of(r["evidence"]), r["claim"], 90), r["claim"],
                      labels[r["label"]])  # fmt: skip


def fool_me_twice(data: Path) -> Iterator[Row]:
    """Fool Me Twice with its gold evidence; every other row has the page's title before it, as a passage may."""
    for i, r in enumerate(_jsonl(data / "fool-me-twice/dataset/dev.jsonl")):
        text = " ".join(e["text"] for e in r["gold_evidence"])
        if i % 2 == 0:
            text = f"{r['wikipedia_page']}. {text}"
        yield Row("fool-me-twice", text, r["text"], SUPPORTS if r["label"] == "SUPPORTS" else REFUTES)


_PRINTED = re.compile(r"'((?:[^'\\]|\\.|'(?![\n\]]))*)'(?=\n|\])|\"((?:[^\"\\]|\\.)*)\"(?=\n|\])")


def scifact_abstracts(data: Path) -> dict[str, list[str]]:
    """Sentences of each abstract, by id; BEIR's copy keeps them as a printed numpy array."""
    csv.field_size_limit(10**9)
    found = {}
    with (data / "beir-scifact/extracted/corpus_train.csv").open(encoding="utf-8", newline="") as lines:
        for r in csv.DictReader(lines):
            found[r["doc_id"]] = [(a or b).strip() for a, b in _PRINTED.findall(r["abstract"])]
    return found


def scifact(data: Path, part: str = "train", *, whole: bool = True) -> Iterator[Row]:
    """SciFact: gold sentences alone, and (where `whole`) cut from the abstract with their neighbours.

    Claims without evidence are paired with the closest passage of the abstract that they cite: neutral.
    """
    abstracts = scifact_abstracts(data)
    for r in _jsonl(data / f"scifact/data/scifact/claims_{part}.jsonl"):
        for doc, groups in r["evidence"].items():
            sentences = abstracts.get(doc, [])
            gold = sorted({i for g in groups for i in g["sentences"] if i < len(sentences)})
            if not gold:
                continue
            label = SUPPORTS if groups[0]["label"] == "SUPPORT" else REFUTES
            yield Row("scifact", " ".join(sentences[i] for i in gold), r["claim"], label)
            if whole:
                first = groups[0]["sentences"][0]
                window = sentences[max(0, first - 1) : first + 2]
                yield Row("scifact-window", " ".join(window), r["claim"], label)
        if not r["evidence"] and whole:
            for doc in map(str, r["cited_doc_ids"]):
                if abstracts.get(doc):
                    yield Row("scifact", best_window(abstracts[doc], r["claim"], 80), r["claim"], NEUTRAL)


_CITATION = re.compile(r"[\[(]?(?:[\s,;\d]*<\|(?:multi_|other_)?cit\|>[\s,;\d]*)+[\])]?")


def citation_integrity(data: Path) -> Iterator[Row]:
    """Sentences of papers beside the sentences of an abstract that they cite for it.

    "Refuted" is here a citation that does not bear the sentence out, mostly by saying something else: not supported.
    """
    folder = data / "scifact/data/citint"
    abstracts = {str(r["doc_id"]): [s.strip() for s in r["abstract"]] for r in _jsonl(folder / "corpus.jsonl")}
    for r in _jsonl(folder / "claims_train.jsonl"):
        claim = re.sub(r"\s+([.,;])", r"\1", " ".join(_CITATION.sub(" ", r["claim"]).split()))
        if not 6 <= len(claim.split()) <= 60:
            continue
        for doc, groups in r["evidence"].items():
            gold = sorted({i for g in groups for i in g["sentences"] if i < len(abstracts.get(doc, []))})
            text = " ".join(abstracts[doc][i] for i in gold) if gold else ""
            if 5 <= len(text.split()) <= 110:
                label = SUPPORTS if groups[0]["label"] == "SUPPORT" else NOT_SUPPORTED
                yield Row("citint", text, claim, label, weight=0.6)
        if not r["evidence"]:
            for doc in map(str, r["cited_doc_ids"]):
                if abstracts.get(doc):
                    yield Row("citint", best_window(abstracts[doc], claim, 80), claim, NEUTRAL, weight=0.6)


def wice(data: Path) -> Iterator[Row]:
    """WiCE's dev chunks; "partially supported" is not supported, and says no more."""
    labels = {"supported": SUPPORTS, "partially_supported": NOT_SUPPORTED, "not_supported": NOT_SUPPORTED}
    for r in _jsonl(data / "wice/code_and_resources/entailment_inputs/oracle_chunks/claim/dev.jsonl"):
        evidence = r["evidence"] if isinstance(r["evidence"], list) else sentences_of(r["evidence"])
        if evidence:
            yield Row("wice", best_window(evidence, r["claim"], 90), r["claim"], labels[r["label"]], weight=0.5)


def summedits(data: Path) -> Iterator[Row]:
    """SummEdits where the whole document fits a passage: a cut document may lose what supports the summary."""
    for path in sorted((data / "summedits-factcc/data/summedits").glob("*.json")):
        for r in json.loads(path.read_text(encoding="utf-8")):
            if len(r["doc"]) <= 800:
                yield Row("summedits", " ".join(r["doc"].split()), r["summary"],
                          SUPPORTS if r["label"] else NOT_SUPPORTED)  # fmt: skip


def paws_id(data: Path) -> Iterator[Row]:
    """PAWS in Indonesian (machine-translated); both its files are marked for training in the data README."""
    for name in ("dev", "test"):
        for r in _tsv(data / f"paws-id/paraphrase/paws/data/final/{name}.tsv"):
            a, b = _unbracket(r["sentence1"]), _unbracket(r["sentence2"])
            yield Row("paws-id", a, b, SUPPORTS if r["label"] == "1" else NOT_SUPPORTED, ("id", "id"), 0.5)


def rte(data: Path) -> Iterator[Row]:
    """RTE's train split."""
    for r in _tsv(data / "glue-rte/data/RTE/train.tsv"):
        label = SUPPORTS if r["label"] == "entailment" else NOT_SUPPORTED
        yield Row("rte", best_window(sentences_of(r["sentence1"]), r["sentence2"], 90), r["sentence2"], label)


def wrete(data: Path) -> Iterator[Row]:
    """WReTE's train split (Indonesian)."""
    path = data / "indonlu/dataset/wrete_entailment-ui/train_preprocess.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        for r in csv.DictReader(lines):
            label = NOT_SUPPORTED if r["label"] == "NotEntail" else SUPPORTS
            yield Row("wrete", r["sent_A"], r["sent_B"], label, ("id", "id"))


def attributionbench(data: Path) -> Iterator[Row]:
    """AttributionBench's dev split, the references cut to what is closest to the claim."""
    for r in _jsonl(data / "attributionbench/data/dev_all_subset_balanced.jsonl"):
        references = r["references"] if isinstance(r["references"], str) else " ".join(r["references"])
        sentences = [s for s in sentences_of(references) if len(s.split()) < 80]
        if sentences:
            label = SUPPORTS if r["attribution_label"] == "attributable" else NOT_SUPPORTED
            yield Row("attributionbench", best_window(sentences, r["claim"], 90), r["claim"], label, weight=0.4)


def sts_indo(data: Path) -> Iterator[Row]:
    """STS pairs that say the same (4.6 and more) or hardly meet (1.5 and less), within Indonesian and across."""
    mixes = (("text1", "text2_id", "en", "id"), ("text1_id", "text2", "id", "en"), ("text1_id", "text2_id", "id", "id"))
    for i, r in enumerate(_tsv(data / "sts-indo/data/final-data/train.tsv")):
        try:
            score = float(r["score"] or "")
        except ValueError:
            continue
        a, b, la, lb = mixes[i % 3]
        if not r.get(a) or not r.get(b) or 1.5 < score < 4.6:
            continue
        yield Row("sts", r[a].strip('"'), r[b].strip('"'), SUPPORTS if score >= 4.6 else NEUTRAL, (la, lb), 0.7)


def climate_fever(data: Path) -> Iterator[Row]:
    """Climate-FEVER's evidence pairs. Test only."""
    labels = {"SUPPORTS": SUPPORTS, "REFUTES": REFUTES, "NOT_ENOUGH_INFO": NEUTRAL}
    for r in _jsonl(data / "climate-fever/dataset/climate-fever.jsonl"):
        for e in r["evidences"]:
            yield Row("climate-fever", e["evidence"], r["claim"], labels[e["evidence_label"]])


TRAIN: dict[str, Callable[[Path], Iterator[Row]]] = {
    "indonli": indonli, "mnli-mt": mnli_mt, "fever": fever, "fever-symmetric": fever_symmetric, "covidfact": covidfact,
    "healthver": healthver, "fool-me-twice": fool_me_twice, "scifact": scifact,
    "citint": citation_integrity, "wice": wice, "summedits": summedits,
    "paws-id": paws_id, "rte": rte, "wrete": wrete, "attributionbench": attributionbench, "sts": sts_indo,
}  # fmt: skip


def relabel(row: Row, label: int, **changes: object) -> Row:
    """`row` with another label and other changes."""
    return replace(row, label=label, **changes)  # type: ignore[arg-type]
