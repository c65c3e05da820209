"""On which examples a model is judged: those of its own dataset that it did not learn from, or another dataset's."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core import jobs
from core.data.dataset import Dataset, DatasetSummary, list_datasets
from core.errors import GraftError
from core.evaluation.answered import FILE, Answered, Taught, answered, parts_of, taught_by
from core.evaluation.asking import kept, misfit
from core.runs import Run
from ui.shared import job_watch, state
from ui.shared.widgets import clip, count, literal, show_error

OTHER = "other"
TITLES = {"test": "Test part", "validation": "Validation part", OTHER: "Another dataset"}


def chosen_part(run: Run, bundle: Path) -> tuple[Answered, Dataset | None] | None:
    """Draw the choice, and give what was answered, with the dataset that the examples are of; None where there is
    nothing to show yet, and the page says why.

    Raises:
        RunError: the answers cannot be read.
    """
    own, sizes = _own_dataset(run), _sizes(str(bundle), _stamp(bundle))
    options = [*sizes, OTHER]
    part = st.segmented_control(
        "Judged on",
        options,
        default=options[0],
        required=True,
        format_func=lambda one: f"{TITLES[one]} ({sizes[one]:,})" if one in sizes else TITLES[one],
        key=f"part_{run.id}",
        help="Examples that the model did not learn from. A labeled dataset that you upload on Data can be chosen too.",
    )
    if part == OTHER:
        if not sizes:
            st.caption("This run kept no answers about its own dataset: it had no validation part, or is an old one.")
        return _another(run, bundle)
    return _kept(str(bundle), _stamp(bundle), part, own.id if own else "", own.version if own else 0, own), own


def own_part(run: Run, part: str) -> Answered | None:
    """What was answered about a part of its own dataset; None where that was not kept."""
    bundle, own = run.bundle, _own_dataset(run)
    if bundle is None or part not in parts_of(bundle):
        return None
    return _kept(str(bundle), _stamp(bundle), part, own.id if own else "", own.version if own else 0, own)


def _own_dataset(run: Run) -> Dataset | None:
    try:
        return state.dataset(run.recipe.dataset, run.recipe.dataset_version)
    except GraftError:
        return None


def _stamp(bundle: Path) -> tuple[int, ...]:
    """Changes when what was answered does, or what was decided about it."""
    return tuple(
        (bundle / name).stat().st_mtime_ns if (bundle / name).exists() else 0 for name in (FILE, "bundle.json")
    )  # type: ignore[return-value]


@st.cache_data(max_entries=8, show_spinner=False)
def _sizes(bundle: str, stamp: tuple[int, ...]) -> dict[str, int]:
    return parts_of(Path(bundle))


@st.cache_resource(max_entries=8, show_spinner=False)
def _kept(bundle: str, stamp: tuple[int, ...], part: str, dataset: str, version: int, _own: Dataset | None) -> Answered:
    return answered(Path(bundle), _own, part)


# Another dataset ------------------------------------------------------------------------------------------------------


def _another(run: Run, bundle: Path) -> tuple[Answered, Dataset | None] | None:
    space = state.workspace()
    taught = taught_by(bundle)
    fitting = [each for each in list_datasets(space) if _may_fit(run, taught, each)]
    if not fitting:
        st.info(
            "There is no other dataset that this model could answer about. Upload a labeled set on the page Data, "
            "with the same classes or some of them, and choose it here.",
            icon=":material/info:",
        )
        if st.button("Add a dataset", type="primary", icon=":material/photo_library:"):
            st.switch_page("pages/data.py")
        return None
    names = {each.id: f"{each.name} ({each.images:,})" for each in fitting}
    picked = st.selectbox("Dataset", list(names), format_func=lambda id: clip(names[id], 80), key=f"asked_{run.id}")
    dataset = state.dataset(picked, next(each.versions[-1] for each in fitting if each.id == picked))
    if why := misfit(bundle, dataset):
        st.info(literal(why), icon=":material/info:")
        return None
    found = kept(space, bundle, dataset)
    if found is None:
        _ask(run, dataset)
        return None
    return found, dataset


def _may_fit(run: Run, taught: Taught, dataset: DatasetSummary) -> bool:
    alike = (dataset.modality, dataset.kind) == (taught.modality, taught.task["kind"])
    return alike and dataset.id != run.recipe.dataset


def _ask(run: Run, dataset: Dataset) -> None:
    space = state.workspace()
    if job_watch.at_work(space, "evaluation"):
        return
    noun = dataset.modality.noun
    st.markdown(f"The model has not been asked about these {count(len(dataset.frame), noun)} yet.")
    if st.button("Ask it about all of them", type="primary", icon=":material/quiz:"):
        try:
            title = f"Asking about {clip(dataset.name, 60)}"
            jobs.start(space, "evaluate", title, run=run.id, dataset=dataset.id, version=dataset.version)
        except (GraftError, OSError) as error:
            show_error(error)
        else:
            st.rerun()
