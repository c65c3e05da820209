"""One setting of a recipe as a widget. Its choices and its help are the recipe's own."""

from __future__ import annotations

from typing import Any, get_args

import streamlit as st

from core.modalities import MODALITIES
from core.tasks import TASKS
from core.training.recipe import USUAL_BATCH, WORDS_OF, Recipe, belongs
from core.words import with_noun
from ui.shared.widgets import literal
from ui.training import chosen_settings
from ui.training.chosen_settings import Kind

OPTIMIZERS = {"auto": "Automatic", "adamw": "AdamW", "adam": "Adam", "sgd": "SGD"}
GROUPS = {
    "What learns": (
        *("unfreeze", "head_epochs", "unfreeze_rate", "rate_per_stage"),
        *("adapters", "adapter_rank", "adapter_alpha"),
    ),
    "Optimizer": ("optimizer", "learning_rate", "momentum", "nesterov", "weight_decay", "clip"),
    "Schedule": ("schedule", "warmup_epochs", "step_epochs", "step_factor"),
    "Images": ("fit", "resolution"),
    "Texts": ("longest",),
    "Augmentation": ("augmentation", "views", "mixup", "cutmix"),
    "Loss": ("loss", "focal_gamma", "label_smoothing", "balance"),
    "Run": (
        "batch_size",
        "accumulate",
        "activation_checkpointing",
        "precision",
        "average",
        "patience",
        "best_by",
        "refit",
        "seed",
    ),
}
HEADS = {"linear": "Linear", "hidden": "One hidden layer"}
READS = {"auto": "Automatic", "last": "The last stage", "several": "Several stages"}
LABELS = {
    "freeze": "Frozen stages",
    "unfreeze": "Two phases (unfreezing)",
    "head_epochs": "Epochs of the head alone",
    "unfreeze_rate": "Learning rate once unfrozen, times",
    "rate_per_stage": "Learning rate by depth, times",
    "adapters": "Adapters (LoRA)",
    "adapter_rank": "Rank of the adapters",
    "adapter_alpha": "Alpha of the adapters",
    "nesterov": "Nesterov momentum",
    "warmup_epochs": "Warm-up, epochs",
    "step_epochs": "A step every so many epochs",
    "step_factor": "Learning rate at a step, times",
    "fit": "How an image is fitted",
    "resolution": "Resolution",
    "longest": "Longest text, tokens",
    "views": "Kept views of each image",
    "mixup": "MixUp",
    "cutmix": "CutMix",
    "focal_gamma": "Gamma of the focal loss",
    "balance": "Class balance",
    "accumulate": "Gradient accumulation, batches",
    "clip": "Gradient clipping",
    "average": "Weight averaging (EMA)",
    "patience": "Patience (early stopping), epochs",
    "best_by": "Metric of the best epoch",
    "refit": "Refit on all labeled examples",
}
LENGTHS = (None, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)
RESOLUTIONS = (None, 96, 128, 160, 192, 224, 256, 288, 320, 384, 448, 512, 640)
NUMBERS = {"resolution": RESOLUTIONS, "longest": LENGTHS}
METRICS = {metric.name: metric.title for task in reversed(TASKS.values()) for metric in task.metrics}
WORDS: dict[Any, str] = (
    OPTIMIZERS
    | METRICS
    | {
        "crop": "Crop the middle",
        "after_head": "Head first, then all",
        "gradually": "A stage each epoch",
        "one_cycle": "One-cycle",
        "cross_entropy": "Cross-entropy",
        "binary_cross_entropy": "Binary cross-entropy",
        "mean_squared_error": "Mean squared error (MSE)",
        "mean_absolute_error": "Mean absolute error (MAE)",
        "sampling": "Balanced sampling",
        "weights": "Class weights",
        "attention": "On attention",
        "all": "On all linear layers",
        "auto": "Automatic",
        None: "As usual",
    }
)
STEPS = {"learning_rate": 0.001, "weight_decay": 0.001, "average": 0.01, "warmup_epochs": 0.5, "clip": 0.5}  # else 0.05
SHORT = 20  # letters of all options together that fit side by side
MOST = 1e9  # what a widget takes; what a recipe takes is less, and it says so itself


