"""The judge's training mixture: public sets, edited twins, mined neutrals; cleaned of every dev and test text.

    python -m training.pairs                                the first mixture, into training/runs/pairs
    python -m training.pairs --out pairs-B --seed 20261125  another draw of edits and neutrals

Each writes `train.jsonl` and `slice.jsonl` and logs what was removed. The slice is chosen by premise, not by seed.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path

from training import pair_sources as sources
from training import questions, substitutes, topical, twins
from training.common import RUNS, Run, data_folder
from training.pair_sources import NEUTRAL, NOT_SUPPORTED, REFUTES, SUPPORTS, Row, relabel, sentences_of
from training.parallel import Pair, held_out_texts, load, normalise
from training.twin_words import PERSONS

_MIN_TEXT = 25  # characters; below this a shared text is chance, not a leak
_FOLLOWING = ("PANL-BPPT/INT", "PANL-BPPT/ECO", "PANL-BPPT/SPO", "desmond86/SMERU-26870", "desmond86/ausaid-3083",
              "desmond86/bbc-468", "tico19")  # fmt: skip
"""Parallel sources whose rows follow each other as in the document, so that neighbours make a passage."""


def protected_texts(data: Path) -> frozenset[str]:
    """Normalised claims, evidence and evidence sentences of every dev and test set of the project."""
    found = set(held_out_texts(data))

    def add(*texts: str) -> None:
        for text in texts:
            for part in (text, *sentences_of(text)):
                key = normalise(part)
                if len(key) >= _MIN_TEXT:
                    found.add(key)

    for part in ("dev", "test"):
        for line in (data / f"covidfact/RTE-covidfact/{part}.tsv").read_text(encoding="utf-8").splitlines()[1:]:
            add(*line.split("\t")[1:3])
    abstracts = sources.scifact_abstracts(data)
    for part in ("dev", "test"):
        for line in (data / f"scifact/data/scifact/claims_{part}.jsonl").read_text(encoding="utf-8").splitlines():
            claim = json.loads(line)
            add(claim["claim"])
            for doc in claim["evidence"]:
                add(*abstracts.get(doc, []))
    for name in ("dev", "val"):
        for line in (data / f"glue-rte/data/RTE/{name}.tsv").read_text(encoding="utf-8").splitlines():
            add(*line.split("\t")[1:3])
    for path in sorted((data / "creak/data/creak").glob("*.json")):
        for line in path.read_text(encoding="utf-8").splitlines():
            add(json.loads(line)["sentence"])
    for path in sorted((data / "indonlu/dataset/wrete_entailment-ui").glob("*.csv")):
        if not path.name.startswith("train"):
            for line in path.read_text(encoding="utf-8").splitlines():
                add(*line.split(","))
    return frozenset(found)


def indonli_premises(data: Path) -> frozenset[str]:
    """IndoNLI's own val and test premises, which its train split shares: see `deduplicate`."""
    found: set[str] = set()
    for part in ("val", "test_lay"):
        for row in sources.indonli(data, part):
            found.update(normalise(t) for t in (row.premise, *sentences_of(row.premise)))
    return frozenset(found)


def deduplicate(
    rows: Iterable[Row], protected: frozenset[str], shared_premises: frozenset[str] = frozenset()
) -> tuple[list[Row], Counter[str]]:
    """Drops rows that meet a dev or test set, and repeated rows.

    Args:
        rows: Candidates.
        protected: `protected_texts`.
        shared_premises: Premises that IndoNLI rows may keep. IndoNLI's published splits were made by hypothesis, and
            half of its train rows have a premise of val or test_lay (never the hypothesis). Dropping them would make
            numbers incomparable with everyone else's; the share of test rows with an unseen premise is scored apart.

    Returns:
        The rows kept, in order, and how many went by `source: rule`. A row goes if its claim, its premise or one of the
        premise's sentences is a protected text, or if the same premise and claim came before (from whatever set).
    """
    kept: list[Row] = []
    removed: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    unshared = protected - shared_premises
    for row in rows:
        premise, claim = normalise(row.premise), normalise(row.claim)
        barred = unshared if row.source.startswith("indonli") else protected
        if not premise or not claim:
            removed[f"{row.source}: empty"] += 1
        elif claim in protected:
            removed[f"{row.source}: claim in a dev or test set"] += 1
        elif premise in barred or any(normalise(s) in barred for s in sentences_of(row.premise)):
            removed[f"{row.source}: evidence in a dev or test set"] += 1
        elif (premise, claim) in seen:
            removed[f"{row.source}: duplicate"] += 1
        else:
            seen.add((premise, claim))
            kept.append(row)
    return kept, removed


