"""The recipe: everything that decides a run's outcome, as one JSON document that is checked when it is made."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from core.errors import RecipeError
from core.modalities import IMAGE, MODALITIES, ModalityName
from core.modalities.images.preprocessing import Fit
from core.tasks import TASKS, Kind
from core.tasks.heads import HeadSettings, Reads
from core.tasks.protocol import Task
from core.training.adapting import Adapting

# Settings whose words are the tasks': what each task knows of them.
WORDS_OF: dict[str, Callable[[Task], tuple[str, ...]]] = {
    "loss": lambda task: task.losses,
    "best_by": lambda task: tuple(metric.name for metric in task.metrics),
    "balance": lambda task: task.balances,
}


def words_of(setting: str) -> list[str]:
    """What such a setting may be, for one task or another."""
    return list(dict.fromkeys(word for task in TASKS.values() for word in WORDS_OF[setting](task)))


def _a_word(setting: str) -> AfterValidator:
    def check(word: str) -> str:
        known = words_of(setting)
        if word not in known:
            expected = " or ".join((", ".join(map(repr, known[:-1])), repr(known[-1])))
            raise PydanticCustomError("literal_error", "Input should be {expected}", {"expected": expected})
        return word

    return AfterValidator(check)


Loss = Annotated[str, _a_word("loss")]
Metric = Annotated[str, _a_word("best_by")]
Balance = Annotated[str, _a_word("balance")]

# Where a run begins; all else is a setting of it.
PLACES = ("dataset", "dataset_version", "modality", "task", "backbone", "weights_file")
USUAL_BATCH = 32  # for which the suggested learning rates were found
ADAPTERS_RATE = 0.001


def suggested_learning_rate(
    optimizer: str, freeze: int | str, modality: str = IMAGE.name, adapters: str = "none"
) -> float:
    """The learning rate that does best untouched: see docs/defaults.md. For SGD, the textbook's.

    A new head alone may take large steps; a pretrained stage that is moved by as much forgets what it knew, and a layer
    of a transformer, as texts have them, with less. Adapters begin with nothing to forget.
    """
    if optimizer == "sgd":
        return 0.001
    if freeze == "all":
        return 0.01
    if adapters != "none":
        return ADAPTERS_RATE
    return 0.001 if modality == IMAGE.name else 0.0001 if freeze == 0 else 0.0002


def suggested_for(settings: Mapping[str, Any]) -> float:
    """The same for settings of a recipe, which may not be whole yet."""
    place = settings.get("modality", IMAGE.name), settings.get("adapters", "none")
    return suggested_learning_rate(settings.get("optimizer", ""), settings.get("freeze", "all"), *place)


def is_solvable(settings: Mapping[str, Any]) -> bool:
    """Whether a head with these settings of a recipe is solved for while every stage is frozen. head: its kind.

    A learning rate of one's own asks for steps; so does what is drawn anew in each of them.
    """
    rate = suggested_for(settings)
    drawn = settings["mixup"] or settings["cutmix"] or settings["average"] or settings["balance"] == "sampling"
    usual = settings["optimizer"] == "auto" and settings.get("learning_rate", rate) == rate
    return usual and settings["head"] == "linear" and _is_convex(settings["loss"], settings.get("task")) and not drawn


def _is_convex(loss: str, kind: str | None) -> bool:
    """kind: of the recipe; those of before this was kept do not say."""
    return any(task.convex_loss == loss for name, task in TASKS.items() if kind in (None, name))


class Recipe(Adapting):
    """Settings of one run. Defaults were chosen by measurement: see docs/defaults.md.

    Each setting's description is what the pages and the command line say about it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str
    dataset_version: int = Field(ge=1)
    modality: ModalityName = IMAGE.name  # of the dataset, as its task is: what recipes say without opening it
    task: Kind | None = None
    backbone: str
    weights_file: str | None = Field(None, description="Your own weights for the backbone: .safetensors or .pth.")
    freeze: Annotated[int, Field(ge=0)] | Literal["all"] = Field(
        "all",
        description="How many stages keep what they know. All: only the head learns, the fastest. None: all learn.",
    )
    unfreeze: Literal["never", "after_head", "gradually"] = Field(
        "never",
        description="Whether the head learns alone at first: then the free stages join it all at once, or one more "
        "every epoch. So a new head, which knows nothing yet, spoils less of what they know.",
    )
    head_epochs: int = Field(1, ge=1, le=1000, description="How many epochs the head learns alone at first.")
    unfreeze_rate: float = Field(
        0.1, gt=0, le=1, description="Times the learning rate, from the epoch on in which the stages join the head."
    )
    head: HeadSettings = HeadSettings()
    loss: Loss = Field("cross_entropy", description="What training makes as small as it can.")
    label_smoothing: float = Field(
        0.0,
        ge=0,
        le=0.5,
        description="How much of each label is spread over the other classes, or its yes over no, against being too "
        "sure.",
    )
    focal_gamma: float = Field(
        2.0, ge=0, le=10, description="How much less the focal loss counts what is surely right; 0 is cross-entropy."
    )
    balance: Balance = Field(
        "none",
        description="Lets small classes count as much as large ones: they weigh more, or are shown more often.",
    )
    optimizer: Literal["auto", "adamw", "adam", "sgd"] = Field(
        "auto",
        description="How the weights are found. Automatic: a linear head on frozen stages is solved for exactly, and "
        "everything else is trained with AdamW. AdamW adapts its steps to each weight; SGD is the textbook's.",
    )
    learning_rate: float = Field(
        default_factory=lambda given: suggested_for(given),
        gt=0,
        le=10,
        description="How large each step is: too large and the loss jumps, too small and it crawls.",
    )
    rate_per_stage: float = Field(
        1.0,
        gt=0,
        le=1,
        description="Times the learning rate, for each stage further from the head: early ones move less.",
    )
    momentum: float = Field(
        0.9, ge=0, lt=1, description="How much of the last step is carried into the next. Adam calls it beta 1."
    )
    nesterov: bool = Field(False, description="Momentum that looks ahead: for SGD.")
    weight_decay: float = Field(
        0.01, ge=0, le=1, description="A gentle pull of the weights towards zero, against learning by heart."
    )
    clip: float = Field(
        0.0, ge=0, le=1000, description="The greatest length of a gradient; longer ones are shortened to it. 0 for any."
    )
    schedule: Literal["constant", "cosine", "one_cycle", "step", "plateau"] = Field(
        "cosine",
        description="How the learning rate goes: it stays; falls along a cosine; rises and falls; falls in steps; or "
        "falls when nothing gets better.",
    )
    warmup_epochs: float = Field(
        0.0, ge=0, le=100, description="Over how many epochs the learning rate rises from nothing at first."
    )
    step_epochs: int = Field(
        7,
        ge=1,
        le=10_000,
        description="After how many epochs a step comes, or without a better one where it waits for that.",
    )
    step_factor: float = Field(0.1, gt=0, le=1, description="Times the learning rate, at each such step.")
    epochs: int = Field(20, ge=1, le=10_000, description="How many times the training looks at every image.")
    batch_size: Annotated[int, Field(ge=1, le=4096)] | Literal["auto"] = Field(
        USUAL_BATCH,
        description="How many images are looked at together; more need more memory. Automatic: the device tries, and "
        "takes as many as make it faster; a learning rate that nobody changed follows.",
    )
    accumulate: int = Field(
        1, ge=1, le=1024, description="How many batches make a step: as one large batch, in the memory of a small one."
    )
    fit: Fit = Field(
        "crop",
        description="How an image becomes a square: its middle is cut out, which loses margins; or it is padded, or "
        "squashed, which lose none.",
    )
    resolution: int | None = Field(
        None,
        ge=64,
        le=640,
        multiple_of=8,
        description="The side of the square in pixels, that of the backbone unless said: more show more detail, and "
        "cost as many times more as there are more pixels.",
    )
    longest: int | None = Field(
        None,
        ge=8,
        le=8192,
        description="Tokens of a text that are read, about four for three words; what is beyond is cut off. As usual: "
        "so many that hardly a text is cut, and at most what the backbone reads. More cost more time and memory.",
    )
    augmentation: Literal["none", "mirror", "standard", "strong"] = Field(
        "none", description="Show each image a little different every time: slower, and better with few images."
    )
    views: int = Field(
        4,
        ge=1,
        le=64,
        description="How many different views of each image are kept where frozen stages run once: more take more time "
        "and disk, and are closer to a new one every epoch.",
    )
    mixup: float = Field(
        0.0,
        ge=0,
        le=4,
        description="How strongly images are laid over each other, with their labels in proportion. 0: not.",
    )
    cutmix: float = Field(
        0.0,
        ge=0,
        le=4,
        description="How strongly parts of images are put into others, with the labels in proportion. 0: not.",
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="How exact the numbers are: half of the digits are faster on a device that is made for it."
    )
    average: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Keeps a running mean of the weights, which is often better than any of them: how slowly it "
        "follows them, such as 0.99. 0: none.",
    )
    patience: int = Field(
        0, ge=0, le=10_000, description="Ends the run after so many epochs without improvement. 0: never."
    )
    best_by: Metric | None = Field(None, description="Which score says which epoch is the best, and is kept.")
    refit: bool = Field(
        True,
        description="Where the head is solved for: fits it once more at the end, on training and validation images "
        "together. The scores stay those of images that it had not seen.",
    )
    seed: int = Field(
        0, ge=0, le=2**31 - 1, description="The same seed gives the same run again; another one gives another chance."
    )

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_versions(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("augment"), bool):
            given = dict(given)
            given.setdefault("augmentation", "standard" if given.pop("augment") else "none")
        return given

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Recipe:
        problems = {name: said for name, wrong, said in self._contradictions() if wrong}
        if problems:
            raise PydanticCustomError("contradiction", "{problems}", {"problems": problems})
        return self

    def _contradictions(self) -> list[tuple[str, bool, str]]:
        """(setting, whether it contradicts another, what to say then)."""
        unfreezes = self.unfreeze != "never"
        epochs = self.epochs - self.head_epochs
        sgd = self.optimizer == "sgd" and self.momentum > 0
        return [
            ("nesterov", self.nesterov and not sgd, "nesterov needs SGD with momentum"),
            ("unfreeze", unfreezes and self.freeze == "all", "with all stages frozen there is none to unfreeze"),
            ("adapters", self.adapters != "none" and self.freeze == "all", "adapters need a stage that is not frozen"),
            ("head_epochs", unfreezes and epochs < 1, "head epochs must leave at least one epoch for what is freed"),
        ]

    @classmethod
    def parse(cls, settings: dict[str, Any]) -> Recipe:
        """Make a recipe, or say everything that is wrong with it at once.

        Raises:
            RecipeError: one line for each setting that cannot be used.
        """
        try:
            return cls.model_validate(settings)
        except ValidationError as error:
            problems = "; ".join(said for _, said in _problems(error))
            raise RecipeError(f"These settings cannot be used: {problems}.") from error

    @classmethod
    def problems(cls, settings: dict[str, Any]) -> dict[str, str]:
        """What is wrong with them, by the setting's name; empty if `parse` makes a recipe of them."""
        try:
            cls.model_validate(settings)
        except ValidationError as error:
            return dict(_problems(error))
        return {}

    @property
    def solvable(self) -> bool:
        """Whether the head is solved for while every stage is frozen, and not trained step by step."""
        return is_solvable({name: getattr(self, name) for name in type(self).model_fields} | {"head": self.head.kind})

    @property
    def solved(self) -> bool:
        """Whether nothing but a head that is solved for is ever fitted."""
        return self.freeze == "all" and self.solvable

    @property
    def reads(self) -> Reads:
        """Which stages the head reads."""
        if self.head.reads != "auto":
            return self.head.reads
        return "several" if self.solved else "last"

    def with_batch_size(self, found: int) -> Recipe:
        """The same with so many images together. A learning rate that is the suggested one follows.

        SGD's goes in proportion (https://arxiv.org/abs/1706.02677), as a larger batch takes fewer steps, each surer;
        Adam's with the square root (https://arxiv.org/abs/2205.10287), as it divides by how unsure they are. What that
        is worth: see docs/defaults.md.
        """
        rate = self.learning_rate
        if rate == suggested_for(vars(self)):
            times = found / USUAL_BATCH
            rate *= times if self.optimizer == "sgd" else times**0.5
        return self.model_copy(update={"batch_size": found, "learning_rate": rate})

    def fitted(self, info: Any, dataset: Any) -> Any:
        """What is known of its backbone, as it is used on its dataset."""
        modality = dataset.modality
        return modality.fitted(info, dataset, {name: getattr(self, name) for name in modality.adjusted_by})

    def settings(self) -> dict[str, Any]:
        """All that is not a place: what another dataset and another backbone can be trained with."""
        return self.model_dump(mode="json", exclude=set(PLACES))

    def changed(self) -> dict[str, Any]:
        """The settings that are not what they would be untouched."""
        names = ("dataset", "dataset_version", "modality", "task", "backbone", "optimizer", "freeze")
        kept = {name: getattr(self, name) for name in names}
        untouched = type(self).model_construct(**kept)
        fields = {name: (getattr(self, name), getattr(untouched, name)) for name in type(self).model_fields}
        return {name: value for name, (value, default) in fields.items() if value != default}

    def to_command(self, workspace: str | None = None) -> str:
        """The shell line that gives the same run."""
        words = ["python", "-m", "core", "train", "--data", f"{self.dataset}@{self.dataset_version}"]
        words += ["--backbone", self.backbone, "--freeze", "none" if self.freeze == 0 else str(self.freeze)]
        words += ["--epochs", str(self.epochs), "--lr", f"{self.learning_rate:g}", "--optimizer", self.optimizer]
        words += ["--batch-size", str(self.batch_size), "--seed", str(self.seed)]
        for name, option in OPTIONS.items():
            value = getattr(self, name)
            if value == type(self).model_fields[name].default:
                continue
            if isinstance(value, bool):
                words.append(option if value else option.replace("--", "--no-", 1))
            else:
                words += [option, f"{value}"]
        if self.head.kind == "hidden":
            words += ["--hidden-units", str(self.head.hidden_units), "--dropout", f"{self.head.dropout:g}"]
        if self.head.reads != "auto":
            words += ["--reads", self.head.reads]
        return shlex.join(words + (["--workspace", workspace] if workspace else []))


