"""What a bundle's decision makes of its outputs, and how it is kept.

    bundle/bundle.json    "decision": {"temperature": 1.8, "thresholds": [0.3, 0.7], "least": 0, ...}

See `core.tasks.decision.Decision`. A bundle without, as they once were, decides nothing: the likeliest class, the
labels above one half, and chances as the network gives them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from core.errors import DamagedError, RunError
from core.records import read
from core.tasks.decision import PLAIN, Decision
from core.workspace import write_json

if TYPE_CHECKING:  # torch takes seconds to import
    from core.tasks.objective import Objective, Outputs
    from core.tasks.predictions import Prediction

KEY = "decision"


class Decided(BaseModel):
    """What of bundle.json is the decision."""

    model_config = ConfigDict(frozen=True)

    decision: Decision = PLAIN


def decided(
    objective: Objective, outputs: Outputs, examples: Sequence[Any], most: int, decision: Decision
) -> list[Prediction | None]:
    """The answers, as the objective decodes them: the only place where a decision meets outputs."""
    if decision == PLAIN:
        return objective.decode(outputs, examples, most=most)
    outputs = outputs if decision.temperature == 1 else outputs / decision.temperature
    return objective.decode(outputs, examples, most=most, decision=decision)


def read_decision(bundle: Path) -> Decision:
    """
    Raises:
        RunError: bundle.json cannot be read.
    """
    try:
        return read(bundle / "bundle.json", Decided).decision
    except (OSError, DamagedError) as error:
        raise RunError(f"What was decided about this model cannot be read ({error}). Choose another run.") from error


def write_decision(bundle: Path, decision: Decision) -> None:
    """Keep it in the bundle instead of what was decided before; the usual one is kept as none.

    Raises:
        RunError: bundle.json cannot be read, or the decision makes no sense.
        OSError: it cannot be written; then it is as it was.
    """
    try:
        Decision.model_validate(decision.model_dump())  # as copies of it are not checked, and who reads it checks
    except ValueError as error:
        raise RunError("These thresholds cannot be kept, as some are no numbers. Choose others.") from error
    try:
        said = json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"The model cannot be read ({error}). Choose another run.") from error
    kept = {name: value for name, value in said.items() if name != KEY}
    write_json(bundle / "bundle.json", kept if decision == PLAIN else {**kept, KEY: decision.model_dump(mode="json")})
