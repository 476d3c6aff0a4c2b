"""`saring bulk check`: the articles of a shard, one after another, by the same `Checker` that checks one."""

from __future__ import annotations

import logging
import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.bulk.base import Shard, Tell
from checker.bulk.files import write_json_once
from checker.bulk.inputs import Item, read_items
from checker.bulk.journal import MOST_DEATHS, Journal
from checker.bulk.output import Format, write_rows
from checker.bulk.plan import RunFolder
from checker.errors import ArticleError, BulkError, CheckerError, StoreEmpty
from checker.types import Report
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from checker.pipeline import Checker

log = logging.getLogger(__name__)

REPORTS = "reports"

MOST_IN_A_ROW = 10
"""Articles in a row none of whose claims could be checked, after which it is not the articles that are at fault."""

_MESSAGE_LIMIT = 300


@dataclass(frozen=True, slots=True)
class CheckJob:
    """Check articles.

    Attributes:
        folder: Of the run.
        settings: Every setting, as `Settings` takes them.
        as_of: Evidence published after it never counts.
        format: Of the output.
        session: Names this run of the program.
    """

    folder: str
    settings: dict[str, Any]
    as_of: str
    format: Format
    session: str

    def must_open(self) -> None:
        """Find out before a long run is planned whether one article could be checked at all.

        Raises:
            CheckerError, RetrievalError: None could; says what to do.
        """
        from checker.widen import places

        with self._checker() as checker:
            if checker.store.is_empty() and not places(checker.settings):
                raise StoreEmpty(
                    f"the evidence store {checker.settings.store} is empty; add evidence with: "
                    "saring evidence add FOLDER"
                )

    def open(self) -> CheckWorker:
        """Open store and models, with one thread each: it is the processes that share the cores out."""
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        return CheckWorker(self, self._checker())

    def _checker(self) -> Checker:
        from checker.pipeline import Checker
        from checker.settings import load_settings

        settings = load_settings(**self.settings)
        if not settings.threads:
            settings = settings.model_copy(update={"threads": 1})
        return Checker.open(settings=settings)


