"""The chat: is every turn of a script answered as it should be, and is each verdict the one of `saring check`?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evals.solvers.chat import ChatSolver
from evals.tasks.base import Task, mean_intervals, share
from evals.types import Row


def score(rows: Sequence[Row], seed: int = 0) -> dict[str, Any]:
    """The numbers of a chat run.

    `right`: turns of which everything holds that the script expects · `verdicts_equal`: verdicts that equal those of
    the same claim checked by itself · `first_s_p95`: seconds to the first piece of text · `turns_right` counts.
    """
    turns = [turn for row in rows if row["solver"] == ChatSolver.name for turn in row["turns"]]
    summary: dict[str, Any] = {
        "task": "chat",
        "n": len(turns),
        "failed": sum(_failed(turn) for turn in turns),
        "overall": {
            **numbers(turns),
            "intervals": mean_intervals({"right": [float(not wrong(t)) for t in turns]}, range(len(turns)), seed),
        },
        "languages": {name: numbers([t for t in turns if t["language"] == name]) for name in ("id", "en")},
    }
    summary["kinds"] = {
        kind: numbers([turn for turn in turns if turn["expect"]["kind"][0] == kind])
        for kind in Counter(turn["expect"]["kind"][0] for turn in turns)
    }
    summary["findings"] = [f"{turn['id']}: {'; '.join(wrong(turn))}" for turn in turns if wrong(turn)]
    summary["detail"] = {
        "mistakes": [
            {"key": turn["id"], "asked": turn["asked"], "said": (turn.get("answer") or {}).get("text", "")}
            for turn in turns
            if wrong(turn)
        ]
    }
    return summary


def numbers(turns: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Right turns, equal verdicts and times of some turns."""
    equal = [same for turn in turns for same in turn.get("equal", ()) if same is not None]
    first = [turn["first_s"] for turn in turns if "first_s" in turn]
    whole = [turn["seconds"] for turn in turns if "seconds" in turn]
    right = [not wrong(turn) for turn in turns]
    return {
        "n": len(turns),
        "failed": sum(_failed(turn) for turn in turns),
        "turns_right": sum(right),
        "right": share(right),
        "verdicts": len(equal),
        "verdicts_equal": share(equal),
        "first_s_p95": float(np.quantile(first, 0.95)) if first else None,
        "seconds_p95": float(np.quantile(whole, 0.95)) if whole else None,
    }


def wrong(turn: Mapping[str, Any]) -> list[str]:
    """What does not hold of a turn that the script expects; nothing where it is right."""
    if "failure" in turn:
        return [f"failed: {turn['failure']['type']}: {turn['failure']['message']}"]
    answer, expect = turn["answer"], turn["expect"]
    found: list[str] = []
    if answer["kind"] not in expect["kind"]:
        return [f"is {answer['kind']}, not {' or '.join(expect['kind'])}"]
    if answer["language"] != turn["language"]:
        found.append(f"answers in {answer['language']}, not {turn['language']}")
    found += _labels(answer["verdicts"], expect)
    said = " ".join([answer["text"], *(citation["quote"] for citation in answer["citations"])]).casefold()
    found += [f"does not mention {word!r}" for word in expect.get("mentions", ()) if word.casefold() not in said]
    cited = {citation["source_id"] for citation in answer["citations"]}
    if expect.get("cites") and not cited & set(expect["cites"]):
        found.append(f"cites none of the cards that say it, but {', '.join(sorted(cited)) or 'nothing'}")
    if "mentions" in expect and not cited:
        found.append("quotes nothing")
    if "citations" in expect and len(answer["citations"]) != expect["citations"]:
        found.append(f"has {len(answer['citations'])} citations, not {expect['citations']}")
    if "items" in expect and len(answer["items"]) != expect["items"]:
        found.append(f"names {len(answer['items'])} items of the queue, not {expect['items']}")
    return found


def _labels(verdicts: Sequence[Mapping[str, Any]], expect: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    if "label" in expect:
        if len(verdicts) != 1:
            return [f"judges {len(verdicts)} claims, not 1"]
        if verdicts[0].get("label") != expect["label"]:
            found.append(f"says {verdicts[0].get('label', 'failed')}, not {expect['label']}: {verdicts[0]['claim']}")
        claim = verdicts[0]["claim"].casefold()
        found += [
            f"took the claim without {word!r}" for word in expect.get("claim_has", ()) if word.casefold() not in claim
        ]
    for piece, label in expect.get("labels", {}).items():
        held = [
            v.get("label", "failed") for v in verdicts if piece.casefold() in f"{v['claim']} {v['text']}".casefold()
        ]
        if label not in held:
            found.append(f"says {', '.join(held) or 'nothing'} of {piece!r}, not {label}")
    return found


def _failed(turn: Mapping[str, Any]) -> bool:
    if "failure" in turn or turn["answer"]["kind"] == "failure":
        return True
    return any("failure" in verdict for verdict in turn["answer"]["verdicts"])


TASK = Task(
    name="chat",
    question="Is each turn of a conversation answered as the script says, with the verdicts of saring check?",
    solvers={"chat": ChatSolver.name},
    data=("chat",),
    score=score,
)
