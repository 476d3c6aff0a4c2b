"""Bulk checking on this machine: are all cores at work, does twice the work take twice the time, is memory flat?

    python -m evals.bench.bulk [--articles 200] [--store demo/store] [--json]

Two runs, the second with twice the articles. What is measured is their steady part, from the first article to the
last: start-up is a constant. Other programs may be at work on the machine, so the cores' use is given twice: as the
share of all their time, which is what counts on a machine of its own; and, on Linux, as the share of the time that the
processes worked or stood in line for a core, which other programs do not change: what is missing there they spent
waiting for something else than a core (a file, each other, the next shard).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from checker.bulk import run
from checker.bulk.local import LocalEngine, cores
from checker.bulk.run import Standing
from checker.settings import Settings, load_settings

SAMPLE_SECONDS = 0.25

_OPENINGS = (
    "JAKARTA - Menteri Luar Negeri Iran Abbas Araghchi tiba di Moskow pada {day} Juni 2025 untuk bertemu {host}.",
    "MOSCOW - Iranian Foreign Minister Abbas Araghchi met {host} in Moscow on {day} June 2025.",
)
_MIDDLES = (
    "Sekitar {number} orang menghadiri pertemuan itu, kata juru bicara Kremlin Dmitry Peskov.",
    "Peskov mengatakan Rusia siap menjadi penengah antara Iran dan Israel.",
    "Rombongan delegasi {town} membawa {number} kotak bantuan dari Tashkent.",
    "The agency said {number} inspectors were still in {town}.",
    "Harga minyak mentah Brent naik {number} persen pada hari yang sama.",
    "The United States struck three nuclear sites, including Fordow, on 22 June.",
    "Pertemuan di {town} itu berlangsung selama {number} menit.",
)
_HOSTS = ("Presiden Vladimir Putin", "Sergei Lavrov", "Dmitry Medvedev")
_TOWNS = ("Natanz", "Isfahan", "Bogor", "Kazan", "Doha", "Jenewa")


def articles(count: int, sentences: int = 3, seed: int = 0) -> Iterator[dict[str, str]]:
    """`count` articles as lines of a JSONL input: sentences of our own over the demo's evidence, no two alike."""
    for number in range(count):
        rng = random.Random(f"{seed}-{number}")
        lines = [rng.choice(_OPENINGS), *rng.sample(_MIDDLES, min(sentences - 1, len(_MIDDLES)))]
        filled = [
            line.format(
                day=rng.randint(20, 26),
                host=rng.choice(_HOSTS),
                number=rng.randint(2, 900),
                town=rng.choice(_TOWNS),
            )
            for line in lines
        ]
        title = f"Kabar diplomasi nomor {number}"
        yield {"id": f"uji-{number}", "title": title, "text": f"{title}\n\n" + " ".join(filled) + "\n"}


def write_jsonl(path: Path, count: int, sentences: int = 3, seed: int = 0) -> Path:
    """The articles as a JSONL file."""
    with path.open("w", encoding="utf-8") as file:
        for article in articles(count, sentences, seed):
            file.write(json.dumps(article, ensure_ascii=False) + "\n")
    return path


@dataclass(frozen=True, slots=True)
class Sample:
    """What the run's processes had used at one moment; `wanted` is the time they worked or stood in line for a core."""

    at: float
    cpu: float
    wanted: float
    memory: int


