"""The settings of the next run, and Start: a preset and a few at the top, everything else one click deeper."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

import streamlit as st
from pydantic import ValidationError

from core import runs
from core.backbones.info import BackboneInfo
from core.backbones.kept_stages import Stage, nothing_to_adapt
from core.backbones.libraries import Info, find
from core.data.dataset import Dataset
from core.errors import GraftError
from core.modalities import IMAGE, MODALITIES
from core.runs.checks import resolution_problem
from core.runs.naming import LONGEST
from core.tasks.heads import HeadSettings, Reads
from core.training import recipe_file
from core.training.presets import PRESETS
from core.training.recipe import Recipe
from core.words import with_noun
from ui.backbones.downloads import is_missing, offer
from ui.runs.comparison import compare_freezing
from ui.shared import state
from ui.shared.gone import apart
from ui.shared.next_step import next_step_row
from ui.shared.widgets import count, errors_shown, literal, show_error
from ui.training import chosen_settings
from ui.training.augmentation_view import augmentation_view
from ui.training.chosen_settings import Kind
from ui.training.fit_view import fit_view
from ui.training.learning_view import Learns, draw_network
from ui.training.length_view import length_view
from ui.training.probes_panel import probes_panel
from ui.training.schedule import schedule
from ui.training.setting_fields import HEADS, READS, field, groups, said_of, shown_in

_OTHER_BACKBONE = "backbone_of_recipe"
READ_HELP = {
    "image": "Late stages know whole things, earlier ones strokes and textures: reading several helps with images "
    "unlike photographs. ",
    "text": "Late layers know what is meant, earlier ones which words are there: reading several may help. ",
}


@st.fragment
@apart
def settings(info: Info, stages: tuple[Stage, ...], dataset: Dataset) -> None:
    """Ask for all that a recipe needs, show what it comes to, and start it. Moving a slider redraws only this."""
    if st.session_state.pop(_OTHER_BACKBONE, False):
        st.rerun()  # the page hands over another one
    runs.expect_start(state.workspace(), info.name)
    buttons, below = next_step_row("_settings"), st.container()
    st.caption(
        f"{literal(info.name, 60)} on {literal(dataset.name, 60)}, "
        f"{count(dataset.sizes['train'], f'training {dataset.modality.noun}')}"
    )
    kind = Kind(dataset.kind, dataset.modality.name, len(stages))
    now = chosen_settings.values(kind)
    asked = {
        **chosen_settings.in_effect(now, kind),
        "dataset": dataset.id,
        "dataset_version": dataset.version,
        "modality": kind.modality,
        "task": kind.task,
        "backbone": info.name,
        "weights_file": state.choices().weights_file,
    }
    problems = Recipe.problems(asked) or _resolution_problems(Recipe.parse(asked))
    if problem := nothing_to_adapt(info.name, stages, asked["adapters"], now["freeze"]):
        problems["adapters"] = problem.rstrip(".")
    _preset(kind)
    freeze = _freeze(info, len(stages), now["freeze"], kind)
    recipe = None if problems else Recipe.parse(asked)
    fitted = recipe.fitted(info, dataset) if recipe else info
    head = _head_of(now)
    learns = Learns(freeze, head, _reads(head, now, kind)).with_adapters(recipe)
    draw_network(st.container(), fitted, dataset, learns, partial(_froze, kind=kind))
    epochs, naming = st.columns([1, 2], gap="medium", vertical_alignment="bottom")
    with epochs:
        field("epochs", kind, now, problems)
    with naming:
        name = _name()
    missing = is_missing(info, asked["weights_file"])
    pressed = buttons.button(
        "Start", type="primary", icon=":material/play_arrow:", key="start", disabled=bool(problems) or missing
    )
    if missing:
        with below:
            offer(info)
    if problems:
        show_error(f"These settings cannot be used: {'; '.join(problems.values())}.")
    previews: dict[str, Callable[[], None]] = {}
    if recipe:
        previews["Schedule"] = partial(schedule, recipe, len(stages))
        if isinstance(fitted, BackboneInfo):
            previews["Images"] = partial(fit_view, dataset, fitted)
            previews["Augmentation"] = partial(augmentation_view, dataset, fitted.preprocessing, recipe)
        else:
            previews["Texts"] = partial(length_view, dataset, fitted)
    with st.expander("Expert settings", icon=":material/tune:", key="expert_settings"):
        _expert_settings(kind, now, problems, previews)
    if recipe is None:
        return
    with buttons:
        compare_freezing(recipe, stages, dataset, _devices(), disabled=missing)
    with st.expander("Save, load or share these settings", icon=":material/save:", key="recipe_files"):
        _recipe_file(recipe, kind)
    if pressed:
        _start(recipe, dataset.name, name)
    if not missing:
        probes_panel(recipe, _devices(), lambda rate: chosen_settings.change(kind, "learning_rate", rate))


def _resolution_problems(recipe: Recipe) -> dict[str, str]:
    problem = resolution_problem(recipe, state.workspace())
    return {"resolution": problem.rstrip(".")} if problem else {}


def _name() -> str:
    """Of the next run. It is empty again after each."""
    help = "What lists call it. It can be changed later, and decides nothing of what the run gives."
    key, placeholder = f"run_name_{state.choices().run}", "Named by what it is"
    return st.text_input("Name of the run", key=key, max_chars=LONGEST, placeholder=placeholder, help=help)


def _start(recipe: Recipe, dataset: str, name: str) -> None:
    with errors_shown():
        run = runs.start(state.workspace(), recipe, dataset, _devices())
        runs.rename(run, name)
        state.choose(run=run.id)
        st.rerun()


def _preset(kind: Kind) -> None:
    """Which preset, and how far the settings are from it, with a way back."""
    chosen, changed = chosen_settings.preset(kind.modality), chosen_settings.changes(kind)
    st.session_state["preset"] = chosen
    st.segmented_control(
        "Settings to begin with",
        [name for name, preset in PRESETS.items() if preset.suits(kind.modality)],
        format_func=lambda name: PRESETS[name].title,
        required=True,
        key="preset",
        on_change=lambda: chosen_settings.begin(st.session_state["preset"]),
        help="Each sets everything below, expert settings too. Whatever you change stays changed.",
    )
    if changed:
        _changes(chosen, changed, kind)
    else:
        st.caption(PRESETS[chosen].said(kind.modality))


def _changes(preset: str, changed: dict[str, Any], kind: Kind) -> None:
    """What is not the preset's, each with a way back."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"{PRESETS[preset].title}, but with changes (click one to undo it):", width="content")
        for name, value in changed.items():
            st.button(
                literal(said_of(name, value), 60),
                key=f"undo_{name}",
                type="tertiary",
                icon=":material/undo:",
                on_click=chosen_settings.undo,
                args=(kind, name),
            )
        if len(changed) > 1:
            st.button("Undo all changes", type="tertiary", on_click=chosen_settings.begin, args=(preset,))


