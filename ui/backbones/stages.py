"""What a backbone and a head are made of, for the network image. Nothing is loaded: shapes alone are enough."""

from __future__ import annotations

from core.backbones import libraries
from core.backbones.kept_stages import Stage, features_read
from core.backbones.libraries import Info
from core.tasks.heads import HeadSettings, Reads
from ui.shared import state


def stages_of(info: Info) -> tuple[Stage, ...]:
    """
    Raises:
        BackboneError: it cannot be cut into stages.
    """
    return libraries.stages_of(info, state.workspace())


def head_parameters(settings: HeadSettings, reads: Reads, stages: tuple[Stage, ...], outputs: int) -> int:
    """How many parameters the head has."""
    return settings.parameters(features_read(stages, reads), outputs)