# The settings that `to_command` names only when they are not the default, and how the command line calls them.
OPTIONS = {
    name: f"--{name.replace('_', '-')}"
    for name in (
        *(
            "weights_file",
            "unfreeze",
            "head_epochs",
            "unfreeze_rate",
            "loss",
            "label_smoothing",
            "focal_gamma",
            "balance",
        ),
        *("rate_per_stage", "momentum", "nesterov", "weight_decay", "clip", "schedule", "warmup_epochs", "step_epochs"),
        *Adapting.model_fields,
        *("step_factor", "accumulate", "augmentation", "views", "mixup", "cutmix", "precision", "average", "patience"),
        *("fit", "resolution", "longest"),
        "best_by",
        "refit",
    )
}


def usual_settings(kind: str) -> dict[str, Any]:
    """Every setting of an untouched recipe for a dataset of `kind` but the learning rate, which follows from them."""
    settings = Recipe(dataset="", dataset_version=1, backbone="", loss=TASKS[kind].losses[0]).settings()
    return {name: value for name, value in settings.items() if name != "learning_rate"}


def belongs(setting: str, modality: str) -> bool:
    """Whether a setting does anything for such examples."""
    of = [one for one in MODALITIES.values() if setting in one.adjusted_by]
    return not of or MODALITIES[modality] in of


