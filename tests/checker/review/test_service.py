from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

sys.path.insert(0, str(Path(__file__).parent))

from reports import make_report

from checker.errors import Held, Incomplete, KeyReused, NotAllowed, NotFound, Outdated, ReviewError, WrongState
from checker.review import tables as t
from checker.review.database import Database
from checker.review.intake import add_report, recheck
from checker.review.queries import Filters
from checker.review.records import Actor, Item
from checker.review.service import Change, ReviewService
from checker.review.transitions import RULES, Action, Role, State, allows

People = dict[str, Actor]
DECISION = Change(label="supported", reason="Kabar melaporkannya sendiri.")


@pytest.fixture
def item(service: ReviewService, people: People) -> Item:
    return service.get(add_report(service, make_report(), actor=people["ani"])[0])


def walk(service: ReviewService, people: People, item_id: str, state: State) -> Item:
    """Bring an item to a state the way people would."""
    ani, citra = people["ani"], people["citra"]
    steps: list[tuple[State, Callable[[], object]]] = [
        (State.NEW, lambda: None),
        (State.CLAIMED, lambda: service.act(item_id, Action.CLAIM, ani)),
        (State.DECIDED, lambda: service.act(item_id, Action.DECIDE, ani, DECISION)),
        (State.IN_SECOND_REVIEW, lambda: service.act(item_id, Action.TAKE_SECOND, citra)),
        (State.APPROVED, lambda: service.act(item_id, Action.APPROVE, citra)),
        (State.PUBLISHED, lambda: service.act(item_id, Action.PUBLISH, citra)),
    ]
    if state is State.RETURNED:
        walk(service, people, item_id, State.DECIDED)
        service.act(item_id, Action.RETURN, citra, Change(comment="Periksa tanggalnya."))
    elif state is State.CORRECTED:
        walk(service, people, item_id, State.PUBLISHED)
        service.act(item_id, Action.REOPEN, citra, Change(comment="Angkanya keliru."))
        for _, step in steps[1:]:
            step()
    elif state is State.MERGED:
        (other,) = add_report(service, make_report(("Jembatan Sula ditutup sejak Senin.",), name="other"))
        service.act(item_id, Action.MERGE, ani, Change(into=other))
    else:
        for reached, step in steps:
            step()
            if reached is state:
                break
    found = service.get(item_id)
    assert found.state is state
    return found


def test_from_new_to_published(service: ReviewService, people: People, item: Item) -> None:
    walk(service, people, item.id, State.PUBLISHED)
    done = [(event.action, event.user_name) for event in service.events(item.id)]
    assert done == [
        ("enter", "Ani"),
        ("claim", "Ani"),
        ("decide", "Ani"),
        ("take_second", "Citra"),
        ("approve", "Citra"),
        ("publish", "Citra"),
    ]
    assert [(decision.kind, decision.label) for decision in service.decisions(item.id)] == [
        ("first", "supported"),
        ("second", "supported"),
    ]
    assert service.get(item.id).version == 6


def test_published_again_is_corrected(service: ReviewService, people: People, item: Item) -> None:
    walk(service, people, item.id, State.CORRECTED)


CASES = list(itertools.product(State, Action, Role))


@pytest.mark.parametrize("state", State)
def test_every_forbidden_transition_is_refused_and_recorded(
    service: ReviewService, people: People, item: Item, clock: Callable[..., object], state: State
) -> None:
    before = walk(service, people, item.id, state)
    by_role = {Role.VIEWER: "fitri", Role.CHECKER: "budi", Role.EDITOR: "dewi", Role.ADMIN: "eko"}
    change = Change(label="supported", reason="x", comment="x", to_user=people["budi"].user_id, into="itm-none")
    tried = 0
    for action, role in itertools.product(Action, Role):
        if state in RULES[action].sources and allows(role, action):
            continue
        with pytest.raises((WrongState, NotAllowed)):
            service.act(item.id, action, people[by_role[role]], change)
        tried += 1
    assert tried > 0
    assert service.get(item.id) == before
    refused = [event for event in service.events(item.id) if event.refused]
    assert len(refused) == tried


