"""Where the marks of a chart stand: numbers for templates/components/chart.html, which draws them. Knows no area."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from blueprints.reporting import ON_PAPER, Drawn

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 78, 8, 10, 46
MOST_LABELS = 9


class Mark(NamedTuple):
    """A bar: its place in pixels and what it stands for in words."""

    x: float
    y: float
    width: float
    height: float
    words: str


class Placed(NamedTuple):
    """A chart to be drawn."""

    drawn: Drawn
    series: list[tuple[str, list[Mark], str]]  # name, bars, and the points of its line
    ticks: list[tuple[float, str]]  # of the axis on the left
    labels: list[tuple[float, str]]  # of the axis below
    zero: float
    summary: str
    rows: list[tuple[str, list[str]]]  # the table beside it


def nice(size: int) -> int:
    """A round step that goes into `size` some four times: 1, 2 or 5 with noughts."""
    step = 1
    while step * 5 < size:
        step *= 10
    for smaller in (step // 5, step // 2):
        if smaller and smaller * 5 >= size:
            return smaller
    return step


def scale(figures: Sequence[int]) -> list[int]:
    """The values at the ticks: round numbers from at most nothing to at least the greatest."""
    low, high = min(0, *figures), max(0, *figures)
    step = nice(max(high - low, 4))
    first = low // step
    last = max(-(-high // step), first + 1)
    return [step * number for number in range(first, last + 1)]


def placed(drawn: Drawn) -> Placed:
    """The chart in pixels of a drawing of WIDTH x HEIGHT."""
    show = ON_PAPER[drawn.kind]
    figures = [figure for bar in drawn.bars for figure in bar.figures]
    ticks = scale(figures)
    low, high = ticks[0], ticks[-1]
    room, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def y(value: int) -> float:
        return round(TOP + tall * (high - value) / (high - low), 1)

    each = room / len(drawn.bars)
    names = drawn.names
    wide = each * 0.8 / len(names)
    series: list[tuple[str, list[Mark], str]] = []
    for at, name in enumerate(names):
        marks, points = [], []
        for number, bar in enumerate(drawn.bars):
            value = bar.figures[at]
            x = LEFT + each * number + each * 0.1 + wide * at
            top, bottom = min(y(value), y(0)), max(y(value), y(0))
            marks.append(
                Mark(round(x, 1), top, round(wide, 1), round(bottom - top, 1), f"{bar.label}, {name}: {show(value)}")
            )
            points.append(f"{round(LEFT + each * (number + 0.5), 1)},{y(value)}")
        series.append((name, marks, " ".join(points)))
    every = -(-len(drawn.bars) // MOST_LABELS)
    labels = [
        (round(LEFT + each * (number + 0.5), 1), bar.label)
        for number, bar in enumerate(drawn.bars)
        if number % every == 0
    ]
    sums = [sum(bar.figures[at] for bar in drawn.bars) for at in range(len(names))]
    summary = f"{drawn.by} {drawn.bars[0].label} to {drawn.bars[-1].label}. " + "; ".join(
        f"{name}: {show(total)} in all" for name, total in zip(names, sums, strict=True)
    )
    return Placed(
        drawn, series, [(y(value), show(value).removesuffix(".00")) for value in ticks], labels, y(0), summary,
        [(bar.label, [show(figure) for figure in bar.figures]) for bar in drawn.bars],
    )  # fmt: skip
