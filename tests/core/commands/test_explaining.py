"""`explain` from a shell: what is written, what is printed, and what is refused."""

from __future__ import annotations

import json
import re

import pytest
from PIL import Image

from core.commands import main
from tests.conftest import image
from tests.core.explaining import planted_words
from tests.core.explaining.planted import CLASSES, network


@pytest.fixture
def model(monkeypatch, tmp_path):
    """A run's, whatever it is called."""
    made = network("timm/test_efficientnet.r160_in1k", 64)
    monkeypatch.setattr("core.commands.explaining.bundle_of", lambda workspace, name: (None, tmp_path))
    monkeypatch.setattr("core.inference.predictor.Predictor.open", lambda bundle: made)
    return made


@pytest.fixture
def example(tmp_path):
    path = tmp_path / "<b>red.png"
    path.write_bytes(image("red", size=(200, 100), ending="png"))
    return str(path)


def test_an_image_is_written_with_its_map(model, example, tmp_path, capsys):
    out = tmp_path / "why.png"
    assert main(["explain", "--run", "r", example, "--out", str(out), "--class", "disc"]) == 0
    with Image.open(out) as written:
        assert written.size == (200, 100)
    assert re.search(r"why\.png: why disc \(\d+\.\d%\), by Grad-CAM\.", capsys.readouterr().out)


def test_a_page_holds_all_it_needs_and_escapes_what_is_not_its_own(model, example, tmp_path, capsys):
    out = tmp_path / "why.html"
    words = ["explain", "--run", "r", example, "--out", str(out), "--method", "occlusion", "--json"]
    assert main(words) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["method"] == "occlusion" and said["target"] in CLASSES and said["out"] == str(out)
    page = out.read_text()
    assert page.count("data:image/png;base64,") == 2 and "&lt;b&gt;red.png" in page and "<b>" not in page
    assert "<script" not in page and "default-src 'none'" in page and "http" not in page.replace("http-equiv", "")


def test_words_of_a_text_are_a_page_and_no_image(monkeypatch, tmp_path, model, capsys):
    reader = planted_words.reader(tmp_path)
    monkeypatch.setattr("core.inference.predictor.Predictor.open", lambda bundle: reader)
    out = tmp_path / "why.html"
    assert main(["explain", "--run", "r", "w10 <i>w50</i>", "--out", str(out), "--class", "glad"]) == 0
    page = out.read_text()
    assert "Why glad" in page and "<mark" in page and "<i>" not in page
    assert main(["explain", "--run", "r", "w10 w50", "--out", str(tmp_path / "why.png")]) == 1
    assert "--out NAME.html" in capsys.readouterr().err and not (tmp_path / "why.png").exists()


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        (["--out", "why.gif"], 2, "can end with .png or .html"),
        (["--out", "why.png", "--class", "cat"], 1, "does not know 'cat'"),
        (["--out", "why.png", "--method", "magic"], 1, "but gradcam, occlusion"),
        (["--out", "/no/such/folder/why.png"], 1, "cannot be written"),
    ],
)
def test_what_cannot_be_is_a_sentence(model, example, more, status, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["explain", "--run", "r", example, *more]) == status
    assert said in capsys.readouterr().err


def test_a_file_of_several_texts_is_refused(monkeypatch, tmp_path, model, capsys):
    reader = planted_words.reader(tmp_path)
    monkeypatch.setattr("core.inference.predictor.Predictor.open", lambda bundle: reader)
    (tmp_path / "lines.txt").write_text("w10\nw50\n")
    assert main(["explain", "--run", "r", str(tmp_path / "lines.txt"), "--out", str(tmp_path / "why.html")]) == 1
    assert "There are 2 texts in" in capsys.readouterr().err
