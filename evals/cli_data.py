"""`evals data`: the public data sets."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.edge import BELOW_FLOOR, AsJson, edge, print_json, say

data_app = typer.Typer(help="The public data sets: list them, get them, check them.", no_args_is_help=True)


@data_app.command("list")
@edge
def data_list(as_json: AsJson = False) -> None:
    """List the data sets: what each is for, where it lives, its licence, and whether it is here."""
    from evals.data.catalogue import catalogue, data_root, is_here
    from evals.report.terminal import table

    root = data_root()
    entries = catalogue().values()
    if as_json:
        print_json(
            [
                {"name": e.name, "kind": e.kind, "use": e.use, "language": e.language, "home": e.home,
                 "licence": e.licence, "note": e.note, "here": is_here(e, root)}
                for e in entries
            ]
        )  # fmt: skip
        return
    rows = [
        (e.name, e.kind, e.language, e.use, "yes" if is_here(e, root) else "no", e.licence, e.home) for e in entries
    ]
    table(("name", "kind", "lang", "use", "here", "licence", "home"), rows)
    say(f"read from {root}; never train or tune on `test`")


@data_app.command("get")
@edge
def data_get(names: Annotated[list[str], typer.Argument(metavar="NAME…")]) -> None:
    """Download data sets that are not here, and check them."""
    from evals.data.catalogue import data_root, entry, get, http_fetch

    root = data_root()
    for wanted in [entry(name) for name in names]:
        for part in (wanted, *(entry(other) for other in wanted.needs)):
            for path in get(part, root, http_fetch):
                typer.echo(path)
        say(f"{wanted.name}: {wanted.licence}; {wanted.home}")


@data_app.command("verify")
@edge
def data_verify(names: Annotated[list[str] | None, typer.Argument(metavar="NAME…")] = None) -> None:
    """Compare the local copies with the catalogue's checksums."""
    from evals.data.catalogue import catalogue, data_root, entry, verify

    root = data_root()
    entries = [entry(name) for name in names] if names else list(catalogue().values())
    bad = 0
    for wanted in entries:
        for path, state in verify(wanted, root).items():
            typer.echo(f"{state:8} {wanted.name:16} {root / wanted.folder / path}")
            bad += state == "differs" or (state == "missing" and bool(names))
    if bad:
        raise typer.Exit(BELOW_FLOOR)
