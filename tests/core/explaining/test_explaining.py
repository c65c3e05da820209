"""What can be asked, what comes back, and what is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from core.errors import DataError, GraftError, RunError
from core.explaining.explaining import explain, methods_for
from core.explaining.places import NoPlaces
from tests.core.explaining.planted import CLASSES, network, planted, png

SMALL = "timm/test_efficientnet.r160_in1k"


@pytest.fixture(scope="module")
def model():
    return network(SMALL, 64)


@pytest.fixture(scope="module")
def example():
    return png(planted(0, 64))


def test_the_likeliest_is_explained_unless_another_is_asked_for(model, example):
    usual = explain(model, example)
    names = [aim.name for aim in usual.aims]
    shares = [aim.probability for aim in usual.aims]
    assert sorted(names) == CLASSES and shares == sorted(shares, reverse=True) and sum(shares) == pytest.approx(1)
    assert (usual.target, usual.probability) == (names[0], shares[0])
    last = explain(model, example, names[-1])
    assert (last.target, last.probability) == (names[-1], shares[-1])
    assert not np.allclose(last.values, usual.values)


@pytest.mark.parametrize(
    "task",
    [
        {"kind": "labels", "classes": ["a", "b"]},
        {"kind": "number", "target": "age", "mean": 3.0, "deviation": 2.0, "smallest": 0.0, "largest": 9.0},
        {"kind": "classes", "classes": ["the only one"]},
    ],
)
@pytest.mark.parametrize("method", ["gradcam", "occlusion"])
def test_every_task_of_images_is_explained(task, method, example):
    heat = explain(network(SMALL, 64, task), example, method=method)
    assert heat.values.max() == 1 and heat.method == method
    assert (heat.probability is None) == (task["kind"] == "number")
    assert heat.target == {"number": "age"}.get(task["kind"], heat.aims[0].name)


def test_a_number_is_explained_by_what_makes_it_smaller_too(example):
    spec = {"kind": "number", "target": "age", "mean": 3.0, "deviation": 2.0, "smallest": 0.0, "largest": 9.0}
    model = network(SMALL, 64, spec)
    up = explain(model, example)
    model.model[1].weight.data.neg_()
    down = explain(model, example)
    np.testing.assert_allclose(up.values, down.values, atol=1e-5)


def test_what_there_is_not_is_refused_in_words(model, example):
    with pytest.raises(RunError, match="does not know 'cat'.*asked about .*'disc'"):
        explain(model, example, "cat")
    with pytest.raises(RunError, match="no way to explain called 'magic' here, but gradcam, occlusion"):
        explain(model, example, method="magic")
    with pytest.raises(DataError):
        explain(model, b"no image")


def test_a_network_without_places_is_explained_by_covering(model, example, monkeypatch):
    def none(*_):
        raise NoPlaces("none")

    monkeypatch.setattr("core.explaining.images.grad_cam", none)
    heat = explain(model, example)
    assert heat.method == "occlusion" and heat.values.shape == (8, 8)
    assert "gives no maps" in heat.note


def test_it_tells_how_far_it_is_and_can_be_given_up(model, example):
    told = []

    def listen(done, total):
        told.append((done, total))
        if done > 10:
            raise GraftError("enough")

    with pytest.raises(GraftError, match="enough"):
        explain(model, example, method="occlusion", listen=listen)
    assert told[0] == (0, 36) and told[-1][0] == 12


@pytest.mark.parametrize(
    ("fit", "size", "box"),
    [
        ("squash", (400, 100), (0, 0, 1, 1)),
        ("crop", (400, 200), (0.25, 0, 0.75, 1)),
        ("crop", (100, 200), (0, 0.25, 1, 0.75)),
        ("pad", (400, 200), (0, -0.5, 1, 1.5)),
    ],
)
def test_the_map_knows_which_part_of_the_image_it_is_of(model, fit, size, box, monkeypatch):
    how = model.preprocessing.model_copy(update={"fit": fit, "resize": 64})
    monkeypatch.setattr(model, "preprocessing", how)
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), np.uint8)).save(file, "PNG")
    assert explain(model, file.getvalue()).box == pytest.approx(box, abs=0.02)


def test_explaining_changes_nothing_of_the_model(model, example):
    before = {name: tensor.clone() for name, tensor in model.model.state_dict().items()}
    (said,) = model.predict([("a", example)])
    for method in methods_for(model):
        explain(model, example, method=method.name)
    (again,) = model.predict([("a", example)])
    assert said.prediction == again.prediction
    assert all(tensor.equal(before[name]) for name, tensor in model.model.state_dict().items())
    assert not any(parameter.grad is not None for parameter in model.model.parameters())