def misfits(settings: dict[str, Any], kind: str, modality: str = IMAGE.name) -> dict[str, str]:
    """What a dataset of `kind`, of such examples, cannot be trained with, by the setting's name."""
    task, noun, problems = TASKS[kind], MODALITIES[modality].noun, {}
    for name, field in Recipe.model_fields.items():
        if settings.get(name, field.default) != field.default and not belongs(name, modality):
            of = next(one.noun for one in MODALITIES.values() if name in one.adjusted_by)
            problems[name] = f"{name} is a setting for {of}s, and this dataset has {noun}s: leave it out"
    for name, words in WORDS_OF.items():
        given, fits = settings.get(name), words(task)
        what = "best-by score" if name == "best_by" else name
        if given is not None and given not in fits:
            said = f"the {noun}s of this dataset have {task.has}, so the {what} must be {' or '.join(fits)}"
            problems[name] = f"{said}, and not {shown(given)}"
    for name in ("mixup", "cutmix"):
        if settings.get(name) and name in task.ignores:
            problems[name] = f"examples with {task.has} cannot be mixed, so {name} must be 0"
    return problems


def fitting(settings: dict[str, Any], kind: str, modality: str = IMAGE.name) -> dict[str, Any]:
    """Those settings that do something for a dataset of `kind`, of such examples."""
    unfit = {*misfits(settings, kind, modality), *TASKS[kind].ignores}
    return {name: value for name, value in settings.items() if name not in unfit}