class CheckWorker:
    """One process's checker, and the shards it is given."""

    def __init__(self, job: CheckJob, checker: Checker) -> None:
        self._job = job
        self._checker = checker
        self._folder = RunFolder(Path(job.folder))
        self._in_a_row = 0

    def close(self) -> None:
        """Let go of the store."""
        self._checker.close()

    def run(self, shard: Shard, tell: Tell) -> None:
        """Check the articles of a shard that are not checked yet, and commit it."""
        if self._folder.is_done(shard):
            tell(shard.items, 0)
            return
        with Journal(self._folder.work, shard.name, self._job.session) as journal:
            if journal.finished:
                tell(len(journal.finished), sum("row" not in record for record in journal.records()))
            for item in read_items(shard.spec):
                if item.key in journal.finished:
                    continue
                died = journal.deaths(item.key)
                if died >= MOST_DEATHS:
                    record = _failed(item, "WorkerDied", f"{died} processes died over this article; try it by itself")
                else:
                    journal.begin(item.key)
                    record = self._check(item)
                journal.add(record)
                tell(1, int(bool(record["failures"]) and "row" not in record))
            self._commit(shard, journal)
        journal.discard()

    def _check(self, item: Item) -> dict[str, Any]:
        """What became of one article: a row for the output, or a failure; and the failures of its claims."""
        try:
            article = item.read()
            report = self._checker.check(article, as_of=self._job.as_of)
        except ArticleError as error:
            return _failed(item, type(error).__name__, str(error))
        except (CheckerError, RetrievalError, MemoryError):
            raise  # of no article: the store is gone, the key is wrong, the machine is full
        except Exception as error:  # noqa: BLE001 - one article must not sink the others
            log.warning("an article could not be checked: %s", type(error).__name__)
            return _failed(item, type(error).__name__, str(error))
        self._must_be_sound(report)
        return {
            "key": item.key,
            "row": _row(item, report),
            "failures": [
                {
                    "key": item.key,
                    "id": item.id,
                    "level": "claim",
                    "claim_id": failure.claim_id,
                    "stage": failure.stage,
                    "error_type": failure.error_type,
                    "message": failure.message,
                }
                for failure in report.failures
            ],
        }

    def _must_be_sound(self, report: Report) -> None:
        """Stop where the failures are not the article's: a limit is reached, or whoever is asked does not answer.

        Raises:
            BulkError: Says why; the article is not taken as checked.
        """
        spent = next(
            (
                failure
                for failure in report.failures
                # The day's cap ends the run; a limit on one check ends that check alone.
                if failure.error_type == "BudgetExhausted" and "SARING_DAILY_TOKENS" in failure.message
            ),
            None,
        )
        if spent is not None:
            raise BulkError(f"{spent.message}; the same command continues where this run stopped")
        if report.failures and not report.verdicts:
            self._in_a_row += 1
            if self._in_a_row >= MOST_IN_A_ROW:
                raise BulkError(
                    f"no claim of {self._in_a_row} articles in a row could be checked, the last because of "
                    f"{report.failures[-1].error_type}: {report.failures[-1].message}"
                )
        else:
            self._in_a_row = 0

    def _commit(self, shard: Shard, journal: Journal) -> None:
        """Write the shard's reports, then its marker; whoever writes the marker first has committed it."""
        name = f"{shard.name}.{self._job.format}"
        ready = self._folder.work / f"{shard.name}.{uuid.uuid4().hex}.ready"
        rows = write_rows(ready, (record["row"] for record in journal.records() if "row" in record), self._job.format)
        failures = [failure for record in journal.records() for failure in record["failures"]]
        marker = {
            "shard": shard.number,
            "items": len(journal.finished),
            "reports": rows,
            "file": name if rows else None,
            "ready": ready.name if rows else None,
            "failures": failures,
        }
        if len(journal.finished) != shard.items:
            raise BulkError(
                f"shard {shard.name} has {len(journal.finished)} articles and not {shard.items}: its input has changed "
                "since the run was started; start a new run with another --output"
            )
        if write_json_once(self._folder.marker(shard.name), marker):
            place(self._folder, marker)
        else:
            ready.unlink(missing_ok=True)


def place(folder: RunFolder, marker: dict[str, Any]) -> None:
    """Give the committed reports of a shard their name. Does nothing where they have it."""
    if marker.get("file") is None:
        return
    target = folder.path / REPORTS / marker["file"]
    if not target.exists():
        target.parent.mkdir(exist_ok=True)
        try:
            (folder.work / marker["ready"]).replace(target)
        except FileNotFoundError:
            if not target.exists():  # somebody else was quicker, or the file is gone for good
                raise BulkError(
                    f"the reports {target} are gone; to check them again remove "
                    f"{folder.marker(target.stem)} and run the same command"
                ) from None


def _failed(item: Item, error_type: str, message: str) -> dict[str, Any]:
    failure = {
        "key": item.key,
        "id": item.id,
        "level": "article",
        "claim_id": None,
        "stage": None,
        "error_type": error_type,
        "message": " ".join(message.split())[:_MESSAGE_LIMIT],
    }
    return {"key": item.key, "failures": [failure]}


def _row(item: Item, report: Report) -> dict[str, Any]:
    from checker.render.json import report_to_dict

    article = report.article
    labels = [verdict.label for verdict in report.verdicts]
    return {
        "key": item.key,
        "id": item.id or article.id,
        "url": article.url,
        "title": article.title,
        "publisher": article.publisher,
        "published_at": article.published_at,
        "language": article.language,
        "report_id": report.id,
        "as_of": report.as_of,
        "created_at": report.created_at,
        "claims": len(report.claims),
        "supported": labels.count("supported"),
        "unsupported": labels.count("unsupported"),
        "needs_source": labels.count("needs_source"),
        "failed": len(report.failures),
        "elapsed_s": report.elapsed,
        "report": report_to_dict(report),
    }
