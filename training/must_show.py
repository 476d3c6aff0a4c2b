"""Every number that the shipped models must show, against its floor, in one command.

    python -m training.must_show                  development data, contrast set left out
    python -m training.must_show --test           test data too; once, when nothing is left to choose
    python -m training.must_show --test --speed   and the speeds, which need the float32 weights of the runs

Prints a Markdown table; the run folder `must-show` has the details.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from training import judge_report
from training.common import ROOT, RUNS, Run, data_folder

LAYS = {"indonli-test_lay": ("accuracy", 0.66), "scifact-validation-gold": ("balanced accuracy", 0.75),
        "covidfact-dev": ("balanced accuracy", 0.75), "climate-fever-pairs": ("macro-F1", 0.50)}  # fmt: skip
"""The judge's sets that have a floor, with the metric's name."""
MARGIN, ECE, AGREEMENT, CONTRAST, NEWSROOM = 0.10, 0.05, 0.99, 0.75, 0.70


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to show: what it came to, and the value it must reach (or stay under, where `under`)."""

    what: str
    value: float
    floor: float
    under: bool = False

    @property
    def met(self) -> bool:
        """Whether the floor is reached."""
        return self.value < self.floor if self.under else self.value >= self.floor


def table(lines: Sequence[Line]) -> str:
    """The lines as a Markdown table."""
    rows = ["| what | measured | wanted | |", "| --- | --- | --- | --- |"]
    for line in lines:
        sign = "<" if line.under else "≥"
        rows.append(f"| {line.what} | {line.value:.3f} | {sign} {line.floor:g} | {'' if line.met else 'missed'} |")
    return "\n".join(rows) + "\n"


def judge_lines(folder: Path, pairs: Path, run: Run, *, test: bool) -> Iterator[Line]:
    """The judge on its sets, its distance from the claim-only baselines, calibration, contrast and int8."""
    from checker.judges.crossencoder import EntailmentModel
    from retrieval.modelfile import read_manifest

    judge = EntailmentModel(folder, threads=1, backend="onnxruntime")
    found = judge_report.report(judge, pairs, run, test=test)
    for name, (metric, floor) in LAYS.items():
        if name in found:
            yield Line(f"{name} ({found[name].n}), {metric}", found[name].judge, floor)
            yield Line(f"{name}, above the better claim-only baseline", found[name].margin, MARGIN)
    yield Line("calibration error, indonli-val", found["indonli-val"].ece, ECE, under=True)
    yield Line("calibration error, covidfact-dev", found["covidfact-dev"].ece, ECE, under=True)
    for name, share in read_manifest(folder).get("int8_agreement", {}).items():
        yield Line(f"same label as float32, {name}", float(share), AGREEMENT)
    if test:
        for system, share in judge_report.contrast(judge, run).items():
            yield Line(f"contrast set, both twins right, {system}", share, CONTRAST)


def newsroom_line(data: Path) -> Line:
    """Label macro-F1 on gold claims of newsroom-dev, with the thresholds as shipped; the set they were chosen on."""
    from training import thresholds

    rows = thresholds.collect(data)
    return Line(
        f"newsroom-dev, gold claims ({len(rows)}), macro-F1",
        thresholds.macro_f1(rows, thresholds.shipped())[0],
        NEWSROOM,
    )


def embedder_lines(run: Run) -> Iterator[Line]:
    """The embedder's test numbers; SciFact against the teacher measured in the same run."""
    from retrieval.embed import EmbeddedEmbedder
    from training import embedder_eval

    data = data_folder()
    found = embedder_eval.evaluate(EmbeddedEmbedder(threads=1), data)
    run.log("embedder", **found)
    teacher = embedder_eval.ndcg_at_10(embedder_eval.Teacher(), *embedder_eval.scifact(data))  # type: ignore[arg-type]
    run.log("teacher", scifact_ndcg_at_10=teacher)
    yield Line("gunnxx/news/valid, Recall@1, Indonesian to English", found["news_recall_at_1_id_to_en"], 0.88)
    yield Line("sts-indo test, Spearman, Indonesian", found["sts_spearman_id_id"], 0.78)
    yield Line("sts-indo test, Spearman, across", found["sts_spearman_id_en"], 0.78)
    yield Line(f"SciFact nDCG@10 (all-MiniLM-L6-v2 {teacher:.3f})", found["scifact_ndcg_at_10"], teacher - 0.02)


def speed_lines(judge_run: str, weights: str, embedder: Path, run: Run) -> Iterator[Line]:
    """Ratios to sentence-transformers in float32, same texts, one run, CPU seconds of one thread."""
    from training import embedder_speed, judge_speed
    from training.judge_export import OUT

    ratios = embedder_speed.speeds(run, embedder, size=192, rounds=3)
    yield Line("start to first vector, times less CPU", ratios.pop("start-up"), 15)
    for name, times in ratios.items():
        if "sentence-transformers" not in name:
            yield Line(f"embedding, {name}, times as fast", times, 3.5 if "openvino" in name else 2.2)
    for name, times in judge_speed.speeds(run, judge_run, weights, OUT, size=192, rounds=3).items():
        if "sentence-transformers" not in name:
            yield Line(f"pair scoring, {name}, times as fast", times, 3.5 if "openvino" in name else 2.2)


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.must_show", description=__doc__.splitlines()[0])
    parser.add_argument("--test", action="store_true")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--no-embedder", action="store_true", help="leave out the embedder, which has not changed")
    parser.add_argument("--folder", type=Path, default=judge_report.SHIPPED)
    parser.add_argument("--pairs", type=Path, default=RUNS / "pairs" / "train.jsonl", help="what the judge learnt from")
    parser.add_argument("--newsroom", type=Path, default=ROOT.parent / "shared" / "newsroom-dev")
    parser.add_argument("--judge-run", default="judge", help="run folder with the judge's float32 weights, for --speed")
    parser.add_argument("--weights", default="last", help="which of them")
    parser.add_argument("--embedder", type=Path, default=RUNS / "embedder-C" / "average", help="float32 folder of it")
    options = parser.parse_args(argv)
    run = Run("must-show", {k: str(v) for k, v in vars(options).items()})
    lines = list(judge_lines(options.folder, options.pairs, run, test=options.test))
    lines.append(newsroom_line(options.newsroom))
    if options.test and not options.no_embedder:
        lines += embedder_lines(run)
    if options.speed:
        lines += speed_lines(options.judge_run, options.weights, options.embedder, run)
    run.write_json("lines.json", [{"what": x.what, "value": x.value, "floor": x.floor, "met": x.met} for x in lines])
    sys.stdout.write(table(lines))
    sys.stdout.write(json.dumps({"met": sum(x.met for x in lines), "of": len(lines)}) + "\n")


if __name__ == "__main__":
    main()