@pytest.mark.parametrize("who", ["citra", "eko"])
def test_four_eyes_hold_for_everyone(service: ReviewService, people: People, item: Item, who: str) -> None:
    decider = people[who]
    service.act(item.id, Action.CLAIM, decider)
    service.act(item.id, Action.DECIDE, decider, DECISION)
    with pytest.raises(NotAllowed, match="another person"):
        service.act(item.id, Action.TAKE_SECOND, decider)
    service.act(item.id, Action.TAKE_SECOND, people["dewi"])
    with pytest.raises(NotAllowed, match="another person"):
        service.act(item.id, Action.APPROVE, decider)
    assert service.act(item.id, Action.APPROVE, people["dewi"]).item.state is State.APPROVED


def test_stale_version_is_refused_with_the_current_state(service: ReviewService, people: People, item: Item) -> None:
    service.act(item.id, Action.CLAIM, people["ani"], Change(version=1))
    with pytest.raises(Outdated) as caught:
        service.act(item.id, Action.DECIDE, people["ani"], Change(version=1, label="supported", reason="x"))
    assert (caught.value.version, caught.value.state) == (2, "claimed")


def test_lease(service: ReviewService, people: People, item: Item, clock) -> None:  # type: ignore[no-untyped-def]
    service.act(item.id, Action.CLAIM, people["ani"])
    with pytest.raises(Held):
        service.act(item.id, Action.CLAIM, people["budi"])
    clock.forward(minutes=29)
    service.heartbeat(item.id, people["ani"])
    clock.forward(minutes=29)
    with pytest.raises(Held):
        service.act(item.id, Action.CLAIM, people["budi"])
    clock.forward(minutes=2)
    assert service.act(item.id, Action.CLAIM, people["budi"]).item.holder_id == people["budi"].user_id
    with pytest.raises(Held):
        service.act(item.id, Action.DECIDE, people["ani"], DECISION)
    with pytest.raises(Held):
        service.heartbeat(item.id, people["ani"])
    clock.forward(minutes=31)
    with pytest.raises(Held, match="run out"):
        service.act(item.id, Action.DECIDE, people["budi"], DECISION)


def test_hand_over(service: ReviewService, people: People, item: Item) -> None:
    service.act(item.id, Action.CLAIM, people["ani"])
    for nobody in ("usr-none", people["fitri"].user_id, people["ani"].user_id):
        with pytest.raises(Incomplete):
            service.act(item.id, Action.HAND_OVER, people["ani"], Change(to_user=nobody))
    service.act(item.id, Action.HAND_OVER, people["ani"], Change(to_user=people["budi"].user_id))
    assert service.act(item.id, Action.DECIDE, people["budi"], DECISION).item.state is State.DECIDED


def test_withdraw_is_for_its_author(service: ReviewService, people: People, item: Item) -> None:
    walk(service, people, item.id, State.DECIDED)
    with pytest.raises(NotAllowed):
        service.act(item.id, Action.WITHDRAW, people["eko"])
    done = service.act(item.id, Action.WITHDRAW, people["ani"]).item
    assert (done.state, done.holder_id, done.decider_id) == (State.CLAIMED, people["ani"].user_id, None)


