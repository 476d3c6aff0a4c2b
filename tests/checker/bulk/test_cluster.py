"""Two Ray nodes on this machine, one of them killed half-way: every article is in the output once."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from bulk_outputs import reports

from checker.bulk import run
from checker.bulk.cluster import RayEngine
from checker.bulk.run import Standing, Summary
from checker.bulk.testing import ScriptedJob
from checker.errors import BulkError
from checker.settings import load_settings
from evals.bench.bulk import write_jsonl

ROOT = Path(__file__).parents[3]
FULL = "SARING_TEST_BULK"


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    if not os.environ.get("CI"):
        pytest.importorskip("ray", reason='Ray is not installed: pip install "saring[ray]"')
    from ray.cluster_utils import Cluster

    # A node is given up after eight seconds without a sign of life instead of half a minute.
    quick = {"health_check_period_ms": 1000, "health_check_failure_threshold": 8}
    store = 80_000_000
    started = Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 1,
            "include_dashboard": False,
            "object_store_memory": store,
            "_system_config": quick,
        },
    )
    started.second = started.add_node(num_cpus=1, object_store_memory=store)
    started.wait_for_nodes()
    yield started
    started.shutdown()


class Killer:
    """Kills the second node when half of the articles are done."""

    def __init__(self, cluster: Any) -> None:
        self.cluster = cluster
        self.thread: threading.Thread | None = None
        self.at = 0

    def __call__(self, standing: Standing) -> None:
        if self.thread is None and standing.done * 2 >= standing.total:
            self.at = standing.done
            self.thread = threading.Thread(
                target=self.cluster.remove_node, args=(self.cluster.second,), kwargs={"allow_graceful": False}
            )
            self.thread.start()


@pytest.mark.slow
def test_a_node_killed_half_way_costs_nothing(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SARING_CONFIG", str(tmp_path / "none.toml"))
    path = tmp_path / "articles.jsonl"
    path.write_text("".join(f'{{"id": "a{i}", "text": "BRIEF {i}"}}\n' for i in range(1_000)), encoding="utf-8")
    killer = Killer(cluster)
    summary = run.check(
        [path],
        tmp_path / "out",
        load_settings(store=str(tmp_path / "store")),
        RayEngine(cluster.address),
        size=20,
        show=killer,
        kind=ScriptedJob,
    )
    assert killer.thread is not None
    killer.thread.join()
    assert 500 <= killer.at < 1_000, "it was killed while there was work left"
    assert summary == Summary(items=1_000, reports=1_000, failed=0, failed_claims=0, resumed=0)
    assert sorted(row["id"] for row in reports(tmp_path / "out")) == sorted(f"a{i}" for i in range(1_000))


@pytest.mark.slow
def test_what_ails_every_article_stops_the_cluster_with_its_reason(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SARING_CONFIG", str(tmp_path / "none.toml"))
    path = tmp_path / "articles.jsonl"
    path.write_text('{"text": "OUTAGE"}\n', encoding="utf-8")
    settings = load_settings(store=str(tmp_path / "store"))
    with pytest.raises(BulkError, match="the chat model cannot be reached"):
        run.check([path], tmp_path / "out", settings, RayEngine(cluster.address), kind=ScriptedJob)


def test_a_cluster_that_is_not_there_is_a_line(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason='Ray is not installed: pip install "saring[ray]"')
    path = tmp_path / "articles.jsonl"
    path.write_text('{"text": "a"}\n', encoding="utf-8")
    settings = load_settings(store=str(tmp_path / "store"))
    with pytest.raises(BulkError, match=r"127\.0\.0\.1:1 cannot be used .*ray start --head"):
        run.check([path], tmp_path / "out", settings, RayEngine("127.0.0.1:1"), kind=ScriptedJob)


@pytest.mark.slow
@pytest.mark.skipif(
    FULL not in os.environ, reason=f"takes long with the models; set {FULL}=1000 to run it with as many articles"
)
def test_a_node_killed_half_way_with_the_models(cluster: Any, tmp_path: Path) -> None:
    count = int(os.environ[FULL])
    from checker.settings import Settings
    from retrieval.connectors import load_connector
    from retrieval.store import EvidenceStore

    with EvidenceStore.open(tmp_path / "store", mode="rw") as store:
        store.add(load_connector("folder").find(str(ROOT / "seeds" / "evidence")))
    killer = Killer(cluster)
    started = time.monotonic()
    summary = run.check(
        [write_jsonl(tmp_path / "articles.jsonl", count, sentences=2)],
        tmp_path / "out",
        Settings(store=str(tmp_path / "store")),
        RayEngine(cluster.address),
        size=max(1, count // 100),
        show=killer,
    )
    assert killer.thread is not None
    killer.thread.join()
    assert (summary.items, summary.reports + summary.failed) == (count, count)
    rows = reports(tmp_path / "out")
    keys = [row["key"] for row in rows]
    assert len(keys) == len(set(keys)) == summary.reports
    assert {row["id"] for row in rows} <= {f"uji-{i}" for i in range(count)}
    sys.stderr.write(f"{count} articles in {time.monotonic() - started:.0f} s, a node killed at {killer.at}\n")