def shown(value: Any) -> str:
    """A value from anywhere as a short word in a sentence."""
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "a group of settings"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _problems(error: ValidationError) -> Iterator[tuple[str, str]]:
    """(setting, what is wrong with it), once for each setting."""
    for detail in {detail["loc"][:1]: detail for detail in error.errors()}.values():
        if detail["type"] == "default_factory_not_called":  # another setting, on which it depends, is told of
            continue
        if not detail["loc"]:
            yield from detail["ctx"]["problems"].items()
            continue
        name = str(detail["loc"][0])
        if detail["type"] == "extra_forbidden" and len(detail["loc"]) == 1:
            yield name, _unknown(name)
        elif name == "head":
            yield name, _wrong(detail, [detail["msg"]])
        else:  # a number, or a word: what is wrong with either
            yield name, _wrong(detail, [each["msg"] for each in error.errors() if each["loc"][:1] == detail["loc"][:1]])


def _unknown(name: str) -> str:
    near = get_close_matches(name, Recipe.model_fields, n=1)
    return f"there is no setting {shown(name)}" + (f"; did you mean {near[0]}?" if near else "")


def _wrong(detail: Any, said: list[str]) -> str:
    where = " ".join(str(part) for part in detail["loc"][: 2 if detail["loc"][0] == "head" else 1]).replace("_", " ")
    return f"{where} is {shown(detail['input'])}, but {', or '.join(f'{each[0].lower()}{each[1:]}' for each in said)}"