def _freeze(info: Info, stages: int, now: int | str, kind: Kind) -> int:
    key = f"set_freeze_{info.name}"
    st.session_state[key] = min(max(now, 0), stages) if isinstance(now, int) else stages
    return st.slider(
        "How many stages to freeze",
        0,
        stages,
        key=key,
        on_change=lambda: _froze(st.session_state[key], stages, kind),
        help="Frozen stages keep what they know. All: only the head learns, which is fastest. None: everything learns.",
    )


def _froze(freeze: int, stages: int, kind: Kind) -> None:
    chosen_settings.change(kind, "freeze", "all" if freeze == stages else freeze)


def _expert_settings(
    kind: Kind, now: dict[str, Any], problems: dict[str, str], previews: dict[str, Callable[[], None]]
) -> None:
    """A tab a group. previews: what shows what a group's settings come to, drawn only while its tab is open."""
    there, key = groups(kind), "expert_tab" if kind.modality == IMAGE.name else "expert_tab_others"
    for tab, group in zip(st.tabs(there, key=key, on_change="rerun"), there):
        with tab:
            if group == "What learns":
                _head(_head_of(now), kind)
            names = shown_in(group, now, problems, kind)
            for first in range(0, len(names), 3):
                for column, name in zip(st.columns(3, gap="medium"), names[first : first + 3]):
                    with column:
                        field(name, kind, now, problems)
            if group == "Run" and runs.how_many() > 1:
                _ask_devices()
            if tab.open and group in previews:
                previews[group]()


