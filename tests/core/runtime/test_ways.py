import os

import numpy as np
import pytest
import torch
from torch import nn

from core.backbones.catalogue import find
from core.backbones.model import build
from core.modalities.images.examples import ImageExamples
from core.runtime import tuning as measured
from core.runtime import ways
from core.runtime.device import Device, choose_device
from core.runtime.tuning import Chosen
from core.runtime.ways import FrozenStages, Way, way_to_train
from core.tasks.pooled import PooledLinear
from core.training.activations import Kept
from core.workspace import Workspace

SLOW = pytest.mark.skipif(os.environ.get("GRAFT_WALK") != "1", reason="compiles for half a minute: make walk")


@pytest.fixture
def backbone(workspace):
    return build(find("efficientnet_lite0"), workspace).eval()


@pytest.fixture
def half_is_quick(monkeypatch):
    """As on a processor with instructions for it."""
    monkeypatch.setattr(ways, "half_is_native", lambda device: True)
    seconds = iter([0.4, 0.2] * 9)
    timed = ways._timed
    monkeypatch.setattr(ways, "_timed", lambda work: (next(seconds), timed(work)[1]))


def examples():
    return {"pixels": torch.rand(4, 3, 224, 224, generator=torch.Generator().manual_seed(0)) * 4 - 2}


def way_of(workspace, backbone, device=None, precision="auto", examples=examples):
    return FrozenStages(workspace, backbone, 9, device or choose_device("cpu"), precision, "pets", examples).way


def test_the_quicker_way_is_chosen_and_remembered(workspace, backbone, half_is_quick):
    found = way_of(workspace, backbone)
    assert (found.precision, found.times) == ("bfloat16", 2.0) and found.alike > 0.999
    assert "2.0 times as fast" in found.words

    def never():
        raise AssertionError("it is known")

    assert way_of(workspace, backbone, examples=never) == found
    assert way_of(workspace, backbone, precision="float32", examples=never).precision == "float32"


def test_answers_that_do_not_hold_are_not_taken(workspace, backbone, half_is_quick, monkeypatch):
    monkeypatch.setattr(ways, "ALIKE", 1.1)
    assert way_of(workspace, backbone).precision == "float32"


def test_a_damaged_memory_is_measured_again(workspace, backbone, half_is_quick):
    (workspace.root / "measured.json").write_text('{"x": 1, "y": {"precision": "flo')
    assert way_of(workspace, backbone).precision == "bfloat16"


def test_a_gpu_uses_what_it_is_made_for(workspace, backbone):
    gpu = Device(torch.device("cpu"), "GPU", torch.float16)
    assert way_of(workspace, backbone, gpu).precision == "float16"


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_image_gives_the_same_bits_in_any_company(workspace, backbone, precision):
    images = examples()["pixels"]
    network = FrozenStages(workspace, backbone, 9, choose_device("cpu"), precision, "pets", examples).network
    with torch.inference_mode():
        together = network({"pixels": images})["activation"]
        for alone in (images[2:3], images[1:4], images.flip(0)):
            row = network({"pixels": alone})["activation"]
            assert all(any(torch.equal(each, whole) for whole in together) for each in row)
        assert together.dtype is torch.float32


def test_the_backbone_keeps_its_precision(workspace, backbone):
    _ = FrozenStages(workspace, backbone, 9, choose_device("cpu"), "bfloat16", "pets", examples).network
    assert {parameter.dtype for parameter in backbone.parameters()} == {torch.float32}
    assert isinstance(backbone, nn.Module)


def test_what_is_trained_runs_in_the_quicker_precision_and_is_left_as_it_was(workspace, backbone, half_is_quick):
    model, device = nn.Sequential(backbone, PooledLinear(1280, 2)).train(), choose_device("cpu")
    backbone.freeze(8)
    before, drawn = {name: tensor.clone() for name, tensor in model.state_dict().items()}, torch.get_rng_state()
    found = way_to_train(workspace, model, "lite0 after 8 stages", device, examples)
    assert (found.precision, found.times) == ("bfloat16", 2.0) and found.alike > 0.99
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert torch.equal(drawn, torch.get_rng_state()) and model.training
    assert all(parameter.grad is None for parameter in model.parameters())
    assert way_to_train(workspace, model, "lite0 after 8 stages", device, examples) == found


@pytest.fixture
def compiling_is_quick(monkeypatch):
    monkeypatch.setattr(ways, "half_is_native", lambda device: True)
    seconds = iter([0.4, 0.4, 0.4, 0.1])  # in float32, in bfloat16; as it is, compiled
    timed = ways._timed
    monkeypatch.setattr(ways, "_timed", lambda work: (next(seconds), timed(work)[1]))


def stem(workspace, backbone, many):
    """The first stage, to be run over so many images."""
    return FrozenStages(workspace, backbone, 1, choose_device("cpu"), "auto", "pets", examples, many)


def test_few_images_are_not_worth_compiling_for(workspace, backbone, compiling_is_quick):
    assert stem(workspace, backbone, many=100).way.name == "float32"


