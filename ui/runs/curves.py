"""The curves of a run: loss and score, training and validation, over epochs. And those of several, side by side.

A chart of a run at work is given its new points in place (`ui.runs.feed`). What keeps the eye (and the zoom) still: the
same
traces in the same order, a constant `uirevision`, and a bounded number of points however long the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from ui.shared import theme
from ui.shared.widgets import escaped

Points = Sequence[tuple[float, float]]  # (epoch, value), in order; an epoch that is half done is at n + 0.5
MOST_POINTS = 400
MOST_MARKS = 20
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


def curve(
    title: str,
    training: Points,
    validation: Points,
    *,
    best_epoch: float | None = None,
    epochs: int | None = None,
    share: bool = False,
    marks: Sequence[tuple[float, str]] = (),
    beat: tuple[str, float] | None = None,
    height: int = 380,
) -> go.Figure:
    """One chart, of the lines of `series`. best_epoch: marked with a ring and a line; epochs: where the axis ends;
    share: values 0 to 1; marks: (epoch, words) of what was done on the way, a thin line each; beat: a value to do
    better than, with its name, a line across."""
    colours = theme.palette()
    lines, end = series(training, validation, best_epoch=best_epoch, epochs=epochs, marks=marks, beat=beat)
    looks = (
        _line(colours.training, "solid", share),
        _line(colours.validation, "dash", share),
        _best(colours, share),
        _marks(colours),
        _to_beat(colours, share),
    )
    figure = go.Figure([go.Scatter(**line, **look) for line, look in zip(lines, looks)])
    figure.update_layout(
        template=theme.template(),
        title=title,
        height=height,
        uirevision="kept",
        hovermode="x unified",
        xaxis={"title": {"text": "Epoch"}, "range": [0, end], "rangemode": "tozero"},
        yaxis={"tickformat": ".0%" if share else None, "range": [0, 1.05] if share else None},
        yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
        # At the foot, in room of its own: on a telephone it takes several rows.
        legend={"yref": "container", "y": 0, "yanchor": "bottom"},
        margin={"t": 44, "b": 112},
    )
    return figure


def series(
    training: Points,
    validation: Points,
    *,
    best_epoch: float | None = None,
    epochs: int | None = None,
    marks: Sequence[tuple[float, str]] = (),
    beat: tuple[str, float] | None = None,
) -> tuple[list[dict[str, Any]], float]:
    """What changes on a chart as its run goes on: of each line what it is called, its points and whether they are seen;
    and where the axis ends."""
    last = max([x for x, _ in (*training[-1:], *validation[-1:])], default=1.0)
    end = max(last, epochs or 1) * 1.02
    best = [(x, y) for x, y in validation if x == best_epoch]
    name, value = beat or ("", 0.0)
    words = _words(marks)
    lines = [
        {"name": "Training", **_points(thin(training))},
        {"name": "Validation", **_points(thin(validation, keep=best_epoch))},
        {"name": "Best epoch", "x": [x for x, _ in best], "y": [y for _, y in best]},
        {
            "name": "Changed",
            "x": [x for epoch, _ in words for x in (epoch, epoch, None)],
            "y": [y for _ in words for y in (0, 1, None)],
            "text": [text for _, said in words for text in (said, said, None)],
            "showlegend": bool(words),
        },
        {
            "name": name,
            "x": [0, end] if beat else [],
            "y": [value, value] if beat else [],
            "showlegend": beat is not None,
        },
    ]
    return lines, end


def _points(points: Points) -> dict[str, Any]:
    mode = "lines+markers" if len(points) <= 40 else "lines"
    return {"x": [x for x, _ in points], "y": [y for _, y in points], "mode": mode}


def _words(marks: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """What was done at the same moment is one line."""
    words: dict[float, list[str]] = {}
    for epoch, said in marks[-MOST_MARKS:]:
        words.setdefault(epoch, []).append(escaped(said, 80))
    return [(epoch, "<br>".join(lines)) for epoch, lines in words.items()]


def comparison_chart(title: str, lines: Sequence[tuple[str, Points]], *, share: bool, height: int = 360) -> go.Figure:
    """One line a run, each with its name and its own colour and dash."""
    colours = theme.palette()
    figure = go.Figure()
    for number, (name, points) in enumerate(lines):
        colour, dash = colours.series[number % len(colours.series)], DASHES[number % len(DASHES)]
        line = {"name": escaped(name, 80), **_points(thin(points)), **_line(colour, dash, share)}
        figure.add_trace(go.Scatter(**line))
    figure.update_layout(
        template=theme.template(),
        title=title,
        height=height + 20 * len(lines),
        uirevision="kept",
        hovermode="x unified",
        xaxis={"title": {"text": "Epoch"}, "rangemode": "tozero"},
        yaxis={"tickformat": ".0%" if share else None, "range": [0, 1.05] if share else None},
        legend={"orientation": "v", "y": -0.25, "yanchor": "top"},
        margin={"t": 44},
    )
    return figure


def thin(points: Points, most: int = MOST_POINTS, keep: float | None = None) -> Points:
    """At most `most` of `points`: every second, fourth, eighth ..., the last one, and the one at x == `keep`. So what
    is drawn of a curve stays, but for its end, while the curve grows."""
    if len(points) <= most:
        return points
    every = 2
    while (len(points) - 1) // every + 3 > most:
        every *= 2
    chosen = {*range(0, len(points), every), len(points) - 1}
    if keep is not None:
        chosen |= {i for i, (x, _) in enumerate(points) if x == keep}
    return [points[i] for i in sorted(chosen)]


def _line(colour: str, dash: str, share: bool) -> dict[str, Any]:
    return {
        "line": {"color": colour, "width": 2.2, "dash": dash},
        "marker": {"color": colour, "size": 5},
        "hovertemplate": "%{y:.1%}" if share else "%{y:.4f}",
    }


def _best(colours: theme.Palette, share: bool) -> dict[str, Any]:
    return {
        "cliponaxis": False,
        "mode": "markers",
        "marker": {"color": colours.accent, "size": 13, "symbol": "circle-open", "line": {"width": 2.5}},
        "hovertemplate": "%{y:.1%}" if share else "%{y:.4f}",
    }


def _marks(colours: theme.Palette) -> dict[str, Any]:
    """Lines from the bottom to the top, on an axis of their own, so that no zoom shortens them."""
    return {
        "yaxis": "y2",
        "mode": "lines",
        "line": {"color": colours.muted, "width": 1.2, "dash": "dot"},
        "hovertemplate": "%{text}<extra></extra>",
    }


def _to_beat(colours: theme.Palette, share: bool) -> dict[str, Any]:
    return {
        "mode": "lines",
        "line": {"color": colours.muted, "width": 1.6, "dash": "dashdot"},
        "hovertemplate": "%{y:.1%}" if share else "%{y:.4f}",
    }
