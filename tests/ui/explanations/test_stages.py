"""Stages are worked out when they are switched on, and only where there is something to be seen."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from streamlit.testing.v1 import AppTest

from core.explaining.explanation import StageSeen


class FakeOracle:
    def __init__(self, has_stages=True) -> None:
        self.has_stages, self.asked = has_stages, 0

    def stages(self, image):
        self.asked += 1
        sprite = np.full((56, 56, 2), 255, np.uint8)
        return (StageSeen("<b>stem</b>", 1280, 24, 7, sprite), StageSeen("blocks 0", 16, 16, 3, sprite))


def _page():
    import streamlit as st

    from ui.explanations.stages import stages

    stages(st.session_state["model"], st.session_state["image"])


def opened(model):
    app = AppTest.from_function(_page, default_timeout=60)
    app.session_state["model"], app.session_state["image"] = model, SimpleNamespace(key="one")
    app.run()
    assert not app.exception
    return app


def test_they_are_named_and_counted_once_they_are_switched_on():
    model = FakeOracle()
    app = opened(model)
    assert model.asked == 0
    app.toggle[0].set_value(True).run()
    said = [each.value for each in app.markdown]
    assert model.asked == 1
    assert said[0] == r"**1. \<b\>stem\<\/b\>** :gray[7 × 7 places, 24 of 1,280 channels]"
    assert said[1].endswith("3 × 3 places, all 16 channels]")


def test_where_nothing_can_be_seen_nothing_is_offered():
    assert not opened(FakeOracle(has_stages=False)).toggle
