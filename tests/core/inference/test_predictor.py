import json

import pytest
import safetensors.torch
import torch

from core.backbones.catalogue import find
from core.backbones.model import build
from core.errors import GraftError, RunError
from core.inference.predictor import BATCHES, Predictor
from core.modalities.images.preprocessing import normalize
from core.tasks.heads import HeadSettings, build_head
from tests.conftest import image
from tests.damage import put, values, wholes

SMALL = "timm/test_efficientnet.r160_in1k"
LABELS = ["<b>bold</b>", "=cmd()", "plain"]


@pytest.fixture
def bundle(tmp_path, workspace):
    """A bundle as the trainer writes it, with random weights."""
    torch.manual_seed(0)
    info, folder = find(SMALL), tmp_path / "bundle"
    folder.mkdir()
    backbone = build(info, workspace, random=True)
    head = build_head(HeadSettings(), backbone.num_features, len(LABELS))
    model = torch.nn.ModuleDict({"backbone": backbone, "head": head})
    safetensors.torch.save_file(model.state_dict(), folder / "weights.safetensors")
    said = {
        "backbone": SMALL,
        "classes": LABELS,
        "preprocessing": info.preprocessing.model_dump(),
        "head": {"kind": "linear"},
    }
    (folder / "bundle.json").write_text(json.dumps(said))
    return folder


def test_probabilities_in_order_and_labels_as_they_are(bundle):
    (found,) = Predictor.open(bundle).predict([("a.jpg", image("red"))])
    shares = [guess.probability for guess in found.prediction.top]
    assert {guess.label for guess in found.prediction.top} == set(LABELS)
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    assert found.seconds > 0


def test_one_broken_image_costs_no_other(bundle, tmp_path):
    good = tmp_path / "good.png"
    good.write_bytes(image("blue", ending="png"))
    asked = [
        ("empty", b""),
        ("good", good),
        ("text", b"hello"),
        ("cut", image("red")[:300]),
        ("gone", tmp_path / "x"),
    ]
    found = list(Predictor.open(bundle).predict(asked))
    assert [each.name for each in found] == ["empty", "good", "text", "cut", "gone"]
    assert [each.error is None for each in found] == [False, True, False, False, False]


def test_an_answer_does_not_depend_on_the_company(bundle):
    """More images than a batch holds, broken ones among them: each gets the answer that it gets alone."""
    predictor = Predictor.open(bundle)
    asked = [(str(number), image("green", number) if number % 5 else b"broken") for number in range(BATCHES["cpu"] + 7)]
    together = list(predictor.predict(asked, top=1))
    assert len(together) == len(asked)
    for number in (1, BATCHES["cpu"] - 2, BATCHES["cpu"] + 1):
        (alone,) = predictor.predict([asked[number]], top=1)
        assert together[number].prediction.top[0].label == alone.prediction.top[0].label
        assert together[number].prediction.top[0].probability == pytest.approx(
            alone.prediction.top[0].probability, abs=1e-5
        )


@pytest.mark.parametrize("file", ["bundle.json", "weights.safetensors"])
def test_a_damaged_bundle_is_named(bundle, file):
    (bundle / file).write_bytes(b"garbage")
    with pytest.raises(RunError, match="cannot be read") as caught:
        Predictor.open(bundle)
    assert str(bundle.parent) not in str(caught.value)  # where things lie is nobody's business


@pytest.mark.parametrize("kind", ["classes", "labels"])
def test_many_images_are_answered_as_the_bare_model_answers_each(bundle, kind):
    pixels = torch.randint(0, 255, (40, 160, 160, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    said = json.loads((bundle / "bundle.json").read_text())
    (bundle / "bundle.json").write_text(json.dumps(said | {"task": {"kind": kind, "classes": LABELS}}))
    exact, quick = Predictor.open(bundle), Predictor.open(bundle)
    inputs = {"pixels": normalize(pixels, exact.preprocessing)}
    raw = exact.model(inputs)
    given, _ = quick.outputs(inputs)
    activate = torch.sigmoid if kind == "labels" else lambda outputs: outputs.softmax(1)
    assert quick.folded is not None
    torch.testing.assert_close(activate(given), activate(raw), atol=1e-4, rtol=0)


SAID = {
    "backbone": "efficientnet_lite0",
    "task": {"kind": "number", "target": "age", "mean": 1.0, "deviation": 2.0, "smallest": 0.0, "largest": 9.0},
    "preprocessing": {"size": 64, "resize": 64, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]},
    "head": {"kind": "linear", "reads": "last"},
    "caution": {"threshold": 0.5},
}


def test_a_damaged_description_is_said_in_words(tmp_path):
    """There are no weights: what fits is asked for them, and what does not is not."""
    data, file = json.dumps(SAID).encode(), tmp_path / "run" / "bundle" / "bundle.json"
    for way, changed in (*wholes(data), *values(data)):
        put(file, changed)
        with pytest.raises(GraftError, match="cannot be read") as raised:
            Predictor.open(file.parent)
        assert "bundle.json" in str(raised.value) or "not there" in str(raised.value), way