@pytest.mark.parametrize(
    ("action", "state", "change"),
    [
        (Action.DECIDE, State.CLAIMED, Change(reason="x")),
        (Action.DECIDE, State.CLAIMED, Change(label="supported")),
        (Action.DECIDE, State.CLAIMED, Change(label="false", reason="x")),
        (Action.DECIDE, State.CLAIMED, Change(label="needs_source", reason="x", rating="false")),
        (Action.DECIDE, State.CLAIMED, Change(label="supported", reason="x", rating="false")),
        (Action.DECIDE, State.CLAIMED, Change(label="supported", reason="x" * 20_001)),
        (Action.RETURN, State.DECIDED, Change(comment="   ")),
        (Action.REOPEN, State.PUBLISHED, Change()),
        (Action.COMMENT, State.NEW, Change()),
        (Action.MERGE, State.NEW, Change()),
        (Action.APPROVE, State.IN_SECOND_REVIEW, Change(label="unsupported")),
    ],
)
def test_incomplete_changes_are_refused(
    service: ReviewService, people: People, item: Item, action: Action, state: State, change: Change
) -> None:
    before = walk(service, people, item.id, state)
    who = people["ani"] if action in {Action.DECIDE, Action.COMMENT, Action.MERGE} else people["citra"]
    with pytest.raises(Incomplete):
        service.act(item.id, action, who, change)
    assert service.get(item.id) == before


def test_merge_goes_to_a_living_item(service: ReviewService, people: People, item: Item) -> None:
    first, second = add_report(service, make_report(("Satu.", "Dua."), name="pair"))
    with pytest.raises(NotFound):
        service.act(item.id, Action.MERGE, people["ani"], Change(into="itm-none"))
    with pytest.raises(Incomplete):
        service.act(item.id, Action.MERGE, people["ani"], Change(into=item.id))
    service.act(first, Action.MERGE, people["ani"], Change(into=second))
    with pytest.raises(WrongState):
        service.act(item.id, Action.MERGE, people["ani"], Change(into=first))


def test_one_key_acts_once(service: ReviewService, people: People, item: Item) -> None:
    first = service.act(item.id, Action.CLAIM, people["ani"], key="k1")
    again = service.act(item.id, Action.CLAIM, people["ani"], key="k1")
    assert (first.replayed, again.replayed) == (False, True)
    assert service.get(item.id).version == 2
    with pytest.raises(KeyReused):
        service.act(item.id, Action.COMMENT, people["ani"], Change(comment="x"), key="k1")
    # A key is its user's own.
    assert not service.act(item.id, Action.COMMENT, people["budi"], Change(comment="x"), key="k1").replayed


def test_a_refused_request_does_not_use_up_its_key(service: ReviewService, people: People, item: Item) -> None:
    with pytest.raises(WrongState):
        service.act(item.id, Action.DECIDE, people["ani"], DECISION, key="k")
    service.act(item.id, Action.CLAIM, people["ani"])
    assert service.act(item.id, Action.DECIDE, people["ani"], DECISION, key="k").item.state is State.DECIDED


@pytest.mark.parametrize("table", t.WRITE_ONCE)
def test_what_happened_cannot_be_rewritten(
    service: ReviewService, people: People, item: Item, database: Database, table: str
) -> None:
    walk(service, people, item.id, State.PUBLISHED)
    for statement in (
        t.metadata.tables[table].delete(),
        t.metadata.tables[table].update().values(id="x" if table != "events" else 1),
    ):
        with pytest.raises(DatabaseError, match="written once"), database.write() as connection:
            connection.execute(statement)


def test_twenty_people_cannot_claim_one_item_twice(service: ReviewService, people: People, item: Item) -> None:
    results: list[str] = []
    gate = threading.Barrier(20)

    def claim(actor: Actor) -> None:
        gate.wait()
        try:
            service.act(item.id, Action.CLAIM, actor, Change(version=1))
            results.append(actor.user_id)
        except ReviewError as error:
            results.append(type(error).__name__)

    crowd = [people["ani"], people["budi"], people["citra"], people["dewi"]] * 5
    threads = [threading.Thread(target=claim, args=(actor,)) for actor in crowd]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 20
    assert sum(result.startswith("usr-") for result in results) == 1
    assert service.get(item.id).version == 2


