"""The Backbone page as a person sees and uses it."""

from __future__ import annotations

import io
import threading

import pytest
import torch

from core.backbones.architectures import make_network
from core.backbones.catalogue import BUNDLED, catalogue, find
from core.errors import BackboneError
from tests.pages.conftest import press, texts
from tests.polling import poll
from ui.backbones import backbone_browser, downloads

RESNET = "torchvision/resnet18.IMAGENET1K_V1"


@pytest.fixture(autouse=True)
def caches_of_our_own(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    for name in ("TORCH_HOME", "HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    backbone_browser._table.clear()
    downloads.downloads().clear()


@pytest.fixture
def choose(workspace):
    from core.workspace import write_json

    return lambda name: write_json(workspace.root / "choices.json", {"backbone": name})


def _metrics(app):
    return {metric.label: metric.value for metric in app.metric}


def _names(app):
    return app.dataframe[0].value["Name"].tolist()


def test_the_bundled_backbone_is_chosen_and_ready_at_first(open_page):
    app = open_page("backbone")
    assert app.subheader[0].value == r"efficientnet\_lite0"
    assert _metrics(app)["Weights"] == "Bundled with Graft" and _metrics(app)["Parameters"] == "3.37 M"
    assert "download" not in {button.key for button in app.button}


def test_all_backbones_are_listed_and_can_be_narrowed(open_page):
    app = open_page("backbone")
    assert len(_names(app)) == len(catalogue())
    app.text_input[0].set_value("ResNet 50").run()
    assert len(_names(app)) > 20 and all("50" in name for name in _names(app))
    (library,) = [select for select in app.multiselect if select.label == "Library"]
    library.set_value(["torchvision"]).run()
    names = _names(app)
    assert names and all(name.startswith("torchvision/") for name in names)
    (order,) = [select for select in app.selectbox if select.label == "Sort by"]
    order.set_value("Best top-1").run()
    top1 = app.dataframe[0].value["Top-1 (%)"].tolist()
    assert top1 == sorted(top1, reverse=True)


def test_a_search_that_finds_nothing_breaks_nothing(open_page):
    app = open_page("backbone")
    app.text_input[0].set_value("*[no(such <b>backbone").run()
    assert not app.exception and _names(app) == []
    assert "Widen the filters" in texts(app)


def test_a_suggestion_can_be_chosen(open_page):
    app = open_page("backbone")
    app.button(key="suggestion_1").click().run()
    assert not app.exception
    chosen = app.session_state["choices"].backbone
    assert chosen != BUNDLED and find(chosen).library == "bundled"  # what is ready comes first
    assert _metrics(app)["Weights"] == "Bundled with Graft"
    assert app.button(key="suggestion_1").label == "Chosen"


def test_a_download_runs_in_the_background_and_says_why_it_failed(open_page, choose, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def slow(info, workspace, progress, cancelled):
        progress(10_000_000, 40_000_000)
        begun.set()
        go_on.wait(30)
        raise BackboneError("The server cannot be reached. <b>Check</b> the network.")

    monkeypatch.setattr(downloads, "download", slow)
    choose(RESNET)
    app = open_page("backbone")
    app.button(key="download").click().run()
    assert begun.wait(30)
    app.run()
    assert not app.exception
    assert "cancel_download" in {button.key for button in app.button}
    go_on.set()
    (job,) = downloads.downloads().values()
    poll(lambda: not job.running, lambda: "the download never ended", deadline=30)
    app.run()
    assert r"\<b\>Check\<\/b\>" in app.error[0].value
    assert app.button(key="download").label == "Go on with the download"


def test_cancel_reaches_the_download(open_page, choose, monkeypatch):
    begun, ended = threading.Event(), threading.Event()

    def until_cancelled(info, workspace, progress, cancelled):
        begun.set()
        poll(cancelled, lambda: "never cancelled", deadline=30)
        ended.set()

    monkeypatch.setattr(downloads, "download", until_cancelled)
    choose(RESNET)
    app = open_page("backbone")
    app.button(key="download").click().run()
    assert begun.wait(30)
    app.run()
    app.button(key="cancel_download").click().run()
    assert ended.wait(30) and not app.exception


def test_a_file_of_ones_own_is_checked_and_kept(open_page, workspace):
    state = make_network(find("efficientnet_lite0")).state_dict()
    del state["bn2.weight"]
    file = io.BytesIO()
    torch.save(state, file)
    app = open_page("backbone")
    app.file_uploader[0].set_value(("my <b>weights</b>.pth", file.getvalue(), "application/octet-stream")).run()
    press(app, "Use this file")
    assert not app.exception
    assert _metrics(app)["Weights"] == "Your own file"
    assert "1 are missing" in app.warning[0].value
    assert len(list((workspace.root / "weights").iterdir())) == 1
    press(app, "Use the published weights instead")
    assert _metrics(app)["Weights"] == "Bundled with Graft"


def test_a_file_that_is_no_weights_is_refused_and_not_kept(open_page, workspace):
    app = open_page("backbone")
    app.file_uploader[0].set_value(("notes.pth", b"hello", "application/octet-stream")).run()
    press(app, "Use this file")
    assert not app.exception and "cannot be read as weights" in app.error[0].value
    assert _metrics(app)["Weights"] == "Bundled with Graft"
    assert list((workspace.root / "weights").iterdir()) == []


def test_a_backbone_that_no_longer_exists_is_replaced_in_words(open_page, choose):
    choose("timm/gone.v1")
    app = open_page("backbone")
    assert "There is no backbone called" in app.error[0].value
    assert app.subheader[0].value == r"efficientnet\_lite0"


def test_a_file_that_was_given_before_is_used_again_or_deleted_with_undo(open_page, choose, workspace):
    choose(RESNET)
    path = workspace.root / "weights" / "mine-1234.pth"
    path.parent.mkdir()
    torch.save(make_network(find(RESNET)).state_dict(), path)
    app = open_page("backbone")
    app.button(key=f"use_{find(RESNET).name}_{path.name}").click().run()
    assert _metrics(app)["Weights"] == "Your own file"
    app.button(key=f"delete_{path.name}").click().run()
    press(app, "Delete the file")
    assert not app.exception and not path.exists() and _metrics(app)["Weights"] == "To be downloaded"
    app.button(key="undo_delete").click().run()
    assert not app.exception and path.exists()
