"""Finding the origins of a store's sources as they come: links between sources, and the groups that links make.

Two sources are linked where one is a copy of the other, or where both stand for the story of one outlet (it published
it, or they relay it) within two days and tell the same. Whoever is linked, over whatever steps, is one origin. A
passage that credits an outlet in passing ("kata ... kepada Reuters") belongs to that outlet's origin, its source need
not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from datetime import datetime, timedelta

import numpy as np

from retrieval.database import Database
from retrieval.dates import utc_text
from retrieval.origins import is_copy, origin_name, shingles
from retrieval.vectors import FloatArray, unpack

WINDOW = timedelta(hours=48)
"""How far apart two prints of one wire story are published at most."""

SAME_STORY = 0.62
"""Mean over the passages of each of two sources of the best cosine with the other's, in the worse direction, from which
they tell one story. On the 60 cards, prints of one story had 0.68 and more, other stories of the same wire on the same
days 0.55 and less."""

SAME_STORY_EXCERPT = 0.68
"""The same where one is more than twice as long, so that only the shorter one can be expected to be in the other."""

SAME_DAY_STORY = 0.57
"""The same for two prints of one day that have `SAME_DAY_NAMES` in common: editors cut and retell more freely than the
wire's other stories of that day are alike (0.55 and less on the cards)."""

SAME_DAY_NAMES = 0.5
"""Share of the names and numbers, as `SHARED_NAMES`, that makes up for telling it in other words."""

SAME_PASSAGE = 0.68
"""Cosine from which a passage that credits an outlet tells what that outlet's story tells."""

SHARED_NAMES = 0.35
"""Least share of the names and numbers of the one with fewer that the other has too; holds for any embedder."""

_MOST = 200
"""Sources of one outlet and its printers in four days that a new one is compared with."""

_MOST_COPIES = 50
"""Sources that share sketch hashes with a new one and are compared with it, those that share most first; more are met
by boilerplate only."""

_ENOUGH = 5
"""Links after which a new source looks for no more: one would do, the others hold the group together when it goes."""


def group(database: Database, nums: Sequence[int], dimensions: int) -> None:
    """Find the origins of sources just written; inside the transaction that wrote them."""
    waiting = set(nums)
    for num in nums:
        # Those that are still to come look back at this one: so every copy is linked to an earlier one, and even where
        # a source stops looking after a few, all of them hang together.
        waiting.discard(num)
        _link_copies(database, num, waiting)
        _link_relays(database, num, dimensions, waiting)
    _settle(database, nums)


def ungroup(database: Database, num: int) -> list[int]:
    """The sources whose origin must be found again once `num` is gone; call before it is deleted."""
    return [*database.linked(num), *database.relaying(num)]


def resettle(database: Database, nums: Iterable[int]) -> None:
    """Name the origins of these sources again, after some link of theirs went."""
    _settle(database, list(nums))


def regroup(database: Database, dimensions: int) -> None:
    """Find all origins from the start, in the order in which the sources came."""
    database.clear_origins()
    group(database, database.all_nums(), dimensions)


def _link_copies(database: Database, num: int, waiting: Set[int]) -> None:
    own = None
    links = 0
    for other in database.sharing_sketch(num, _MOST_COPIES, waiting):
        if own is None:
            own = shingles(database.texts([num])[num])
        if is_copy(own, shingles(database.texts([other])[other])):
            database.link(num, other, "copy")
            links += 1
            if links == _ENOUGH:
                return


def _link_relays(database: Database, num: int, dimensions: int, waiting: Set[int]) -> None:
    window = _window(database, num)
    if window is None:
        return
    own = _Story(database, num, dimensions)
    links = 0
    for other in database.sharing_voice(num, *window, _MOST):
        if other in waiting or links >= _ENOUGH:
            continue
        if own.same(_Story(database, other, dimensions), one_day=_one_day(database, num, other)):
            database.link(num, other, "story")
            links += 1
    # Passages that credit an outlet, of this source and of those that came before the outlet's own story.
    for passage, source in database.crediting(num, *window, _MOST):
        story = _Story(database, source, dimensions) if source != num else own
        vectors = database.vectors_of([passage])
        if story.tells(unpack([vectors[passage]], dimensions)[0]):
            database.relay(passage, source)


def _window(database: Database, num: int) -> tuple[str, str] | None:
    earliest, latest = database.dates([num])[num]
    if earliest is None or latest is None:
        return None
    return (
        utc_text(datetime.fromisoformat(earliest) - WINDOW),
        utc_text(datetime.fromisoformat(latest) + WINDOW),
    )


def _one_day(database: Database, first: int, second: int) -> bool:
    """Whether two dated sources can have been published on one day."""
    dates = database.dates([first, second])
    (from_, to), (since, until) = dates[first], dates[second]
    if from_ is None or to is None or since is None or until is None:
        return False
    return (from_ <= until and since <= to) or from_[:10] == since[:10]


class _Story:
    """What a source tells: the vectors of its passages, and the names and numbers in it."""

    def __init__(self, database: Database, num: int, dimensions: int) -> None:
        rows = database.story(num)
        self.vectors: FloatArray = unpack([vector for _, vector in rows], dimensions)
        self.names = {t for terms, _ in rows for t in terms.split() if t.startswith("=") or t[0].isdigit()}

    def same(self, other: _Story, *, one_day: bool) -> bool:
        if not len(self.vectors) or not len(other.vectors):
            return False
        fewer = min(len(self.names), len(other.names))
        shared = len(self.names & other.names)
        if fewer and shared < SHARED_NAMES * fewer:
            return False
        cosines = self.vectors @ other.vectors.T
        there, back = float(cosines.max(axis=1).mean()), float(cosines.max(axis=0).mean())
        if len(self.vectors) > 2 * len(other.vectors):
            return back >= SAME_STORY_EXCERPT
        if len(other.vectors) > 2 * len(self.vectors):
            return there >= SAME_STORY_EXCERPT
        named = fewer > 0 and shared >= SAME_DAY_NAMES * fewer
        return min(there, back) >= (SAME_DAY_STORY if one_day and named else SAME_STORY)

    def tells(self, vector: FloatArray) -> bool:
        return bool(len(self.vectors)) and float(np.max(self.vectors @ vector)) >= SAME_PASSAGE


def _settle(database: Database, nums: Sequence[int]) -> None:
    """Give every group that one of `nums` is in its name: that of its first source, so that it stays as others join."""
    seen: set[int] = set()
    for num in nums:
        if num in seen:
            continue
        members, waiting = {num}, [num]
        while waiting:
            for other in database.linked(waiting.pop()):
                if other not in members:
                    members.add(other)
                    waiting.append(other)
        seen |= members
        database.set_origin(sorted(members), origin_name(database.source_id(min(members))))
