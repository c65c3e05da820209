"""A transformer of the transformers library from its configuration and its tensors. Nothing of a hub's code is run."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.backbones.language.config import Config, read_config
from core.backbones.language.files import weights_of
from core.backbones.weights import LARGEST, Match
from core.backbones.weights_file import read_file
from core.errors import BackboneError
from core.modalities.inputs import Inputs
from core.units import file_size

MOST_NUMBERS = 20_000_000_000
ROOM = 2**30  # bytes that buffers may take beside the weights
TROUBLE = (  # of absurd settings
    *(RuntimeError, ValueError, TypeError, KeyError, AttributeError, IndexError, NotImplementedError, ImportError),
    *(AssertionError, ZeroDivisionError, OverflowError, RecursionError, MemoryError),
)


def network_of(folder: Path, weights_file: Path | None = None) -> tuple[nn.Module, Match]:
    """The network with the weights in its folder, or in a person's own file, float32, in eval mode, and how they fit.

    Raises:
        BackboneError: they do not fit, are damaged, or are not there.
    """
    config = read_config(folder)
    if weights_file is not None:
        tensors = read_file(weights_file)
    else:
        if (weights := weights_of(folder)) is None:
            raise BackboneError(f"There are no weights (model.safetensors) in {folder.name!r}.")
        tensors = {name: tensor for file in weights.files for name, tensor in read_file(file).items()}
    must_be_reasonable(on_meta(config), sum(tensor.numel() for tensor in tensors.values()))
    with quiet():
        return _loaded(made_of(config), tensors)


def random_network(config: Config) -> nn.Module:
    """From the configuration alone, its numbers random.

    Raises:
        BackboneError: the library knows no such network, or it is absurdly large.
    """
    must_be_reasonable(on_meta(config))
    made = made_of(config)
    with quiet():
        try:
            return _plain(_class_of(made)(made))
        except TROUBLE as error:
            raise _not_made(config, error) from error


def on_meta(config: Config) -> nn.Module:
    """The same on the meta device, where nothing is allocated. Raises as `random_network`."""
    made = made_of(config)
    with quiet():
        try:
            with torch.device("meta"):
                return _plain(_class_of(made)(made))
        except TROUBLE as error:
            raise _not_made(config, error) from error


def _not_made(config: Config, error: BaseException) -> BackboneError:
    return BackboneError(
        f"A network of the kind {config['model_type'][:40]!r} cannot be made with the settings in config.json "
        f"({str(error)[:200]}). Choose another backbone."
    )


def must_be_reasonable(network: nn.Module, given: int | None = None) -> None:
    """network: on the meta device. given: numbers in its file of weights.

    Raises:
        BackboneError: the network would be far larger than its weights, or than any that is meant for one machine.
    """
    numbers = sum(each.numel() for each in network.parameters())
    size = 4 * numbers + sum(each.numel() * each.element_size() for each in network.buffers())
    if size > 4 * (MOST_NUMBERS if given is None else 3 * given) + ROOM:
        beside = "" if given is None else f", and its weights have {given:,}"
        raise BackboneError(
            f"config.json describes a network of {numbers:,} numbers ({file_size(size)}){beside}. They do not belong "
            "together, or it is too large for one machine. Choose another backbone."
        )


def made_of(config: Config) -> Any:
    """transformers' configuration of a network that only reads texts.

    Raises:
        BackboneError: the installed library has no such network, or it is none for texts.
    """
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    )

    kind = config["model_type"]
    known = {*MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, *MODEL_FOR_MASKED_LM_MAPPING_NAMES}
    if kind not in known:
        raise BackboneError(
            f"The network is of the kind {kind[:40]!r}, which the installed transformers library does not have as a "
            "language model. Code that comes with a model is never run. Choose BERT, RoBERTa, GPT-2, Llama or the like."
        )
    try:
        with quiet():
            made = CONFIG_MAPPING[kind].from_dict(dict(config))
    except TROUBLE as error:
        raise _not_made(config, error) from error
    if getattr(made, "is_encoder_decoder", False):
        raise BackboneError(f"A network of the kind {kind!r} reads one text and writes another. Choose one that reads.")
    made.use_cache = False
    return made


def is_causal(config: Config) -> bool:
    """Whether a token sees only those before it, as where networks learned to write on."""
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    )

    kind = config["model_type"]
    return kind in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and kind not in MODEL_FOR_MASKED_LM_MAPPING_NAMES


def feed_of(network: nn.Module, types: bool) -> Any:
    """How it is called with inputs."""
    return partial(_feed, types=types and "token_type_ids" in inspect.signature(network.forward).parameters)


def _feed(network: nn.Module, inputs: Inputs, types: bool) -> Any:
    more = {"token_type_ids": inputs["types"]} if types and "types" in inputs else {}
    return network(input_ids=inputs["ids"], attention_mask=inputs["mask"], **more)


def _class_of(made: Any) -> Any:
    from transformers.models.auto.modeling_auto import MODEL_MAPPING

    found = MODEL_MAPPING[type(made)]
    return found[0] if isinstance(found, tuple) else found


def _plain(network: nn.Module) -> nn.Module:
    """Without what makes one vector of a text: here the mean, or the last token, does that."""
    if isinstance(getattr(network, "pooler", None), nn.Module):
        network.pooler = None  # type: ignore[assignment]
    return network


def _loaded(made: Any, tensors: dict[str, torch.Tensor]) -> tuple[nn.Module, Match]:
    """The library renames tensors as its versions ask for, and says what was missing."""
    try:
        network, said = _class_of(made).from_pretrained(
            None,
            config=made,
            state_dict=dict(tensors),
            dtype=torch.float32,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
        )
    except TROUBLE as error:
        raise BackboneError(f"The weights do not fit config.json ({str(error)[:300]}).") from error
    network = _plain(network)
    own = network.state_dict()
    match = _match(said, own)
    _must_fit(match, len(own), len(tensors))
    _must_be_numbers(own)
    return network.eval(), match


def _match(said: Mapping[str, Any], own: Mapping[str, torch.Tensor]) -> Match:
    wrong = {each[0] if isinstance(each, tuple) else each for each in said["mismatched_keys"]} & own.keys()
    missing = {*said["missing_keys"]} & own.keys() - wrong
    matched = [name for name in own if name not in missing | wrong]
    return Match(tuple(matched), *(tuple(sorted(each)) for each in (missing, said["unexpected_keys"], wrong)))


def _must_fit(match: Match, wanted: int, given: int) -> None:
    if match.missing or match.wrong_shape:
        first = (*match.missing, *match.wrong_shape)[0]
        raise BackboneError(
            f"The weights do not fit config.json: of the network's {wanted} tensors, {len(match.missing)} are not "
            f"among the {given} in the file, and {len(match.wrong_shape)} have another shape, the first of them "
            f"{first!r}. Give the weights and config.json of one and the same model."
        )


def _must_be_numbers(own: Mapping[str, torch.Tensor]) -> None:
    for name, tensor in own.items():
        if (
            tensor.is_floating_point() and tensor.numel() and not float(tensor.abs().max()) <= LARGEST
        ):  # which no NaN is
            raise BackboneError(
                f"The weights cannot be used: the tensor {name!r} holds values that are infinite, absurdly large or no "
                "numbers (NaN). Their training went wrong, or their copy."
            )


@contextmanager
def quiet() -> Iterator[None]:
    """The library reports on its own to the terminal; what matters is raised or returned."""
    from transformers.utils import logging as said

    logger, bars = logging.getLogger("transformers"), said.is_progress_bar_enabled()
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    said.disable_progress_bar()
    try:
        yield
    finally:
        logger.setLevel(level)
        if bars:
            said.enable_progress_bar()
