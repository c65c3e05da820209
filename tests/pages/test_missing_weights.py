"""Weights that are missing are offered where they are needed, with their size, and Start waits for them."""

import pytest

from core.backbones.catalogue import find
from core.backbones.weights import file_name
from core.training.recipe import Recipe
from core.workspace import write_json
from tests.pages.conftest import texts
from tests.pages.made_runs import made_run
from tests.polling import poll
from ui.backbones import downloads

RESNET = "torchvision/resnet18.IMAGENET1K_V1"


@pytest.fixture(autouse=True)
def caches_of_our_own(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    for name in ("TORCH_HOME", "HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    downloads.downloads().clear()


@pytest.fixture
def download(monkeypatch):
    """A download that puts an empty file in the place of the weights."""

    def put(info, workspace, progress, cancelled):
        path = workspace.cache / "weights" / file_name(info)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    monkeypatch.setattr(downloads, "download", put)


def ended():
    (job,) = downloads.downloads().values()
    poll(lambda: not job.running)


def start(app):
    return next(button for button in app.button if button.label == "Start")


def test_start_waits_until_the_weights_are_downloaded(open_page, dataset, workspace, download):
    write_json(
        workspace.root / "choices.json", {"dataset": dataset.id, "dataset_version": 1, "backbone": find(RESNET).name}
    )
    app = open_page("fine_tune")
    assert start(app).disabled and app.button(key="download").label == "Download (46.8 MB)"
    assert "python -m core" not in texts(app)
    app.button(key="download").click().run()
    ended()
    assert not start(app.run()).disabled and "download" not in {button.key for button in app.button}


def test_a_run_that_needs_them_offers_them_instead_of_resume(open_page, dataset, workspace, download):
    recipe = Recipe(dataset=dataset.id, dataset_version=1, backbone=find(RESNET).name)
    run = made_run(workspace, dataset.id, recipe=recipe)
    write_json(workspace.root / "choices.json", {"run": run.id})
    app = open_page("fine_tune")
    assert "Resume" not in [button.label for button in app.button] and "Download them first" in texts(app)
    app.button(key="download_for_run").click().run()
    ended()
    assert "Resume" in [button.label for button in app.run().button]