def in_slice(row: Row, share: float = 0.03) -> bool:
    """Whether the row is kept out of training for choosing, by a hash of its premise's first 60 characters."""
    digest = blake2b(row.premise[:60].encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32 < share


def mined_neutrals(rows: Sequence[Row], count: int, rng: random.Random) -> Iterator[Row]:
    """Claims with another claim's evidence about the same thing (they share a claim's opening words): neutral."""
    about: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        about[" ".join(row.claim.split()[:2])].append(row)
    for row in rng.sample(list(rows), min(len(rows), 3 * count)):
        others = [o for o in about[" ".join(row.claim.split()[:2])] if o.premise != row.premise]
        if others and rng.random() < 0.7:
            other = rng.choice(others)
            shared = set(sources.words_of(row.claim)) & set(sources.words_of(other.premise))
            # Evidence that holds most of the claim's words may well settle it.
            if len(shared) > 0.6 * len(set(sources.words_of(row.claim))):
                continue
            yield relabel(row, NEUTRAL, premise=other.premise, source=f"{row.source}-neutral")
        else:
            yield relabel(row, NEUTRAL, premise=rng.choice(rows).premise, source=f"{row.source}-neutral")
        count -= 1
        if count <= 0:
            return


def four_ways(edit: twins.Edit, row: Row, rng: random.Random, *, unedited: bool) -> Iterator[Row]:
    """One refuted row and one entailed row out of an edit; see `training.twins` for why both sides are edited."""
    source = f"{row.source}-twin"
    both = edit.premise_edited != edit.premise
    if both and rng.random() < 0.4:
        yield relabel(row, REFUTES, premise=edit.premise_edited, claim=edit.claim, source=source)
    else:
        yield relabel(row, REFUTES, premise=edit.premise, claim=edit.claim_edited, source=source)
    if both and rng.random() < 0.6:
        yield relabel(row, SUPPORTS, premise=edit.premise_edited, claim=edit.claim_edited, source=source)
    elif unedited:
        yield relabel(row, SUPPORTS, premise=edit.premise, claim=edit.claim, source=source)


def set_twins(rows: Sequence[Row], count: int, rng: random.Random) -> Iterator[Row]:
    """Twins of entailed rows of the labelled sets."""
    for row in rng.sample([r for r in rows if r.label == SUPPORTS], k=sum(r.label == SUPPORTS for r in rows)):
        edit = twins.find_edit(row.premise, row.claim, row.languages, rng)
        if edit is not None:
            made = list(four_ways(edit, row, rng, unedited=False))
            yield from made
            count -= len(made)
            if count <= 0:
                return


def _faithful(premise: str, claim: str) -> bool:
    """Whether a translation may pass as entailed: no number of its own, and no longer than a translation is."""
    lengths = len(premise) / max(1, len(claim))
    return 0.75 < lengths < 1.6 and set(twins.numbers(claim)) <= set(twins.numbers(premise)) and len(claim.split()) >= 5


def parallel_rows(pairs: Sequence[Pair], count: int, rng: random.Random) -> Iterator[Row]:
    """Rows from translation pairs: entailed, edited (refuted), and neighbours or half-told sentences (neutral)."""
    by_row = {p.row: p for p in pairs}
    good = [p for p in pairs if 5 <= len(p.en.split()) <= 38 and p.source in _FOLLOWING]
    mixes = (("en", "id"),) * 4 + (("id", "en"),) * 3 + (("id", "id"),) * 2 + (("en", "en"),)
    for pair in rng.sample(good, len(good)):
        lp, lc = rng.choice(mixes)
        sentence, claim = getattr(pair, lp), getattr(pair, lc)
        if lp != lc and not _faithful(sentence, claim):
            continue
        near = [by_row[pair.row + d] for d in (-1, 1) if pair.row + d in by_row]
        near = [n for n in near if n.source == pair.source and len(n.en.split()) < 30]
        padded = bool(near) and rng.random() < 0.55

        def passage(text: str, near: list[Pair] = near, pair: Pair = pair, lp: str = lp, on: bool = padded) -> str:
            if not on:
                return text
            before = [getattr(n, lp) for n in near if n.row < pair.row]
            after = [getattr(n, lp) for n in near if n.row > pair.row]
            return " ".join(t if t.rstrip().endswith((".", "!", "?")) else t + "." for t in (*before, text, *after))

        base = Row(f"parallel-{lp}-{lc}", passage(sentence), claim, SUPPORTS, (lp, lc))
        draw = rng.random()
        made: list[Row] = []
        if draw < 0.22:
            far = [by_row[pair.row + d] for d in (2, 3, 4, -2, -3, 5, 6) if pair.row + d in by_row]
            far = [f for f in far if f.source == pair.source and len(getattr(f, lc).split()) >= 5]
            half = twins.drop_detail(sentence)
            if half is not None and rng.random() < 0.4:
                made = [relabel(base, NEUTRAL, premise=passage(half), source="parallel-half")]
            elif far:
                other = getattr(rng.choice(far), lc)
                made = [relabel(base, NEUTRAL, claim=other, source="parallel-neighbour")]
        elif draw < 0.32:
            who, other = rng.sample(PERSONS, 2)
            reported = passage(twins.said(sentence, who, lp, rng))
            if rng.random() < 0.5:
                made = [relabel(base, SUPPORTS, premise=reported, source="parallel-said"),
                        relabel(base, REFUTES, premise=reported, claim=twins.said(claim, other, lc, rng),
                                source="parallel-said")]  # fmt: skip
            else:
                made = [relabel(base, SUPPORTS, premise=reported, claim=twins.said(claim, who, lc, rng),
                                source="parallel-said")]  # fmt: skip
        else:
            edit = twins.find_edit(sentence, claim, (lp, lc), rng)
            if edit is not None:
                made = [relabel(r, r.label, premise=passage(r.premise))
                        for r in four_ways(edit, base, rng, unedited=True)]  # fmt: skip
            elif rng.random() < 0.5:
                shorter = twins.drop_detail(claim) if rng.random() < 0.3 else None
                made = [relabel(base, SUPPORTS, claim=shorter or claim)]
        yield from made
        count -= len(made)
        if count <= 0:
            return


def padded(rows: Sequence[Row], share: float, rng: random.Random) -> Iterator[Row]:
    """The rows, some with another premise of their set before or after theirs: a passage is seldom one sentence."""
    by_source: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if 4 <= len(row.premise.split()) <= 30:
            by_source[row.source].append(row.premise)
    for row in rows:
        pool = by_source.get(row.source)
        if pool and len(row.premise.split()) <= 28 and rng.random() < share:
            extra = rng.choice(pool)
            parts = [row.premise, extra] if rng.random() < 0.5 else [extra, row.premise]
            parts = [p if p.rstrip().endswith((".", "!", "?")) else p + "." for p in parts]
            yield relabel(row, row.label, premise=" ".join(parts))
        else:
            yield row


def word_rows(per_set: dict[str, list[Row]], encoder: Path, rng: random.Random) -> Iterator[Row]:
    """Rows with one word exchanged (`training.substitutes`), from the entailed rows of several sets."""
    rows = [r for part in per_set.values() for r in part]
    counted = {language: substitutes.counts(rows, language) for language in ("en", "id")}
    tables = {}
    for language, other in (("en", "id"), ("id", "en")):
        # A word belongs to the language where it is much the commoner: most pieces of the vocabulary are English.
        own = {w: n for w, n in counted[language].items() if n > 2 * counted[other][w]}
        tables[language] = substitutes.neighbours(encoder, own)
    for name, count in (("covidfact", 1000), ("healthver", 300), ("scifact", 250), ("fever", 700), ("indonli", 600),
                        ("rte", 200), ("fool-me-twice", 200)):  # fmt: skip
        yield from substitutes.substituted(per_set[name], tables, count, rng)


def build(
    data: Path, seed: int, encoder: Path, embed: topical.Embed, *, run: Run | None = None
) -> tuple[list[Row], list[Row]]:
    """The training rows and the slice kept for choosing, cleaned and in a fixed order.

    Args:
        data: The data folder.
        seed: Decides every draw.
        encoder: Folder of the encoder whose word embeddings say which words live near each other.
        embed: Texts to unit vectors, for finding evidence on the same matter.
        run: Where counts are logged, if anywhere.
    """
    rng = random.Random(seed)
    protected, shared = protected_texts(data), indonli_premises(data)
    per_set: dict[str, list[Row]] = {}
    removed: Counter[str] = Counter()
    for name, read in sources.TRAIN.items():
        per_set[name], gone = deduplicate(read(data), protected, shared)
        removed.update(gone)
    per_set["paws-id"] = rng.sample(per_set["paws-id"], min(7000, len(per_set["paws-id"])))
    pairs = [p for p in load(data).train if not p.source.startswith("sts")]
    made: list[Row] = []
    for name, neutrals in (("fever", 2500), ("fool-me-twice", 500), ("covidfact", 0), ("fever-symmetric", 300)):
        if neutrals:
            made.extend(mined_neutrals(per_set[name], neutrals, rng))
    for name, count in (("indonli", 3000), ("fever", 1800), ("paws-id", 1000), ("mnli-mt", 900), ("sts", 400),
                        ("covidfact", 1000), ("rte", 500), ("scifact", 400), ("fool-me-twice", 400), ("healthver", 300),
                        ("citint", 500)):  # fmt: skip
        made.extend(set_twins(per_set[name], count, rng))
    made.extend(parallel_rows(pairs, 15000, rng))
    made.extend(topical.topical_pairs([p for p in pairs if p.source in _FOLLOWING], embed, 14000, rng))
    for name, count in (("fever", 1800), ("indonli", 900), ("covidfact", 700), ("citint", 500), ("scifact", 400),
                        ("fool-me-twice", 400), ("healthver", 300)):  # fmt: skip
        made.extend(topical.topical_rows(per_set[name], embed, count, rng))
    per_set["qa"] = list(questions.question_rows(data, rng))
    made.extend(padded(list(mined_from(per_set, ("indonli", "fever", "fever-symmetric"), 3000, rng)), 1.0, rng))
    made.extend(word_rows(per_set, encoder, rng))
    rows, gone = deduplicate([*(r for rows in per_set.values() for r in rows), *made], protected, shared)
    removed.update({k: n for k, n in gone.items() if "duplicate" not in k})
    across = sum(n for k, n in gone.items() if "duplicate" in k)
    kept = [r for r in rows if not in_slice(r)]
    aside = [r for r in rows if in_slice(r)]
    if run is not None:
        run.log("removed", total=sum(removed.values()) + across, across_sets_and_made=across, **removed)
        by = Counter((r.source, r.label) for r in kept)
        for source in sorted({s for s, _ in by}):
            run.log("rows", source=source, counts=[by[source, k] for k in range(4)])
        run.log("built", train=len(kept), slice=len(aside), protected=len(protected))
    return kept, aside


def mined_from(per_set: dict[str, list[Row]], names: Sequence[str], count: int, rng: random.Random) -> Iterator[Row]:
    """A sample of short rows of the named sets, to be padded; marked, so that padding stays inside their set."""
    pool = [r for name in names for r in per_set[name] if len(r.premise.split()) <= 28]
    for row in rng.sample(pool, min(count, len(pool))):
        yield relabel(row, row.label, source=f"{row.source}-padded")


def claim_only_majority(rows: Sequence[Row]) -> dict[str, float]:
    """Share of the commonest label by source: what knowing only the source gives."""
    by: dict[str, Counter[int]] = defaultdict(Counter)
    for row in rows:
        by[row.source][row.label] += 1
    return {s: max(c.values()) / sum(c.values()) for s, c in by.items()}


def read_rows(path: Path) -> list[Row]:
    """Rows written by `main`."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        record["languages"] = tuple(record["languages"])
        rows.append(Row(**record))
    return rows


def main(argv: Sequence[str] | None = None) -> None:
    """Builds the mixture into a run folder."""
    from retrieval.embed import load_embedder

    parser = argparse.ArgumentParser(prog="python -m training.pairs", description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="pairs", help="name of the folder under training/runs")
    parser.add_argument("--seed", type=int, default=20261124)
    options = parser.parse_args(argv)
    run = Run(options.out, vars(options))
    embedder = load_embedder(threads=1)
    train, aside = build(data_folder(), options.seed, RUNS / "handoff" / "init", embedder.encode, run=run)
    for name, rows in (("train", train), ("slice", aside)):
        with (run.folder / f"{name}.jsonl").open("w", encoding="utf-8") as out:
            for row in rows:
                out.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()

__all__ = ["NEUTRAL", "NOT_SUPPORTED", "REFUTES", "SUPPORTS", "Row", "build", "deduplicate", "protected_texts"]
