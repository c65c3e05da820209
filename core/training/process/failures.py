"""Why a run failed, in words, with what to change."""

from __future__ import annotations

from pathlib import Path

from core.address_space import explained
from core.errors import GraftError
from core.runtime.device import is_out_of_memory
from core.store.full_disk import is_full, refused
from core.training.recipe import Recipe
from core.training.saving import LossNotFinite


def explain(error: BaseException, recipe: Recipe | None, automatic: bool = False) -> str:
    """What happened and what to do, for the person who pressed Start.

    automatic: the batch size in the recipe was found for this device.
    """
    if isinstance(error, GraftError):
        return str(error)
    if words := explained(error):
        return f"{words} Resume goes on from the last checkpoint."
    if recipe is None:
        return "The run's recipe cannot be read, so the run cannot go on. Discard it and start again."
    if isinstance(error, LossNotFinite):
        return (
            "The loss became infinite: the steps were too large. "
            f"Lower the learning rate (it was {recipe.learning_rate:g}; try {recipe.learning_rate / 10:g})."
        )
    if is_out_of_memory(error):
        return f"The device ran out of memory. {_smaller(recipe, automatic)}"
    if _left_alone(error):
        return (
            "One of the processes that train together ended, and the others with it. The log says more. Press Resume "
            "to go on from the last checkpoint."
        )
    if full := _full(error):
        return f"{refused(full)} Resume goes on from the last checkpoint."
    if isinstance(error, PermissionError):
        name = Path(error.filename or "a file").name
        return f"Graft may not write {name!r}. Give it permission to write in its workspace, then press Resume."
    return f"Graft met an error that it does not know ({type(error).__name__}). The log says where; please report it."


def _full(error: BaseException | None) -> OSError | None:
    """That of the disk: torch.save has an error of its own to raise after the one that matters."""
    while error is not None:
        if isinstance(error, OSError) and is_full(error):
            return error
        error = error.__cause__ or error.__context__
    return None


def _smaller(recipe: Recipe, automatic: bool) -> str:
    """What would need less."""
    size, rest = recipe.batch_size, "freeze more stages, or choose a smaller backbone."
    if size == "auto":
        return f"Set a small batch size, such as 4, {rest}"
    if size == 1:
        return rest.capitalize()
    if automatic:
        return f"Set a smaller batch size than the one that was found (it was {size}; try {size // 2}), {rest}"
    found = "let Graft find it for this device (Automatic, or --batch-size auto)"
    return f"Lower the batch size (it was {size}; try {size // 2}), {found}, {rest}"


def _left_alone(error: BaseException) -> bool:
    """Whether another process of the team is gone. Gloo and NCCL say it in words alone."""
    return isinstance(error, RuntimeError) and any(
        sign in str(error) for sign in ("gloo", "NCCL", "Connection closed by peer", "Connection reset by peer")
    )
