"""The curves of a run: loss and accuracy, training and validation, over epochs. And those of several, side by side.

Drawn anew at every poll. What keeps the eye (and the zoom) still: the same traces in the same order, a constant
`uirevision`, and a bounded number of points however long the run.
"""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from ui import theme
from ui.widgets import escaped

Points = Sequence[tuple[float, float]]  # (epoch, value), in order; an epoch that is half done is at n + 0.5
MOST_POINTS = 400
MOST_MARKS = 20
MAIN_TITLES = {"accuracy": "Accuracy", "macro_f1": "Macro F1", "rmse": "Error (RMSE)", "loss": "Loss"}
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
    """One chart. best_epoch: marked with a ring and a line; epochs: where the axis ends; share: values 0 to 1; marks:
    (epoch, words) of what was done on the way, a thin line each; beat: a value to do better than, with its name, a line
    across."""
    colours = theme.palette()
    figure = go.Figure()
    figure.add_trace(_line("Training", thin(training), colours.training, "solid", share))
    figure.add_trace(_line("Validation", thin(validation, keep=best_epoch), colours.validation, "dash", share))
    figure.add_trace(_best(validation, best_epoch, colours, share))
    figure.add_trace(_marks(marks, colours))
    last = max([x for x, _ in (*training[-1:], *validation[-1:])], default=1.0)
    end = max(last, epochs or 1) * 1.02
    figure.add_trace(_to_beat(beat, end, colours, share))
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


def comparison_chart(title: str, lines: Sequence[tuple[str, Points]], *, share: bool, height: int = 360) -> go.Figure:
    """One line a run, each with its name and its own colour and dash."""
    colours = theme.palette()
    figure = go.Figure()
    for number, (name, points) in enumerate(lines):
        colour, dash = colours.series[number % len(colours.series)], DASHES[number % len(DASHES)]
        figure.add_trace(_line(escaped(name, 80), thin(points), colour, dash, share))
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
    """At most `most` of `points`, evenly spread, with both ends and the one at x == `keep`."""
    if len(points) <= most:
        return points
    room = most - 1 if keep is not None else most
    chosen = {round(i * (len(points) - 1) / (room - 1)) for i in range(room)}
    if keep is not None:
        chosen |= {i for i, (x, _) in enumerate(points) if x == keep}
    return [points[i] for i in sorted(chosen)]


def _line(name: str, points: Points, colour: str, dash: str, share: bool) -> go.Scatter:
    return go.Scatter(
        x=[x for x, _ in points],
        y=[y for _, y in points],
        name=name,
        mode="lines+markers" if len(points) <= 40 else "lines",
        line={"color": colour, "width": 2.2, "dash": dash},
        marker={"color": colour, "size": 5},
        hovertemplate="%{y:.1%}" if share else "%{y:.4f}",
    )


def _best(validation: Points, best_epoch: float | None, colours: theme.Palette, share: bool) -> go.Scatter:
    at = [(x, y) for x, y in validation if x == best_epoch]
    return go.Scatter(
        x=[x for x, _ in at],
        y=[y for _, y in at],
        name="Best epoch",
        cliponaxis=False,
        mode="markers",
        marker={"color": colours.accent, "size": 13, "symbol": "circle-open", "line": {"width": 2.5}},
        hovertemplate="%{y:.1%}" if share else "%{y:.4f}",
    )


def _marks(marks: Sequence[tuple[float, str]], colours: theme.Palette) -> go.Scatter:
    """Lines from the bottom to the top, on an axis of their own, so that no zoom shortens them. What was done at the
    same moment is one line."""
    words: dict[float, list[str]] = {}
    for epoch, said in marks[-MOST_MARKS:]:
        words.setdefault(epoch, []).append(escaped(said, 80))
    said = [(epoch, "<br>".join(lines)) for epoch, lines in words.items()]
    return go.Scatter(
        x=[x for epoch, _ in said for x in (epoch, epoch, None)],
        y=[y for _ in said for y in (0, 1, None)],
        text=[text for _, lines in said for text in (lines, lines, None)],
        yaxis="y2",
        name="Changed",
        mode="lines",
        line={"color": colours.muted, "width": 1.2, "dash": "dot"},
        hovertemplate="%{text}<extra></extra>",
        showlegend=bool(said),
    )


def _to_beat(beat: tuple[str, float] | None, end: float, colours: theme.Palette, share: bool) -> go.Scatter:
    name, value = beat or ("", 0.0)
    return go.Scatter(
        x=[0, end] if beat else [],
        y=[value, value] if beat else [],
        name=name,
        showlegend=beat is not None,
        mode="lines",
        line={"color": colours.muted, "width": 1.6, "dash": "dashdot"},
        hovertemplate="%{y:.1%}" if share else "%{y:.4f}",
    )
