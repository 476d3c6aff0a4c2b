"""The page of a bench run: every ratio in one table, the plots, and how each figure was taken."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple


class Line(NamedTuple):
    """One comparison. `ratio` is how many times better ours is (faster, smaller); None where nothing is compared."""

    what: str
    ours: str
    peer: str
    ratio: float | None
    note: str = ""


def lines(result: Mapping[str, Any]) -> list[Line]:
    """The comparisons that a result holds, in the order in which they are shown."""
    found: list[Line] = []
    for size, row in _by_size(result.get("store", {})):
        found += _store_lines(size, row)
    for kind, row in result.get("embed", {}).items():
        note = f"cosine to the peer's vectors {row['cosine_mean']:.4f} (least {row['cosine_least']:.4f})"
        found += _rates(f"embedding {kind} ({row['words']:.0f} words)", row, "texts/s", note)
    if pairs := result.get("pairs"):
        found += _rates("scoring (passage, claim) pairs", pairs, "pairs/s", "same encoder weights")
    for size, row in _by_size(result.get("bm25", {})):
        ours, peer = row["ours"], row["peer"]
        found.append(_times(f"BM25 query, p50, {size:,} passages", ours["p50_ms"], peer["p50_ms"]))
        found.append(
            Line(
                f"BM25 index, {size:,} passages", f"{ours['index_seconds']:.1f} s", f"{peer['index_seconds']:.1f} s",
                peer["index_seconds"] / ours["index_seconds"],
            )
        )  # fmt: skip
    if start := result.get("start"):
        ours, peer = start["ours"], start["peer"]
        what = f"from nothing to one answer ({start['passages']:,} passages)"
        found.append(
            Line(what, f"{ours['seconds']:.1f} s", f"{peer['seconds']:.1f} s", peer["seconds"] / ours["seconds"])
        )
        found.append(_memory("peak memory of that", ours["peak_rss_mb"], peer["peak_rss_mb"]))
        found.append(Line("saring --help", f"{start['help_seconds']:.2f} s", "", None))
    return found


def _store_lines(size: int, row: Mapping[str, Any]) -> list[Line]:
    ours, peer = row["ours"], row.get("peer")
    if not peer or "search" not in peer:
        return []
    mine, theirs = ours["add"], peer["add"]
    at = f"{size:,} passages"
    backend = " (openvino)" if mine.get("backend") == "openvino" else ""
    slice_ = "" if peer["whole"] else f"the peer's over a slice of {theirs['passages']:,} passages"
    sides = [(backend, mine, slice_)]
    if "openvino" in row:
        sides.append((", with the extra openvino", row["openvino"]["add"], ""))
    found = []
    for extra, side, note in sides:
        for key, what in (
            ("seconds", f"adding {at}{extra}"),
            ("cpu_seconds", f"adding {at}{extra}, in processor time"),
        ):
            if side.get(key) and theirs.get(key):  # a run that was stopped and taken up again has no time of the clock
                ours_rate, their_rate = _rate(side, key), _rate(theirs, key)
                found.append(Line(what, f"{ours_rate:.0f}/s", f"{their_rate:.0f}/s", ours_rate / their_rate, note))
    if peer["whole"]:
        found.append(_memory(f"peak memory of adding {at}", mine["peak_rss_mb"], theirs["peak_rss_mb"]))
    for dense in ("exact", "index"):
        if dense not in ours:
            continue
        note = ""
        if dense == "index":
            note = (
                f"index finds {ours['index']['recall_at_8']:.3f} of the exact 8 nearest, the peer's "
                f"{peer['search']['recall_at_8']:.3f}; "
                f"{ours['index']['same_hits']:.3f} of the hits are those of the exact search"
            )
        for quantile in ("p50_ms", "p99_ms"):
            what = f"search, {quantile[:3]}, {at}, {'compared with all' if dense == 'exact' else 'by the index'}"
            found.append(_times(what, ours[dense][quantile], peer["search"][quantile], note))
            note = ""
        if "cpu_ms" in ours[dense] and "cpu_ms" in peer["search"]:
            found.append(
                _times(f"search, {at}, {dense}, in processor time", ours[dense]["cpu_ms"], peer["search"]["cpu_ms"])
            )
        found.append(
            _memory(
                f"peak memory of searching {at}, {dense}", ours[dense]["search_rss_mb"], peer["search"]["search_rss_mb"]
            )
        )
    return found


def write_page(result: Mapping[str, Any], path: Path) -> Path:
    """Write the page; it needs nothing else to be shown."""
    body = [f"<h1>Saring beside its peers</h1><p>{escape(_about(result))}</p>", _table(lines(result))]
    body += [f"<figure>{svg}<figcaption>{escape(title)}</figcaption></figure>" for title, svg in _plots(result)]
    notes = [f"{size:,} passages: {row['note']}" for size, row in _by_size(result.get("store", {})) if row.get("note")]
    body += [f"<p class=note>{escape(note)}</p>" for note in notes]
    body.append(_rest(result))
    path.write_text(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Saring: bench</title><style>{_CSS}</style><main>{''.join(body)}</main></html>\n",
        "utf-8",
    )
    return path


def _about(result: Mapping[str, Any]) -> str:
    machine = result.get("machine", {})
    versions = ", ".join(f"{name} {version}" for name, version in sorted(result.get("peer_versions", {}).items()))
    return (
        f"Commit {result.get('commit', '')[:10]}, {result.get('started', '')}; {machine.get('cores')} cores, "
        f"{machine.get('memory_gib')} GiB, {result.get('threads')} thread(s) a side. "
        f"{result.get('note', '')} Text: {result.get('corpus', '')}. Peers: {versions}. "
        "The peer of adding and searching is LangChain's Chroma with all-MiniLM-L6-v2 on sentence-transformers, set up "
        "in the usual way. Saring's side also dates what it adds, looks for copies, finds names and indexes words, and "
        "its search is by meaning and words."
    )


def _table(rows: Sequence[Line]) -> str:
    cells = "".join(
        f"<tr><th scope=row>{escape(row.what)}</th><td>{row.ours}</td><td>{row.peer}</td>"
        f"<td class={'good' if row.ratio and row.ratio >= 1 else 'bad'}>"
        f"{f'{row.ratio:.1f} ×' if row.ratio else ''}</td>"
        f"<td class=note>{escape(row.note)}</td></tr>"
        for row in rows
    )
    head = "<tr><th>what</th><th>Saring</th><th>peer</th><th>times better</th><th></th></tr>"
    return f"<table><thead>{head}</thead><tbody>{cells}</tbody></table>"


def _rest(result: Mapping[str, Any]) -> str:
    parts = []
    if llm := result.get("llm"):
        rows = "".join(
            f"<tr><th scope=row>{name}</th><td>{row['claims']}</td><td>{row['calls'] / row['claims']:.2f}</td>"
            f"<td>{row['input_tokens'] / row['claims']:.0f}</td></tr>"
            for name, row in llm.items()
        )
        parts.append(
            "<h2>Calls to a chat model</h2><p>The demo articles with a scripted model; tokens are a quarter of the "
            "characters.</p><table><tr><th>judge</th><th>claims</th><th>calls a claim</th><th>input tokens a claim</th>"
            f"</tr>{rows}</table>"
        )
    if articles := result.get("articles"):
        rows = "".join(
            f"<tr><th scope=row>{n}</th><td>{at['seconds']:.1f}</td><td>{at['seconds'] / int(n):.2f}</td>"
            f"<td>{at['cpu_seconds'] / int(n):.2f}</td><td>{at['rss_mb']:.0f}</td></tr>"
            for n, at in articles["at"].items()
        )
        parts.append(
            f"<h2>Articles, one after another</h2><p>Articles of {articles['words_per_article']:.0f} words against the "
            "demo evidence, embedded judge; one process.</p><table><tr><th>articles</th><th>seconds</th>"
            f"<th>seconds each</th><th>processor seconds each</th><th>MB</th></tr>{rows}</table>"
        )
    return "".join(parts)


def _plots(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = []
    store = [(size, row) for size, row in _by_size(result.get("store", {})) if "search" in row.get("peer", {})]
    if len(store) > 1:
        sizes = [size for size, _ in store]
        found.append(
            ("Search, p50, by passages", _plot(sizes, "ms", {
                "Saring, compared with all": [row["ours"]["exact"]["p50_ms"] for _, row in store],
                "Saring, by the index": [row["ours"]["index"]["p50_ms"] for _, row in store],
                "LangChain + Chroma": [row["peer"]["search"]["p50_ms"] for _, row in store],
            }))
        )  # fmt: skip
        found.append(
            ("Adding, by passages", _plot(sizes, "passages a processor second", {
                "Saring, ONNX Runtime": [_adding(row, "onnxruntime") for _, row in store],
                "Saring, extra openvino": [_adding(row, "openvino") for _, row in store],
                "LangChain + Chroma": [_rate(row["peer"]["add"], "cpu_seconds") for _, row in store],
            }))
        )  # fmt: skip
        found.append(
            ("Peak memory of a searching process, by passages", _plot(sizes, "MB", {
                "Saring, compared with all": [row["ours"]["exact"]["search_rss_mb"] for _, row in store],
                "Saring, by the index": [row["ours"]["index"]["search_rss_mb"] for _, row in store],
                "LangChain + Chroma": [row["peer"]["search"]["search_rss_mb"] for _, row in store],
            }))
        )  # fmt: skip
    words = _by_size(result.get("bm25", {}))
    if len(words) > 1:
        found.append(
            ("BM25 query, p50, by passages", _plot([size for size, _ in words], "ms", {
                "Saring (bm25s)": [row["ours"]["p50_ms"] for _, row in words],
                "rank_bm25": [row["peer"]["p50_ms"] for _, row in words],
            }))
        )  # fmt: skip
    if articles := result.get("articles"):
        seconds = articles["seconds"]
        found.append(
            ("Articles checked one after another", _plot(
                list(range(1, len(seconds) + 1)), "seconds", {"Saring": seconds}, log=False, unit="articles"
            ))
        )  # fmt: skip
    return found


def _plot(
    x: Sequence[float], label: str, series: Mapping[str, Sequence[float]], *, log: bool = True, unit: str = "passages"
) -> str:
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 3.2))
    for name, values in series.items():
        axes.plot(x, values, marker="o" if len(x) < 10 else "", label=name)
    if log:
        axes.set_xscale("log")
        axes.set_yscale("log")
    axes.set_xlabel(unit)
    axes.set_ylabel(label)
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    out = io.StringIO()
    figure.savefig(out, format="svg", bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)
    return out.getvalue()[out.getvalue().index("<svg") :]


def _by_size(part: Mapping[str, Any]) -> list[tuple[int, Any]]:
    return sorted((int(size), row) for size, row in part.items())


def _rate(found: Mapping[str, Any], key: str = "seconds") -> float:
    return float(found["passages"] / found[key])


def _adding(row: Mapping[str, Any], backend: str) -> float:
    """Passages a processor second on one backend; not a number where it was not measured at this size."""
    sides = [row[side]["add"] for side in ("ours", "openvino") if side in row]
    return next((_rate(add, "cpu_seconds") for add in sides if add.get("backend") == backend), float("nan"))


def _rates(what: str, row: Mapping[str, Any], unit: str, note: str) -> list[Line]:
    """What ran on ONNX Runtime and, where it was measured, on OpenVINO, in processor time."""
    peer = 1 / row["peer"]["cpu_seconds"]
    found = []
    for side, name in (("ours", ""), ("openvino", ", with the extra openvino")):
        if side in row:
            ours = 1 / row[side]["cpu_seconds"]
            found.append(Line(what + name, f"{ours:.0f} {unit}", f"{peer:.0f} {unit}", ours / peer, note))
            note = ""
    return found


def _times(what: str, ours: float, peer: float, note: str = "") -> Line:
    return Line(what, f"{ours:.1f} ms", f"{peer:.1f} ms", peer / ours, note)


def _memory(what: str, ours: float, peer: float) -> Line:
    return Line(what, f"{ours:.0f} MB", f"{peer:.0f} MB", peer / ours)


_CSS = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; color: #1b1b1b; background: #fff }
main { max-width: 60rem; margin: auto; padding: 1.5rem }
table { border-collapse: collapse; width: 100%; font-size: .9rem }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd; font-weight: 400 }
thead th { font-weight: 600 }
.good { color: #0a6b2d; font-weight: 600 }
.bad { color: #a11; font-weight: 600 }
.note { color: #555; font-size: .8rem }
figure { margin: 1.5rem 0 }
svg { max-width: 100%; height: auto }
"""