def test_order_of_need(service: ReviewService) -> None:
    add_report(service, make_report(("Biasa.",), name="a", worth=0.9, confidence=0.9))
    add_report(service, make_report(("Ragu.",), name="b", worth=0.9, confidence=0.5))
    add_report(service, make_report(("Sengketa.",), name="c", worth=0.1, disputed=(0,)))
    add_report(service, make_report(("Segera.",), name="d", worth=0.1), deadline=service.clock() + timedelta(hours=2))
    assert [item.text for item in service.list().items] == ["Segera.", "Sengketa.", "Ragu.", "Biasa."]


def test_filters_and_search(service: ReviewService, people: People) -> None:
    ids = add_report(service, make_report())
    service.act(ids[0], Action.CLAIM, people["ani"])
    assert service.list(Filters(states=(State.CLAIMED,))).total == 1
    assert [item.text for item in service.list(Filters(search="RETAK pilar")).items] == ["Dua pilar retak."]
    assert service.list(Filters(search="100%_")).total == 0
    page = service.list(page=2, size=2)
    assert (len(page.items), page.total, page.pages) == (1, 3, 2)


def test_report_twice_adds_nothing_and_failures_stay_out(service: ReviewService) -> None:
    report = make_report(fail=True)
    ids = add_report(service, report)
    assert len(ids) == 2
    assert add_report(service, report) == ids
    assert service.list().total == 2


def test_same_words_are_suggested_for_merging(service: ReviewService, database: Database) -> None:
    (first,) = add_report(service, make_report(("Jembatan Sula ditutup!",), name="x"))
    (second,) = add_report(service, make_report(("jembatan  sula DITUTUP.",), name="y"))
    with database.read() as connection:
        rows = connection.execute(sa.select(t.merge_suggestions)).mappings().all()
    assert [(row["item_id"], row["other_id"], row["similarity"]) for row in rows] == [(second, first, 1.0)]


def test_new_evidence_flags_a_decided_claim(service: ReviewService, people: People, item: Item, clock: object) -> None:
    fresh = make_report(("Jembatan Sula ditutup pada Senin.",), label="unsupported")
    walk(service, people, item.id, State.PUBLISHED)
    assert recheck(service, item.id, make_report(("Jembatan Sula ditutup pada Senin.",))) is False
    clock.forward(minutes=1)  # type: ignore[attr-defined]
    assert recheck(service, item.id, fresh) is True
    found = service.get(item.id)
    assert (found.recheck, found.machine_label, found.state) == (True, "unsupported", State.PUBLISHED)
    assert [verdict.label for verdict in service.verdicts(item.id)] == ["unsupported", "supported"]
    with pytest.raises(Incomplete):
        service.act(item.id, Action.KEEP, people["citra"])
    kept = service.act(item.id, Action.KEEP, people["citra"], Change(comment="Laporan baru itu soal jembatan lain."))
    assert (kept.item.recheck, kept.item.state) == (False, State.PUBLISHED)
    with pytest.raises(WrongState):
        service.act(item.id, Action.KEEP, people["citra"], Change(comment="Sekali lagi."))


def test_new_evidence_that_agrees_with_people_disturbs_nobody(
    service: ReviewService, people: People, clock: object
) -> None:
    (item_id,) = add_report(service, make_report(("Dua pilar retak.",), label="needs_source"))
    walk(service, people, item_id, State.PUBLISHED)  # people say: supported
    for label, flagged in (("supported", False), ("unsupported", True), ("supported", False)):
        clock.forward(minutes=1)  # type: ignore[attr-defined]
        assert recheck(service, item_id, make_report(("Dua pilar retak.",), label=label)) is flagged
        assert service.get(item_id).recheck is flagged
    assert [verdict.label for verdict in service.verdicts(item_id)] == [
        "supported",
        "unsupported",
        "supported",
        "needs_source",
    ]


def test_null_characters_and_lone_surrogates_are_kept_out(service: ReviewService) -> None:
    (item_id,) = add_report(service, make_report(("Jembatan\x00 \ud800 ditutup.",), name="odd", title="\x00"))
    assert "\x00" not in service.get(item_id).text
