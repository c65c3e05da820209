"""The field for a model from a folder."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from core.backbones.libraries import find
from tests.core.backbones.language.tiny import write_folder


def page():
    import streamlit as st

    from ui.backbones.adding import add_from_folder, say_added
    from ui.shared import state

    say_added()
    add_from_folder()
    st.markdown(f"chosen: {state.choices().backbone}")


def test_a_folder_is_added_chosen_and_said_how_it_fits(workspace, tmp_path, monkeypatch):
    monkeypatch.setenv("GRAFT_FOLDERS", str(tmp_path))
    write_folder(tmp_path / "own")
    shown = AppTest.from_function(page, default_timeout=60).run()
    shown.text_input[0].set_value("/etc/passwd")
    shown.button[0].click().run()
    assert "lies outside" in shown.error[0].value and not shown.exception
    shown.text_input[0].set_value(str(tmp_path / "own"))
    shown.button[0].click().run()
    assert not shown.exception and "53 of 53 tensors match" in shown.success[0].value
    name = shown.markdown[0].value.removeprefix("chosen: ")
    assert name.startswith("folder/own-") and find(name, workspace).library == "folder"