def _devices() -> int:
    """How many the next run trains on: a wish, but no more than there are."""
    return max(1, min(state.choices().devices, runs.how_many()))


def _ask_devices() -> None:
    st.session_state["devices"] = _devices()
    st.number_input(
        "Devices",
        min_value=1,
        max_value=runs.how_many(),
        key="devices",
        on_change=lambda: state.choose(devices=st.session_state["devices"]),
        help="How many of this machine's devices train together. They share each batch, so the results stay the same; "
        "it is faster with large backbones and many examples, and slower with few.",
        width=200,
    )


def _head_of(now: dict[str, Any]) -> HeadSettings:
    try:
        return HeadSettings.model_validate(now["head"])
    except ValidationError:
        return HeadSettings()


def _reads(head: HeadSettings, now: dict[str, Any], kind: Kind) -> Reads:
    """As `Recipe.reads`, of settings that may be wrong."""
    if head.reads != "auto":
        return head.reads
    return "several" if chosen_settings.solved({**now, **kind._asdict(), "head": head.model_dump()}) else "last"


def _head(now: HeadSettings, kind: Kind) -> None:
    def changed(name: str) -> None:
        head = now.model_dump() | {name: st.session_state[keys[name]]}
        chosen_settings.change(kind, "head", head)

    keys = {"kind": "set_head_kind", "hidden_units": "set_hidden_units", "dropout": "set_dropout", "reads": "set_reads"}
    st.session_state.update({keys[name]: value for name, value in now.model_dump().items()})
    noun = MODALITIES[kind.modality].noun
    left, middle, right = st.columns(3, gap="medium")
    left.segmented_control(
        "Head",
        list(HEADS),
        format_func=HEADS.__getitem__,
        required=True,
        key=keys["kind"],
        on_change=changed,
        args=("kind",),
        help=with_noun(
            "The new layer that learns your answers; a hidden layer can learn more, from more images.", noun
        ),
    )
    st.segmented_control(
        "What the head reads",
        list(READS),
        format_func=READS.__getitem__,
        required=True,
        key=keys["reads"],
        on_change=changed,
        args=("reads",),
        help=f"{READ_HELP.get(noun, '')}Automatic: several where the head is solved for, else the last.",
    )
    if now.kind == "linear":
        return
    middle.number_input(
        "Hidden units",
        min_value=1,
        max_value=8192,
        key=keys["hidden_units"],
        on_change=changed,
        args=("hidden_units",),
        help="How wide the hidden layer is.",
    )
    right.slider(
        "Dropout",
        0.0,
        0.95,
        step=0.05,
        key=keys["dropout"],
        on_change=changed,
        args=("dropout",),
        help="The share of hidden units left out at random in training, against learning by heart.",
    )


def _recipe_file(recipe: Recipe, kind: Kind) -> None:
    st.markdown("A recipe is all these settings in a small file, for another day, another dataset, or another person.")
    save, load = st.columns([1, 2], gap="medium")
    save.download_button(
        "Save the recipe",
        recipe_file.to_text(recipe),
        file_name="recipe.json",
        mime="application/json",
        icon=":material/download:",
        on_click="ignore",
    )
    load.file_uploader(
        "Load a recipe", type="json", key="recipe_file", on_change=_load, args=(kind,), max_upload_size=1
    )
    if error := st.session_state.get("recipe_error"):
        show_error(error)
    st.markdown("The same from a shell:")
    on = f" --devices {_devices()}" if _devices() > 1 else ""
    st.code(recipe.to_command() + on, language="bash", wrap_lines=True)


def _load(kind: Kind) -> None:
    st.session_state["recipe_error"] = None
    if (file := st.session_state["recipe_file"]) is None:
        return
    try:
        recipe = recipe_file.check(
            recipe_file.read(BytesIO(file.getvalue())), kind.task, kind.modality, state.workspace()
        )
    except GraftError as error:
        st.session_state["recipe_error"] = str(error)
        return
    chosen_settings.take(recipe, kind)
    if recipe.backbone and (name := find(recipe.backbone, state.workspace()).name) != state.choices().backbone:
        state.choose(backbone=name)
        st.session_state[_OTHER_BACKBONE] = True
    st.toast(f"These are the settings of {literal(file.name, 60)} now.", icon=":material/check:")
