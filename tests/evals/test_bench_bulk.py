"""The figures of a bulk run, from samples whose answer is known."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from evals.bench import bulk
from evals.bench.bulk import Sample, Watch, articles, write_jsonl


def watched(memory: int = 100, busy: float = 0.9) -> Watch:
    """100 articles in 100 seconds, two processes at work for `busy` of the time."""
    watch = Watch()
    watch.done = [(float(second), second) for second in range(101)]
    watch.samples = [
        Sample(second / 4, 2 * busy * second / 4, 2 * second / 4, (memory + second) * 1_000_000)
        for second in range(401)
    ]
    return watch


def test_steady_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "cores", lambda: 2)
    figures = watched().steady(100, 2)
    assert figures.seconds == pytest.approx(96.0)
    assert figures.articles == 96
    assert figures.of_all == pytest.approx(0.9)
    assert figures.of_their_own == pytest.approx(1.0)
    assert figures.memory_peak_mb == 500
    assert figures.memory_first_quarter_mb < figures.memory_last_quarter_mb


def test_a_run_too_short_is_not_measured() -> None:
    watch = watched()
    watch.samples = watch.samples[:5]
    with pytest.raises(SystemExit, match="--articles"):
        watch.steady(100, 2)


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="Linux counts this, with schedstat")
def test_time_in_line_is_at_least_the_time_at_work() -> None:
    before, cpu = bulk._wanted(os.getpid()), os.times().user + os.times().system
    sum(range(3_000_000))
    # The clock of os.times() goes in hundredths.
    assert bulk._wanted(os.getpid()) - before >= os.times().user + os.times().system - cpu - 0.03


def test_articles_differ_and_are_the_same_each_time(tmp_path: Path) -> None:
    made = list(articles(50))
    assert made == list(articles(50))
    assert made == list(articles(80))[:50]
    assert len({article["text"] for article in made}) == 50
    path = write_jsonl(tmp_path / "a.jsonl", 3)
    assert path.read_text(encoding="utf-8").count("\n") == 3
