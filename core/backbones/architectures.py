"""Make the two libraries' networks without their last layer: images (B, 3, S, S) in, features (B, F) out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from core.errors import BackboneError

if TYPE_CHECKING:
    from core.backbones.info import BackboneInfo

TORCHVISION_CLASSES = 1000  # every classification model of torchvision answers with ImageNet's 1000 classes


def make_network(info: BackboneInfo) -> nn.Module:
    """The network with random numbers, on whatever device is the default, its last layer still there for torchvision.

    Raises:
        BackboneError: the installed library does not know it.
    """
    try:
        return _torchvision(info) if info.builder == "torchvision" else _timm(info, pretrained=False)
    except (RuntimeError, ValueError, AttributeError) as error:
        raise BackboneError(f"{info.name} cannot be built with the installed {info.builder}: {error}") from error


def make_on_meta(info: BackboneInfo) -> nn.Module:
    """The same network on the meta device, where its parameters have shapes and take no memory.

    Raises:
        BackboneError: the installed library does not know it.
    """
    try:
        with torch.device("meta"):
            return make_network(info)
    except BackboneError:  # torchvision's RegNet reads its widths from a tensor, which on meta has no numbers
        with _ParametersOnMeta():
            return make_network(info).to("meta")


class _ParametersOnMeta(TorchFunctionMode):
    """Sends only what layers make their parameters of to the meta device; what is computed stays where it is."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None) -> Any:
        made = func in (torch.empty, torch.ones, torch.zeros)
        return func(*args, **(kwargs or {}) | ({"device": "meta"} if made else {}))


def _timm(info: BackboneInfo, **settings: Any) -> nn.Module:
    import timm

    return timm.create_model(f"{info.architecture}.{info.tag}", num_classes=0, **settings)


def make_timm_with(info: BackboneInfo, tensors: dict[str, torch.Tensor]) -> tuple[nn.Module, list[str]]:
    """timm's network with its published tensors, renamed by timm's own rules, and the names of those not in the file.

    timm does not say what was missing, and would leave random numbers there; so its loading is watched.
    """
    missing: list[str] = []
    load = nn.Module.load_state_dict

    def watched(module: nn.Module, *given: Any, **settings: Any) -> Any:
        report = load(module, *given, **settings)
        missing.extend(report.missing_keys)
        return report

    nn.Module.load_state_dict = watched  # type: ignore[method-assign,assignment]
    try:
        overlay = {"state_dict": tensors, "custom_load": False}
        return _timm(info, pretrained=True, pretrained_cfg_overlay=overlay), missing
    finally:
        nn.Module.load_state_dict = load  # type: ignore[method-assign]


def _torchvision(info: BackboneInfo) -> nn.Module:
    from torchvision.models import get_model

    return get_model(info.architecture, weights=None, **_torchvision_settings(info))


def _torchvision_settings(info: BackboneInfo) -> dict[str, Any]:
    """What torchvision's own builders set when they are given weights."""
    if info.architecture in ("inception_v3", "googlenet"):
        return {"transform_input": True, "aux_logits": True, "init_weights": False}
    if info.architecture.startswith("vit_"):
        return {"image_size": info.input_size}
    return {}


def remove_last_layer(network: nn.Module, last: str | None) -> nn.Module:
    """Leave out what only training from scratch needs, and put nothing in place of the layer named `last`."""
    if getattr(network, "aux_logits", False):
        network.aux_logits = False  # type: ignore[assignment]
        for name in ("AuxLogits", "aux1", "aux2"):
            if hasattr(network, name):
                setattr(network, name, None)
    if last:
        network.set_submodule(last, nn.Identity())
    return network


def find_last_layer(network: nn.Module, order: list[str]) -> str | None:
    """The layer that gives the classes: the last one that ran with as many outputs as there are classes."""
    for name in reversed(order):
        module = network.get_submodule(name)
        if TORCHVISION_CLASSES in (getattr(module, "out_features", 0), getattr(module, "out_channels", 0)):
            return name
    return None


def pool(features: Any, mask: torch.Tensor | None = None) -> torch.Tensor:
    """Whatever shape the network gives, as (B, F): the mean over places or tokens.

    mask: (B, T), of the tokens that count.
    """
    if not isinstance(features, torch.Tensor):
        features = features[0] if isinstance(features, list | tuple) else next(iter(features.values()))
    if features.dim() == 4:
        square_last = features.shape[2] == features.shape[3]
        return features.mean((2, 3)) if square_last else features.mean((1, 2))
    if features.dim() == 3 and mask is not None:
        counts = mask.unsqueeze(2).to(features)
        return (features * counts).sum(1) / counts.sum(1).clamp(min=1)
    return features.mean(1) if features.dim() == 3 else features
