"""The settings of the next run, from few to many, and Start. Every default is the recipe's own."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import runs
from core.backbones.catalogue import BackboneInfo
from core.backbones.heads import HeadSettings
from core.backbones.model import Stage
from core.data.dataset import Dataset
from core.errors import GraftError
from core.training.recipe import LOSSES, Recipe, suggested_learning_rate
from ui import state
from ui.comparison import compare_freezing
from ui.network import network_picture
from ui.probes_panel import probes_panel
from ui.stages import head_parameters
from ui.widgets import count, errors_shown, literal, short_number, show_error

OPTIMIZERS = {"adamw": "AdamW", "sgd": "SGD"}
HEADS = {"linear": "Linear", "hidden": "One hidden layer"}
LOSS_WORDS = {
    "classes": "Loss: cross-entropy, the usual one for telling classes apart.",
    "number": "Loss: mean squared error, the usual one for learning a number.",
}
SCHEDULES = {"cosine": "Cosine", "constant": "Constant"}


def default(name: str) -> Any:
    return Recipe.model_fields[name].default


@st.fragment
def settings(info: BackboneInfo, stages: tuple[Stage, ...], dataset: Dataset) -> None:
    """Ask for all that a recipe needs, show what it comes to, and start it. Moving a slider redraws only this."""
    chosen = state.choices()
    runs.expect_start(state.workspace(), info.name)
    st.caption(
        f"{literal(info.name, 60)} on {literal(dataset.name, 60)}, "
        f"{count(len(dataset.part('train')), 'training image')}"
    )
    freeze = _freeze(info, stages)
    picture = st.container()
    basic, start = st.columns([1, 2], gap="medium", vertical_alignment="bottom")
    with basic:
        epochs = st.number_input(
            "Epochs",
            min_value=1,
            value=default("epochs"),
            key="set_epochs",
            persist_state="session",
            help="How many times the training looks at every image.",
        )
    with start:
        buttons = st.container(horizontal=True)
    pressed = buttons.button("Start", type="primary", icon=":material/play_arrow:", key="start")
    asked_freeze = "all" if freeze == len(stages) else freeze
    more = _more_settings(asked_freeze, dataset)
    _draw_network(picture, info, stages, dataset, freeze, more["head"])
    asked = {
        "dataset": dataset.id,
        "dataset_version": dataset.version,
        "backbone": info.name,
        "weights_file": chosen.weights_file,
        "freeze": asked_freeze,
        "epochs": epochs,
        "loss": LOSSES[dataset.kind][0],
        **more,
    }
    try:
        recipe = Recipe.parse(asked)
    except GraftError as error:
        show_error(error)
        return
    with buttons:
        compare_freezing(recipe, len(stages), dataset.name)
    with st.expander("Show the command", icon=":material/terminal:"):
        st.code(recipe.to_command(), language="bash", wrap_lines=True)
    if pressed:
        _start(recipe, dataset.name)
    probes_panel(recipe, lambda rate: st.session_state.update(set_learning_rate=rate))


def _start(recipe: Recipe, name: str) -> None:
    with errors_shown():
        run = runs.start(state.workspace(), recipe, name)
        state.choose(run=run.id)
        st.rerun()


def _freeze(info: BackboneInfo, stages: tuple[Stage, ...]) -> int:
    key = f"set_freeze_{info.name}"
    first = default("freeze")
    _first(key, len(stages) if first == "all" else min(first, len(stages)))
    return st.slider(
        "How many stages to freeze",
        0,
        len(stages),
        key=key,
        persist_state="session",
        help="Frozen stages keep what they know. All: only the head learns, which is fastest. None: everything learns.",
    )


def _first(key: str, value: Any) -> None:
    """A widget's first value, where something else sets it too: Streamlit warns of `value` beside session state."""
    if key not in st.session_state:
        st.session_state[key] = value


def _draw_network(
    place: Any, info: BackboneInfo, stages: tuple[Stage, ...], dataset: Dataset, freeze: int, head: HeadSettings
) -> None:
    outputs = len(dataset.classes) or 1
    in_head = head_parameters(head, stages, outputs)
    trainable = sum(stage.parameters for stage in stages[freeze:]) + in_head
    total = sum(stage.parameters for stage in stages) + in_head

    def padlock(count: int) -> None:
        st.session_state[f"set_freeze_{info.name}"] = count

    with place:
        st.markdown(
            f"{_meaning(freeze, len(stages))} **{short_number(trainable)}** of {short_number(total)} parameters train."
        )
        network_picture(
            stages,
            input_size=info.input_size,
            key="network",
            freeze=freeze,
            head=f"Head: {count(outputs, 'class') if dataset.classes else 'one number'}",
            head_parameters=in_head,
            on_freeze=padlock,
        )


