"""Plots drawn by the server as SVG. Colours come from the page's style sheet, so that they follow light and dark.

Every function returns markup that stands alone; all text in it is escaped here. A table with the same numbers stands
beside each plot, for those who do not see it.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

_NAMED = 7
"""So many columns can be named each."""


def columns(values: Sequence[int], labels: Sequence[str], title: str) -> Markup:
    """Counts over time, a column each; named each where they are few, else the first and the last.

    Args:
        values: The counts.
        labels: What each is of; said when pointed at.
        title: Of the whole, said to screen readers.
    """
    width, height, ground, left = 360, 120, 98, 28
    most = max([*values, 1])
    step = (width - left) / max(1, len(values))
    parts = [
        f'<line class="axis" x1="{left}" y1="{ground}" x2="{width}" y2="{ground}"/>',
        _text(left - 4, 18, f"{most:,}", "end"),
        _text(left - 4, ground, "0", "end"),
    ]
    for place, (value, label) in enumerate(zip(values, labels, strict=True)):
        tall = (ground - 10) * value / most
        parts.append(
            f'<rect class="column" x="{left + step * place + step * 0.1:.1f}" y="{ground - tall:.1f}" '
            f'width="{step * 0.8:.1f}" height="{tall:.1f}"><title>{escape(label)}: {value:,}</title></rect>'
        )
    if 0 < len(labels) <= _NAMED:
        middles = (left + step * (place + 0.5) for place in range(len(labels)))
        parts += [_text(x, height - 6, label, "middle") for x, label in zip(middles, labels, strict=True)]
    elif labels:
        parts.append(_text(left, height - 6, labels[0]))
        parts.append(_text(width, height - 6, labels[-1], "end"))
    return _svg(width, height, title, parts)


def shares(rows: Sequence[tuple[str, float | None, float | None, float | None, str]], title: str) -> Markup:
    """Shares between 0 and 1, a bar each, with the interval of each.

    Args:
        rows: Label, share, lower end, upper end (None where there is nothing to share), and what stands behind the bar.
        title: Of the whole, said to screen readers.
    """
    width, line, left, right = 560, 34, 170, 130
    span, height = width - left - right, line * len(rows) + 26
    parts = []
    for tick in (0, 0.5, 1):
        x = left + span * tick
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="4" x2="{x:.1f}" y2="{height - 22}"/>')
        parts.append(_text(x, height - 6, f"{tick:.0%}", "middle"))
    for place, (label, share, low, high, beside) in enumerate(rows):
        y = line * place + line / 2
        parts.append(_text(left - 8, y + 5, label if len(label) <= 24 else f"{label[:23]}…", "end", label))
        if share is not None:
            parts.append(
                f'<rect class="bar" x="{left}" y="{y - 8:.1f}" width="{max(1.0, span * share):.1f}" height="16"/>'
            )
        if low is not None and high is not None:
            a, b = left + span * low, left + span * high
            parts.append(f'<line class="whisker" x1="{a:.1f}" y1="{y:.1f}" x2="{b:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(left + span + 8, y + 5, beside))
    return _svg(width, height, title, parts)


def matrix(labels: Sequence[str], counts: Sequence[Sequence[int]], rows: str, cols: str, title: str) -> Markup:
    """Counts by two labels; the shade is the share of the row.

    Args:
        labels: Names of the labels, in the order of the counts.
        counts: A row for each label of the one, a column for each of the other.
        rows: Who gave the labels of the rows.
        cols: Who gave those of the columns.
        title: Of the whole, said to screen readers.
    """
    cell, tall, left, top = 104, 46, 150, 52
    width, height = left + cell * len(labels) + 4, top + tall * len(labels) + 4
    parts = [_text(left + cell * len(labels) / 2, 16, cols, "middle"), _text(left - 10, top - 10, rows, "end")]
    for column, name in enumerate(labels):
        parts.append(_text(left + cell * (column + 0.5), top - 10, name, "middle"))
    for row, name in enumerate(labels):
        total, y = sum(counts[row]) or 1, top + tall * row
        parts.append(_text(left - 10, y + tall / 2 + 5, name, "end"))
        for column, count in enumerate(counts[row]):
            x = left + cell * column
            kind = "same" if row == column else "other"
            parts.append(
                f'<rect class="cell {kind}" x="{x}" y="{y}" width="{cell - 2}" height="{tall - 2}" '
                f'fill-opacity="{0.06 + 0.5 * count / total:.2f}"/>'
            )
            parts.append(_text(x + cell / 2, y + tall / 2 + 5, f"{count:,}", "middle"))
    return _svg(width, height, title, parts)


def _svg(width: int, height: int, title: str, parts: Sequence[str]) -> Markup:
    return Markup(  # noqa: S704 - every text in it went through escape()
        f'<svg class="plot" viewBox="0 0 {width} {height}" width="{width}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def _text(x: float, y: float, text: str, anchor: str = "start", whole: str = "") -> str:
    said = f"<title>{escape(whole)}</title>" if whole and whole != text else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{said}{escape(text)}</text>'
