"""What an honest model would say to Saring's own prompts about any text: it reads what it is shown and nothing else.

It finds a claim in every sentence of an article, and says that a source supports a claim where one of its sentences has
most of the claim's words, and refutes it where that sentence also has another number.
"""

from __future__ import annotations

import json
import re

_LINE = re.compile(r"^[0-9a-f]{8}\|\d+\| (.*)$", re.MULTILINE)


def faithful(system: str, user: str) -> str:
    """The reply to either prompt."""
    return judge(user) if user.startswith("Source, ") else extract(user)


def extract(user: str) -> str:
    """A claim for each sentence of some length."""
    claims = []
    for line in _LINE.findall(user):
        if len(line.split()) < 5:
            continue
        claims.append(
            {
                "quote": line.rstrip("."),
                "text": line,
                "context": "",
                "kind": "fact",
                "ambiguous": False,
                "speaker": "",
                "role": "",
                "outlet": "",
                "anonymous": False,
                "cue": "",
            }
        )
    return json.dumps({"claims": claims}, ensure_ascii=False)


def judge(user: str) -> str:
    """A stance to each claim."""
    told, asked = user.rsplit("\nClaims:\n", 1)
    lines = _LINE.findall(told)
    stances = []
    for name, claim in re.findall(r"^(c\d+): (.*)$", asked, re.MULTILINE):
        best = max(lines, key=lambda line: _shared(claim, line), default="")
        said, quote = "neutral", ""
        if _shared(claim, best) >= 0.7 and len(best.split()) > 1:
            said, quote = ("supports" if _numbers(claim) <= _numbers(best) else "refutes"), best
        stances.append({"claim": name, "stance": said, "probability": 0.9, "quote": quote})
    return json.dumps({"stances": stances}, ensure_ascii=False)


def _shared(claim: str, line: str) -> float:
    words = set(re.findall(r"[^\W\d]{4,}", claim.casefold()))
    return len(words & set(re.findall(r"[^\W\d]{4,}", line.casefold()))) / len(words) if words else 0.0


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+", text))
