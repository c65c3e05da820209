"""Weights that are real, weights of one's own, and weights that are not there."""

from pathlib import Path
from random import Random

import pytest
import safetensors.torch
import timm
import torch

from core.backbones.architectures import make_network, make_timm_with
from core.backbones.catalogue import find
from core.backbones.model import build
from core.backbones.weights import cached_file, file_name, read_file, source
from core.errors import BackboneError

RESNET = "torchvision/resnet18.IMAGENET1K_V1"


@pytest.fixture(autouse=True)
def caches_of_our_own(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    for name in ("TORCH_HOME", "HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)


def test_a_file_of_ones_own_says_what_matched(workspace, tmp_path):
    info = find("efficientnet_lite0")
    own = make_network(info).state_dict()
    own["conv_stem.weight"] = torch.zeros(1)
    own["something.else"] = torch.zeros(1)
    del own["bn2.weight"]
    own["bn1.weight"] = torch.full_like(own["bn1.weight"], 7.0)
    path = tmp_path / "own.pth"
    torch.save({"state_dict": {f"module.{name}": tensor for name, tensor in own.items()}}, path)
    backbone = build(info, workspace, weights_file=path)
    assert backbone.match.missing == ("bn2.weight",)
    assert backbone.match.wrong_shape == ("conv_stem.weight",)
    assert backbone.match.unexpected == ("something.else",)
    assert "are missing" in str(backbone.match) and "have another shape" in str(backbone.match)
    assert torch.equal(backbone.network.bn1.weight, torch.full((32,), 7.0))


def test_safetensors_of_ones_own_are_read(workspace, tmp_path):
    info = find(RESNET)
    path = tmp_path / "own.safetensors"
    safetensors.torch.save_file(make_network(info).state_dict(), path)
    match = build(info, workspace, weights_file=path).match
    assert match.matched and not (match.missing or match.wrong_shape)
    assert set(match.unexpected) == {"fc.weight", "fc.bias"}  # the last layer is no part of a backbone


@pytest.mark.parametrize("classes", [None, 10])
def test_ones_own_last_layer_is_not_held_against_the_file(workspace, tmp_path, classes):
    tensors = make_network(find(RESNET)).state_dict()
    del tensors["fc.weight"], tensors["fc.bias"]
    head = {"fc.weight": torch.zeros(classes, 512), "fc.bias": torch.zeros(classes)} if classes else {}
    torch.save(tensors | head, tmp_path / "own.pth")
    match = build(find(RESNET), workspace, weights_file=tmp_path / "own.pth").match
    assert not (match.missing or match.wrong_shape) and set(match.unexpected) == set(head)


def test_a_file_with_nothing_but_a_last_layer_is_refused(workspace, tmp_path):
    torch.save({"fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)}, tmp_path / "own.pth")
    with pytest.raises(BackboneError, match="None of the 2 tensors"):
        build(find(RESNET), workspace, weights_file=tmp_path / "own.pth")


@pytest.mark.parametrize("zipped", [True, False])
def test_a_damaged_file_is_refused_in_words_wherever_the_damage_is(tmp_path, zipped):
    path, random = tmp_path / "own.pth", Random(0)
    torch.save({"a": torch.arange(64.0), "b": 1}, path, _use_new_zipfile_serialization=zipped)
    whole = path.read_bytes()
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole[: random.choice((len(whole), random.randrange(1, len(whole))))])
        damaged[random.randrange(len(damaged))] = random.randrange(256)
        path.write_bytes(damaged)
        try:
            read_file(path)
        except BackboneError:
            refused += 1
    assert refused > 50


@pytest.mark.parametrize("key", ["state_dict", "model", "model_state_dict", "model_state", "encoder"])
def test_the_weights_are_found_in_a_training_scripts_checkpoint(tmp_path, key):
    torch.save({"epoch": 3, key: {"module.a": torch.ones(2)}, "optimizer": {"state": {}}}, tmp_path / "own.pth")
    assert list(read_file(tmp_path / "own.pth")) == ["a"]


class Danger:
    def __reduce__(self):
        return (Path.touch, (Path("danger"),))


@pytest.mark.parametrize("content", [b"", b"not weights", "pickle", "list", "foreign"])
def test_files_that_are_no_weights_are_refused_in_words(workspace, tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "own.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
        path.with_suffix(".safetensors").write_bytes(content)
        with pytest.raises(BackboneError):
            read_file(path.with_suffix(".safetensors"))
    else:
        torch.save({"pickle": Danger(), "list": [1, 2], "foreign": {"a": torch.zeros(1)}}[content], path)
    with pytest.raises(BackboneError, match=r"own\.pth"):
        build(find("efficientnet_lite0"), workspace, weights_file=path)
    assert not (tmp_path / "danger").exists()


def test_torchvisions_published_file_is_found_and_loaded(workspace):
    info = find(RESNET)
    assert source(info, workspace) == "download"
    place = workspace.cache / "weights" / file_name(info)
    place.parent.mkdir(parents=True)
    published = make_network(info).state_dict()
    torch.save({name: tensor for name, tensor in published.items() if "num_batches" not in name}, place)
    assert source(info, workspace) == "cached" and cached_file(info, workspace) == place
    assert torch.equal(build(info, workspace).network.conv1.weight, published["conv1.weight"])


def test_a_published_file_that_lacks_tensors_is_refused(workspace):
    info = find(RESNET)
    place = workspace.cache / "weights" / file_name(info)
    place.parent.mkdir(parents=True)
    published = make_network(info).state_dict()
    del published["layer1.0.conv1.weight"]
    torch.save(published, place)
    with pytest.raises(BackboneError, match="lack 1 tensors"):
        build(info, workspace)


@pytest.mark.parametrize("name", ["timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", "timm/convnext_atto.d2_in1k"])
def test_timms_published_file_is_loaded_from_the_hubs_cache(workspace, tmp_path, name):
    info = find(name)
    folder = tmp_path / "caches" / "huggingface" / "hub" / f"models--{info.hub.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("c0ffee")
    (folder / "snapshots" / "c0ffee").mkdir(parents=True)
    network = timm.create_model(f"{info.architecture}.{info.tag}", pretrained=False)
    safetensors.torch.save_file(network.state_dict(), folder / "snapshots" / "c0ffee" / "model.safetensors")
    assert source(info, workspace) == "cached"
    loaded = build(info, workspace).network.state_dict()
    published = network.state_dict()
    assert all(torch.equal(tensor, published[name]) for name, tensor in loaded.items())


def test_timm_leaving_random_numbers_is_noticed():
    info = find("timm/convnext_atto.d2_in1k")
    tensors = timm.create_model("convnext_atto.d2_in1k", pretrained=False).state_dict()
    del tensors["stages.0.blocks.0.conv_dw.weight"]
    _, missing = make_timm_with(info, tensors)
    assert missing == ["stages.0.blocks.0.conv_dw.weight"]


def test_densenets_old_names_are_understood(workspace):
    info = find("torchvision/densenet121.IMAGENET1K_V1")
    place = workspace.cache / "weights" / file_name(info)
    place.parent.mkdir(parents=True)
    published = make_network(info).state_dict()
    old = {}
    for name, tensor in published.items():
        for part in ("norm", "conv"):
            for number in "12":
                if "denselayer" in name:
                    name = name.replace(f".{part}{number}.", f".{part}.{number}.")
        old[name] = tensor
    torch.save(old, place)
    loaded = build(info, workspace).network.state_dict()
    assert all(torch.equal(tensor, published[name]) for name, tensor in loaded.items())
