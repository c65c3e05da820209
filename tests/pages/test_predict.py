"""Predict: which model, which images, and its answers."""

from types import SimpleNamespace

import pytest
import streamlit as st

from core.errors import DataError
from core.inference.prediction import Answer
from core.limits import Limits
from core.modalities import IMAGE
from core.modalities.images.preprocessing import PLAIN
from core.tasks.classification import CLASSIFICATION
from core.tasks.decision import PLAIN as PLAIN_DECISION
from core.tasks.decision import Decision
from core.tasks.predictions import Guess, Number, Ranked
from core.tasks.regression import REGRESSION
from tests.conftest import image
from tests.pages.conftest import press, texts
from tests.pages.made_runs import finished, made_run
from ui.shared.drop import Drop, Piece

HOSTILE = "<b>red</b> $x$"
PRICE = r"\<b\>price\<\/b\>"


class FakePredictor:
    """Says the same of every image that can be read, and counts how often it is asked."""

    choices, task = (HOSTILE, "blue", "green"), CLASSIFICATION
    preprocessing, modality = SimpleNamespace(rendering=PLAIN), IMAGE
    decision = PLAIN_DECISION
    asked: list[str] = []

    @classmethod
    def open(cls, bundle):
        return cls()

    def predict(self, images, top):
        for name, data in images:
            self.asked.append(name)
            broken = not data.startswith(b"\xff\xd8")
            guesses = (Guess(HOSTILE, 0.7), Guess("blue", 0.2), Guess("green", 0.1))
            said = None if broken else Ranked(guesses, 3)
            yield Answer(name, said, "The image is broken." if broken else None, 0.012)


@pytest.fixture(autouse=True)
def predictor(monkeypatch):
    FakePredictor.asked = []
    monkeypatch.setattr("core.inference.predictor.Predictor", FakePredictor)
    return FakePredictor


@pytest.fixture
def app(open_page, workspace, dataset):
    for name in ("20260101-120000-old", "20260102-120000-new"):
        run = made_run(workspace, dataset.id, finished(), name=name)
        (run.directory / "bundle").mkdir()
        (run.directory / "bundle" / "bundle.json").write_text("{}")
    return open_page("predict")


def _give(app, *files):
    pieces = [Piece(name, len(data), 0, data) for name, data in files]
    app.session_state["given"].take(Drop("it"), pieces, True)
    return app.run()


def test_without_a_finished_run_the_page_says_what_to_do(open_page):
    assert "No finished run yet" in texts(open_page("predict"))


def test_the_newest_run_is_asked_unless_another_is_picked(app):
    (select,) = app.selectbox
    assert select.value == "20260102-120000-new"
    names = [option.split(", validation")[0] for option in select.options]
    assert names == [f"**My** <b>photos</b>, all stages frozen, {day} Jan, 12:00" for day in (2, 1)]


def test_one_image_is_answered_with_its_name_and_time(app):
    _give(app, ("my *photo*.jpg", image("red")))
    assert "my \\*photo\\*\\.jpg" in texts(app) and "12 ms" in texts(app)
    assert not app.dataframe and not app.error


def test_what_was_decided_about_the_model_is_said(app, monkeypatch):
    decision = Decision(temperature=1.83, thresholds=(0.2, 0.5, 0.5), least=0.6)
    monkeypatch.setattr(FakePredictor, "decision", decision)
    said = texts(_give(app, ("a.jpg", image("red"))))
    assert (
        "temperature 1.83" in said and "follow thresholds" in said and "Below 60% it says that it is not sure" in said
    )


def test_a_name_with_quotes_is_shown_as_it_is(app):
    _give(app, ('a "b" %22.jpg', image("red")))
    assert r"a \"b\" \%22\.jpg" in texts(app)


def test_what_is_given_twice_is_there_once_and_goes_with_a_click(app, predictor):
    for _ in range(2):
        _give(app, ("photos/a.jpg", image("red")), ("photos/.DS_Store", b"index"), ("b.jpg", image("red")))
    assert sorted(predictor.asked) == ["b.jpg", "photos/a.jpg"] and "2 files given" in texts(app)
    press(app, "Remove them")
    assert not app.dataframe and "given" not in texts(app)


def test_a_file_that_is_too_large_is_named_with_its_limit(app, monkeypatch):
    monkeypatch.setattr(app.session_state["given"], "limits", Limits(file_bytes=2000, total_bytes=2500))
    _give(app, ("large.jpg", bytes(4000)), ("a.jpg", image("red")))
    assert "larger than the 2 kB" in app.error[0].value and len(app.dataframe[0].value) == 2
    with pytest.raises(DataError, match="more than is read at once"):
        _give(app, ("b.jpg", bytes(1600)))


