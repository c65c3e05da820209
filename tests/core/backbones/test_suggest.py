import itertools

import pytest

from core.backbones.bundled import figures
from core.backbones.catalogue import find
from core.backbones.suggest import TASKS, suggest

GB = 2**30


@pytest.mark.parametrize(
    ("task", "images", "device", "memory"),
    list(itertools.product(TASKS, (20, 1_000, 50_000), ("cpu", "cuda"), (2 * GB, 80 * GB))),
)
def test_always_three_different_ones_with_a_sentence_each(task, images, device, memory):
    found = suggest(task, images, device, memory)
    assert len({suggestion.info.name for suggestion in found}) == 3
    assert found[0].info.name == "efficientnet_lite0"
    assert all(suggestion.reason.endswith(".") for suggestion in found)
    assert all((suggestion.info.parameters or 0) * 16 < memory / 2 for suggestion in found)


def test_a_gpu_and_few_images_allow_a_larger_network():
    slow = suggest("everyday", 50_000, "cpu", 8 * GB)[-1].info
    fast = suggest("everyday", 500, "cuda", 80 * GB)[-1].info
    assert fast.gflops > slow.gflops and fast.top1 > slow.top1


def test_fine_differences_want_larger_images():
    for device in ("cpu", "cuda"):
        assert suggest("details", 1_000, device, 16 * GB)[-1].info.input_size > 224


def test_what_is_already_here_is_preferred_when_it_is_nearly_as_good():
    best = suggest("everyday", 1_000, "cpu", 8 * GB)[-1].info
    near = find("torchvision/regnet_y_3_2gf.IMAGENET1K_V2")
    assert near.top1 < best.top1
    here = suggest("everyday", 1_000, "cpu", 8 * GB, ready=lambda info: info == near)
    assert here[0].info == near


@pytest.mark.parametrize("task", TASKS)
def test_another_bundled_one_is_suggested_by_what_was_measured(task):
    def bundled(info):
        return info.library == "bundled"

    few, many = (suggest(task, images, "cpu", 8 * GB, bundled) for images in (500, 50_000))
    assert few[0].info.name == "efficientnet_lite0" and bundled(few[1].info) and not bundled(few[2].info)
    at = "digits" if task == "unusual" else "textures"
    others = {name: each for name, each in figures().items() if name != "efficientnet_lite0"}
    assert getattr(others[few[1].info.name], at) == max(getattr(each, at) for each in others.values())
    assert others[many[1].info.name].milliseconds == min(each.milliseconds for each in others.values())
    assert f"{others[few[1].info.name].milliseconds:.3g} ms an image" in few[1].reason
