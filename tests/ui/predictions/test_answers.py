"""Each kind of answer is drawn in its own way."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from core.tasks.predictions import Guess, LabelSet, Number, Prediction, Ranked, Span, Spans
from ui.predictions.answers import draw, heading


def _page():
    import streamlit as st

    from ui.predictions.answers import draw

    draw(st.session_state["prediction"], 2, "here", st.session_state["is_foreign"])


def drawn(prediction, is_foreign=False):
    app = AppTest.from_function(_page, default_timeout=60)
    app.session_state["prediction"], app.session_state["is_foreign"] = prediction, is_foreign
    app.run()
    assert not app.exception
    return app


def test_who_may_say_that_it_is_not_sure_says_so():
    said = drawn(Ranked((Guess("cat", 0.55), Guess("dog", 0.45)), 2, least=0.8)).caption[0].value
    assert "Not sure: 55" in said and "at least 80" in said


def test_a_number_is_shown_with_its_range():
    said = drawn(Number(12.0, "age", 0.0, 20.0, within=3.1)).caption[0].value
    assert "8.9 to 15.1" in said and "±3.1, are at most 10%" in said


def test_who_is_unsure_says_so_unless_the_image_is_foreign_anyway():
    unsure = Ranked((Guess("cat", 0.5), Guess("dog", 0.3)), 3)
    assert "50.0% for the likeliest, where chance alone gives 33.3%" in drawn(unsure).caption[0].value
    assert not drawn(unsure, is_foreign=True).caption
    assert not drawn(Ranked((Guess("cat", 0.9),), 3)).caption


def test_labels_are_named():
    assert drawn(LabelSet((Guess("<b>dog</b>", 0.9), Guess("cat", 0.1)))).markdown[0].value == r"\<b\>dog\<\/b\>"
    assert "None of the labels" in drawn(LabelSet((Guess("dog", 0.3),))).markdown[0].value


def test_a_number_is_shown_with_its_name():
    app = drawn(Number(17.5, "price", 0.0, 10.0))
    assert (app.metric[0].label, app.metric[0].value) == ("price", "17.5")
    assert "Outside of what it was taught, 0 to 10" in app.caption[0].value
    assert not drawn(Number(5.0, "", 0.0, 10.0)).caption


def test_a_kind_that_nobody_draws_is_said_in_words():
    class Spoken(Prediction):
        def words(self, most=5):
            return f"{most} <b>words</b>"

    assert draw.dispatch(Spoken) is draw.dispatch(object)
    assert drawn(Spoken()).markdown[0].value == r"2 \<b\>words\<\/b\>"


def test_labels_keep_their_spelling_in_a_table():
    assert heading(LabelSet(()), "iPhone probability") == "iPhone probability"
    assert heading(LabelSet(()), "labels") == "Labels" and heading(None, "second probability") == "Second probability"


def test_entities_are_marked_in_their_text():
    app = drawn(Spans("<b>Tern</b> at Oyne", (Span(3, 7, "<BOAT>", 0.9),), reach=16))
    (shown,) = app.get("html")
    assert "&lt;b&gt;<mark" in shown.proto.body and "<b>" not in shown.proto.body
    assert "behind character 16" in app.caption[0].value
    assert "No entity" in drawn(Spans("Calm", ())).caption[0].value
