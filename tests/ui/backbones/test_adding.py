"""The field for a model from a folder."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.backbones.language.folders import add_folder
from core.backbones.libraries import find, is_ready
from core.errors import BackboneError
from core.workspace import write_json
from tests.core.backbones.language.served import ANY, any_main, server  # noqa: F401
from tests.core.backbones.language.tiny import write_folder
from tests.polling import poll
from ui.backbones import downloads


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
    assert "lies outside" in shown.error[0].value and "Move it there" in shown.error[0].value and not shown.exception
    shown.text_input[0].set_value(str(tmp_path / "own"))
    shown.button[0].click().run()
    assert not shown.exception and "53 of 53 tensors match" in shown.success[0].value
    name = shown.markdown[0].value.removeprefix("chosen: ")
    assert name.startswith("folder/own-") and find(name, workspace).library == "folder"


def hub():
    import streamlit as st

    from ui.backbones.adding import add_from_hub
    from ui.shared import state

    add_from_hub()
    st.markdown(f"chosen: {state.choices().backbone}")


def test_a_press_asks_the_hub_and_another_downloads(server, any_main, workspace):  # noqa: F811
    downloads.downloads().clear()
    shown = AppTest.from_function(hub, default_timeout=60).run()
    assert not server.asked
    shown.text_input[0].set_value("no such/<b>")
    shown.button[0].click().run()
    assert "is no id of a model" in shown.error[0].value and not shown.exception
    shown.text_input[0].set_value(ANY)
    shown.button[0].click().run()
    said = {metric.label: metric.value for metric in shown.metric}
    assert said["Family"] == "BERT" and said["Download"].endswith("kB") and said["Licence"] == "mit"
    assert not shown.exception and "model.safetensors" not in server.asked
    shown.button(key="download_asked").click().run()
    (job,) = downloads.downloads().values()
    poll(lambda: not job.running, lambda: "the download never ended", deadline=60)
    shown.run()
    assert job.error is None and is_ready(find(f"hub/{ANY}", workspace), workspace)
    shown.button(key="choose_asked").click().run()
    assert not shown.exception and shown.markdown[0].value == f"chosen: hub/{ANY}"


def own():
    from core.backbones.libraries import find
    from ui.backbones.adding import deletable
    from ui.shared import state
    from ui.shared.confirm import trash_bar

    if state.choices().backbone.startswith("folder/"):
        deletable(find(state.choices().backbone, state.workspace()))
    trash_bar()


def test_an_added_folder_is_deleted_when_asked_once_and_comes_back(workspace, tmp_path):
    info, _ = add_folder(workspace, write_folder(tmp_path / "own"))
    write_json(workspace.root / "choices.json", {"backbone": info.name})
    shown = AppTest.from_function(own, default_timeout=60).run()
    shown.button(key="delete_folder").click().run()
    assert "The folder it came from stays" in shown.markdown[0].value and find(info.name, workspace)
    shown.button(key="destroy").click().run()
    assert not shown.exception
    with pytest.raises(BackboneError):
        find(info.name, workspace)
    shown.button(key="undo_delete").click().run()
    assert find(info.name, workspace) == info and not shown.exception