@dataclass
class Watch:
    """Samples the run's own processes while a run goes on."""

    samples: list[Sample] = field(default_factory=list)
    done: list[tuple[float, int]] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _cpu: dict[int, float] = field(default_factory=dict)
    _wanted: dict[int, float] = field(default_factory=dict)

    def show(self, standing: Standing) -> None:
        """Take in how far the run is."""
        self.done.append((time.monotonic(), standing.done))

    def __enter__(self) -> Watch:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        import psutil

        own = psutil.Process()
        while not self._over.wait(SAMPLE_SECONDS):
            memory = 0
            for process in own.children(recursive=True):
                try:
                    times = process.cpu_times()
                    self._cpu[process.pid] = times.user + times.system
                    self._wanted[process.pid] = _wanted(process.pid)
                    memory += process.memory_full_info().uss
                except (psutil.Error, OSError):
                    continue
            times = own.cpu_times()
            cpu = times.user + times.system + sum(self._cpu.values())
            self.samples.append(Sample(time.monotonic(), cpu, sum(self._wanted.values()), memory))

    def steady(self, articles: int, workers: int) -> Steady:
        """Figures of the part between the first and the last article."""
        # The first of each worker warms its models up; the last may leave the other cores without work.
        first, last = self._when(min(2 * workers, articles // 4)), self._when(articles)
        inside = [sample for sample in self.samples if first <= sample.at <= last]
        if len(inside) < 8:
            raise SystemExit("the run was over too soon to be measured; give more with --articles")
        begin, end = inside[0], inside[-1]
        wall = end.at - begin.at
        cpu = end.cpu - begin.cpu
        memory = [sample.memory for sample in inside]
        quarter = max(1, len(memory) // 4)
        return Steady(
            articles=self._done_by(end.at) - self._done_by(begin.at),
            seconds=round(wall, 2),
            cpu_seconds=round(cpu, 2),
            of_all=round(cpu / (wall * cores()), 3),
            of_their_own=round((end.wanted - begin.wanted) / (wall * workers), 3),
            memory_first_quarter_mb=round(sum(memory[:quarter]) / quarter / 1e6, 1),
            memory_last_quarter_mb=round(sum(memory[-quarter:]) / quarter / 1e6, 1),
            memory_peak_mb=round(max(memory) / 1e6, 1),
        )

    def _when(self, count: int) -> float:
        return next(at for at, done in self.done if done >= count)

    def _done_by(self, moment: float) -> int:
        return max((done for at, done in self.done if at <= moment), default=0)


def _wanted(pid: int) -> float:
    """Seconds that a process's main thread has run or stood in line to run."""
    path = Path(f"/proc/{pid}/schedstat")
    if not path.exists():
        return 0.0
    ran, waited, _ = path.read_text(encoding="ascii").split()
    return (int(ran) + int(waited)) / 1e9


@dataclass(frozen=True, slots=True)
class Steady:
    """Figures of one run.

    Attributes:
        of_all: Share of the time of all cores that the run's processes worked.
        of_their_own: Share of their own time in which they worked or stood in line for a core; 0 where Linux is not.
    """

    articles: int
    seconds: float
    cpu_seconds: float
    of_all: float
    of_their_own: float
    memory_first_quarter_mb: float
    memory_last_quarter_mb: float
    memory_peak_mb: float


def measure(settings: Settings, articles: int, workers: int) -> dict[str, Any]:
    """Run once and once more with twice the articles, and put both in relation."""
    figures: list[Steady] = []
    with tempfile.TemporaryDirectory(prefix="saring-bulk-") as folder:
        for number, count in enumerate((articles, 2 * articles)):
            # The second run holds the first one's articles and as many others, so that its work is twice as much.
            path = write_jsonl(Path(folder) / f"{number}.jsonl", count)
            watch = Watch()
            with watch:
                run.check(
                    [path],
                    Path(folder) / f"out{number}",
                    settings,
                    LocalEngine(workers),
                    workers=workers,
                    show=watch.show,
                )
            figures.append(watch.steady(count, workers))
    first, second = figures
    per_article = [figure.seconds / figure.articles for figure in figures]
    per_article_cpu = [figure.cpu_seconds / figure.articles for figure in figures]
    return {
        "cores": cores(),
        "workers": workers,
        "runs": [asdict(figure) for figure in figures],
        # 2.0 where twice the articles take twice the time.
        "time_ratio": round(2 * per_article[1] / per_article[0], 3),
        "cpu_ratio": round(2 * per_article_cpu[1] / per_article_cpu[0], 3),
        "memory_growth": round(second.memory_last_quarter_mb / second.memory_first_quarter_mb, 3),
        "memory_ratio": round(second.memory_peak_mb / first.memory_peak_mb, 3),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.bulk", description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=200, help="articles of the first run")
    parser.add_argument("--workers", type=int, default=0, help="processes; one a core where 0")
    parser.add_argument("--store", default="demo/store", help="evidence store (make demo makes the default one)")
    parser.add_argument("--json", action="store_true", help="the figures alone, as JSON")
    given = parser.parse_args()
    figures = measure(load_settings(store=given.store), given.articles, given.workers or cores())
    if given.json:
        sys.stdout.write(json.dumps(figures) + "\n")
        return
    for one in figures["runs"]:
        sys.stdout.write(
            f"{one['articles']} articles in {one['seconds']} s: {one['of_all']:.0%} of all cores' time, "
            f"at work or in line for {one['of_their_own']:.0%} of theirs; "
            f"memory {one['memory_first_quarter_mb']} MB at first, {one['memory_last_quarter_mb']} MB at last\n"
        )
    sys.stdout.write(
        f"twice the articles: {figures['time_ratio']} times the time, {figures['cpu_ratio']} times the work, "
        f"{figures['memory_ratio']} times the memory\n"
    )


if __name__ == "__main__":
    main()
