from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from reports import make_report

from checker.errors import Incomplete, NotFound, ReviewError
from checker.review import desk, log
from checker.review.database import Database
from checker.review.intake import add_report
from checker.review.queries import Filters
from checker.review.records import Actor, Item
from checker.review.service import Change, ReviewService
from checker.review.transitions import Action, State

People = dict[str, Actor]
FULL = Change(label="supported", reason="x", comment="x")


@pytest.fixture
def item(service: ReviewService) -> Item:
    return service.get(add_report(service, make_report())[0])


def test_what_is_possible_is_what_the_service_does(service: ReviewService, people: People, item: Item) -> None:
    """Whatever is offered works, whatever is not offered is refused, along the whole way of an item."""
    steps = [
        ("ani", Action.CLAIM),
        ("ani", Action.DECIDE),
        ("citra", Action.TAKE_SECOND),
        ("citra", Action.APPROVE),
        ("citra", Action.PUBLISH),
    ]
    tried = 0
    for who, step in [*steps, ("", None)]:
        now = service.get(item.id)
        for actor in people.values():
            offered = desk.possible(now, actor)
            for action in set(Action) - set(offered) - {Action.CLAIM}:  # to claim what one holds is harmless
                with pytest.raises(ReviewError):
                    service.act(item.id, action, actor, FULL)
                tried += 1
        assert service.get(item.id) == now
        if step is not None:
            assert step in desk.possible(now, people[who])
            service.act(item.id, step, people[who], FULL)
    assert service.get(item.id).state is State.PUBLISHED
    assert tried > 200


def test_own_decision_is_named_as_what_keeps_one_away(service: ReviewService, people: People, item: Item) -> None:
    service.act(item.id, Action.CLAIM, people["citra"])
    service.act(item.id, Action.DECIDE, people["citra"], FULL)
    decided = service.get(item.id)
    assert desk.four_eyes(decided, people["citra"])
    assert not desk.four_eyes(decided, people["dewi"])
    assert Action.TAKE_SECOND in desk.possible(decided, people["dewi"])


def test_ids_are_those_of_all_pages(service: ReviewService) -> None:
    add_report(service, make_report())
    paged = [item.id for page in (1, 2) for item in service.list(page=page, size=2).items]
    assert list(service.ids()) == paged
    assert service.ids(limit=1) == tuple(paged[:1])
    assert service.ids(Filters(search="feri")) == tuple(i for i in paged if "Feri" in service.get(i).text)


def test_counts(service: ReviewService, people: People, database: Database) -> None:
    one, two, _ = add_report(service, make_report())
    service.act(one, Action.CLAIM, people["ani"])
    service.act(two, Action.CLAIM, people["citra"])
    service.act(two, Action.DECIDE, people["citra"], FULL)
    now = service.clock()
    assert desk.counts(database, people["ani"], now) == {"new": 1, "claimed": 1, "decided": 1, "mine": 1, "second": 1}
    assert desk.counts(database, people["citra"], now)["second"] == 0


def test_views_are_ones_own(service: ReviewService, people: People, database: Database) -> None:
    ani, budi = people["ani"].user_id, people["budi"].user_id
    view = desk.save_view(database, ani, "  Sengketa ", {"disputed": True}, service.clock())
    assert view.name == "Sengketa"
    again = desk.save_view(database, ani, "Sengketa", {"disputed": False}, service.clock())
    assert (again.id, again.query) == (view.id, {"disputed": False})
    assert desk.views(database, budi) == ()
    with pytest.raises(NotFound):
        desk.delete_view(database, budi, view.id)
    desk.delete_view(database, ani, view.id)
    assert desk.views(database, ani) == ()
    with pytest.raises(Incomplete):
        desk.save_view(database, ani, " ", {}, service.clock())


def test_a_reveal_is_remembered(service: ReviewService, people: People, database: Database, item: Item) -> None:
    ani = people["ani"]
    assert not desk.revealed(database, item.id, ani.user_id)
    log.record(database, ani, "reveal", {}, service.clock(), item_id=item.id)
    assert desk.revealed(database, item.id, ani.user_id)
    assert not desk.revealed(database, item.id, people["budi"].user_id)


def test_items_and_titles_of_an_article(service: ReviewService, item: Item) -> None:
    assert item.article_id is not None
    found = desk.of_article(service, item.article_id, service.clock())
    assert [one.start for one in found] == sorted(one.start for one in found)
    assert len(found) == 3
    assert desk.titles(service, [item.article_id, None])[item.article_id]["title"] == "Jembatan Sula"
    assert desk.titles(service, [None]) == {}
