"""`saring queue`: the review queue on the command line, over the service that the pages use.

Whoever can reach the queue's database may act for any user in it (`--as NAME`): the roles, the four eyes and the log
hold all the same, but a name is not proven here. Elsewhere, use the pages or the API.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.cli import queue_setup
from checker.cli.desk import (
    As,
    Database,
    Desk,
    Format,
    check_format,
    flags,
    opened,
    plain,
    say,
    show_items,
    write_json,
)

if TYPE_CHECKING:
    from checker.review.queries import Filters
    from checker.review.records import Actor, Item
    from checker.review.service import Change
    from checker.review.transitions import Action

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="The review queue: list, show, claim, decide, approve, return, publish, export.",
    epilog="Whoever can reach the queue's database may act for any user in it, with --as NAME.",
)

ItemIds = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of items, as `list` shows them.")]
ItemId = Annotated[str, typer.Argument(metavar="ID", help="Id of an item, as `list` shows it.")]
Comment = Annotated[str, typer.Option("--comment", "-c", metavar="TEXT", help="For colleagues.")]
Label = Annotated[
    str | None, typer.Option("--label", "-l", metavar="LABEL", help="supported, unsupported or needs_source.")
]
Version = Annotated[
    int | None, typer.Option("--version", metavar="N", help="Refuse unless the item is still in this version.")
]
Key = Annotated[
    str | None, typer.Option("--key", metavar="KEY", help="The same request under the same key is done once.")
]
States = Annotated[list[str] | None, typer.Option("--state", "-s", metavar="STATE", help="Only in this state.")]
Labels = Annotated[
    list[str] | None, typer.Option("--label", "-l", metavar="LABEL", help="Only what a machine labelled so.")
]
Language = Annotated[str, typer.Option("--language", metavar="id|en", help="Only in this language.")]
Search = Annotated[str, typer.Option("--search", "-q", metavar="WORDS", help="Only claims with all of these words.")]
Article = Annotated[str, typer.Option("--article", metavar="ID", help="Only of this article.")]
Check = Annotated[str, typer.Option("--check", metavar="ID", help="Only of this check.")]


@app.command("list")
def list_(
    database: Database = None,
    who: As = None,
    state: States = None,
    label: Labels = None,
    language: Language = "",
    search: Search = "",
    article: Article = "",
    check: Check = "",
    mine: Annotated[bool, typer.Option("--mine", help="Only what you hold.")] = False,
    disputed: Annotated[bool, typer.Option("--disputed", help="Only where the judges disagree.")] = False,
    recheck: Annotated[
        bool, typer.Option("--recheck", help="Only what new evidence would change, in whatever state.")
    ] = False,
    page: Annotated[int, typer.Option("--page", min=1, help="Page, from 1.")] = 1,
    size: Annotated[int, typer.Option("--size", "-n", min=1, max=200, help="Items a page.")] = 50,
    format: Format = "text",
) -> None:
    """List items in the order in which they need a person; those that wait for somebody, unless told otherwise."""
    check_format(format)
    with opened(database) as desk:
        filters = _filters(state, label, language, search, article, check, anything=recheck)
        if disputed or recheck or mine:
            from dataclasses import replace

            held_by = desk.actor(who).user_id if mine else ""
            filters = replace(filters, disputed=disputed or None, recheck=recheck or None, holder_id=held_by)
        found = desk.service.list(filters, page=page, size=size)
    if format == "json":
        write_json({"items": found.items, "total": found.total, "page": found.page, "pages": found.pages})
    else:
        show_items(found.items, found.total)


@app.command()
def show(
    item_id: ItemId,
    database: Database = None,
    blind: Annotated[bool, typer.Option("--blind", help="Without what the machine made of it.")] = False,
    format: Format = "text",
) -> None:
    """Show an item: the claim, the evidence, the machine's suggestion, what people decided, and its log."""
    check_format(format)
    with opened(database) as desk:
        item = desk.service.get(item_id)
        verdicts = () if blind else desk.service.verdicts(item_id)
        decisions, events = desk.service.decisions(item_id), desk.service.events(item_id)
        article = desk.service.article(item.article_id) if item.article_id else None
    if format == "json":
        shown = plain(item) | ({"machine_label": None, "disputed": None, "uncertainty": None} if blind else {})
        more = {"verdicts": verdicts, "decisions": decisions, "events": events}
        write_json(shown | {name: plain(value) for name, value in more.items()})
        return
    say(f"{item.text}")
    say(f"“{item.quote}”")
    if article is not None:
        say(f"in: {article['title'] or 'untitled'} ({article['publisher'] or '-'}) {article['url']}")
    say(f"state: {item.state}, version {item.version}, held by {item.holder_name or 'nobody'}, {flags(item)}")
    for verdict in verdicts[:1]:
        say(f"machine ({verdict.judge}): {verdict.label}, {verdict.reason}, confidence {verdict.confidence:.2f}")
        for cited in verdict.citations:
            dated = cited["published_at"] or "undated"
            say(f"{cited['stance']}: {cited['publisher'] or '-'}, {dated}: {cited['quote']}", indent=2)
            say(f"{cited['source_id']} {cited['url']}", indent=4)
    for decision in decisions:
        rating = f" ({decision.rating})" if decision.rating else ""
        say(f"{decision.kind} reader {decision.user_name}: {decision.label}{rating}: {decision.reason}")
    for event in events:
        refused = f" refused: {event.refused}" if event.refused else ""
        comment = event.detail.get("comment", "")
        say(f"{event.at:%Y-%m-%d %H:%M} {event.user_name or 'Saring'} {event.action}{refused} {comment}")


