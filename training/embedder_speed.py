"""Texts a second and start-up of the shipped embedder against sentence-transformers in float32, same weights and texts.

    python -m training.embedder_speed --source training/runs/embedder-C/average

All on one thread and in turns; CPU seconds, so that a busy machine changes the ratio little. OpenVINO takes part where
it is installed. Start-up is the CPU time of a fresh process from its start to its first vector.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from retrieval.embed import EmbeddedEmbedder
from retrieval.errors import MissingExtra
from training import distil_data, parallel
from training.common import ROOT, RUNS, Run, data_folder

_SAVE = """
import sys
from sentence_transformers import SentenceTransformer, models
body = models.Transformer(sys.argv[1], max_seq_length=256)
SentenceTransformer(modules=[body, models.Pooling(384, pooling_mode="mean"), models.Normalize()]).save(sys.argv[2])
"""
_FIRST = {
    "sentence-transformers fp32": (
        "import sys, torch; torch.set_num_threads(1)\n"
        "from sentence_transformers import SentenceTransformer\n"
        "SentenceTransformer(sys.argv[1], device='cpu', local_files_only=True).encode(['halo dunia'])"
    ),
    "saring onnxruntime": (
        "from retrieval.embed import EmbeddedEmbedder\n"
        "EmbeddedEmbedder(threads=1, backend='onnxruntime').encode(['halo dunia'])"
    ),
}


def start_up(code: str, folder: str) -> float:
    """CPU seconds of a fresh interpreter that runs `code`, children's user and system time together."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", code, folder], check=True, env=environment, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def texts(size: int) -> dict[str, list[str]]:
    """Sentences and passages, half Indonesian and half English, of the pairs kept for choosing."""
    dev = [p for p in parallel.load(data_folder()).dev if p.source == "gunnxx/general/valid"]
    sides = [p.id if i % 2 else p.en for i, p in enumerate(dev)]
    return {"sentences": sides[:size], "passages": [" ".join(sides[i : i + 4]) for i in range(size, size * 2, 4)]}


def speeds(run: Run, source: Path, *, size: int, rounds: int) -> dict[str, float]:
    """Measures and logs; returns the ratios to sentence-transformers: `start-up`, and `KIND BACKEND` for each."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    ratios: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", _SAVE, str(source), folder], check=True, capture_output=True)
        seconds = {name: min(start_up(code, folder) for _ in range(2)) for name, code in _FIRST.items()}
        ratios["start-up"] = seconds["sentence-transformers fp32"] / seconds["saring onnxruntime"]
        run.log("start-up", cpu_s=seconds, ratio=ratios["start-up"])
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(1)
        reference = SentenceTransformer(folder, device="cpu", local_files_only=True)
    systems: dict[str, Callable[[list[str]], np.ndarray]] = {
        "sentence-transformers fp32": lambda part: reference.encode(part, batch_size=32, show_progress_bar=False)
    }
    for backend in ("onnxruntime", "openvino"):
        try:
            systems[f"saring {backend}"] = EmbeddedEmbedder(threads=1, backend=backend).encode  # type: ignore[arg-type]
        except MissingExtra:
            run.log("left out", system=backend)
    tokenizer = distil_data.load_tokenizer(source)
    for kind, part in texts(size).items():
        tokens = float(np.mean([len(e.ids) for e in tokenizer.encode_batch(part)]))
        spent: dict[str, list[float]] = {name: [] for name in systems}
        vectors = {name: encode(part) for name, encode in systems.items()}  # also the warm-up
        for _ in range(rounds):
            for name, encode in systems.items():
                began = time.process_time()
                encode(part)
                spent[name].append(time.process_time() - began)
        slow = float(np.median(spent["sentence-transformers fp32"]))
        for name, times in spent.items():
            cosine = (vectors[name] * vectors["sentence-transformers fp32"]).sum(axis=1)
            median = float(np.median(times))
            ratios[f"{kind} {name.removeprefix('saring ')}"] = slow / median
            run.log(
                "speed",
                texts=kind,
                mean_tokens=tokens,
                system=name,
                texts_per_cpu_s=len(part) / median,
                times=slow / median,
                cosine=float(cosine.mean()),
                lowest_cosine=float(cosine.min()),
            )
    return ratios


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, default=RUNS / "embedder" / "average", help="the float32 model folder")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(argv)
    speeds(Run("embedder-speed", vars(options)), options.source, size=options.size, rounds=options.rounds)


if __name__ == "__main__":
    main()
