"""A question about one example, ready to be answered: what goes into the network, and how its outputs are judged."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch.nn import functional
from torch.utils._pytree import tree_map_only

from core.backbones.backbone import Backbone
from core.errors import RunError
from core.inference.predictor import Predictor
from core.modalities.inputs import Features, Inputs
from core.tasks.objective import Outputs
from core.tasks.predictions import Aim

NAMED = 10  # of what can be asked, in a message
KEPT = 1000  # of what else can be asked, beside an explanation


def backbone_of(predictor: Predictor) -> Backbone:
    return cast("Backbone", predictor.model[0])


class Asked:
    """
    Attributes:
        read: What the modality made of the example.
        inputs: A batch of it alone.
        aims: What can be asked why, the likeliest first.
        aim: The one that is asked.
    """

    def __init__(self, predictor: Predictor, example: Any, target: str | None = None) -> None:
        """example: what the modality reads, as for `Predictor.predict`. target: the name of an `Aim`; None for the
        likeliest.

        Raises:
            GraftError: it cannot be read, or there is no such answer.
        """
        self.predictor, self.objective = predictor, predictor.objective
        self.backbone, self.head = backbone_of(predictor), predictor.model[1]
        self.read = predictor.modality.read(example, predictor.preprocessing)
        self.inputs = predictor.modality.collate([self.read], predictor.preprocessing, predictor.device.torch)
        with torch.no_grad():
            outputs = tree_map_only(torch.Tensor, lambda each: each.float().cpu(), self.outputs(self.inputs))
        self.aims: tuple[Aim, ...] = self.objective.aims(outputs, self.read)
        self.aim = self._found(target)

    def outputs(self, inputs: Inputs) -> Outputs:
        """In full precision, and with gradients where they are wanted."""
        return self._of_head(self.backbone(inputs))

    def towards(self, outputs: Outputs) -> torch.Tensor:
        """How strongly they speak for what is asked, (B,): log-odds, or a number in its own unit."""
        return self.objective.towards(outputs, self.aim.name, self.read)

    def likely(self, outputs: Outputs) -> torch.Tensor:
        """The same as the logarithm of a probability, which does not grow any more where all is said, (B,)."""
        towards = self.towards(outputs)
        return towards if self.either_way else functional.logsigmoid(towards)

    def of_features(self, features: Features) -> torch.Tensor:
        return self.towards(self._of_head(features))

    def _of_head(self, features: Features) -> Outputs:
        """As sure as the model was found to be."""
        temperature, outputs = self.predictor.decision.temperature, self.head(features)
        return outputs if temperature == 1 else outputs / temperature

    @property
    def likeliest(self) -> tuple[Aim, ...]:
        """Those of `aims` that an explanation keeps, with the one that is asked."""
        some = self.aims[:KEPT]
        return some if self.aim in some else (*some, self.aim)

    @property
    def either_way(self) -> bool:
        """Whether it is a number: then what makes it smaller explains it as much as what makes it larger."""
        return self.aim.probability is None

    def _found(self, target: str | None) -> Aim:
        if not self.aims:
            noun = self.predictor.modality.noun
            raise RunError(f"The model says nothing of this {noun} that could be explained. Choose another {noun}.")
        if target is None:
            return self.aims[0]
        for aim in self.aims:
            if target in (aim.name, aim.title):
                return aim
        known = ", ".join(repr(aim.name[:40]) for aim in self.aims[:NAMED])
        more = f" and {len(self.aims) - NAMED:,} more" if len(self.aims) > NAMED else ""
        raise RunError(f"The model does not know {target[:80]!r} here. It can be asked about {known}{more}.")