@app.command()
def claim(item_ids: ItemIds, database: Database = None, who: As = None) -> None:
    """Claim items: you hold them for half an hour, and others cannot decide them meanwhile."""
    _each("claim", item_ids, database, who)


@app.command()
def release(item_ids: ItemIds, database: Database = None, who: As = None) -> None:
    """Give items back that you hold."""
    _each("release", item_ids, database, who)


@app.command("hand-over")
def hand_over(
    item_ids: ItemIds,
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="To whom.")],
    database: Database = None,
    who: As = None,
) -> None:
    """Hand items over to somebody else."""
    with opened(database) as desk:
        _act_on(desk, "hand_over", item_ids, desk.actor(who), _change(to_user=desk.user_id(to)))


@app.command()
def decide(
    item_id: ItemId,
    label: Annotated[
        str, typer.Option("--label", "-l", metavar="LABEL", help="supported, unsupported or needs_source.")
    ],
    reason: Annotated[str, typer.Option("--reason", "-r", metavar="TEXT", help="Why, for readers.")],
    rating: Annotated[
        str | None,
        typer.Option("--rating", metavar="true|false", help="Only where you rule the content true or false."),
    ] = None,
    evidence: Annotated[
        list[str] | None, typer.Option("--evidence", "-e", metavar="ID", help="A source that decides it.")
    ] = None,
    blind: Annotated[bool, typer.Option("--blind", help="You have not seen the machine's suggestion.")] = False,
    version: Version = None,
    key: Key = None,
    database: Database = None,
    who: As = None,
) -> None:
    """Decide on an item. One that nobody holds is claimed first."""
    with opened(database) as desk:
        actor = desk.actor(who)
        if desk.service.get(item_id).holder_id is None:
            _take(desk, "claim", item_id, actor, ("new", "returned", "claimed"))
            version = None if version is None else version + 1
        change = _change(
            label=label, reason=reason, rating=rating, blind=blind, version=version, evidence=tuple(evidence or ())
        )
        _act_on(desk, "decide", [item_id], actor, change, key)


@app.command()
def withdraw(item_ids: ItemIds, database: Database = None, who: As = None) -> None:
    """Withdraw decisions of your own; you hold the items again."""
    _each("withdraw", item_ids, database, who)


@app.command()
def approve(
    item_id: ItemId,
    label: Label = None,
    reason: Annotated[str, typer.Option("--reason", "-r", metavar="TEXT", help="In your own words.")] = "",
    version: Version = None,
    key: Key = None,
    database: Database = None,
    who: As = None,
) -> None:
    """Approve somebody else's decision; takes the second review first, where nobody has it."""
    with opened(database) as desk:
        actor = desk.actor(who)
        if _take(desk, "take_second", item_id, actor, ("decided",)) and version is not None:
            version += 1
        _act_on(desk, "approve", [item_id], actor, _change(label=label, reason=reason, version=version), key)


@app.command("return")
def return_(
    item_ids: ItemIds,
    comment: Annotated[str, typer.Option("--comment", "-c", metavar="TEXT", help="What is to be mended.")],
    label: Label = None,
    reason: Annotated[
        str, typer.Option("--reason", "-r", metavar="TEXT", help="With --label: why you see it so.")
    ] = "",
    database: Database = None,
    who: As = None,
) -> None:
    """Return decisions, with a comment; --label says how you would have decided yourself."""
    with opened(database) as desk:
        change = _change(comment=comment, label=label, reason=reason)
        _act_on(desk, "return", item_ids, desk.actor(who), change)


@app.command()
def publish(item_ids: ItemIds, comment: Comment = "", database: Database = None, who: As = None) -> None:
    """Publish approved decisions; of something published before, --comment is the public note of what changed."""
    with opened(database) as desk:
        _act_on(desk, "publish", item_ids, desk.actor(who), _change(comment=comment))


@app.command()
def reopen(item_ids: ItemIds, comment: Comment = "", database: Database = None, who: As = None) -> None:
    """Take published decisions back, to correct them."""
    with opened(database) as desk:
        _act_on(desk, "reopen", item_ids, desk.actor(who), _change(comment=comment))


