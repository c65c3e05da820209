"""The loss by learning rate, as a learning-rate finder tried them."""

from __future__ import annotations

import plotly.graph_objects as go

from core.training.trials.probe_results import RateCurve
from ui.shared import theme


def rate_chart(found: RateCurve, chosen: float, height: int = 300) -> go.Figure:
    """chosen: the recipe's learning rate, marked too."""
    colours = theme.palette()
    figure = go.Figure()
    line = {"color": colours.training, "width": 2.2}
    figure.add_trace(
        go.Scatter(x=found.rates, y=found.losses, mode="lines", name="Loss", line=line, hovertemplate="%{y:.4f}")
    )
    for name, rate, colour, symbol in (
        ("Suggested", found.suggested, colours.accent, "circle-open"),
        ("As it is set", chosen, colours.validation, "x-thin-open"),
    ):
        at = [] if rate is None or not found.rates[0] <= rate <= found.rates[-1] else [rate]
        figure.add_trace(
            go.Scatter(
                x=at,
                y=[_loss_at(found, rate) for rate in at],
                mode="markers",
                name=name,
                marker={"color": colour, "size": 13, "symbol": symbol, "line": {"width": 2.5, "color": colour}},
                hovertemplate="%{x:g}",
            )
        )
    figure.update_layout(
        template=theme.template(),
        title="Loss by learning rate",
        height=height,
        uirevision="kept",
        hovermode="x unified",
        xaxis={"type": "log", "title": {"text": "Learning rate"}, "exponentformat": "power", "dtick": 1},
        yaxis={"range": _seen(found.losses)},
    )
    return figure


def _loss_at(found: RateCurve, rate: float) -> float:
    return found.losses[min(range(len(found.rates)), key=lambda number: abs(found.rates[number] / rate - 1))]


def _seen(losses: list[float]) -> list[float]:
    """From the least to a little above the first: where the loss runs away, it leaves the chart."""
    low, high = min(losses), max(losses[0], sorted(losses)[len(losses) // 2])
    room = 0.15 * (high - low) or 0.1
    return [low - room, high + 2 * room]
