"""Each kind of explanation is drawn in its own way."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from streamlit.testing.v1 import AppTest

from core.explaining.explanation import HeatMap, Part, WordWeights
from core.modalities.images.preprocessing import PLAIN
from tests.conftest import image


def _page():
    import streamlit as st

    from ui.explanations.drawn import draw

    draw(st.session_state["explanation"], st.session_state["model"], st.session_state["example"], "here")


def drawn(explanation, data=b""):
    app = AppTest.from_function(_page, default_timeout=60)
    app.session_state["explanation"] = explanation
    app.session_state["model"] = SimpleNamespace(rendering=PLAIN)
    app.session_state["example"] = SimpleNamespace(key=f"k{len(data)}", name="a.jpg", read=lambda: data)
    app.run()
    assert not app.exception
    return app


def test_a_map_that_covers_the_whole_image_says_nothing_of_edges():
    whole = HeatMap(np.eye(2, dtype=np.float32), (0, 0, 1, 1), "gradcam", "disc", 0.9)
    assert not drawn(whole, image("red")).caption
    part = HeatMap(np.eye(2, dtype=np.float32), (0.2, 0, 0.8, 1), "gradcam", "disc", 0.9)
    assert "Grey at the edges" in drawn(part, image("red")).caption[0].value


def test_an_image_that_is_gone_is_a_sentence():
    whole = HeatMap(np.eye(2, dtype=np.float32), (0, 0, 1, 1), "gradcam", "disc", 0.9)
    assert "cannot be read any more" in drawn(whole, b"nothing").caption[0].value


def test_words_are_marked_in_their_text():
    words = WordWeights("good <b>", (Part(0, 4, 1.0),), "occlusion", "glad", 0.9, (), "A <note>.")
    app = drawn(words)
    (html,) = [each.proto.body for each in app.get("html")]
    assert ">good</mark> &lt;b&gt;" in html and r"\<note\>" in app.caption[0].value
