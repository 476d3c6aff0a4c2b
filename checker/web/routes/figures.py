"""What the queue's work comes to: a page of figures, and the same for programs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from babel.dates import format_date
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from checker.review.figures import AGES, STEPS, Agreement, Figures, Spread, measure
from checker.review.service import LABELS
from checker.review.transitions import Role
from checker.web import charts, pages
from checker.web.deps import State, Who
from checker.web.words import mark

router = APIRouter()
api = APIRouter(tags=["figures"])
NAV = [pages.Nav("/figures", mark("Figures"), Role.VIEWER)]

DAYS = (7, 30, 90, 365)
LABEL_WORDS: Mapping[str, str] = {
    "supported": mark("supported"),
    "unsupported": mark("unsupported"),
    "needs_source": mark("needs a source"),
}
STEP_WORDS: Mapping[str, str] = {
    "enter": mark("Claims that came in"),
    "decide": mark("Decisions"),
    "approve": mark("Approvals"),
    "publish": mark("Publications"),
}
Window = Annotated[int, Query(ge=1, le=365, description="Over how many days, to now.")]


class AgreementOut(BaseModel):
    """How far two label alike. `kappa` is null where it is not defined."""

    pairs: int
    agreed: int
    share: float | None
    low: float | None = Field(description="Lower end of the share's 95 % interval (Wilson).")
    high: float | None
    kappa: float | None
    matrix: list[list[int]] = Field(
        description="By supported, unsupported, needs_source: rows the first, columns the second."
    )

    @classmethod
    def of(cls, found: Agreement) -> AgreementOut:
        """From the record."""
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


class SpreadOut(BaseModel):
    """Durations in hours: how many, the middle one, and what nine of ten stay under."""

    count: int
    median: float | None
    ninth: float | None

    @classmethod
    def of(cls, found: Spread) -> SpreadOut:
        """From the record."""
        return cls(count=found.count, median=found.median, ninth=found.ninth)


class DayOut(BaseModel):
    """What was done on one day."""

    day: date
    enter: int
    decide: int
    approve: int
    publish: int


class FiguresOut(BaseModel):
    """Everything the page of figures shows. No figure is about a person."""

    days: list[DayOut]
    waiting: SpreadOut
    waiting_by_age: dict[str, int] = Field(description="Open items by age, up to so many hours; `older` than all.")
    to_decision: SpreadOut
    machine: AgreementOut = Field(description="The machine's label against the first decision.")
    by_label: dict[str, AgreementOut]
    by_judge: dict[str, AgreementOut]
    blind: AgreementOut
    sighted: AgreementOut
    second: AgreementOut = Field(description="First against second reader; an approval without a label agrees.")
    returned: int = Field(description="Decisions returned without a label of the second reader's own.")


@api.get("/figures")
def read_figures(who: Who, saring: State, days: Window = 30) -> FiguresOut:  # noqa: ARG001 - signed in is enough
    """Throughput, age, and who agrees with whom."""
    found = measure(saring.review, days)
    ages = dict(zip([*map(str, AGES), "older"], found.waiting_by_age, strict=True))
    return FiguresOut(
        days=[DayOut(day=day.day, **day.counts) for day in found.days],
        waiting=SpreadOut.of(found.waiting),
        waiting_by_age=ages,
        to_decision=SpreadOut.of(found.to_decision),
        machine=AgreementOut.of(found.machine),
        by_label={name: AgreementOut.of(one) for name, one in found.by_label.items()},
        by_judge={name: AgreementOut.of(one) for name, one in found.by_judge.items()},
        blind=AgreementOut.of(found.blind),
        sighted=AgreementOut.of(found.sighted),
        second=AgreementOut.of(found.second),
        returned=found.returned,
    )


@router.get("/figures")
def figures_page(request: Request, who: Who, saring: State, days: Window = 30) -> Response:  # noqa: ARG001
    """The figures, with plots and with tables."""
    found = measure(saring.review, days)
    _ = pages.gettext_of(request)
    return pages.page(
        request,
        "figures.html",
        found=found,
        days=days,
        all_days=DAYS,
        labels=LABELS,
        label_words=LABEL_WORDS,
        step_words=STEP_WORDS,
        steps=STEPS,
        ages=AGES,
        plots=_plots(found, _, pages.locale_of(request)),
    )


def _plots(found: Figures, _: Any, locale: str) -> dict[str, Any]:
    names = [_(LABEL_WORDS[label]) for label in LABELS]
    dates = [format_date(day.day, "d MMM", locale) for day in found.days]
    older = _("older")
    ages = [*(_age(hours, _) for hours in AGES), older]
    groups = [(_("all"), found.machine), (_("blind"), found.blind), (_("not blind"), found.sighted)]
    by_label = [(_(LABEL_WORDS.get(name, name)), one) for name, one in found.by_label.items()]
    return {
        "steps": {
            step: charts.columns([day.counts[step] for day in found.days], dates, _(STEP_WORDS[step])) for step in STEPS
        },
        "ages": charts.columns(found.waiting_by_age, ages, _("Open items by age")),
        "machine": charts.shares([_bar(name, one) for name, one in groups], _("Machine and people agree")),
        "by_label": charts.shares([_bar(name, one) for name, one in by_label], _("By the machine’s label")),
        "by_judge": charts.shares([_bar(name, one) for name, one in list(found.by_judge.items())[:12]], _("By judge")),
        "confusion": charts.matrix(
            names, found.machine.matrix, _("machine"), _("people"), _("The machine’s label against the first decision")
        ),
        "second": charts.matrix(names, found.second.matrix, _("first"), _("second"), _("First against second reader")),
    }


def _bar(name: str, one: Agreement) -> tuple[str, float | None, float | None, float | None, str]:
    shown = "–" if one.share is None else f"{one.share:.0%} ({one.agreed}/{one.pairs})"
    return name, one.share, one.low, one.high, shown


def _age(hours: int, _: Any) -> str:
    if hours < 24:
        return str(_("≤ %s h") % hours)
    return str(_("≤ %s d") % (hours // 24))
