"""From the queue's export to newsroom cases: what the queue writes is what the evals read."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "checker" / "review"))

from reports import make_report

from checker.review.accounts import Accounts
from checker.review.database import Database
from checker.review.exports import decisions
from checker.review.intake import add_report
from checker.review.records import Actor
from checker.review.service import Change, ReviewService
from checker.review.transitions import Action, Role
from evals.newsroom import read_newsroom
from evals.queue import from_queue


def test_what_people_ruled_becomes_cases(tmp_path: Path) -> None:
    database = Database.open(str(tmp_path / "queue.sqlite3"))
    service, accounts = ReviewService(database), Accounts(database)
    ani, citra = (
        Actor(user.id, user.name, user.role)
        for user in (accounts.create("ani", None, Role.CHECKER), accounts.create("citra", None, Role.EDITOR))
    )
    changes = [
        Change(label="supported", reason="Kabar melaporkannya."),
        Change(label="needs_source", reason="Tak ada yang menyebutnya."),
        Change(label="unsupported", reason="Tak ada sumber yang dinamai."),
    ]
    for item_id, change in zip(add_report(service, make_report()), changes, strict=True):
        service.act(item_id, Action.CLAIM, ani)
        service.act(item_id, Action.DECIDE, ani, change)
        service.act(item_id, Action.TAKE_SECOND, citra)
        service.act(item_id, Action.APPROVE, citra)
    export = tmp_path / "decisions.jsonl"
    export.write_text("".join(json.dumps(line) + "\n" for line in decisions(service)), encoding="utf-8")
    database.close()

    done = from_queue(export, tmp_path / "cases")
    assert done.claims == 2
    (left_out,) = done.left_out
    assert "no source is named" in left_out
    (case,) = read_newsroom(tmp_path / "cases")
    assert {claim.quote: claim.label for claim in case.gold} == {
        "Jembatan Sula ditutup pada Senin.": "supported",
        "Dua pilar retak.": "needs_source",
    }
