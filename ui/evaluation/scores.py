"""How good it is: the scores in words with their intervals, how far they flatter, and how well each class was found."""

from __future__ import annotations

import json
from dataclasses import dataclass

import streamlit as st

from core import jobs
from core.data import changes
from core.data.dataset import Dataset
from core.errors import GraftError
from core.evaluation.answered import Answered
from core.evaluation.choice import flattery
from core.evaluation.intervals import Score, scores
from core.runs import Run, View
from core.runs.scores import scored
from ui.runs.offered import view_of
from ui.shared import state
from ui.shared.undo import apply
from ui.shared.widgets import clip, count, errors_shown, literal, show_error, words_table

FOLDS = 5
TEST_SHARE = 0.15
PLACES = {"precision": "Precision", "recall": "Recall", "f1": "F1"}
COUNTS = {"there": "There", "said": "Answered", "right": "Right"}
OF_ENTITIES = {"missed": "Missed", "spurious": "Spurious", "border": "Wrong border", "type": "Wrong type"}
HELP = {
    "precision": "Of those that it called so, how many are.",
    "recall": "Of those that are so, how many it found.",
    "f1": "Both in one number.",
    "there": "How many there are.",
    "said": "How many it called so.",
    "missed": "Not named at all.",
    "spurious": "Named where there is nothing.",
    "border": "Of the right type, but from or to another place.",
    "type": "In the right place, but of another type.",
}


@dataclass(frozen=True)
class Judgement:
    """run: whose model. answered: about a part. dataset: that these examples are of, None where it is gone."""

    run: Run
    answered: Answered
    dataset: Dataset | None

    @property
    def noun(self) -> str:
        return self.answered.noun

    @property
    def key(self) -> str:
        """Names it in widgets and caches."""
        dataset = f"{self.dataset.id}@{self.dataset.version}" if self.dataset else ""
        return f"{self.run.id}_{self.answered.part}_{dataset}"


def current(judgement: Judgement) -> Dataset | None:
    """The dataset that these examples are of, as it was last changed; None where it is gone."""
    if judgement.dataset is None:
        return None
    chosen = state.choices()
    if chosen.dataset != judgement.dataset.id:
        return judgement.dataset
    try:
        return state.dataset(chosen.dataset, chosen.dataset_version)
    except GraftError:
        return judgement.dataset


def scores_of(judgement: Judgement) -> list[Score]:
    """With intervals, worked out once for the server."""
    return _scores(judgement.key, id(judgement.answered), judgement.answered)


@st.cache_data(max_entries=32, show_spinner="Working out how far the scores could be off")
def _scores(key: str, identity: int, _answered: Answered) -> list[Score]:
    return scores(_answered.judged, _answered.judge.measures(_answered.judged))


def headline(judgement: Judgement) -> None:
    """The first score in words, and what to think of it."""
    found = scores_of(judgement)
    if not found:
        st.info("There is nothing here that could be scored.", icon=":material/info:")
        return
    first, many = found[0], count(len(judgement.answered), judgement.noun)
    st.markdown(f"### {literal(first.metric.title)}: {literal(first.words)}, from {many}")
    if first.groups < first.examples:
        st.caption(
            f"The {many} fall into {count(first.groups, 'group')} that belong together, as copies or by their table: "
            "so they say less than as many that stand for themselves, and the range is wider."
        )
    _what_to_think(judgement)


def _what_to_think(judgement: Judgement) -> None:
    part, noun = judgement.answered.part, judgement.noun
    if part == "test":
        st.caption(f"It learned from none of these {noun}s, and they chose nothing: what you can expect of new ones.")
    elif part == "validation":
        _chosen_by(judgement)
    else:
        st.caption(f"It learned from none of these {noun}s, unless some are in its own dataset too.")


