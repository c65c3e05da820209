"""The nearest training examples are drawn with their answers, as long as their dataset is there."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from core.data.dataset import delete_dataset
from core.errors import RunError
from core.importing.importing import import_path
from core.modalities import IMAGE


class FakeOracle:
    modality = IMAGE

    def __init__(self, error="") -> None:
        self.error = error

    def nearest(self, image, workspace, dataset):
        if self.error:
            raise RunError(self.error)
        return dataset.frame.head(2).assign(cosine=[0.98, 0.75])


def _page():
    import streamlit as st

    from ui.explanations.seen import seen

    seen(st.session_state["model"], st.session_state["run"], None)


@pytest.fixture
def dataset(workspace, make_zip):
    return import_path(workspace, make_zip({"<i>red</i>": 4, "blue": 4}))


def drawn(dataset, model):
    app = AppTest.from_function(_page, default_timeout=60)
    recipe = SimpleNamespace(dataset=dataset.id, dataset_version=1)
    app.session_state["model"], app.session_state["run"] = model, SimpleNamespace(recipe=recipe)
    app.run()
    assert not app.exception
    return app


def test_they_are_drawn_with_their_labels(dataset):
    app = drawn(dataset, FakeOracle())
    (html,) = [each.proto.body for each in app.get("html")]
    assert html.count("<img") == 2 and "&lt;i&gt;red" in html and "<i>" not in html
    assert "cosine 0.98 to 0.75" in app.caption[0].value


def test_without_the_dataset_there_is_a_sentence(dataset, workspace):
    delete_dataset(workspace, dataset.id)
    app = drawn(dataset, FakeOracle())
    assert "is not there any more" in app.caption[0].value and not app.get("html") and not app.error


def test_what_a_bundle_does_not_tell_is_said(dataset):
    assert "kept without" in drawn(dataset, FakeOracle("It was kept without.")).caption[0].value
