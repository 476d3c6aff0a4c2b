"""What the evidence of an article costs in prompts, as it was judged and as it might have been.

Three ways of putting the same passages to a chat model are rendered from the same hearings and counted alike:

a source              one call a source, with all the claims its passages were found for: how Saring judges
a claim and a source  each claim in a call of its own for every source: the same isolation, nothing shared
a claim               each claim in one call with all its passages: no isolation, how it is commonly done
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from checker.judges.base import Bench, Hearing, Judge, Progress
    from checker.judges.llm import Sitting
    from checker.types import Article

LETTERS = 4.0
"""Letters of a token where the server's own count cannot be had, as vendors give it for English."""


class Listening:
    """A judge that also remembers what it was asked, and what the server counted for it."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.hearings: list[Hearing] = []
        self.calls = 0
        self.prompt_tokens = 0

    @property
    def name(self) -> str:
        """Of the judge that is listened to."""
        return self._judge.name

    @property
    def versions(self) -> Mapping[str, str]:
        """Of the judge that is listened to."""
        return self._judge.versions

    def hear(
        self, hearings: Sequence[Hearing], article: Article | None = None, progress: Progress | None = None
    ) -> Bench:
        """See `Judge.hear`."""
        calls, tokens = _spent()
        bench = self._judge.hear(hearings, article, progress)
        self._remember(hearings, bench, calls, tokens)
        return bench

    async def ahear(
        self, hearings: Sequence[Hearing], article: Article | None = None, progress: Progress | None = None
    ) -> Bench:
        """See `Judge.ahear`."""
        calls, tokens = _spent()
        bench = await self._judge.ahear(hearings, article, progress)
        self._remember(hearings, bench, calls, tokens)
        return bench

    def _remember(self, hearings: Sequence[Hearing], bench: Bench, calls: int, tokens: int) -> None:
        self.hearings += hearings
        self.calls += bench.usage.get("calls", 0) - calls
        self.prompt_tokens += bench.usage.get("prompt_tokens", 0) - tokens

    def prompts(self) -> dict[str, Any] | None:
        """Calls and prompt tokens of the three ways, and who counted; None where no chat model judges alone."""
        from checker.judges.llm import LLMJudge, arrange

        if not isinstance(self._judge, LLMJudge) or not self.hearings:
            return None
        own = arrange(self.hearings)
        alone = [sitting for hearing in self.hearings for sitting in arrange([hearing])]
        pooled = [sittings for hearing in self.hearings if (sittings := arrange([hearing]))]
        letters = {
            "a source": (len(own), sum(_letters([sitting]) for sitting in own)),
            "a claim and a source": (len(alone), sum(_letters([sitting]) for sitting in alone)),
            "a claim": (len(pooled), sum(_letters(sittings) for sittings in pooled)),
        }
        asked = letters["a source"][1]
        # The server's count serves where every source was asked for once: nothing kept, nothing asked for again.
        counted = self.calls == len(own) and self.prompt_tokens > 0
        rate = self.prompt_tokens / asked if counted else 1 / LETTERS
        return {
            "counted_by": "the server" if counted else f"{LETTERS:g} letters a token",
            "claims": len(pooled),
            "ways": {name: {"calls": n, "tokens": round(size * rate)} for name, (n, size) in letters.items()},
        }


def _spent() -> tuple[int, int]:
    """Calls and prompt tokens of this check before the judge is heard: those of the extractor."""
    from checker.llm.account import current

    account = current()
    return (account.calls, account.prompt_tokens) if account else (0, 0)


def _letters(sittings: Sequence[Sitting]) -> int:
    """Letters of the prompt that puts these sittings of one claim (or the one of one source) in a single request."""
    from checker.injection import inspect
    from checker.llm.prompts import load_prompt

    values = [sitting.values(inspect(sitting.source.text)) for sitting in sittings]
    joined = {**values[0], "source": "\n".join(value["source"] for value in values)}
    return sum(len(part) for part in load_prompt("judge").render(**joined))
