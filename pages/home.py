"""Home: what Graft does, where you stand, and the next thing to click."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from core.importing.importing import Progress, import_sample
from core.importing.samples.samples import SAMPLES, Sample
from core.modalities import MODALITIES
from core.runs import Run, View
from core.runs.scores import best_of
from ui.runs.offered import runs_and_views
from ui.shared import brand, state
from ui.shared.page import draw
from ui.shared.steps import Step, draw_steps, next_of
from ui.shared.widgets import count, errors_shown, literal

PREPARING = "Getting the sample ready"


def main() -> None:
    steps = _steps()
    words, drawing = st.columns([3, 2], gap="large", vertical_alignment="center")
    with words:
        st.title("Teach a network your own classes", anchor=False)
        st.markdown(
            "Graft takes a network that has already learned to see from a million photos, or to read from a billion "
            "sentences, the backbone, and teaches it to tell your own classes of images or texts apart. You choose how "
            "much of it to keep as it is, press Start, and watch it learn. Nothing leaves this machine, and a laptop "
            "is enough."
        )
        _next(next_of(steps))
    drawing.image(
        brand.drawing(),
        alt="A network: the first stages frozen, the last ones learning, and an answer",
        width="stretch",
    )
    st.space("small")
    draw_steps(steps, above=state.choices().dataset is not None)


def _next(step: Step) -> None:
    """At first a sample is the shortest way; then the step that is not done yet."""
    newcomer = state.choices().dataset is None
    with st.container(horizontal=True, key="next_step_home"):
        if not newcomer and st.button(step.action, type="primary", icon=step.icon, key="next"):
            st.switch_page(step.page)
        kind: Literal["primary", "secondary"] = "primary" if newcomer else "secondary"
        for sample in _first_samples():
            many = f"{MODALITIES[sample.modality].noun}s"
            icon = ":material/play_circle:"
            if st.button(f"Try it with {many}", type=kind, icon=icon, key=f"sample_{sample.modality}"):
                _take_sample(sample)


def _first_samples() -> list[Sample]:
    """One of each modality."""
    return list({sample.modality: sample for sample in reversed(SAMPLES)}.values())[::-1]


def _take_sample(sample: Sample) -> None:
    """Choose the sample dataset, importing it the first time, and go where the training starts."""
    with errors_shown():
        bar = st.progress(0.0, text=PREPARING)
        dataset = import_sample(state.workspace(), sample.key, progress=lambda progress: _move(bar, progress))
        state.choose(dataset=dataset.id, dataset_version=dataset.version, run=None)
        st.switch_page("pages/fine_tune.py")


def _move(bar: st.delta_generator.DeltaGenerator, progress: Progress) -> None:
    bar.progress(progress.done / progress.total if progress.total else 0.0, text=PREPARING)


def _steps() -> list[Step]:
    chosen = state.choices()
    found = runs_and_views(state.workspace())
    usable = [run for run, view in found if run.bundle and not view.status.active]
    return [
        Step(
            "Backbone",
            ":material/account_tree:",
            "pages/backbone.py",
            "The pretrained network to build on. A small one is ready.",
            literal(chosen.backbone, 40),
            True,
            "Look at others",
        ),
        Step(
            "Data",
            ":material/photo_library:",
            "pages/data.py",
            "Images in a folder for each class, or a table of texts with their answers.",
            literal(state.dataset_name(chosen.dataset), 40) if chosen.dataset else "Nothing chosen yet",
            chosen.dataset is not None,
            "Change data" if chosen.dataset else "Add data",
        ),
        Step(
            "Fine-tune",
            ":material/tune:",
            "pages/fine_tune.py",
            "Freeze what should stay, press Start, watch the loss fall.",
            _training_state(found),
            bool(usable),
            "Train again" if usable else "Set up a run",
        ),
        Step(
            "Predict",
            ":material/image_search:",
            "pages/predict.py",
            "Ask the finished model about new images or texts.",
            f"{count(len(usable), 'model')} ready" if usable else "Needs a finished run",
            False,
            "Ask the model",
        ),
    ]


def _training_state(found: list[tuple[Run, View]]) -> str:
    if not found:
        return "No run yet"
    for _, view in found:
        if view.status.active:
            return f"A run is {view.status.value}: epoch {view.epoch} of {view.epochs}"
    view = found[0][1]
    said = best_of(view) if view.ended else ""
    return f"Last run {view.status.value}" + (f", {said}" if said else "")


draw(main)
