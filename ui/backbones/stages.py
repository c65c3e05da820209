"""What a backbone and a head are made of, for the network image. Nothing is loaded: shapes alone are enough."""

from __future__ import annotations

from core.backbones import kept_stages
from core.backbones.catalogue import BackboneInfo
from core.backbones.kept_stages import Stage, features_read
from core.tasks.heads import HeadSettings, Reads
from ui.shared import state


def stages_of(info: BackboneInfo) -> tuple[Stage, ...]:
    """
    Raises:
        BackboneError: it cannot be cut into stages.
    """
    return kept_stages.stages_of(info, state.workspace())


def head_parameters(settings: HeadSettings, reads: Reads, stages: tuple[Stage, ...], outputs: int) -> int:
    """How many parameters the head has."""
    return settings.parameters(features_read(stages, reads), outputs)
