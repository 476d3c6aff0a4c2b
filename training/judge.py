"""Trains the judge: a cross-encoder that says whether a passage supports, refutes or does not settle a claim.

    python -m training.pairs
    python -m training.judge --init training/runs/handoff/aligned --run judge

The run folder holds the log, a checkpoint that a second call resumes, and weights at the end (`final/`). Options are
kept in `config.json`; a resumed run must be given the same ones.
"""

from __future__ import annotations

import argparse
import math
import random
import shutil
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from training import pair_sources as sources
from training.common import RUNS, Run, data_folder, device, seed_everything
from training.judge_eval import score_rows
from training.judge_model import JudgeModel, collate, load_tokenizer
from training.pairs import NOT_SUPPORTED, SUPPORTS, Row, read_rows

# How often each set is seen in one run, by recipe; small or telling sets more, sets not named once, or as `*` says.
MIXES: dict[str, dict[str, float]] = {
    "first": {
        "indonli": 3.0, "indonli-twin": 1.5, "indonli-padded": 1.0, "mnli-mt": 1.5, "fever": 1.5,
        "fever-symmetric": 3.0, "covidfact": 2.5, "covidfact-twin": 1.5, "healthver": 2.5, "fool-me-twice": 2.5,
        "scifact": 3.0, "scifact-window": 2.0, "scifact-twin": 2.0, "rte": 2.0, "wrete": 2.0,
        "parallel-neighbour": 2.0, "parallel-half": 2.0, "covidfact-word": 1.5,
    },
    # A second run on weights of the first: what it had seen least (evidence of science, health and Wikipedia in several
    # sentences, topical neutrals, Indonesian questions), with enough of the rest not to forget it.
    "second": {
        "indonli": 1.6, "indonli-padded": 0.6, "indonli-word": 0.6, "mnli-mt": 0.5, "fever": 0.6, "fever-neutral": 0.3,
        "fever-padded": 0.4, "fever-topical": 0.7, "fever-symmetric": 2.0, "fever-symmetric-neutral": 0.5,
        "covidfact": 2.5, "healthver": 2.5, "healthver-twin": 1.2, "fool-me-twice": 2.0, "scifact": 3.0,
        "scifact-window": 2.0, "scifact-twin": 1.5, "citint": 1.2, "attributionbench": 0.5, "summedits": 0.4,
        "wice": 0.8, "paws-id": 0.3, "paws-id-twin": 0.6, "sts": 0.3, "parallel-en-en-twin": 0.5,
        "parallel-en-id-twin": 0.6, "parallel-id-en-twin": 0.6, "parallel-id-id-twin": 0.6, "parallel-said": 0.7,
        "parallel-neighbour": 0.5, "topical-en-id": 0.8, "topical-id-en": 0.8, "topical-id-id": 0.7,
        "topical-en-en": 0.7, "qa-impossible": 0.8,
    },
    # A third on weights of the second: mostly the items written by hand, with a share of everything else.
    "third": {
        "*": 0.35, "written-*": 3.0, "covidfact": 1.5, "scifact": 2.5, "scifact-window": 1.5, "healthver": 1.5,
        "citint": 0.5, "fool-me-twice": 1.0, "fever-symmetric": 1.0, "indonli": 0.7, "mnli-mt": 0.2, "fever": 0.25,
        "paws-id": 0.15, "attributionbench": 0.2, "summedits": 0.2, "wice": 0.4,
    },
}  # fmt: skip