def test_a_broken_image_is_named_literally_and_the_others_are_answered(app):
    _give(app, ("<i>bad</i>.jpg", b"nothing"), ("good.jpg", image("red")))
    assert "\\<i\\>bad" in app.error[0].value
    assert list(app.dataframe[0].value["Label"].fillna("")) == ["", HOSTILE]
    assert "good\\.jpg" in texts(app)


@pytest.mark.parametrize(("share", "unsure"), [(0.66, True), (0.67, False)])
def test_an_answer_near_to_chance_is_called_unsure(app, predictor, monkeypatch, share, unsure):
    guesses = (Guess(HOSTILE, share), Guess("blue", 0.2), Guess("green", 0.8 - share))
    monkeypatch.setattr(
        predictor, "predict", lambda self, images, top: [Answer(n, Ranked(guesses, 3)) for n, _ in images]
    )
    _give(app, ("a.jpg", image("red")))
    assert ("66.0% for the likeliest, where chance alone gives 33.3%" in texts(app)) == unsure


def test_a_rerun_asks_nothing_twice(app, predictor):
    _give(app, ("a.jpg", image("red")), ("b.jpg", image("blue")))
    app.slider(key="top").set_value(1).run()
    assert sorted(predictor.asked) == ["a.jpg", "b.jpg"]


def test_another_run_is_asked_afresh(app, predictor):
    _give(app, ("a.jpg", image("red")))
    app.selectbox[0].select("20260101-120000-old").run()
    assert not app.exception and predictor.asked == ["a.jpg", "a.jpg"]


def test_many_images_come_as_cards_a_few_at_a_time(app):
    _give(app, *[(f"{number}.jpg", image("red", number)) for number in range(15)])
    assert len(app.dataframe[0].value) == 15
    app = press(app, "Show more (3 left)")
    assert not app.exception and [button.label for button in app.button] == ["Remove them"]


def test_stopping_keeps_what_is_answered_and_going_on_answers_the_rest(app, predictor):
    files = [(f"{number}.jpg", image("red", number)) for number in range(12)]
    _give(app, *files)
    keys = list(app.session_state["answers"][1])
    for key in keys[4:]:  # as if Stop had come after four
        del app.session_state["answers"][1][key]
    app.session_state["asking_stopped"] = hash(tuple(keys))
    app.run()
    assert "8 images not looked at yet" in texts(app) and len(app.dataframe[0].value) == 4
    next(button for button in app.button if button.label == "Go on").click().run()
    assert len(app.dataframe[0].value) == 12 and len(predictor.asked) == 20


def test_a_number_is_shown_with_its_name_and_a_warning_outside_of_what_was_taught(app, monkeypatch):
    class Numbers(FakePredictor):
        choices, task = (), REGRESSION

        def predict(self, images, top):
            for number, (name, _) in enumerate(images):
                yield Answer(name, Number(7.5 + 10 * number, "<b>price</b>", 0.0, 10.0))

    monkeypatch.setattr("core.inference.predictor.Predictor", Numbers)
    st.cache_resource.clear()
    app = _give(app, ("a.jpg", image("red", 1)), ("b.jpg", image("red", 2)))
    assert [(one.label, one.value) for one in app.metric] == [(PRICE, "7.5"), (PRICE, "17.5")]
    assert texts(app).count("Outside of what it was taught, 0 to 10") == 1
    assert list(app.dataframe[0].value.columns) == ["Image", "Value", "Milliseconds"]


def test_an_image_unlike_the_labeled_ones_is_called_so_on_its_card_and_in_the_table(app, monkeypatch):
    class Cautious(FakePredictor):
        def predict(self, images, top):
            for number, (name, _) in enumerate(images):
                guess = (Guess(HOSTILE, 0.91), Guess("b", 0.09))
                yield Answer(name, Ranked(guess, 3), nearest=0.9 - 0.5 * number, is_foreign=number == 1)

    monkeypatch.setattr("core.inference.predictor.Predictor", Cautious)
    _give(app, ("a.jpg", image("red")), ("b.jpg", image("blue")))
    (warning,) = app.warning
    assert warning.value.startswith("**Unlike anything it was trained on.**")
    assert list(app.dataframe[0].value["Foreign"]) == ["no", "yes"]