def _meaning(freeze: int, stages: int) -> str:
    if freeze == stages:
        return "All stages are frozen and only the head learns (feature extraction)."
    if freeze == 0:
        return "No stage is frozen and everything learns (full fine-tuning)."
    return f"{freeze} of {stages} stages are frozen; the rest and the head learn."


def _more_settings(freeze: int | str, dataset: Dataset) -> dict[str, Any]:
    """The settings one click deeper, as a recipe names them."""
    with st.expander("More settings", icon=":material/tune:"):
        left, middle, right = st.columns(3, gap="medium")
        with left:
            head = {"head": _head_settings()}
            st.caption(LOSS_WORDS[dataset.kind])
        with middle:
            optimizer = _optimizer_settings(freeze)
        with right:
            feeding = _feeding_settings()
    return head | optimizer | feeding


def _optimizer_settings(freeze: int | str) -> dict[str, Any]:
    help = "How the weights are moved. AdamW adapts to each weight; SGD with momentum is the textbook way."
    chosen = {"optimizer": _choice("Optimizer", "optimizer", OPTIMIZERS, help)}
    _suggest_rate(suggested_learning_rate(chosen["optimizer"], freeze))
    help = "How large each step is: too large and the loss jumps, too small and it crawls."
    chosen["learning_rate"] = _number("Learning rate", "learning_rate", help)
    if chosen["optimizer"] == "sgd":
        help = "How much of the last step is carried into the next."
        chosen["momentum"] = _number("Momentum", "momentum", help)
    help = "A gentle pull of the weights towards zero, against learning by heart."
    chosen["weight_decay"] = _number("Weight decay", "weight_decay", help)
    help = "Whether the learning rate falls towards the end (cosine) or stays."
    chosen["schedule"] = _choice("Schedule", "schedule", SCHEDULES, help)
    return chosen


def _feeding_settings() -> dict[str, Any]:
    help = "How many images are looked at before each step; more needs more memory."
    chosen = {"batch_size": _number("Batch size", "batch_size", help, step=8)}
    help = "The same seed gives the same run again; another one gives another chance."
    chosen["seed"] = _number("Seed", "seed", help, step=1)
    help = "Train on randomly cropped and mirrored views too: slower, and better with few images."
    augment = st.toggle("Augmentation", False, key="set_augment", persist_state="session", help=help)
    chosen["augmentation"] = "standard" if augment else "none"
    return chosen


def _head_settings() -> HeadSettings:
    first = HeadSettings()
    kind = _choice(
        "Head",
        "head_kind",
        HEADS,
        "The new layer that learns your classes; a hidden layer can learn more but needs more images.",
        first.kind,
    )
    if kind == "linear":
        return HeadSettings(kind=kind)
    units = st.number_input(
        "Hidden units",
        min_value=1,
        max_value=8192,
        value=first.hidden_units,
        key="set_hidden_units",
        persist_state="session",
        help="How wide the hidden layer is.",
    )
    dropout = st.slider(
        "Dropout",
        0.0,
        0.9,
        value=first.dropout,
        step=0.05,
        key="set_dropout",
        persist_state="session",
        help="The share of hidden units left out at random in training, against learning by heart.",
    )
    return HeadSettings(kind=kind, hidden_units=units, dropout=dropout)


def _suggest_rate(suggested: float) -> None:
    """A new optimizer, or freezing more or less, brings its own learning rate, in place of whatever stood there."""
    if st.session_state.get("suggested_rate") != suggested:
        st.session_state["suggested_rate"] = st.session_state["set_learning_rate"] = suggested


def _choice(label: str, name: str, options: dict[str, str], help: str, first: str | None = None) -> str:
    return st.segmented_control(
        label,
        list(options),
        format_func=options.__getitem__,
        default=first or default(name),
        required=True,
        key=f"set_{name}",
        persist_state="session",
        help=help,
    )


def _number(label: str, name: str, help: str, step: int | None = None) -> Any:
    """A number of the recipe. Whole numbers need a `step`; what a recipe refuses it says itself, in words."""
    _first(f"set_{name}", default(name))
    value = st.session_state[f"set_{name}"]
    kind: dict[str, Any] = {"step": step} if step else {"step": 0.001, "format": "%g"}
    return st.number_input(
        label, min_value=type(value)(0), key=f"set_{name}", persist_state="session", help=help, **kind
    )
