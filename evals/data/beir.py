"""A retrieval set in BEIR's layout: `corpus.jsonl`, `queries.jsonl`, `qrels/test.tsv`."""

from __future__ import annotations

from pathlib import Path

from evals.data.files import read_jsonl, read_table
from evals.errors import DataError
from evals.types import RetrievalSet


def is_beir(folder: Path) -> bool:
    """Whether the folder has BEIR's layout."""
    return (folder / "corpus.jsonl").is_file() and (folder / "queries.jsonl").is_file()


def read_beir(folder: Path, split: str = "test") -> RetrievalSet:
    """Read the folder.

    A line of `queries.jsonl` may carry `metadata.language`; results are then reported per language.

    Raises:
        DataError: A file is missing or a judgement names a query or document that is not there.
    """
    corpus: dict[str, str] = {}
    for number, line in read_jsonl(folder / "corpus.jsonl"):
        if "_id" not in line or "text" not in line:
            raise DataError(f"{folder / 'corpus.jsonl'}:{number}: needs _id and text")
        corpus[str(line["_id"])] = f"{line.get('title') or ''}\n{line['text']}".strip()
    queries: dict[str, str] = {}
    languages: dict[str, str] = {}
    for number, line in read_jsonl(folder / "queries.jsonl"):
        if "_id" not in line or "text" not in line:
            raise DataError(f"{folder / 'queries.jsonl'}:{number}: needs _id and text")
        queries[str(line["_id"])] = str(line["text"])
        language = (line.get("metadata") or {}).get("language")
        if language:
            languages[str(line["_id"])] = str(language)
    path = folder / "qrels" / f"{split}.tsv"
    qrels: dict[str, dict[str, int]] = {}
    for number, row in read_table(path, delimiter="\t", quoted=False):
        try:
            query, document, score = row["query-id"], row["corpus-id"], int(row["score"])
        except (KeyError, ValueError) as error:
            raise DataError(f"{path}:{number}: needs query-id, corpus-id and a whole score") from error
        if query not in queries or document not in corpus:
            missing = f"query {query!r}" if query not in queries else f"document {document!r}"
            raise DataError(f"{path}:{number}: {missing} is not in the folder")
        qrels.setdefault(query, {})[document] = score
    return RetrievalSet(folder.name, corpus, {query: queries[query] for query in qrels}, qrels, languages)
