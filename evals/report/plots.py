"""Plots as inline SVG. Colours are CSS variables of the page, so that they follow light and dark.

Every function returns markup that stands alone; all text from outside is escaped here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

Interval = Sequence[float] | None


def svg(width: int, height: int, title: str, body: str) -> Markup:
    """A drawing that scales to its column and is named for those who do not see it."""
    return Markup(  # noqa: S704 - every text in it went through escape()
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}" class="plot" '
        f'style="max-width:{width}px"><title>{escape(title)}</title>{body}</svg>'
    )


def forest(
    rows: Sequence[tuple[str, float | None, Interval, str]], title: str, low: float = 0.0, high: float = 1.0
) -> Markup:
    """Values with their intervals, one line each.

    Args:
        rows: (label, value or None, interval or None, `main`, `base` or `plain` for the colour).
        title: Said to screen readers.
        low: Left end of the scale.
        high: Right end.
    """
    left, right, line, top = 200, 140, 26, 8
    width, span = 680, 680 - left - right
    height = top + line * len(rows) + 26

    def x(value: float) -> float:
        return left + span * (min(max(value, low), high) - low) / (high - low)

    ground = height - 22
    parts = []
    for tick in (low + (high - low) * step / 4 for step in range(5)):
        parts += [
            _segment("grid", x(tick), top, x(tick), ground),
            _text("tick", x(tick), height - 6, f"{tick:g}", "middle"),
        ]
    if low < 0 < high:
        parts.append(_segment("zero", x(0), top, x(0), ground))
    for index, (label, value, interval, kind) in enumerate(rows):
        y = top + line * index + line / 2
        parts.append(_text("label", left - 10, y + 4, _short(label, 32), "end", label))
        if value is None:
            parts.append(_text("value", left + span + 10, y + 4, "–"))
            continue
        if low == 0:
            parts.append(_box(f"bar {kind}", left, y - 7, x(value) - left, 14))
        if interval:
            a, b = x(interval[0]), x(interval[1])
            parts.append(_segment("whisker", a, y, b, y))
            parts += [_segment("whisker", end, y - 4, end, y + 4) for end in (a, b)]
        parts.append(f'<circle class="dot {kind}" cx="{x(value):.1f}" cy="{y:.1f}" r="4"/>')
        shown = f"{value:+.3f}" if low < 0 else f"{value:.3f}"
        around = f" ({interval[0]:.2f}–{interval[1]:.2f})" if interval and low == 0 else ""
        parts.append(_text("value", left + span + 10, y + 4, shown + around))
    return svg(width, height, title, "".join(parts))


def confusion(labels: Sequence[str], columns: Sequence[str], matrix: Sequence[Sequence[int]], title: str) -> Markup:
    """Counts of gold (rows) by answer (columns); the shade is the share of the row."""
    cell, height, left, top = 92, 56, 124, 54
    width, total = left + cell * len(columns) + 10, top + height * len(labels) + 10
    parts = [_text("tick", left + cell * len(columns) / 2, 16, "answer", "middle"), _text("tick", 8, top - 10, "gold")]
    parts += [
        _text("label", left + cell * (column + 0.5), top - 10, _name(name), "middle")
        for column, name in enumerate(columns)
    ]
    for row, name in enumerate(labels):
        sum_of_row = sum(matrix[row]) or 1
        y = top + height * row
        parts.append(_text("label", left - 10, y + height / 2 + 4, _name(name), "end"))
        for column, count in enumerate(matrix[row]):
            share, x = count / sum_of_row, left + cell * column
            kind = "hit" if name == columns[column] else "miss"
            parts += [
                _box(f"cell {kind}", x + 1, y + 1, cell - 2, height - 2, f' style="--share:{share:.3f}"'),
                _text("count", x + cell / 2, y + height / 2, str(count), "middle"),
                _text("tick", x + cell / 2, y + height / 2 + 17, f"{share:.0%}", "middle"),
            ]
    return svg(width, total, title, "".join(parts))


def reliability(curve: Sequence[Mapping[str, float]], title: str) -> Markup:
    """How often answers of a confidence are right; the area of a dot is the number of answers."""
    size, pad, foot = 320, 40, 34
    most = max((entry["n"] for entry in curve), default=1)
    parts = _square(size, pad, foot, "confidence", "right")
    parts.append(_line([(0, 0), (1, 1)], "ideal", size, pad))
    parts.append(_line([(entry["confidence"], entry["accuracy"]) for entry in curve], "curve", size, pad))
    for entry in curve:
        x, y = _place(entry["confidence"], entry["accuracy"], size, pad)
        radius = 3 + 9 * (entry["n"] / most) ** 0.5
        hint = f"{entry['n']:.0f} answers of confidence {entry['confidence']:.2f}: {entry['accuracy']:.2f} right"
        dot = f'<circle class="dot main soft" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}">'
        parts.append(f"{dot}<title>{hint}</title></circle>")
    return svg(size + pad + 12, size + foot + 12, title, "".join(parts))


def risk_coverage(points: Sequence[Sequence[float]], title: str) -> Markup:
    """Share that is wrong among the surest answers, by how many of them are given."""
    size, pad, foot = 320, 40, 34
    parts = _square(size, pad, foot, "share of answers given", "share wrong")
    if points:
        flat = points[-1][1]
        parts.append(_line([(0, flat), (1, flat)], "ideal", size, pad))
        parts.append(_line([(x, y) for x, y in points], "curve", size, pad))
    return svg(size + pad + 12, size + foot + 12, title, "".join(parts))


def probabilities(values: Sequence[float], names: Sequence[str]) -> Markup:
    """Three probabilities as one bar."""
    parts, start = [], 0.0
    for name, value in zip(names, values, strict=True):
        parts.append(
            f'<rect class="p-{escape(name)}" x="{start * 200:.1f}" y="0" width="{value * 200:.1f}" height="10">'
            f"<title>{escape(name)} {value:.3f}</title></rect>"
        )
        start += value
    label = ", ".join(f"{name} {value:.2f}" for name, value in zip(names, values, strict=True))
    return svg(200, 10, label, "".join(parts))


def _square(size: int, pad: int, foot: int, across: str, up: str) -> list[str]:
    parts = []
    for step in range(5):
        share = step / 4
        x, y = _place(share, share, size, pad)
        parts += [
            _segment("grid", x, 8, x, size + 8),
            _segment("grid", pad, y, pad + size, y),
            _text("tick", x, size + 22, f"{share:g}", "middle"),
            _text("tick", pad - 6, y + 4, f"{share:g}", "end"),
        ]
    parts += [_text("label", pad + size / 2, size + foot + 6, across, "middle"), _text("label", pad + 6, 22, up)]
    return parts


def _text(kind: str, x: float, y: float, text: str, anchor: str = "start", hint: str = "") -> str:
    title = f"<title>{escape(hint)}</title>" if hint else ""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}{title}</text>'


def _segment(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _box(kind: str, x: float, y: float, width: float, height: float, more: str = "") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" width="{max(0.0, width):.1f}" height="{height:.1f}"'
    return f'<rect class="{kind}" {place} rx="3"{more}/>'


def _place(across: float, up: float, size: int, pad: int) -> tuple[float, float]:
    return pad + size * across, 8 + size * (1 - up)


def _line(points: Sequence[tuple[float, float]], kind: str, size: int, pad: int) -> str:
    path = " ".join("{:.1f},{:.1f}".format(*_place(x, y, size, pad)) for x, y in points)
    return f'<polyline class="{kind}" points="{path}"/>'


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _name(label: str) -> str:
    return label.replace("_", " ")
