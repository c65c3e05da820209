"""The committed catalogue says what the installed libraries say."""

import json
import subprocess
import sys
from importlib.metadata import version

import pytest

from core.backbones.catalogue import BUNDLED, DATA, catalogue, find
from core.backbones.measure import measured
from core.backbones.registries import bundled, timm_models, torchvision_models
from core.errors import BackboneError

SAMPLE = (
    "timm/resnet50.a1_in1k",
    "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k",
    "timm/convnext_atto.d2_in1k",
    "timm/mobilenetv3_small_100.lamb_in1k",
)


def _made_with(library: str) -> bool:
    return json.loads(DATA.read_text(encoding="utf-8"))["versions"][library] == version(library)


def _said(info):
    """What the library says, without what is measured."""
    return {name: value for name, value in vars(info).items() if name not in ("parameters", "gflops")}


@pytest.mark.skipif(not _made_with("torchvision"), reason="the catalogue was made with another torchvision")
def test_every_set_of_torchvisions_classification_weights_is_listed():
    infos = {info.name: info for info in catalogue()}
    for info in torchvision_models():
        assert infos[info.name] == info
    families = {info.family for info in catalogue() if info.library == "torchvision"}
    assert {"VGG", "ResNet", "Inception", "DenseNet", "Vision Transformer"} <= families


@pytest.mark.skipif(not _made_with("timm"), reason="the catalogue was made with another timm")
def test_every_pretrained_model_of_timm_is_listed():
    infos = {info.name: info for info in catalogue()}
    for info in timm_models():
        assert _said(infos[info.name]) == _said(info)


@pytest.mark.parametrize("name", SAMPLE)
def test_what_timm_does_not_say_is_computed(name):
    kept = find(name)
    fresh = next(info for info in timm_models() if info.name == name)
    assert measured(fresh) == kept


def test_known_figures():
    assert find("timm/resnet50.a1_in1k").parameters == find("torchvision/resnet50.IMAGENET1K_V1").parameters == 25557032
    assert find("timm/resnet50.a1_in1k").gflops == pytest.approx(4.09, abs=0.01)
    assert find("torchvision/resnet50.IMAGENET1K_V2").top1 == 80.858
    assert find("timm/resnet50.a1_in1k").top1 is None  # timm does not say


def test_nearly_everything_was_measured():
    blank = [info.name for info in catalogue() if not info.parameters or not info.gflops]
    assert len(blank) < 0.02 * len(catalogue()), blank


def test_the_bundled_one_comes_first():
    first = catalogue()[0]
    assert first.name == BUNDLED and _said(first) == _said(next(bundled()))
    assert first.preprocessing.interpolation == "bicubic" and first.preprocessing.mean == (0.5, 0.5, 0.5)
    assert first.preprocessing.resize == 256  # 224 / 0.875


def test_listing_does_not_import_torch():
    code = (
        "import sys; from core.backbones.catalogue import catalogue; from core.backbones.weights import source;"
        "from core.backbones.suggest import suggest; catalogue(); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    "short", ["squeezenet1_1", "torchvision/resnet50", "SqueezeNet1_1", "resnet50.a1_in1k", "efficientnet_lite0"]
)
def test_a_short_name_is_enough_when_it_is_clear(short):
    assert short.lower().rpartition("/")[2] in find(short).name


def test_where_both_libraries_have_one_torchvision_is_meant_with_its_default_weights():
    assert find("resnet50").name == "torchvision/resnet50.IMAGENET1K_V2"
    assert find("timm/resnet50").library == "timm"


def test_a_wrong_name_gets_a_hint():
    with pytest.raises(BackboneError, match="Did you mean"):
        find("efficientnet_lite00")
    with pytest.raises(BackboneError, match="lists all"):
        find("<script>" * 100)


def test_an_image_may_be_fitted_otherwise_and_comes_back_to_what_it_was():
    own = find("efficientnet_lite0")
    assert own.fitted() == own and own.said == own.name
    larger = own.fitted("pad", 288)
    assert (larger.preprocessing.size, larger.preprocessing.resize, larger.input_size) == (288, 329, 224)
    assert larger.said == "efficientnet_lite0 at 288 pad"
    assert larger.fitted() == own