def _chosen_by(judgement: Judgement) -> None:
    """Nothing but the validation part: how far its score flatters, and how to do better."""
    view, noun = view_of(judgement.run), judgement.noun
    found = next((each for each in scored(view) if each.part == "validation"), None)
    if found is not None and found.chose:
        st.markdown(
            f":material/info: These {noun}s also chose which epoch is kept, which flatters. {_by_how_much(view)}"
        )
    else:
        st.caption(f"It learned from none of these {noun}s, and they did not choose an epoch.")
    dataset = current(judgement)
    if dataset is not None and (dataset.frame["split"] == "test").any():
        return
    with st.container(horizontal=True):
        if dataset is not None and st.button(
            "Set a test part aside",
            icon=":material/content_cut:",
            help=f"A new version of the dataset, of which {TEST_SHARE:.0%} are kept from training for one honest "
            "score at the end. Then train again.",
        ):
            _set_aside(dataset)
        st.button(
            f"Cross-validate with {FOLDS} folds",
            icon=":material/layers:",
            on_click=_cross_validate,
            args=(judgement.run,),
            help=f"Every {noun} is held out once. It shows on the page Fine-tune.",
        )


def _by_how_much(view: View) -> str:
    metric = view.curve[-1].validation.main if view.curve and view.curve[-1].validation else None
    rows = [row for row in view.curve if row.validation]
    if metric is None or view.best_epoch is None:
        return ""
    values = [value for row in rows if (value := row.validation.get(metric.name)) is not None]  # type: ignore[union-attr]
    best = next((place for place, row in enumerate(rows) if row.epoch == view.best_epoch), None)
    if best is None or len(values) != len(rows):
        return ""
    gain = flattery(metric, values, best)
    if gain is None:
        return ""
    said = f"{100 * gain:.1f} points" if metric.unit == "share" else f"{gain:.3g}"
    return f"Its epoch is {said} better than the epochs around it: about that much may be luck."


def _set_aside(dataset: Dataset) -> None:
    st.session_state["to_page"] = "pages/fine_tune.py"
    split = dataset.split
    state.choose(run=None)
    apply(dataset, changes.resplit, validation=split.validation or 0.2, test=TEST_SHARE, seed=split.seed)


def _cross_validate(run: Run) -> None:
    try:
        recipe = run.recipe
        title = f"Cross-validating {clip(run.title, 60)}"
        jobs.start(state.workspace(), "crossval", title, recipe=json.dumps(recipe.model_dump(mode="json")), folds=FOLDS)
    except (GraftError, OSError) as error:
        show_error(error)
        return
    st.session_state["to_page"] = "pages/fine_tune.py"


# All scores, and each class -------------------------------------------------------------------------------------------


def scores_panel(judgement: Judgement) -> None:
    found = scores_of(judgement)
    with st.container(horizontal=True, gap="small"):
        for score in found:
            with st.container(border=True, width="content", gap=None):
                st.metric(score.metric.title, score.metric.said(score.value), help=score.metric.help or None)
                st.caption(_range(score))
    st.caption(
        "The range holds the score of many more such examples 95 times out of 100, as far as these are like those. "
        "How it is worked out: docs/evaluation.md."
    )
    with errors_shown():
        _each(judgement)


def _range(score: Score) -> str:
    if score.low is None or score.high is None:
        return "too few to say"
    return f"could be {score.metric.said(score.low)} to {score.metric.said(score.high)}"


def _each(judgement: Judgement) -> None:
    found, task = judgement.answered.judge.each(judgement.answered.judged), judgement.answered.task
    if found is None or task.classes is None:
        return
    noun = task.classes.noun
    st.markdown(f"#### Each {noun}")
    shown = {name: title for name, title in {**COUNTS, **PLACES, **OF_ENTITIES}.items() if name in found}
    table = found.sort_values("f1", kind="stable", na_position="first")[["name", *shown]]
    table[[*PLACES]] = table[[*PLACES]] * 100
    columns = {
        title: st.column_config.ProgressColumn(title, format="%.0f%%", min_value=0, max_value=100, help=HELP[name])
        if name in PLACES
        else st.column_config.NumberColumn(title, help=HELP.get(name))
        for name, title in shown.items()
    }
    words_table(
        table.rename(columns={"name": noun.capitalize(), **shown}),
        f"each_{judgement.key}",
        height=min(36 * (len(table) + 1), 400),
        column_config=columns,
    )
    st.caption(f"The {noun} that it finds worst comes first.")