def groups(kind: Kind) -> list[str]:
    """Those in which there is a setting for such examples."""
    return [group for group, names in GROUPS.items() if any(belongs(name, kind.modality) for name in names)]


def shown_in(group: str, now: dict[str, Any], problems: dict[str, str], kind: Kind) -> list[str]:
    """The settings of a group that do something as things stand, or that something is wrong with."""
    return [name for name in GROUPS[group] if name in problems or chosen_settings.matters(name, now, kind)]


def label_of(name: str) -> str:
    return LABELS.get(name, name.replace("_", " ").capitalize())


def said_of(name: str, value: Any) -> str:
    """A setting and its value, in a few words."""
    if isinstance(value, dict):  # of the head
        return f"{label_of(name)}: {HEADS.get(str(value.get('kind')), 'as usual').lower()}"
    if isinstance(value, bool):
        return f"{label_of(name)}: {'on' if value else 'off'}"
    return f"{label_of(name)}: {value:g}" if isinstance(value, float) else f"{label_of(name)}: {_word(value)}"


def field(name: str, kind: Kind, now: dict[str, Any], problems: dict[str, str]) -> None:
    """The widget of a setting, with what is wrong with it below."""
    asked = Recipe.model_fields[name]
    value, key = now[name], f"set_{name}"
    label = label_of(name)
    said = with_noun(asked.description or "", MODALITIES[kind.modality].noun)
    shared: dict[str, Any] = {"key": key, "help": said, "on_change": _changed, "args": (name, kind)}
    options = _options(name, kind.task)
    if name in NUMBERS and isinstance(value, int) and value not in options:  # of a recipe file
        options = (None, *sorted({value, *options[1:]}))
    if name == "batch_size":
        _batch_size(value, kind, shared)
    elif options:
        st.session_state[key] = value if value in options else options[0]
        if None not in options and (len(options) <= 2 or sum(map(len, map(_word, options))) <= SHORT):
            st.segmented_control(label, options, format_func=_word, required=True, **shared)
        else:
            st.selectbox(label, options, format_func=_word, placeholder=WORDS[None], **shared)
    elif asked.annotation is bool:
        st.session_state[key] = value is True
        st.toggle(label, **shared)
    else:
        whole = asked.annotation is int
        number = value if isinstance(value, int | float) and 0 <= value <= MOST else 0
        st.session_state[key] = int(number) if whole else float(number)
        steps: dict[str, Any] = {"min_value": 0, "step": 1}
        if not whole:
            steps = {"min_value": 0.0, "step": STEPS.get(name, 0.05)}
        st.number_input(label, format=None if whole else "%g", **steps, **shared)
    if name in problems:
        st.caption(f":red[{literal(problems[name])}]")


def _batch_size(value: Any, kind: Kind, shared: dict[str, Any]) -> None:
    """A number, or a tick for the one that suits the device."""
    found = value == "auto"
    number = int(value) if isinstance(value, int | float) and 0 <= value <= MOST else 0
    st.session_state["set_batch_size"] = None if found else number
    placeholder = "Found at the start"
    st.number_input("Batch size", min_value=0, step=1, placeholder=placeholder, disabled=found, **shared)
    st.session_state["set_batch_size_auto"] = found
    st.checkbox("Automatic", key="set_batch_size_auto", on_change=_left_to_the_device, args=(kind,))


def _left_to_the_device(kind: Kind) -> None:
    chosen_settings.change(kind, "batch_size", "auto" if st.session_state["set_batch_size_auto"] else USUAL_BATCH)


def _changed(name: str, kind: Kind) -> None:
    chosen_settings.change(kind, name, st.session_state[f"set_{name}"])


def _options(name: str, task: str) -> tuple[Any, ...]:
    if name in WORDS_OF:
        return (*((None,) if name == "best_by" else ()), *WORDS_OF[name](TASKS[task]))
    if name in NUMBERS:
        return NUMBERS[name]
    annotation = Recipe.model_fields[name].annotation
    return get_args(annotation) if not isinstance(annotation, type) else ()


def _word(option: Any) -> str:
    return (
        WORDS[option]
        if isinstance(option, str | None) and option in WORDS
        else str(option).replace("_", " ").capitalize()
    )
