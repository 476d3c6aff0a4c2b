"""Training items written by us: a passage, twins that differ in one point, and what it does not settle.

    python -m training.written                              checks the files and counts
    python -m training.written --into pairs-B --out pairs-C adds their rows to a mixture

The files (`training/written/*.txt`, see the README there) are plain text, an item a paragraph. Items are de-duplicated
against every dev and test text of the project and against the contrast set; a tenth is kept for choosing.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from training.common import CONTRAST, RUNS, Run, data_folder
from training.judge_eval import Scorer, twins_right
from training.pair_sources import NEUTRAL, REFUTES, SUPPORTS, Row
from training.pairs import deduplicate, in_slice, protected_texts
from training.parallel import normalise

FOLDER = Path(__file__).parent / "written"
KINDS = frozenset({"number", "date", "place", "person", "negation", "direction"})

_HEAD = re.compile(r"# (id|en)")
_CLAIM = re.compile(r"(?:(?P<side>[SR]) (?P<kind>\w+)|N) (?P<language>id|en): (?P<text>\S.*)")

_ASIDE = 0.1
"""Share of the items kept out of training: they are the only development twins in free paraphrase."""

Label = Literal["S", "R", "N"]


class WrittenError(ValueError):
    """An item that does not keep to the format; the message says which, and what is wrong."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim of an item: `S`upported, `R`efuted or `N`ot settled; `kind` is empty for the last."""

    label: Label
    kind: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """A passage and the claims about it. `twins` are pairs of a supported and a refuted claim, in either order."""

    topic: str
    language: str
    passage: str
    twins: tuple[tuple[Claim, Claim], ...]
    open: tuple[Claim, ...]

    @property
    def rows(self) -> Iterator[Row]:
        """The item as rows to learn from."""
        labels = {"S": SUPPORTS, "R": REFUTES, "N": NEUTRAL}
        for claim in (*(one for twin in self.twins for one in twin), *self.open):
            languages = (self.language, claim.language)
            yield Row(f"written-{self.topic}", self.passage, claim.text, labels[claim.label], languages)


def parse(text: str, topic: str) -> Iterator[Item]:
    """The items of a file.

    Raises:
        WrittenError: An item does not keep to the format.
    """
    for number, paragraph in enumerate(re.split(r"\n\s*\n", text.strip()), 1):
        lines = [line.strip() for line in paragraph.splitlines() if line.strip()]
        where = f"{topic}, item {number} ({' '.join(lines[1:2])[:40]})"
        head = _HEAD.fullmatch(lines[0])
        if head is None:
            raise WrittenError(f"{where}: the first line must be '# id' or '# en'")
        passage: list[str] = []
        claims: list[Claim] = []
        for line in lines[1:]:
            found = _CLAIM.fullmatch(line)
            if found is not None:
                side: Label = "N" if found["side"] is None else "S" if found["side"] == "S" else "R"
                claims.append(Claim(side, found["kind"] or "", found["language"], found["text"]))
            elif claims:
                raise WrittenError(f"{where}: cannot read {line[:40]!r}")
            else:
                passage.append(line)
        sided = [claim for claim in claims if claim.label != "N"]
        twins = tuple(zip(sided[::2], sided[1::2], strict=False))
        for one, other in twins:
            same = (one.kind, one.language) == (other.kind, other.language)
            if not same or {one.label, other.label} != {"S", "R"} or one.text == other.text or one.kind not in KINDS:
                raise WrittenError(f"{where}: {one.text[:40]!r} has no twin beside it")
        if not passage or not twins or len(sided) % 2:
            raise WrittenError(f"{where}: wants a passage and twins")
        yield Item(topic, head[1], " ".join(passage), twins, tuple(c for c in claims if c.label == "N"))


def load(folder: Path = FOLDER) -> list[Item]:
    """Every item of the folder, file by file; the topic is the file's name.

    Raises:
        WrittenError: See `parse`.
    """
    return [item for path in sorted(folder.glob("*.txt")) for item in parse(path.read_text("utf-8"), path.stem)]


def split(items: Iterable[Item]) -> tuple[list[Item], list[Item]]:
    """The items to train on, and those kept for choosing (by a hash of the passage's opening, as all rows)."""
    kept: list[Item] = []
    aside: list[Item] = []
    for item in items:
        (aside if in_slice(next(item.rows), _ASIDE) else kept).append(item)
    return kept, aside


def clean(items: Sequence[Item], data: Path) -> tuple[list[Item], Counter[str]]:
    """The items none of whose texts is one of a dev or test set's, nor of the contrast set's; how many rows went."""
    contrast = [json.loads(line) for line in CONTRAST.read_text("utf-8").splitlines()]
    protected = protected_texts(data) | {normalise(row[part]) for row in contrast for part in ("evidence", "claim")}
    single: dict[str, Item] = {}
    for item in items:
        single.setdefault(normalise(item.passage), item)
    rows, removed = deduplicate((row for item in single.values() for row in item.rows), protected)
    survived = set(rows)
    return [item for item in single.values() if survived.issuperset(item.rows)], removed


def both_right(items: Sequence[Item], score: Scorer) -> dict[str, float]:
    """Share of twins of which a model gets both right, over all, by kind, and within and across languages.

    Args:
        items: Items with twins.
        score: Probabilities of supports, refutes, neutral for (passage, claim) pairs.
    """
    flat = [(item, twin) for item in items for twin in item.twins]
    pairs = [(item.passage, claim.text) for item, twin in flat for claim in twin]
    gold = [SUPPORTS if claim.label == "S" else REFUTES for _, twin in flat for claim in twin]
    parts = [
        (str(number), (twin[0].kind, f"{item.language}-{twin[0].language}"))
        for number, (item, twin) in enumerate(flat)
        for _ in twin
    ]
    return twins_right(parts, score(pairs).argmax(1) == np.array(gold))


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.written", description=__doc__.splitlines()[0])
    parser.add_argument("--into", default="", help="mixture (folder under training/runs) to add the rows to")
    parser.add_argument("--out", default="", help="name of the new mixture's folder")
    options = parser.parse_args(argv)
    try:
        items = load()
    except WrittenError as error:
        parser.exit(1, f"{error}\n")
    claims = [claim for item in items for twin in item.twins for claim in twin]
    count = Counter(claim.kind for claim in claims[::2])
    rows = sum(len(list(item.rows)) for item in items)
    sys.stdout.write(f"{len(items)} items, {rows} rows; twins: {json.dumps(count)}\n")
    if not options.into:
        return
    run = Run(options.out, vars(options))
    kept, removed = clean(items, data_folder())
    run.log("written", items=len(items), kept=len(kept), removed=dict(removed))
    for name, part in zip(("train", "slice"), split(kept), strict=True):
        made = [json.dumps(asdict(row), ensure_ascii=False) for item in part for row in item.rows]
        shutil.copy(RUNS / options.into / f"{name}.jsonl", run.folder / f"{name}.jsonl")
        with (run.folder / f"{name}.jsonl").open("a", encoding="utf-8") as out:
            out.write("\n".join(made) + "\n")
        run.log("rows", part=name, items=len(part), rows=len(made))


if __name__ == "__main__":
    main()
