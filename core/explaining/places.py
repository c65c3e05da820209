"""Which places of an image speak for an answer: Grad-CAM, by what the stages that the head reads give there.

Grad-CAM (https://arxiv.org/abs/1610.02391) multiplies what the last stage gives with the gradient. Here, measured in
docs/evaluation.md:

- each place has its own gradient (HiResCAM, https://arxiv.org/abs/2011.08891): the same where places are averaged;
- what counts is by how much a place differs from the mean over the image: what all places have in common speaks for
  no place;
- a head that reads several stages gets the sum of their maps, each by the way that leads straight to the head.

Networks whose image is tokens of one resolution throughout (ViT) have no last stage to look at: there each token has
gathered from the whole image, or only the class token is read. For them it is integrated gradients
(https://arxiv.org/abs/1703.01365) of the tokens half-way, from where all are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from core.backbones.backbone import Backbone
from core.backbones.cutting import ACTIVATION, main_tensor
from core.backbones.reading import as_map, positions, summary
from core.errors import BackboneError, RunError
from core.explaining import gradients
from core.explaining.explanation import Listen
from core.modalities.inputs import Features, Inputs

FINEST = 2  # places along a side, at least
STEPS = 4  # of the way, for networks of tokens


class NoPlaces(RunError):
    """The network gives nothing with places in the image that its answer depends on."""


@dataclass(frozen=True)
class Gave:
    """What a unit gave: an activation of (B, C, H, W), (B, H, W, C) or (B, T, C)."""

    unit: str
    activation: torch.Tensor

    @property
    def side(self) -> int:
        return as_map(self.activation).shape[-1]


def grad_cam(backbone: Backbone, inputs: Inputs, towards: Callable[[Features], torch.Tensor]) -> torch.Tensor:
    """How much each place adds to what is asked: float32 (h, w), of one example.

    towards: from features to what is asked, (1,).

    Raises:
        NoPlaces: there are none to tell apart.
    """
    with torch.enable_grad(), watching(backbone) as gave:
        features = backbone(inputs)
        score = towards(features).sum()
    return together([_of_last(gave, score), *_of_summaries(backbone, gave, score, features)])


def half_way(backbone: Backbone) -> int:
    """After how many stages the tokens of a network of tokens are looked at; 0 for other networks."""
    shapes = [stage.output_shape for stage in backbone.stages[:-1]]
    tokens = [at for at, shape in enumerate(shapes) if len(shape) == 2 and shape[0] >= FINEST**2]
    alike = [at for at in tokens if shapes[at] == shapes[tokens[-1]]]
    return alike[len(alike) // 2] + 1 if len(alike) > len(shapes) / 2 else 0


def of_tokens(
    backbone: Backbone, inputs: Inputs, towards: Callable[[Features], torch.Tensor], listen: Listen
) -> torch.Tensor:
    """The same as `grad_cam`, of a network of tokens: (h, w).

    towards: as for `grad_cam`.

    Raises:
        NoPlaces: it cannot be cut there.
    """
    n = half_way(backbone)
    try:
        after, until = backbone.after(n), backbone.until(n)
    except BackboneError as error:  # it has no clean cut
        raise NoPlaces(str(error)) from error
    with torch.no_grad():
        kept = until(inputs)
    tokens = kept[ACTIVATION]
    places = as_map(tokens).shape[-1] ** 2
    level = tokens.clone()
    level[:, -places:] = tokens[:, -places:].mean(dim=1, keepdim=True)
    adds = gradients.integrated(after, kept, level, towards, STEPS, listen)
    found: torch.Tensor = as_map(adds).sum(dim=1)[0].float()
    return found


@contextmanager
def watching(backbone: Backbone) -> Iterator[list[Gave]]:
    """Meanwhile, what has places in the image of all that the units give, in the order in which they run."""
    gave: list[Gave] = []

    def hook(unit: str) -> Callable[..., None]:
        def keep(module: nn.Module, came: object, given: object) -> None:
            activation = main_tensor(given)
            if _has_places(activation):
                gave.append(Gave(unit, activation))

        return keep

    units = [name for stage in backbone.stages for name in stage.modules]
    handles = [backbone.get_submodule(unit).register_forward_hook(hook(unit)) for unit in units]
    try:
        yield gave
    finally:
        for handle in handles:
            handle.remove()


def together(maps: list[torch.Tensor]) -> torch.Tensor:
    """The sum of maps of several resolutions, in the finest; each keeps what it comes to."""
    finest = max(each.shape[-1] for each in maps)
    total = torch.zeros(finest, finest, device=maps[0].device)
    for each in maps:
        finer = functional.interpolate(each[None, None], (finest, finest), mode="bilinear")[0, 0]
        total += finer * (each.shape[-1] / finest) ** 2
    return total


def _has_places(activation: torch.Tensor) -> bool:
    if activation.ndim not in (3, 4) or not activation.is_floating_point():
        return False
    if activation.ndim == 4 and positions(activation.shape) == (2, 3) and activation.shape[2] != activation.shape[3]:
        return False
    return as_map(activation).shape[-1] >= FINEST


def _of_last(gave: list[Gave], score: torch.Tensor) -> torch.Tensor:
    """By the last of what was given that the score depends on, in all its places."""
    for each in reversed(gave):
        gradient = _gradient(score, each.activation, keep=True)
        if gradient is not None and bool(as_map(gradient).abs().amax() > 0):
            return _contributions(each.activation, gradient)
    raise NoPlaces("This backbone gives no maps of the image that its answer depends on.")


def _of_summaries(
    backbone: Backbone, gave: list[Gave], score: torch.Tensor, features: Features
) -> Iterator[torch.Tensor]:
    """By what the head reads of earlier stages, each one's own part of the pooled features."""
    numbers = backbone.read_before(len(backbone.stages))
    if not numbers:
        return
    slopes, at = _gradient(score, features.pooled, keep=True), backbone.last_features
    by_unit = {each.unit: each.activation for each in gave}
    for number in numbers:
        stage = backbone.stages[number]
        part, at = slice(at, at + stage.summary), at + stage.summary
        if slopes is None or (activation := by_unit.get(stage.modules[-1])) is None:
            continue
        apart = activation.detach().requires_grad_()
        with torch.enable_grad():
            read = (summary(apart) * slopes[:, part]).sum()
        yield _contributions(apart, _gradient(read, apart, keep=False))


def _gradient(score: torch.Tensor, of: torch.Tensor, keep: bool) -> torch.Tensor | None:
    (found,) = torch.autograd.grad(score, of, retain_graph=keep, allow_unused=True)
    return found


def _contributions(activation: torch.Tensor, gradient: torch.Tensor | None) -> torch.Tensor:
    """(h, w), of the first of the batch."""
    if gradient is None:
        raise NoPlaces("This backbone gives no maps of the image that its answer depends on.")
    there, slope = as_map(activation.detach()).float(), as_map(gradient).float()
    return (slope * (there - there.mean(dim=(2, 3), keepdim=True))).sum(dim=1)[0]
