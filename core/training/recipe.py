"""The recipe: everything that decides a run's outcome, as one JSON document that is checked when it is made."""

from __future__ import annotations

import shlex
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.backbones.heads import HeadSettings
from core.errors import RecipeError


def suggested_learning_rate(optimizer: str, freeze: int | str) -> float:
    """The learning rate that does best untouched: see docs/defaults.md. For SGD, the textbook's.

    A new head alone may take large steps; a pretrained stage that is moved by as much forgets what it knew.
    """
    if optimizer == "sgd":
        return 0.001
    return 0.01 if freeze == "all" else 0.001


Loss = Literal["cross_entropy", "mean_squared_error"]
LOSS_OF: dict[str, Loss] = {"classes": "cross_entropy", "number": "mean_squared_error"}  # by the dataset's kind


class Recipe(BaseModel):
    """Settings of one run. Defaults were chosen by measurement: see docs/defaults.md."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str
    dataset_version: int = Field(ge=1)
    backbone: str
    weights_file: str | None = None
    freeze: Annotated[int, Field(ge=0)] | Literal["all"] = "all"
    head: HeadSettings = HeadSettings()
    loss: Loss = "cross_entropy"
    optimizer: Literal["adamw", "sgd"] = "adamw"
    learning_rate: float = Field(
        default_factory=lambda given: suggested_learning_rate(given.get("optimizer", ""), given.get("freeze", "all")),
        gt=0,
        le=10,
    )
    momentum: float = Field(0.9, ge=0, lt=1)
    weight_decay: float = Field(0.01, ge=0, le=1)
    schedule: Literal["constant", "cosine"] = "cosine"
    epochs: int = Field(20, ge=1, le=10_000)
    batch_size: int = Field(32, ge=1, le=4096)
    augment: bool = False
    seed: int = Field(0, ge=0, le=2**31 - 1)

    @classmethod
    def parse(cls, settings: dict[str, Any]) -> Recipe:
        """Make a recipe, or say everything that is wrong with it at once.

        Raises:
            RecipeError: one line for each setting that cannot be used.
        """
        try:
            return cls.model_validate(settings)
        except ValidationError as error:
            problems = "; ".join(_problem(detail) for detail in error.errors())
            raise RecipeError(f"These settings cannot be used: {problems}.") from error

    def to_command(self, workspace: str | None = None) -> str:
        """The shell line that gives the same run."""
        words = ["python", "-m", "core", "train", "--data", f"{self.dataset}@{self.dataset_version}"]
        words += ["--backbone", self.backbone, "--freeze", "none" if self.freeze == 0 else str(self.freeze)]
        words += ["--epochs", str(self.epochs), "--lr", f"{self.learning_rate:g}", "--optimizer", self.optimizer]
        words += ["--batch-size", str(self.batch_size), "--seed", str(self.seed)]
        for option, name in OPTIONS.items():
            if getattr(self, name) != type(self).model_fields[name].default:
                words += [option, f"{getattr(self, name)}"]
        if self.augment:
            words.append("--augment")
        if self.head.kind == "hidden":
            words += ["--hidden-units", str(self.head.hidden_units), "--dropout", f"{self.head.dropout:g}"]
        return shlex.join(words + (["--workspace", workspace] if workspace else []))


# The settings that `to_command` names only when they are not the default.
OPTIONS = {
    "--weights-file": "weights_file",
    "--momentum": "momentum",
    "--weight-decay": "weight_decay",
    "--schedule": "schedule",
}


def _problem(detail: Any) -> str:
    where = next((str(part) for part in detail["loc"]), "recipe").replace("_", " ")
    return f"{where} is {detail['input']!r}, but {detail['msg'][0].lower()}{detail['msg'][1:]}"