@pytest.mark.parametrize("really", [False, pytest.param(True, marks=SLOW)])
def test_so_many_images_that_it_repays_are_run_by_compiled_code(
    workspace, backbone, compiling_is_quick, monkeypatch, really
):
    if not really:
        monkeypatch.setattr(torch, "compile", lambda network, **_: network)
    images = examples()["pixels"]
    frozen = stem(workspace, backbone, many=100_000)
    assert frozen.way.words.startswith("float32, compiled, 4.0 times as fast as float32 here")
    with torch.inference_mode():
        given, wanted = (each({"pixels": images})["activation"] for each in (frozen.network, backbone.until(1)))
        assert torch.allclose(given, wanted, atol=1e-3 * float(wanted.abs().max()))
        for alone in (images[2:3], images.flip(0)):
            rows = frozen.network({"pixels": alone})["activation"]
            assert all(any(torch.equal(row, whole) for whole in given) for row in rows)


def test_rows_of_code_that_cannot_be_compiled_any_more_are_kept_apart(
    workspace, backbone, compiling_is_quick, monkeypatch
):
    monkeypatch.setattr(torch, "compile", lambda network, **_: network)

    def kept(*numbers):
        """What the first stage gives, in the way that is known, for these images."""
        pixels = np.random.default_rng(0).integers(0, 255, (len(numbers), 224, 224, 3), np.uint8)
        digests, frozen = [f"{number:02x}" * 32 for number in numbers], stem(workspace, backbone, many=100_000)
        source = ImageExamples(lambda: pixels, digests, backbone.info.preprocessing, torch.device("cpu"))
        return Kept(workspace, frozen, source)

    kept(1, 2).rows(lambda *_: None)
    monkeypatch.setattr(ways, "compiled", lambda *_: None)
    resumed, unused = kept(1, 2, 3), kept(1, 2, 3)
    assert resumed.way.compiled and resumed.missing() == 1
    resumed.rows(lambda *_: None)
    assert resumed.way.name == "float32" and resumed.missing() == 0
    assert unused.missing() == 1, "under the name of the compiled ones, there are only those"
    assert kept(1, 2, 3).missing() == 0, "and nobody tries again"


def test_what_cannot_be_compiled_runs_as_it_is(workspace, backbone, compiling_is_quick, monkeypatch):
    monkeypatch.setattr(ways, "compiled", lambda *_: None)
    assert not stem(workspace, backbone, many=100_000).way.compiled


def test_what_was_chosen_stays_with_the_run(tmp_path):
    """Measured again, the other way would be found: from a run's first choice on, its bits are those of that."""
    found = iter([Way("bfloat16", 100.0, 2.0, 0.999), Way("float32", 50.0)])
    first = Chosen(tmp_path / "chosen.json").once("x", Way, lambda: next(found))
    assert (
        Chosen(tmp_path / "chosen.json").once("x", Way, lambda: next(found)) == first == Way("bfloat16", 100, 2, 0.999)
    )
    (tmp_path / "chosen.json").write_text("[]")  # damaged: there is nothing to go by
    assert Chosen(tmp_path / "chosen.json").once("x", Way, lambda: next(found)).precision == "float32"


def test_nothing_is_learned_by_what_could_not_be_kept(tmp_path):
    with pytest.raises(OSError):
        Chosen(tmp_path / "gone" / "chosen.json").once("x", Way, Way)
    assert Chosen(tmp_path / "gone" / "chosen.json", leads=False).once("x", Way, Way) == Way()


def test_a_full_disk_only_costs_another_measurement(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(measured, "write_json", full)
    assert measured.found_before(Workspace(tmp_path), "x", Way, lambda: Way("bfloat16")) == Way("bfloat16")


def test_frozen_stages_run_as_the_run_chose(workspace, backbone, monkeypatch, tmp_path):
    """Whatever the machine's own memory of it says by now."""
    monkeypatch.setattr(ways, "half_is_native", lambda device: True)
    for remembered in ("bfloat16", "float32"):
        monkeypatch.setattr(ways, "found_before", lambda *_, said=remembered: Way(said))
        stages = (
            workspace,
            backbone,
            1,
            choose_device("cpu"),
            "auto",
            "x",
            examples,
            2,
            Chosen(tmp_path / "chosen.json"),
        )
        assert FrozenStages(*stages).way.precision == "bfloat16"


def test_a_network_that_leaves_out_at_random_is_timed_so_and_judged_without(workspace, monkeypatch):
    monkeypatch.setattr(ways, "half_is_native", lambda device: True)
    modes, timed, seconds = [], ways._timed, iter([0.2, 0.1])
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 4), nn.Dropout(0.5), nn.Linear(4, 2)).train()
    model[1].register_forward_hook(lambda *_: modes.append(model.training))
    monkeypatch.setattr(ways, "_timed", lambda work, clock: (next(seconds), timed(work, clock)[1]))
    plain, inputs = nn.Sequential(Given(), model), {"pixels": torch.rand(4, 3, 2, 2)}
    before = torch.get_rng_state()
    found = way_to_train(workspace, plain, "drops", choose_device("cpu"), lambda: inputs)
    assert (found.precision, found.times) == ("bfloat16", 2.0) and found.alike > 0.99
    assert modes[:2] == [False, False] and all(modes[2:]) and len(modes) > 4
    assert torch.equal(before, torch.get_rng_state()) and model.training


class Given(nn.Module):
    def forward(self, inputs):
        return inputs["pixels"]
