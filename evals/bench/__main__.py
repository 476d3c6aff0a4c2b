"""`python -m evals.bench`: run the bench, or make its page again from its numbers."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def bench(
    sizes: Annotated[str, typer.Option(help="Passages, by comma; each size is measured on its own.")] = (
        "1000,10000,100000"
    ),
    peer_full: Annotated[
        int, typer.Option(help="The peer adds everything up to this size; above it, for --slice seconds.")
    ] = 10_000,
    slice_s: Annotated[float, typer.Option("--slice", help="Seconds of processor time.")] = 120.0,
    articles: Annotated[int, typer.Option(min=1, help="Articles checked one after another.")] = 1_000,
    rounds: Annotated[int, typer.Option(min=1, help="Repetitions of what is short.")] = 3,
    threads: Annotated[int, typer.Option(min=1, help="Threads of each side's models.")] = 1,
    only: Annotated[
        str, typer.Option(help="Sections, by comma: start, embed, pairs, bm25, store, llm, articles.")
    ] = "",
    output: Annotated[Path, typer.Option(help="Folder of bench.json and bench.html.")] = Path("bench-out"),
    peer: Annotated[Path | None, typer.Option(help="Python that has the peers; made by `make bench`.")] = None,
    openvino: Annotated[bool, typer.Option(help="Our side adds and searches with the extra openvino.")] = False,
    keep: Annotated[bool, typer.Option(help="Keep the stores.")] = False,
    page: Annotated[bool, typer.Option("--page", help="Only make the page again from bench.json.")] = False,
) -> None:
    """Measure Saring beside its peers. Sections run earlier into the same folder are kept."""
    from dataclasses import replace

    from evals.bench.page import write_page
    from evals.bench.run import SECTIONS, Bench, Plan
    from evals.edge import complain, say
    from evals.errors import EvalError

    path = output / "bench.json"
    held: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if page:
        if not held:
            complain(f"there is no {path}; run the bench first")
            raise typer.Exit(2)
        typer.echo(write_page(held, output / "bench.html"))
        return
    names = tuple(name.strip() for name in only.split(",") if name.strip()) or SECTIONS
    if unknown := [name for name in names if name not in SECTIONS]:
        complain(f"there is no section {unknown[0]!r}; there are: {', '.join(SECTIONS)}")
        raise typer.Exit(2)
    plan = Plan(
        tuple(sorted(int(size) for size in sizes.split(","))), peer_full, slice_s, articles, rounds, threads, names,
        work=output.resolve() / "work", keep=keep, ours_openvino=openvino,
    )  # fmt: skip
    if peer is not None:
        plan = replace(plan, peer=peer)
    output.mkdir(parents=True, exist_ok=True)

    def save(result: dict[str, Any]) -> None:
        merged = _merged(held, result)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(merged, indent=1) + "\n", "utf-8")
        part.replace(path)

    try:
        Bench(plan, say).run(save)
    except EvalError as error:
        complain(str(error))
        raise typer.Exit(2) from error
    typer.echo(write_page(json.loads(path.read_text("utf-8")), output / "bench.html"))


def _merged(held: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """The new sections over the old ones; of those by size, the new sizes beside the old."""
    merged = held | result
    for name in ("store", "bm25"):
        if name in held and name in result:
            merged[name] = held[name] | result[name]
    merged["peer_versions"] = held.get("peer_versions", {}) | result.get("peer_versions", {})
    return merged


if __name__ == "__main__":
    sys.exit(app())
