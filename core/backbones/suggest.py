"""Help me choose: three backbones for a task, a number of labeled images and a machine, each with its reason."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from core.backbones.bundled import figures
from core.backbones.catalogue import BUNDLED, BackboneInfo, catalogue, find

Known = TypeVar("Known")  # what is known of a backbone
Task = Literal["everyday", "details", "unusual"]

# What the images show; the words are the interface's.
TASKS: dict[Task, str] = {
    "everyday": "Everyday things: animals, food, objects, places",
    "details": "Fine differences: species, models, defects",
    "unusual": "Unlike ordinary photos: scans, drawings, views from above",
}
FEW = 200  # labeled images; with fewer, training more than the head learns them by heart
MANY = 5_000  # from here on, the time for one pass over the images decides on a CPU
NEARLY_AS_GOOD = 2.0  # points of top-1 that a ready backbone may lack against one that must be downloaded


@dataclass(frozen=True)
class Suggestion(Generic[Known]):
    info: Known
    reason: str


def suggest(
    task: Task,
    images: int,
    device: str,
    memory_bytes: int,
    ready: Callable[[BackboneInfo], bool] = lambda info: info.name == BUNDLED,
) -> list[Suggestion[BackboneInfo]]:
    """Three different backbones, the ones that are ready first.

    Args:
        images: How many labeled images there are.
        device: "cpu", or the name of an accelerator.
        memory_bytes: Of the device.
        ready: Whether the weights of a backbone are on this machine.
    """
    small, large = _budgets(images, device)
    found = [Suggestion(find(BUNDLED), _bundled_reason(images, device))]
    other = _other_bundled(task, images, device, ready)
    second = other or (_plain(small) if task == "unusual" else _best(small, memory_bytes, ready))
    reason = _other_reason(second) if other else _second_reason(second, task, device)
    found.append(Suggestion(second, reason))
    third = (
        _best(large, memory_bytes, ready, {second.name}, least_size=256)
        if task == "details"
        else _best(large, memory_bytes, ready, {second.family})
    )
    found.append(Suggestion(third, _third_reason(third, task, images)))
    return sorted(found, key=lambda suggestion: not ready(suggestion.info))


def _budgets(images: int, device: str) -> tuple[float, float]:
    """GFLOPs for one image that keep a pass over the images short: for the quick choice, for the accurate one."""
    if device == "cpu":
        return (0.5, 2.0) if images >= MANY else (1.0, 5.0)
    return (5.0, 16.0) if images >= MANY else (10.0, 40.0)


def _other_bundled(task: Task, images: int, device: str, ready: Callable[[BackboneInfo], bool]) -> BackboneInfo | None:
    """Of the other bundled ones that are ready: the quickest where time decides; else, as measured on the samples, the
    best at fine textures, or at digits and dials, which are unlike photos."""
    others = [name for name in figures() if name != BUNDLED and ready(find(name))]
    if device == "cpu" and images >= MANY:
        quicker = [name for name in others if figures()[name].milliseconds < figures()[BUNDLED].milliseconds]
        others = quicker or others
        return find(min(others, key=lambda name: figures()[name].milliseconds)) if others else None
    good_at = {"everyday": "textures", "details": "textures", "unusual": "digits"}[task]
    return find(max(others, key=lambda name: getattr(figures()[name], good_at))) if others else None


def _best(
    gflops: float,
    memory_bytes: int,
    ready: Callable[[BackboneInfo], bool],
    without: Collection[str] = (),
    least_size: int = 0,
) -> BackboneInfo:
    """The highest top-1 within the budget, no name or family of `without`. Only torchvision states it for its models.

    A licence that torchvision does state is a special one, for a person to find and accept, so those are left out.
    16 bytes a parameter: weights, gradients and the optimizer's two averages.
    """
    fitting = [
        info
        for info in catalogue()
        if (info.top1 and info.gflops and info.licence is None)
        and info.gflops <= gflops
        and (info.parameters or 0) * 16 < memory_bytes / 2
        and not {info.name, info.family} & set(without)
    ]
    sized = [info for info in fitting if info.input_size >= least_size] or fitting
    if not sized:
        return _plain(0.0)
    best = max(info.top1 or 0.0 for info in sized)
    return max(sized, key=lambda info: (ready(info) and (info.top1 or 0) > best - NEARLY_AS_GOOD, info.top1))


def _plain(gflops: float) -> BackboneInfo:
    return find("torchvision/resnet50.IMAGENET1K_V1" if gflops > 4 else "torchvision/resnet18.IMAGENET1K_V1")


def _bundled_reason(images: int, device: str) -> str:
    where = "fast even without a GPU" if device == "cpu" else "so small that every epoch is over at once"
    advice = f"; with {images} images, freeze all its stages" if images < FEW else ""
    return f"Ready now with no download, and {where}{advice}."


def _other_reason(info: BackboneInfo) -> str:
    it, usual = figures()[info.name], figures()[BUNDLED]
    return (
        f"Ready now too. On the samples: textures {it.textures:.0%} right, digits {it.digits:.0%}, in "
        f"{it.milliseconds:.3g} ms an image (EfficientNet-Lite0: {usual.textures:.0%}, {usual.digits:.0%}, "
        f"{usual.milliseconds:.3g} ms)."
    )


def _second_reason(info: BackboneInfo, task: Task, device: str) -> str:
    if task == "unusual":
        return "A plain network in few stages: free the last ones, so that it can learn images unlike photos."
    quick = "this machine without a GPU" if device == "cpu" else "this GPU"
    return f"The best accuracy on ImageNet ({info.top1:.1f}%) among those that stay quick on {quick}."


def _third_reason(info: BackboneInfo, task: Task, images: int) -> str:
    if task == "details" and info.input_size > 224:
        return f"It looks at {info.input_size} pixels instead of 224, which helps to see fine differences; slower."
    if images < FEW:
        return f"Strong features ({info.top1:.1f}% on ImageNet) make the most of few images; freeze all its stages."
    return f"The most accurate that this machine trains in reasonable time ({info.top1:.1f}% on ImageNet); slower."
