"""What a person chose survives a refresh, and a choice that is gone is no choice."""

import json

import pytest
import streamlit as st

from core.workspace import Workspace
from ui.shared import state


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
    assert chosen_with(backbone="b").weights_file is None
    assert json.loads((space.root / "choices.json").read_text())["backbone"] == "b"


def chosen_with(**changes):
    state.choose(**changes)
    return state.choices()


def _made(space, name, **recipe):
    (space.runs / name).mkdir()
    recipe = {"dataset": "d1", "dataset_version": 2, "backbone": "resnet18", **recipe}
    (space.runs / name / "recipe.json").write_text(json.dumps(recipe))
    (space.datasets / "d1" / "versions").mkdir(parents=True, exist_ok=True)
    for version in (1, 2):
        (space.datasets / "d1" / "versions" / f"{version}.json").touch()
    return name


def test_a_run_brings_its_dataset_and_its_backbone(space):
    chosen = chosen_with(run=_made(space, "r1"))
    assert (chosen.dataset, chosen.dataset_version, chosen.backbone) == ("d1", 2, "resnet18")


@pytest.mark.parametrize("other", [{"dataset_version": 1}, {"backbone": "resnet50"}, {"weights_file": "/w.pth"}])
def test_another_dataset_or_backbone_than_its_own_lets_the_run_go(space, other):
    state.choose(run=_made(space, "r1"))
    assert chosen_with(compared=("r1",)).run == "r1"
    assert chosen_with(**other).run is None


def test_a_run_whose_dataset_was_deleted_stays_chosen(space):
    state.choose(run=_made(space, "r1"))
    (space.datasets / "d1").rename(space.root / "away")
    chosen = chosen_with(compared=("r1",))
    assert (chosen.run, chosen.dataset) == ("r1", None)
    assert chosen_with(dataset="d2", dataset_version=1).run is None


def test_choices_of_before_that_do_not_go_together_are_mended(space):
    said = {"run": _made(space, "r1"), "backbone": "resnet50", "dataset": "d1", "dataset_version": 2}
    (space.root / "choices.json").write_text(json.dumps(said))
    assert (state.choices().run, state.choices().backbone) == (None, "resnet50")
