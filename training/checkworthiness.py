"""The check-worthiness head over the shipped embedder: `python -m training.checkworthiness`.

Trained on ClaimBuster's two-class training split and the training debates of CheckThat! 2020 task 5; size and weights
are chosen by cross-validation on those. The test splits (ClaimBuster's `test.json`, the debates of `test-gold.tsv`)
give the final numbers only. CheckThat! marks only what PolitiFact checked, so most of its negatives are merely not
chosen: its debates enter with a small weight.
"""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.embed import MODEL_FOLDER, EmbeddedEmbedder
from training import export, parallel
from training.common import ROOT, Run, data_folder, git_commit, seed_everything

OUT = ROOT / "checker" / "claims" / "models" / "checkworthiness"


def claimbuster(data: Path, split: str) -> list[tuple[str, int]]:
    """(sentence, 1 if check-worthy) of ClaimBuster's two-class `train` or `test` split."""
    path = data / "claimbuster-checkthat" / "data" / "two_class" / f"{split}.json"
    return [(row["text"], int(row["label"])) for row in json.loads(path.read_text(encoding="utf-8"))]


def checkthat(data: Path, file: str) -> list[tuple[str, int]]:
    """(sentence, label) of CheckThat! 2020 task 5, in order; `file` is `train.tsv` or `test-gold.tsv`."""
    path = data / "claimbuster-checkthat" / "data" / "clef20" / "task5" / file
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        text, _, label = line.rpartition("\t")
        if text.strip() and label in {"0", "1"}:
            rows.append((text.strip(), int(label)))
    return rows


