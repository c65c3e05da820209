"""Why is worked out when it is opened, once for each question, and can be stopped."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.errors import RunError
from core.explaining.explanation import HeatMap, Method
from core.modalities import IMAGE
from core.modalities.images.preprocessing import PLAIN
from core.tasks.classification import CLASSIFICATION
from core.tasks.predictions import Aim
from tests.conftest import image
from ui.predictions.asking import Image

HOSTILE = "<b>disc</b> $x$"
AIMS = (Aim(HOSTILE, HOSTILE, 0.7), Aim("cross", "cross", 0.3))


class FakeOracle:
    """Gives the same map for every question, and counts how often it is asked."""

    task, modality, rendering = CLASSIFICATION, IMAGE, PLAIN
    methods = (Method("gradcam", "Grad-CAM", "Quick."), Method("occlusion", "Occlusion", "Slow."))

    def __init__(self, aims=AIMS, error=None, note="") -> None:
        self.aims, self.error, self.note, self.asked, self.known = aims, error, note, [], {}

    def explained(self, image, target, method):
        return self.known.get((image.key, target, method))

    def explain(self, image, target, method, listen):
        self.asked.append((target, method))
        if self.error:
            raise RunError(self.error)
        for done in range(3):
            listen(done, 3)
        named = target or self.aims[0].name
        values = np.array([[0, 1], [0, 0.5]], np.float32)
        heat = HeatMap(values, (0.1, 0, 0.9, 1), method or "gradcam", named, 0.7, self.aims, self.note)
        self.known[image.key, target, method] = heat
        return heat


def _page():
    import streamlit as st

    from ui.explanations.panel import why

    why(st.session_state["model"], st.session_state["run"], st.session_state["image"])


@pytest.fixture
def opened(monkeypatch):
    def open_it(model, is_open=True):
        monkeypatch.setattr("ui.explanations.panel._is_open", lambda box: is_open)
        for part in ("seen", "stages"):
            monkeypatch.setattr(f"ui.explanations.panel.{part}", lambda *_: None)
        app = AppTest.from_function(_page, default_timeout=60)
        app.session_state["model"], app.session_state["run"] = model, SimpleNamespace(id="r")
        app.session_state["image"] = Image("key", "disc.jpg", lambda: image("red"))
        app.run()
        assert not app.exception
        return app

    return open_it


def test_nothing_is_asked_before_it_is_opened(opened):
    model = FakeOracle()
    opened(model, is_open=False)
    assert model.asked == []


def test_any_class_and_each_method_can_be_asked_for_once(opened):
    model = FakeOracle()
    app = opened(model)
    (box,) = app.selectbox
    assert box.label == "Why this class" and box.options == [f"{HOSTILE}, 70.0%", "cross, 30.0%"]
    asked = len(model.asked)
    app.selectbox[0].select("cross").run()
    app.radio[0].set_value("occlusion").run()
    assert ("cross", "gradcam") in model.asked and model.asked[-1] == ("cross", "occlusion")
    app.run()
    assert len(model.asked) == asked + 2 and not app.exception


def test_what_cannot_be_explained_is_said(opened):
    app = opened(FakeOracle(error="The model says <i>nothing</i>."))
    assert "nothing" in app.error[0].value and not app.selectbox


def test_a_note_is_shown_letter_by_letter_and_so_is_what_was_not_seen(opened):
    said = [caption.value for caption in opened(FakeOracle(note="Nothing speaks for <b>x</b>.")).caption]
    assert any(r"\<b\>x\<\/b\>" in each for each in said) and any("does not look there" in each for each in said)


def test_what_was_stopped_is_not_begun_again_until_it_is_asked_for(opened):
    model = FakeOracle()
    app = opened(model)
    app.radio[0].set_value("occlusion").run()
    model.known.pop(("key", HOSTILE, "occlusion"))
    app.session_state["why_stopped_r_key"] = (HOSTILE, "occlusion")
    asked = len(model.asked)
    app.run()
    assert "Stopped" in app.info[0].value and len(model.asked) == asked
    next(button for button in app.button if button.label == "Go on").click().run()
    assert len(model.asked) == asked + 1 and not app.info


def test_what_takes_its_time_tells_how_far_it_is(monkeypatch):
    from ui.explanations import panel

    told, clock = [], iter([0.0, 0.1, 9.0, 9.5])
    bar = SimpleNamespace(progress=lambda share, text: told.append((share, text)))
    monkeypatch.setattr(panel, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr(panel.st, "progress", lambda share: bar)
    monkeypatch.setattr(panel.st, "button", lambda *_, **__: told.append("Stop"))
    place = SimpleNamespace(container=panel.st.container)
    listen = panel._telling(place, "stopped", (None, None))
    for done in range(3):
        listen(done, 4)
    assert told == ["Stop", (0.25, "Looking for reasons: 1 of 4 steps"), (0.5, "Looking for reasons: 2 of 4 steps")]