@app.command()
def keep(item_ids: ItemIds, comment: Comment = "", database: Database = None, who: As = None) -> None:
    """Say that flagged decisions stand, whatever the new evidence says; --comment says why."""
    with opened(database) as desk:
        _act_on(desk, "keep", item_ids, desk.actor(who), _change(comment=comment))


@app.command()
def merge(
    item_ids: ItemIds,
    into: Annotated[str, typer.Option("--into", metavar="ID", help="The item that stays.")],
    database: Database = None,
    who: As = None,
) -> None:
    """Merge items that say the same into one."""
    with opened(database) as desk:
        _act_on(desk, "merge", item_ids, desk.actor(who), _change(into=into))


@app.command()
def comment(
    item_ids: ItemIds,
    text: Annotated[str, typer.Option("--comment", "-c", metavar="TEXT", help="For colleagues.")],
    database: Database = None,
    who: As = None,
) -> None:
    """Comment on items."""
    with opened(database) as desk:
        _act_on(desk, "comment", item_ids, desk.actor(who), _change(comment=text))


@app.command()
def export(
    format: Annotated[
        str, typer.Option("--format", "-f", metavar="FORMAT", help="claimreview, csv, or decisions for the evals.")
    ] = "claimreview",
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there.")] = None,
    state: States = None,
    label: Labels = None,
    language: Language = "",
    search: Search = "",
    article: Article = "",
    check: Check = "",
    store: Annotated[
        str | None, typer.Option("--store", metavar="PATH", help="Evidence store that decisions take sources from.")
    ] = None,
    database: Database = None,
) -> None:
    """Write what is approved, and nothing else: schema.org ClaimReview, a table, or decisions.

    The decisions are JSON lines of saring.decision/1; python -m evals from-queue makes cases of them.
    """
    from checker.cli.common import check_writable, write_file, write_out
    from checker.cli.queue_export import FORMATS, exported
    from checker.errors import UnknownName

    if format not in FORMATS:
        raise UnknownName("format", format, FORMATS)
    check_writable(output)
    with opened(database) as desk:
        filters = _filters(state, label, language, search, article, check, anything=True)
        text, count = exported(desk, filters, format, store)
    if output is None:
        write_out(text)
    else:
        write_file(output, text)
    say(f"{count} exported{f' to {output}' if output else ''}", stderr=True)


queue_setup.mount(app)


# -- doing


def _each(action: str, item_ids: list[str], database: str | None, who: str | None) -> None:
    with opened(database) as desk:
        _act_on(desk, action, item_ids, desk.actor(who), _change())


def _act_on(desk: Desk, action: str, item_ids: list[str], actor: Actor, change: Change, key: str | None = None) -> None:
    """Act on each; what was refused is told, the others are done.

    Raises:
        ReviewError: The only one was refused.
    """
    from checker.errors import ReviewError

    refused = 0
    for item_id in dict.fromkeys(item_ids):
        try:
            item = desk.service.act(item_id, _action(action), actor, change, key=key).item
        except ReviewError as error:
            if len(item_ids) == 1:
                raise
            refused += 1
            say(f"refused {item_id}: {error}", stderr=True)
        else:
            _tell(item)
    if refused:
        raise typer.Exit(1)


def _take(desk: Desk, action: str, item_id: str, actor: Actor, states: tuple[str, ...]) -> bool:
    """Take an item that is free to be taken; whether it was."""
    if str(desk.service.get(item_id).state) not in states:
        return False
    desk.service.act(item_id, _action(action), actor)
    return True


def _tell(item: Item) -> None:
    held = f", held by {item.holder_name}" if item.holder_name else ""
    say(f"{item.id} is {item.state} (version {item.version}){held}")


def _action(name: str) -> Action:
    from checker.review.transitions import Action

    return Action(name)


def _change(**given: Any) -> Change:
    from checker.review.service import Change

    return Change(**given)


def _filters(
    states: list[str] | None,
    labels: list[str] | None,
    language: str,
    search: str,
    article: str,
    check: str,
    *,
    anything: bool = False,
) -> Filters:
    from checker.errors import UnknownName
    from checker.review.queries import WAITING, Filters
    from checker.review.service import LABELS
    from checker.review.transitions import State

    for name in states or ():
        if name not in set(State):
            raise UnknownName("state", name, [str(state) for state in State])
    for name in labels or ():
        if name not in LABELS:
            raise UnknownName("label", name, LABELS)
    if language not in ("", "id", "en"):
        raise UnknownName("language", language, ("id", "en"))
    asked = tuple(State(name) for name in states or ())
    waiting = not (asked or anything or article or check)
    return Filters(
        states=WAITING.states if waiting else asked,
        or_flagged=waiting,
        labels=tuple(labels or ()),
        language=language,
        search=search,
        article_id=article,
        check_id=check,
    )
