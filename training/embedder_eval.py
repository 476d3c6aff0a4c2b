"""The embedder's numbers on the test data, for the model card: `python -m training.embedder_eval`.

For the final number only. What is chosen while training is chosen on `gunnxx/general/valid` and on training rows not
yet seen (each batch of the first pass is new, so its cosine is a held-out one).
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from pathlib import Path

import numpy as np

from retrieval.embed import MODEL_FOLDER, EmbeddedEmbedder, Embedder
from training import distil_data, parallel
from training.common import Run, base_model_folder, data_folder
from training.vocabulary import recall_at_1


class Teacher:
    """all-MiniLM-L6-v2 itself in float32, for the comparison; an `Embedder`."""

    name = "all-MiniLM-L6-v2"
    dimensions = 384
    digest = "teacher"

    def __init__(self) -> None:
        folder = base_model_folder()
        self._model, self._tokenizer = distil_data.load_bert(folder), distil_data.load_tokenizer(folder)

    def encode(self, texts: list[str], *, kind: str = "passage") -> np.ndarray:
        """Vectors of `texts`, float32 (n, 384), length one."""
        del kind
        return distil_data.encode(self._model, self._tokenizer, texts)


def sts(data: Path, *, split: str = "test") -> list[tuple[float, str, str, str, str]]:
    """Rows (score, English 1, English 2, Indonesian 1, Indonesian 2) of sts-indo; the file is read without quoting."""
    rows = []
    for line in (data / f"sts-indo/data/final-data/{split}.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        fields = line.split("\t")
        if len(fields) == 6:
            score, first, second, _source, first_id, second_id = fields
            rows.append((float(score), first, second, first_id, second_id))
    return rows


def spearman(embedder: Embedder, left: list[str], right: list[str], scores: list[float]) -> float:
    """Rank correlation of cosine and human score."""
    from scipy.stats import spearmanr

    cosine = (embedder.encode(left) * embedder.encode(right)).sum(axis=1)
    return float(spearmanr(cosine, scores).statistic)


def scifact(data: Path) -> tuple[dict[str, str], dict[str, str], dict[str, dict[str, int]]]:
    """BEIR's SciFact test set: corpus (5,183 abstracts), queries (300 claims) and relevance, by id.

    An abstract's sentences stand in the table as NumPy prints a list of strings.
    """
    csv.field_size_limit(1 << 24)
    folder = data / "beir-scifact" / "extracted"
    found = distil_data.QUOTED.findall
    with (folder / "corpus_train.csv").open(encoding="utf-8", newline="") as lines:
        corpus = {
            row["doc_id"]: " ".join([row["title"], *((a or b).strip() for a, b in found(row["abstract"]))])
            for row in csv.DictReader(lines)
        }
    queries: dict[str, str] = {}
    relevance: dict[str, dict[str, int]] = {}
    with (folder / "claims_validation.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            queries[row["id"]] = row["claim"]
            cited = re.findall(r"\d+", row["cited_doc_ids"])
            relevance.setdefault(row["id"], {}).update(dict.fromkeys(cited, 1))
    return corpus, queries, relevance


def ndcg_at_10(
    embedder: Embedder, corpus: dict[str, str], queries: dict[str, str], relevance: dict[str, dict[str, int]]
) -> float:
    """nDCG@10 by exact search (Järvelin and Kekäläinen, 2002), mean over queries."""
    documents = list(corpus)
    vectors = embedder.encode([corpus[d] for d in documents])
    asked = embedder.encode(list(queries.values()), kind="query")
    found = np.argsort(-(asked @ vectors.T), axis=1)[:, :10]
    discount = 1.0 / np.log2(np.arange(2, 12))
    values = []
    for row, query in enumerate(queries):
        gains = np.asarray([relevance[query].get(documents[i], 0) for i in found[row]], dtype=float)
        ideal = np.sort(np.asarray(list(relevance[query].values()), dtype=float))[::-1][:10]
        values.append(float((gains * discount).sum() / (ideal * discount[: len(ideal)]).sum()))
    return float(np.mean(values))


def evaluate(embedder: Embedder, data: Path, *, with_scifact: bool = True) -> dict[str, float]:
    """Every number of the model card."""
    pairs = [p for p in parallel.load(data).test if p.source == "gunnxx/news/valid"]
    id_, en = embedder.encode([p.id for p in pairs]), embedder.encode([p.en for p in pairs])
    rows = sts(data)
    scores = [r[0] for r in rows]
    columns = [[r[i] for r in rows] for i in range(1, 5)]
    found = {
        "news_recall_at_1_id_to_en": recall_at_1(id_, en),
        "news_recall_at_1_en_to_id": recall_at_1(en, id_),
        "news_candidates": len(pairs),
        "sts_spearman_en_en": spearman(embedder, columns[0], columns[1], scores),
        "sts_spearman_id_id": spearman(embedder, columns[2], columns[3], scores),
        "sts_spearman_id_en": spearman(embedder, columns[2], columns[1], scores),
        "sts_pairs": len(rows),
        "english_cosine_to_teacher": float(
            (en * distil_data.teacher_vectors([p.en for p in pairs])).sum(axis=1).mean()
        ),
    }
    if with_scifact:
        found["scifact_ndcg_at_10"] = ndcg_at_10(embedder, *scifact(data))
    return found


def main() -> None:
    """Measures the shipped embedder (and, if asked, the teacher) and logs the numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=MODEL_FOLDER)
    parser.add_argument("--teacher", action="store_true", help="measure all-MiniLM-L6-v2 instead")
    parser.add_argument("--no-scifact", action="store_true", help="leave out SciFact, which embeds 5,183 abstracts")
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    run = Run("embedder-eval", {k: str(v) for k, v in vars(options).items()})
    embedder: Embedder = (
        Teacher() if options.teacher else EmbeddedEmbedder(options.folder, threads=1)  # type: ignore[assignment]
    )
    found = evaluate(embedder, data_folder(), with_scifact=not options.no_scifact)
    run.log("numbers", embedder=embedder.digest, **found)
    sys.stdout.write(json.dumps({"embedder": embedder.digest, **found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
