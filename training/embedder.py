"""Distils all-MiniLM-L6-v2 into a student that reads Indonesian as well as English.

The student starts as `training.vocabulary` left it. For every text it learns the teacher's vector of the English side:
squared error, plus a cross-entropy between the teacher's and the student's similarities to the batch's own targets and
a large bank of other targets (so that near-duplicates are not pushed apart, as plain in-batch contrast would).
Sentences, passages of neighbouring sentences, passages that change language half-way, and English alone take turns.

`python -m training.embedder --init FOLDER --run NAME` trains; the same command continues a run that was stopped.
`python -m training.embedder_eval` measures the result.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path
from typing import Any

import numpy as np

from training import distil_data, parallel
from training.common import RUNS, Run, data_folder, device, seed_everything
from training.vocabulary import recall_at_1, save_model

# Share of a pass's draws by kind; Indonesian sentences are the work, the rest keeps passages and English right.
KIND_WEIGHT = {"id": 1.0, "en": 0.35, "mixed": 0.4, "long": 0.5, "science": 3.0}


def batches(lengths: np.ndarray, weights: np.ndarray, rng: random.Random, *, tokens: int, most: int) -> list[list[int]]:
    """One pass: items drawn by weight, batched by length to `tokens` padded tokens, batches shuffled.

    A weight of 1.4 draws an item once and, with probability 0.4, once more.
    """
    drawn = [i for i, w in enumerate(weights) for _ in range(int(w) + (rng.random() < w - int(w)))]
    rng.shuffle(drawn)
    made: list[list[int]] = []
    for start in range(0, len(drawn), 6000):
        block = sorted(drawn[start : start + 6000], key=lambda i: lengths[i])
        batch: list[int] = []
        for item in block:
            if batch and (lengths[item] * (len(batch) + 1) > tokens or len(batch) >= most):
                made.append(batch)
                batch = []
            batch.append(item)
        made.append(batch)
    rng.shuffle(made)
    return made


def learning_rate_factor(progress: float, *, warm_up: float = 0.02, decay: float = 0.65) -> float:
    """Linear warm-up, a plateau, then a linear fall to nothing over the last `decay` of the run."""
    if progress < warm_up:
        return progress / warm_up
    return min(1.0, max(0.0, (1.0 - progress) / decay))


def lexicon(alignment: Path, size: int, *, least: float = 0.5) -> np.ndarray:
    """For each piece id, the English piece it most surely translates to, or -1: int64 (size,)."""
    best = np.full(size, -1, np.int64)
    with np.load(alignment) as stored:
        source, target, forward, backward = (stored[k] for k in ("source", "target", "forward", "backward"))
    sure = (forward >= least) & (backward >= 0.2) & (source != target)
    order = np.argsort(forward[sure])
    best[source[sure][order]] = target[sure][order]
    return best


def switch_code(ids: list[int], table: np.ndarray, continuing: np.ndarray, rng: random.Random) -> list[int]:
    """`ids` with about a third of the whole-word pieces that have a sure translation replaced by it."""
    out = list(ids)
    for place in range(1, len(ids) - 1):
        piece = ids[place]
        if table[piece] >= 0 and not continuing[piece] and not continuing[ids[place + 1]] and rng.random() < 0.35:
            out[place] = int(table[piece])
    return out


def distil_loss(
    student: Any, target: Any, bank: Any, *, scale: float = 20.0, pull: float = 2.0
) -> tuple[Any, Any, Any]:
    """Cross-entropy of similarities plus `pull` times the squared distance to the target.

    Args:
        student: (batch, hidden), length one.
        target: (batch, hidden), the teacher's vectors of the same rows.
        bank: (n, hidden), teacher vectors of other texts.
        scale: What cosines are multiplied by before the softmax; the usual 20 of sentence-transformers.
        pull: Weight of the squared distance.

    Returns:
        The loss, its cross-entropy part (less the target's own entropy) and the mean cosine to the target.
    """
    import torch

    others = torch.cat([target, bank])
    with torch.no_grad():
        wanted = torch.softmax(scale * target @ others.T, dim=1)
        entropy = -(wanted * torch.log(wanted.clamp(min=1e-12))).sum(1).mean()
    got = torch.log_softmax(scale * student @ others.T, dim=1)
    contrast = -(wanted * got).sum(1).mean() - entropy
    cosine = (student * target).sum(1).mean()
    return contrast + pull * (2.0 - 2.0 * cosine), contrast.detach(), cosine.detach()


def rank_loss(left: Any, right: Any, scores: Any, *, scale: float = 20.0) -> Any:
    """CoSENT (Su, 2022): `log(1 + sum exp(scale * (cos_j - cos_i)))` over all pairs i, j with score i above score j.

    Args:
        left: (batch, hidden), length one.
        right: The other side of each row.
        scores: (batch,), how alike people found the two.
        scale: What cosines are multiplied by.
    """
    import torch

    cosine = scale * (left * right).sum(1)
    wrong = (cosine[None, :] - cosine[:, None])[scores[:, None] > scores[None, :]]
    return torch.logsumexp(torch.cat([torch.zeros(1, device=wrong.device), wrong]), 0)


def graded_pairs(data: Path) -> list[tuple[float, tuple[str, str], tuple[str, str]]]:
    """(score, (English, Indonesian), (English, Indonesian)) of sts-indo train, by length.

    Pairs that share a text with sts-indo's test split, or with any other dev or test set, are left out.
    """
    from training.embedder_eval import sts

    def text_keys(row: tuple[float, str, str, str, str]) -> set[str]:
        return {parallel.normalise(text) for text in row[1:]}

    held_out = {key for row in sts(data) for key in text_keys(row)} | parallel.held_out_texts(data)
    rows = sts(data, split="train")
    kept = [(r[0], (r[1], r[3]), (r[2], r[4])) for r in rows if held_out.isdisjoint(text_keys(r))]
    return sorted(kept, key=lambda row: max(len(text) for side in row[1:] for text in side))


class Average:
    """Exponential moving average of a model's parameters, updated every few steps."""

    def __init__(self, model: Any, decay: float = 0.97) -> None:
        self.decay = decay
        self.values = {k: v.detach().clone() for k, v in model.state_dict().items()}

    def update(self, model: Any, progress_steps: int) -> None:
        """Moves towards `model`; the first updates move faster, so that the start does not linger."""
        keep = min(self.decay, (1 + progress_steps) / (10 + progress_steps))
        for key, value in model.state_dict().items():
            if value.dtype.is_floating_point:
                self.values[key].lerp_(value.detach(), 1 - keep)


def train(options: argparse.Namespace) -> None:
    """Trains to the planned number of tokens, checkpointing, measuring on dev and handing off on the way."""
    import torch

    seed_everything(options.seed)
    run = Run(options.run, vars(options))
    torch.set_num_threads(run.threads(options.threads))
    where = device()
    data = data_folder()
    pairs = parallel.load(data)
    run.log("pairs", train=len(pairs.train), removed=pairs.removed)
    examples = distil_data.build(pairs, data, seed=options.seed)
    longer, science = distil_data.long_english(data), distil_data.science_english(data)
    lists = (examples.targets, longer, science)
    teacher = torch.from_numpy(np.concatenate([distil_data.teacher_vectors(texts) for texts in lists]))
    kinds = ["long"] * len(longer) + ["science"] * len(science)
    items = [
        *examples.items,
        *(
            distil_data.Example(text, len(examples.targets) + number, kind, 1.0)
            for number, (text, kind) in enumerate(zip([*longer, *science], kinds, strict=True))
        ),
    ]
    tokenizer = distil_data.load_tokenizer(options.init)
    model = distil_data.load_bert(options.init)
    size, hidden = model.embeddings.word_embeddings.weight.shape
    words = torch.nn.Embedding(size, hidden, padding_idx=0, sparse=True)
    words.weight.data.copy_(model.embeddings.word_embeddings.weight.data)
    model.embeddings.word_embeddings = words
    model.to(where).train()
    ids = [e.ids for e in tokenizer.encode_batch([i.text for i in items])]
    ids = [i if len(i) <= options.max_length else [*i[: options.max_length - 1], i[-1]] for i in ids]
    lengths = np.asarray([len(i) for i in ids])
    share = {**KIND_WEIGHT, "en": options.english}
    weights = np.asarray([i.weight * share[i.kind] for i in items])
    is_id = np.asarray([i.kind == "id" for i in items])
    target_of = torch.tensor([i.target for i in items])
    table = lexicon(options.alignment, size)
    continuing = np.asarray([(tokenizer.id_to_token(i) or "").startswith("##") for i in range(size)])
    run.log(
        "examples",
        items=len(ids),
        targets=len(teacher),
        lexicon=int((table >= 0).sum()),
        tokens_a_pass=int((lengths * weights).sum()),
    )
    dense = [p for n, p in model.named_parameters() if not n.endswith("word_embeddings.weight")]
    graded = graded_pairs(data)
    graded_en = [side[0] for _, *sides in graded for side in sides]
    graded_teacher = torch.from_numpy(distil_data.teacher_vectors(graded_en)).to(where)
    run.log("graded pairs", kept=len(graded))
    adam = torch.optim.AdamW(dense, lr=options.lr, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    # Lazy Adam: only rows that occur are touched, which saves a tenth of a step on CPU.
    rows = torch.optim.SparseAdam([words.weight], lr=options.embedding_lr, betas=(0.9, 0.98))
    average = Average(model)
    state = {"step": 0, "tokens": 0, "pass": 0, "place": 0}
    saved = run.load_checkpoint()
    if saved:
        model.load_state_dict(saved["model"])
        adam.load_state_dict(saved["adam"])
        rows.load_state_dict(saved["rows"])
        average.values = saved["average"]
        state = saved["state"]
        run.log("resumed", **state)
    dev = [p for p in pairs.dev if p.source == "gunnxx/general/valid"]
    dev_teacher = distil_data.teacher_vectors([p.en for p in dev])

    def measure() -> dict[str, float]:
        live = {k: v.clone() for k, v in model.state_dict().items()}
        model.load_state_dict(average.values)
        student_id = distil_data.encode(model, tokenizer, [p.id for p in dev])
        student_en = distil_data.encode(model, tokenizer, [p.en for p in dev[:500]])
        model.load_state_dict(live)
        return {
            "dev_recall": recall_at_1(student_id, dev_teacher),
            "dev_cosine_id": float((student_id * dev_teacher).sum(1).mean()),
            "dev_cosine_en": float((student_en * dev_teacher[:500]).sum(1).mean()),
        }

    def embed(sequences: list[list[int]]) -> Any:
        inputs, mask = distil_data.pad(sequences)
        place = torch.from_numpy(mask).to(where)
        with torch.autocast(where, dtype=torch.bfloat16):
            states = model(input_ids=torch.from_numpy(inputs).to(where), attention_mask=place).last_hidden_state
        return distil_data.pool(states.float(), place)

    def export(folder: Path) -> None:
        live = {k: v.clone() for k, v in model.state_dict().items()}
        model.load_state_dict(average.values)
        save_model(model, tokenizer, folder)
        model.load_state_dict(live)

    generator = torch.Generator().manual_seed(options.seed)
    shuffled = teacher[torch.randperm(len(teacher), generator=generator)].to(where)
    teacher = teacher.to(where)
    planned = _planned(run, options.total_tokens)
    recent: list[tuple[float, float, float]] = []
    ranks: list[float] = []
    clock, clock_tokens = time.perf_counter(), state["tokens"]
    while state["tokens"] < planned:
        rng = random.Random(f"{options.seed}/{state['pass']}")
        plan = batches(lengths, weights, rng, tokens=options.batch_tokens, most=options.batch_items)
        for batch in plan[state["place"] :]:
            factor = learning_rate_factor(state["tokens"] / planned)
            for optimiser, rate in ((adam, options.lr), (rows, options.embedding_lr)):
                for group in optimiser.param_groups:
                    group["lr"] = rate * factor
            draw = random.Random(f"{options.seed}/{state['step']}")
            chosen = [
                switch_code(ids[i], table, continuing, draw) if is_id[i] and draw.random() < 0.15 else ids[i]
                for i in batch
            ]
            start = (state["step"] * options.bank) % max(1, len(shuffled) - options.bank)
            bank = shuffled[start : start + options.bank]
            loss, contrast, cosine = distil_loss(embed(chosen), teacher[target_of[batch]], bank)
            loss.backward()
            if options.graded_every and state["step"] % options.graded_every == 0:
                first = draw.randrange(len(graded) - 144)  # neighbours by length, so that little is padding
                picked = draw.sample(range(first, first + 144), 48)
                texts = [side[draw.random() < 0.65] for row in picked for side in graded[row][1:]]
                vectors = embed([e.ids[: options.max_length] for e in tokenizer.encode_batch(texts)])
                places = torch.tensor([2 * row + side for row in picked for side in (0, 1)])
                scores = torch.tensor([graded[row][0] for row in picked], device=where)
                kept, _, _ = distil_loss(vectors, graded_teacher[places], bank)
                ranked = rank_loss(vectors[0::2], vectors[1::2], scores)
                (0.5 * kept + options.graded_weight * ranked).backward()
                ranks.append(float(ranked.detach()))
            torch.nn.utils.clip_grad_norm_(dense, 1.0)
            for optimiser in (adam, rows):
                optimiser.step()
                optimiser.zero_grad(set_to_none=True)
            state["step"] += 1
            state["place"] += 1
            state["tokens"] += int(lengths[batch].sum())
            recent.append((float(loss.detach()), float(contrast), float(cosine)))
            if state["step"] % 8 == 0:
                average.update(model, state["step"] // 8)
            if state["step"] % 50 == 0:
                means = np.mean(recent, axis=0)
                now = time.perf_counter()
                run.log(
                    "train",
                    **state,
                    loss=means[0],
                    contrast=means[1],
                    cosine=means[2],
                    factor=factor,
                    rank=float(np.mean(ranks or [0.0])),
                    tokens_a_second=(state["tokens"] - clock_tokens) / (now - clock),
                    planned=planned,
                )
                recent, ranks = [], []
                clock, clock_tokens = now, state["tokens"]
                torch.set_num_threads(run.threads(options.threads))
                planned = _planned(run, options.total_tokens)
            if state["step"] % options.measure_every == 0:
                run.log("dev", **state, **measure())
                run.save_checkpoint(
                    {
                        "model": model.state_dict(),
                        "adam": adam.state_dict(),
                        "rows": rows.state_dict(),
                        "average": average.values,
                        "state": dict(state),
                    }
                )
                clock, clock_tokens = time.perf_counter(), state["tokens"]
            if (run.folder / "export").exists():  # a file "export" asks for the average as a model folder, now
                target = Path((run.folder / "export").read_text().strip() or run.folder / "exported")
                (run.folder / "export").unlink()
                export(target)
                run.log("exported", folder=str(target), **state)
            if state["tokens"] >= planned:
                break
        else:
            state["pass"] += 1
            state["place"] = 0
    export(run.folder / "average")
    run.log("dev", which="average", **state, **measure())
    average.values = {k: v.detach().clone() for k, v in model.state_dict().items()}
    export(run.folder / "last")
    run.log("dev", which="last", **state, **measure())
    run.save_checkpoint(
        {
            "model": model.state_dict(),
            "adam": adam.state_dict(),
            "rows": rows.state_dict(),
            "average": average.values,
            "state": dict(state),
        }
    )


def _planned(run: Run, default: float) -> float:
    """Tokens the run shall see in all: the number in the run folder's file `tokens`, else `default`."""
    try:
        return float((run.folder / "tokens").read_text().strip())
    except (OSError, ValueError):
        return default


def main() -> None:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--init", type=Path, default=RUNS / "handoff" / "init")
    parser.add_argument("--alignment", type=Path, default=RUNS / "vocabulary" / "alignment.npz")
    parser.add_argument("--run", default="embedder")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--total-tokens", type=float, default=15e6)
    parser.add_argument("--batch-tokens", type=int, default=2048)
    parser.add_argument("--batch-items", type=int, default=160)
    parser.add_argument("--max-length", type=int, default=224)
    parser.add_argument("--bank", type=int, default=12_288)
    parser.add_argument("--lr", type=float, default=3e-4)
    parser.add_argument("--embedding-lr", type=float, default=1e-3)
    parser.add_argument("--english", type=float, default=KIND_WEIGHT["en"], help="how often a pass draws English")
    parser.add_argument("--graded-every", type=int, default=6, help="steps between batches of sts-indo train; 0: none")
    parser.add_argument("--graded-weight", type=float, default=0.15)
    parser.add_argument("--measure-every", type=int, default=300)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
