"""A Plotly chart that is updated in place, so that zoom, pan and hover survive new points.

`st.plotly_chart` puts a new chart in place of the old one whenever its figure changes. This one keeps the chart and
gives it the new figure through `Plotly.react` (https://plotly.com/javascript/plotlyjs-function-reference/#plotlyreact).
plotly.js is the copy in the installed plotly package; it is sent once, by `prepare`, and not with every figure.
"""

from __future__ import annotations

import plotly.graph_objects as go
import plotly.offline
import streamlit as st

from ui.components import component

_LOADER = "\nexport default function () {}\n"

# Not isolated: Plotly puts its styles in the page's head.
_loader = st.components.v2.component("graft_plotly", js=plotly.offline.get_plotlyjs() + _LOADER, isolate_styles=False)
_chart = component(__file__, "live_chart", isolate_styles=False)


def prepare() -> None:
    """Send plotly.js. Once on a page that draws live charts, outside the part that polls."""
    _loader(key="plotly")


def live_chart(figure: go.Figure, *, key: str, alt: str, live: str | None = None) -> None:
    """Draw or update the chart `key`. The figure needs a height and a constant `uirevision`.

    live: the subject of the feed that brings its lines new points, under its key (`ui.runs.live`).
    """
    data = {"figure": figure.to_json(), "height": figure.layout.height, "alt": alt, "live": live, "name": key}
    _chart(key=key, data=data)