def plan(
    rows: Sequence[Row], lengths: Sequence[int], budget: int, rng: random.Random, mix: Mapping[str, float]
) -> list[list[int]]:
    """The batches of a run: each row as often as `mix` says, about `budget` tokens a batch, of like length.

    Rows are shuffled, sorted by length within pools of fifty batches, cut, and the batches shuffled in the pool.
    """
    by: dict[str, list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        by[row.source].append(i)
    stream: list[int] = []
    for source, members in sorted(by.items()):
        repeats = mix.get(source, mix.get(f"{source.split('-')[0]}-*", mix.get("*", 1.0)))
        stream += members * int(repeats)
        stream += rng.sample(members, int((repeats - int(repeats)) * len(members)))
    rng.shuffle(stream)
    mean = sum(lengths[i] for i in stream) / len(stream)
    pool = int(50 * budget / mean)
    batches: list[list[int]] = []
    for start in range(0, len(stream), pool):
        part = sorted(stream[start : start + pool], key=lambda i: lengths[i])
        mine: list[list[int]] = [[]]
        for i in part:
            if mine[-1] and (len(mine[-1]) + 1) * lengths[i] > budget:
                mine.append([])
            mine[-1].append(i)
        rng.shuffle(mine)
        batches += mine
    return batches


def loss_of(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor, smoothing: float) -> torch.Tensor:
    """Weighted mean loss: cross-entropy, or -log(1 - P(supports)) for rows that are only known not to be supported.

    `smoothing` moves that share of the target to the uniform distribution on three-way rows.
    """
    logp = torch.log_softmax(logits.float(), dim=-1)
    binary = labels == NOT_SUPPORTED
    target = labels.masked_fill(binary, 0)
    exact = -(1 - smoothing) * logp.gather(1, target.unsqueeze(1)).squeeze(1) - smoothing * logp.mean(1)
    not_supported = -torch.logsumexp(logp[:, 1:], dim=-1)
    return (torch.where(binary, not_supported, exact) * weights).sum() / weights.sum()


class Scoring:
    """A model and tokenizer as a `judge_eval.Scorer`."""

    def __init__(self, model: JudgeModel, tokenizer_folder: Path, max_length: int, budget: int = 4096) -> None:
        self.model, self.budget = model, budget
        self.tokenizer = load_tokenizer(tokenizer_folder, max_length)

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        """Probabilities, (n, 3)."""
        encoded = [(e.ids, e.type_ids) for e in self.tokenizer.encode_batch(list(pairs))]
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i][0]))
        out = np.zeros((len(encoded), 3), dtype=np.float32)
        self.model.eval()
        where = next(self.model.parameters()).device
        at = 0
        with torch.inference_mode(), torch.autocast(where.type, dtype=torch.bfloat16):
            while at < len(order):
                size = max(1, self.budget // max(8, len(encoded[order[min(at + 63, len(order) - 1)]][0])))
                batch = order[at : at + size]
                tensors = [t.to(where) for t in collate([encoded[i] for i in batch])]
                out[batch] = torch.softmax(self.model(*tensors).float(), -1).cpu().numpy()
                at += size
        self.model.train()
        return out


def dev_sets(data: Path, aside: Sequence[Row], *, small: bool) -> dict[str, list[Row]]:
    """What models are chosen on: IndoNLI val, COVID-Fact dev, the slice by kind. `small` samples them."""
    rng = random.Random(7)
    sets = {"indonli-val": list(sources.indonli(data, "val")), "covidfact-dev": list(sources.covidfact(data, "dev"))}
    twins = [r for r in aside if r.source.startswith("parallel") or r.source.endswith("-twin")]
    made = ("-twin", "-topical")
    fever = [r for r in aside if r.source.startswith(("fever", "fool")) and not r.source.endswith(made)]
    health = [r for r in aside if r.source.startswith(("healthver", "scifact")) and not r.source.endswith("-topical")]
    sets |= {"slice-twins": twins, "slice-fever": fever, "slice-health": health}
    # Only in the slice of a second mixture; the first has none.
    topical = [r for r in aside if "topical" in r.source]
    questions = [r for r in aside if r.source.split("-")[0] in ("qa", "citint") and not r.source.endswith(made)]
    written = [r for r in aside if r.source.startswith("written")]
    more = (("slice-topical", topical), ("slice-questions", questions), ("slice-written", written))
    sets |= {name: part for name, part in more if part}
    if small:
        return {k: (rng.sample(v, 500) if len(v) > 500 else v) for k, v in sets.items()}
    return sets


def budget_override(run: Run) -> int:
    """The token budget in the run folder's file `tokens`, 0 where there is none.

    The learning rate falls to nothing at the budget's end; on a shared machine the end must be movable while it runs.
    """
    try:
        return int((run.folder / "tokens").read_text().strip())
    except (OSError, ValueError):
        return 0


def train(options: argparse.Namespace) -> None:
    """Runs or resumes a training run."""
    run = Run(options.run, vars(options))
    seed_everything(options.seed)
    torch.set_num_threads(run.threads(options.threads))
    where = device()
    rows = read_rows(Path(options.pairs))
    aside = read_rows(Path(options.slice))
    init = Path(options.init)
    tokenizer = load_tokenizer(init, options.max_length)
    encoded = []
    for at in range(0, len(rows), 4096):
        part = tokenizer.encode_batch([(r.premise, r.claim) for r in rows[at : at + 4096]])
        encoded += [(np.array(e.ids, np.int32), np.array(e.type_ids, np.int8)) for e in part]
    lengths = [len(ids) for ids, _ in encoded]
    batches = plan(rows, lengths, options.batch_tokens, random.Random(options.seed), MIXES[options.mix])
    padded = sum(len(b) * max(lengths[i] for i in b) for b in batches)
    total = min(padded, budget_override(run) or options.tokens or padded)
    run.log("plan", rows=len(rows), exposures=sum(map(len, batches)), batches=len(batches), tokens=padded, used=total)

    model = JudgeModel.start(init).to(where)
    if options.weights:
        weights = torch.load(options.weights, map_location=where)
        model.load_state_dict(weights.get("model", weights))
    if options.freeze_words:
        # Two thirds of the parameters, and each is met seldom: without them a step costs about a tenth less.
        model.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
    head = [p for n, p in model.named_parameters() if not n.startswith("encoder")]
    plain = [p for n, p in model.named_parameters() if n.startswith("encoder") and p.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": plain, "lr": options.lr, "top": options.lr},
         {"params": head, "lr": options.head_lr, "top": options.head_lr}], weight_decay=0.01, fused=True)  # fmt: skip
    scoring = Scoring(model, init, options.max_length)
    small = dev_sets(data_folder(), aside, small=True)
    step, seen, snapshots = 0, 0, 0
    mean: dict[str, torch.Tensor] = {}
    state = run.load_checkpoint()
    if state is not None:
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        step, seen, snapshots, mean = state["step"], state["seen"], state["snapshots"], state["mean"]
        run.log("resumed", step=step, seen=seen)
    model.train()
    next_eval = (seen // options.eval_tokens + 1) * options.eval_tokens
    losses: list[float] = []
    began, began_seen, saved = time.time(), seen, time.time()
    while step < len(batches) and seen < total:
        batch = batches[step]
        done = seen / total
        factor = min(1.0, seen / options.warmup_tokens + 0.02) * max(0.02, 1 - done)
        for group in optimizer.param_groups:
            group["lr"] = group["top"] * factor
        tensors = [t.to(where) for t in collate([encoded[i] for i in batch])]
        labels = torch.tensor([rows[i].label for i in batch], device=where)
        weights = torch.tensor([rows[i].weight for i in batch], device=where)
        with torch.autocast(where, dtype=torch.bfloat16):
            logits = model(*tensors)
        loss = loss_of(logits, labels, weights, options.smoothing)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(float(loss.detach()))
        step += 1
        seen += tensors[0].numel()
        if step % 50 == 0:
            rate = (seen - began_seen) / (time.time() - began)
            run.log("step", step=step, seen=seen, share=round(seen / total, 4), loss=float(np.mean(losses[-50:])),
                    lr=optimizer.param_groups[0]["lr"], tokens_per_s=round(rate),
                    left_s=round((total - seen) / rate))  # fmt: skip
            torch.set_num_threads(run.threads(options.threads))
            total = min(padded, budget_override(run) or total)
        if done > 1 - options.average_last and step % 25 == 0:
            # Weights late in a decaying schedule lie around one optimum: their mean is the better point.
            snapshots += 1
            for name, value in model.state_dict().items():
                value = value.detach().float()
                mean[name] = value.clone() if name not in mean else mean[name] + (value - mean[name]) / snapshots
        if seen >= next_eval:
            next_eval += options.eval_tokens
            with run.timed("evaluated"):
                for name, part in small.items():
                    run.log("dev", set=name, step=step, **score_rows(part, scoring))
        if time.time() - saved > options.save_every:
            saved = time.time()
            run.save_checkpoint({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step,
                                 "seen": seen, "snapshots": snapshots, "mean": mean})  # fmt: skip
    final = run.folder / "final"
    final.mkdir(exist_ok=True)
    for name in ("tokenizer.json", "config.json", "tokenizer_config.json"):
        shutil.copy(init / name, final / name)
    full = dev_sets(data_folder(), aside, small=False)
    last = {k: v.detach().clone() for k, v in model.state_dict().items()}
    torch.save(last, final / "last.pt")
    for name, part in full.items():
        run.log("final", weights="last", set=name, **score_rows(part, scoring))
    if mean:
        model.load_state_dict(mean)
        torch.save(model.state_dict(), final / "mean.pt")
        for name, part in full.items():
            run.log("final", weights="mean", set=name, **score_rows(part, scoring))
    run.log("done", steps=step, seen=seen, majority={n: math.floor(1000 * max(
        np.bincount([r.label == SUPPORTS for r in p]).tolist()) / len(p)) / 1000 for n, p in full.items()})  # fmt: skip


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.judge", description=__doc__.splitlines()[0])
    parser.add_argument("--init", default=str(RUNS / "handoff" / "aligned"), help="encoder folder to start from")
    parser.add_argument("--pairs", default=str(RUNS / "pairs" / "train.jsonl"), help="rows to learn from")
    parser.add_argument("--weights", default="", help="judge weights, or another run's checkpoint, to go on from")
    parser.add_argument("--slice", default=str(RUNS / "pairs" / "slice.jsonl"), help="held-out rows to look at")
    parser.add_argument("--mix", default="first", choices=sorted(MIXES), help="how often each set is seen")
    parser.add_argument("--freeze-words", action="store_true", help="leave the word embeddings as they are")
    parser.add_argument("--run", default="judge", help="name of the run folder under training/runs")
    parser.add_argument("--tokens", type=int, default=0, help="stop after this many tokens, padding included (0: all)")
    parser.add_argument("--batch-tokens", type=int, default=2400)
    parser.add_argument("--max-length", type=int, default=160)
    parser.add_argument("--lr", type=float, default=1.2e-4)
    parser.add_argument("--head-lr", type=float, default=4e-4)
    parser.add_argument("--warmup-tokens", type=int, default=250_000)
    parser.add_argument("--smoothing", type=float, default=0.03)
    parser.add_argument("--average-last", type=float, default=0.12, help="share of the run whose weights are averaged")
    parser.add_argument("--eval-tokens", type=int, default=1_000_000)
    parser.add_argument("--save-every", type=float, default=300.0, help="seconds between checkpoints")
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--threads", type=int, default=1)
    train(parser.parse_args(argv))


if __name__ == "__main__":
    main()