def fit(
    vectors: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray,
    *,
    units: int,
    decay: float,
    seed: int,
    passes: int = 60,
) -> dict[str, np.ndarray]:
    """A one-layer head by weighted cross-entropy, as the arrays that ship."""
    import torch

    seed_everything(seed)
    x, y, w = (torch.tensor(a, dtype=torch.float32) for a in (vectors, labels, weights))
    net = torch.nn.Sequential(
        torch.nn.Linear(x.shape[1], units), torch.nn.ReLU(), torch.nn.Dropout(0.3), torch.nn.Linear(units, 1)
    )
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=decay)
    batches = max(1, len(x) // 512)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, passes * batches)
    for _ in range(passes):
        order = torch.randperm(len(x))
        for part in order.chunk(batches):
            loss = torch.nn.functional.binary_cross_entropy_with_logits(net(x[part]).squeeze(1), y[part], w[part])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    state = {k: v.numpy() for k, v in net.state_dict().items()}
    return {
        "hidden": state["0.weight"].T.copy(),
        "hidden_bias": state["0.bias"],
        "out": state["3.weight"][0],
        "out_bias": state["3.bias"][0],
    }


def logits(head: dict[str, np.ndarray], vectors: np.ndarray) -> np.ndarray:
    """What the head says before the sigmoid."""
    values: np.ndarray = np.maximum(vectors @ head["hidden"] + head["hidden_bias"], 0) @ head["out"] + head["out_bias"]
    return values


def numbers(labels: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """AUROC, average precision and F1 at one half."""
    from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

    return {
        "n": len(labels),
        "share": float(labels.mean()),
        "auc": float(roc_auc_score(labels, scores)),
        "average_precision": float(average_precision_score(labels, scores)),
        "f1": float(f1_score(labels, scores >= 0.5)),
    }


def calibration(raw: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Scale and offset of Platt (1999), fitted on out-of-fold logits."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1e6).fit(raw[:, None], labels)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def main() -> None:
    """Chooses, trains, measures and ships the head."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--embedder", type=Path, default=MODEL_FOLDER, help="folder of the shipped embedder")
    parser.add_argument("--run", default="checkworthiness")
    parser.add_argument("--version", default="1")
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    run = Run(options.run, vars(options))
    data = data_folder()
    embedder = EmbeddedEmbedder(options.embedder, threads=1, backend="onnxruntime")
    test = {"claimbuster": claimbuster(data, "test"), "checkthat-2020": checkthat(data, "test-gold.tsv")}
    held_out = {parallel.normalise(text) for rows in test.values() for text, _ in rows}
    busters, debates = claimbuster(data, "train"), checkthat(data, "train.tsv")
    before = len(busters) + len(debates)
    busters = [row for row in busters if parallel.normalise(row[0]) not in held_out]
    # negatives are fifty times as many as positives here; one in six is enough
    rng = np.random.default_rng(7)
    debates = [r for r in debates if parallel.normalise(r[0]) not in held_out and (r[1] or rng.random() < 1 / 6)]
    run.log(
        "rows",
        claimbuster=len(busters),
        checkthat=len(debates),
        removed_or_thinned=before - len(busters) - len(debates),
    )
    a, b = embedder.encode([t for t, _ in busters]), embedder.encode([t for t, _ in debates])
    labels_a, labels_b = (np.asarray([y for _, y in rows]) for rows in (busters, debates))
    folds = rng.permutation(len(a)) % 5
    blocks = np.arange(len(b)) * 5 // len(b)  # consecutive blocks, so that a debate is not on both sides
    best: tuple[float, dict[str, Any]] | None = None
    for units in (16, 48):
        for share in (0.0, 0.1, 0.3):
            raw_a, raw_b = np.zeros(len(a)), np.zeros(len(b))
            for fold in range(5):
                x = np.concatenate([a[folds != fold], b[blocks != fold]])
                y = np.concatenate([labels_a[folds != fold], labels_b[blocks != fold]])
                w = _weights(labels_a[folds != fold], labels_b[blocks != fold], share)
                head = fit(x, y, w, units=units, decay=0.05, seed=fold)
                raw_a[folds == fold] = logits(head, a[folds == fold])
                raw_b[blocks == fold] = logits(head, b[blocks == fold])
            found = {"claimbuster": numbers(labels_a, _sigmoid(raw_a)), "checkthat": numbers(labels_b, _sigmoid(raw_b))}
            value = found["claimbuster"]["average_precision"] + found["checkthat"]["auc"]
            run.log("cross-validated", units=units, share=share, value=value, **found)
            if best is None or value > best[0]:
                best = (value, {"units": units, "share": share, "platt": calibration(raw_a, labels_a)})
    assert best is not None
    chosen = best[1]
    weights = _weights(labels_a, labels_b, chosen["share"])
    head = fit(
        np.concatenate([a, b]), np.concatenate([labels_a, labels_b]), weights, units=chosen["units"], decay=0.05, seed=7
    )
    scale, offset = chosen["platt"]
    head["out"], head["out_bias"] = head["out"] * scale, head["out_bias"] * scale + offset
    result: dict[str, Any] = {}
    for name, rows in test.items():
        scores = _sigmoid(logits(head, embedder.encode([t for t, _ in rows])))
        result[name] = numbers(np.asarray([y for _, y in rows]), scores)
    result["twins"] = _twins(head, embedder, data)
    run.log("test", chosen=chosen, **result)
    stored = io.BytesIO()
    np.savez(stored, **{k: np.asarray(v, np.float32) for k, v in head.items()})
    export.write_package(
        options.out,
        {"head.npz": stored.getvalue()},
        {
            "name": "saring-checkworthiness",
            "version": options.version,
            "embedder": embedder.digest,
            "recipe_commit": git_commit(),
            "numbers": result,
        },
    )
    run.log("packaged", folder=str(options.out))


def _weights(labels_a: np.ndarray, labels_b: np.ndarray, share: float) -> np.ndarray:
    """ClaimBuster rows weigh 1; a debate's positives `3 * share`, its negatives `share / 3`."""
    return np.concatenate([np.ones(len(labels_a)), np.where(labels_b == 1, 3.0 * share, share / 3.0)])


def _sigmoid(values: np.ndarray) -> np.ndarray:
    found: np.ndarray = 1.0 / (1.0 + np.exp(-np.clip(values, -30, 30)))
    return found


def _twins(head: dict[str, np.ndarray], embedder: EmbeddedEmbedder, data: Path) -> dict[str, float]:
    """How far both sides of a translation pair are scored alike (news pairs kept out of training)."""
    from scipy.stats import spearmanr

    pairs = [p for p in parallel.load(data).test if p.source == "gunnxx/news/valid"]
    id_, en = (_sigmoid(logits(head, embedder.encode([getattr(p, side) for p in pairs]))) for side in ("id", "en"))
    return {
        "pairs": len(pairs),
        "spearman": float(spearmanr(id_, en).statistic),
        "same_side_of_one_half": float(((id_ >= 0.5) == (en >= 0.5)).mean()),
        "mean_id": float(id_.mean()),
        "mean_en": float(en.mean()),
        "mean_difference": float(np.abs(id_ - en).mean()),
    }


if __name__ == "__main__":
    main()
