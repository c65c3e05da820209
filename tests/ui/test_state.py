"""What a person chose survives a refresh, and a choice that is gone is no choice."""

import json

import pytest
import streamlit as st

from core.workspace import Workspace
from ui import state


@pytest.fixture(autouse=True)
def space(tmp_path, monkeypatch):
    monkeypatch.setenv("GRAFT_HOME", str(tmp_path))
    session: dict = {}
    monkeypatch.setattr(st, "session_state", session)
    return Workspace.open()


def _run(space, name):
    (space.runs / name).mkdir()
    (space.runs / name / "recipe.json").write_text("{}")
    return name


def test_a_new_session_finds_the_choices_of_the_last(space):
    run = _run(space, "r1")
    state.choose(backbone="timm/resnet18.a1_in1k", run=run)
    st.session_state.clear()
    assert state.choices().backbone == "timm/resnet18.a1_in1k"
    assert state.choices().run == "r1"


def test_a_session_keeps_its_own_choice_when_another_chooses(space):
    state.choose(run=_run(space, "r1"))
    mine = dict(st.session_state)
    st.session_state.clear()
    state.choose(run=_run(space, "r2"))
    st.session_state.clear()
    st.session_state.update(mine)
    assert state.choices().run == "r1"


def test_what_no_longer_exists_is_not_chosen(space):
    state.choose(run=_run(space, "r1"))
    (space.runs / "r1" / "recipe.json").unlink()
    assert state.choices().run is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"backbone": 3}', '{"run": "../../etc"}', '{"dataset": "gone", "dataset_version": 1}']
)
def test_a_damaged_file_of_choices_is_as_good_as_none(space, text):
    (space.root / "choices.json").write_text(text)
    assert state.choices() == state.Choices()


def test_a_new_backbone_forgets_the_old_weights_file(space):
    state.choose(backbone="a", weights_file="/w.safetensors")
    assert state.choose(backbone="b").weights_file is None
    assert json.loads((space.root / "choices.json").read_text())["backbone"] == "b"
