"""What a run came to: the score in words, whether it was worth the training, the mistakes, and how it ran."""

from __future__ import annotations

import base64
import html

import pandas as pd
import streamlit as st

from core.errors import GraftError
from core.modalities import MODALITIES
from core.modalities.images.thumbnails import thumbnails
from core.modalities.texts.kept import FILE, KeptTexts, shortened
from core.runs import Run, Status, View
from core.runs.answers import answers, mistakes, task_of
from core.runs.scores import Part, scored, verdict
from core.tasks.metrics import LOSS
from core.tasks.scores import Scores
from core.words import with_noun
from ui.shared import state
from ui.shared.widgets import clip, count, duration, literal, percent, short_number
from ui.training.probes_panel import estimate_line

MISTAKES = 12  # shown at first
SHORT = 140  # characters of a text's line
WHOLE = 20_000  # of one that is opened
SHOWN_AT = 104  # pixels: three in a row of a telephone
SECONDS = 0.3  # for the small images; what is not ready by then comes with the next look


def result(view: View) -> None:
    """Of a run that is over: what people want to know comes first."""
    ended = view.ended
    if ended is None:
        return
    if view.status is Status.STOPPED:
        kept = "The best epoch's weights were kept." if ended.best_epoch else "Nothing was learned yet."
        left = view.epochs - ended.epochs
        on = f" Resume trains the {count(left, 'epoch')} that were left." if left > 0 else ""
        st.markdown(f"Stopped after {count(ended.epochs, 'epoch')}. {kept}{on}")
    found = scored(view)
    for place, each in enumerate(found):
        size = "###" if place == 0 else "####"
        st.markdown(f"{size} {literal(each.headline)}")
        less = f": expect a little less on new {view.noun}s" if each.chose else ""
        st.caption(f"{_first_capital(each.worth)}{less}.")
    if ended.refitted:
        st.caption(
            f"In the end it learned from all {count(ended.learned_from, f'labeled {view.noun}')}. The validation score "
            f"is from before that, when it had not seen those {view.noun}s."
        )
    _verdict(view)


def _first_capital(words: str) -> str:
    return literal(words[:1].upper() + words[1:])


def _verdict(view: View) -> None:
    found = verdict(view)
    if found is None:
        return
    if found.beats:
        st.markdown(f":material/check: {literal(found.sentence)}")
    else:
        st.info(f"{literal(found.sentence)} **What to try:** {literal(found.todo)}", icon=":material/lightbulb:")


# Mistakes -------------------------------------------------------------------------------------------------------------


def mistakes_panel(run: Run) -> None:
    """The images that were answered wrong, though it had not learned from them; nothing, where no answers were kept."""
    found = answers(run)
    if found is None:
        return
    parts: tuple[Part, ...] = ("test", "validation")
    for part in parts:
        rows = found[found["split"] == part]
        if len(rows):
            _mistakes(run, part, rows)


def _mistakes(run: Run, part: Part, rows: pd.DataFrame) -> None:
    task = task_of(run, rows)
    wrong, noun = mistakes(rows, task), MODALITIES[run.recipe.modality].noun
    number = task.ordered  # which are more or less off, and not right or wrong
    if not len(wrong):
        st.markdown(f":material/check_circle: No mistakes among the {count(len(rows), f'{part} {noun}')}.")
        return
    surest = ", the surest first" if "probability" in wrong else ""
    title = "Furthest off" if number else f"{count(len(wrong), 'mistake')}{surest}"
    st.markdown(f"#### {title}")
    st.caption(f"Of {count(len(rows), f'{part} {noun}')}, which it had not learned from.")
    key = f"mistakes_{part}_{run.id}"
    shown = wrong.head(st.session_state.setdefault(key, MISTAKES))
    if "row" in shown:
        _texts(run, shown)
    else:
        small = _small(run, shown)
        figures = [_figure(row, jpeg) for (_, row), jpeg in zip(shown.iterrows(), small)]
        st.html(f'<div style="display:flex;flex-wrap:wrap;gap:0.75rem">{"".join(figures)}</div>')
    if len(wrong) > len(shown) and not number:
        st.button(f"Show more ({len(wrong) - len(shown):,} left)", on_click=_more, args=(key,), key=f"more_{key}")


def _more(key: str) -> None:
    st.session_state[key] += MISTAKES


def _texts(run: Run, rows: pd.DataFrame) -> None:
    """Each text on a line, and whole on a click."""
    try:
        dataset = state.dataset(run.recipe.dataset, run.recipe.dataset_version)
        texts = KeptTexts(dataset.path(FILE))[rows["row"].to_numpy()]
    except GraftError:
        texts = [(name, "") for name in rows["name"]]
    st.html("".join(_text(row, text) for (_, row), text in zip(rows.iterrows(), texts)))


def _text(row: pd.Series, text: tuple[str, str]) -> str:
    """Other people's text: escaped, every word."""
    (short,) = shortened([text], SHORT)
    whole = "\n\n".join(part[:WHOLE] + ("…" if len(part) > WHOLE else "") for part in text if part)
    sure = f", {percent(row['probability'])}" if "probability" in row else ""
    said, truth = (html.escape(clip(_word(row[column]), 40)) for column in ("said", "truth"))
    body = f'<div dir="auto" style="white-space:pre-wrap;overflow-wrap:anywhere">{html.escape(whole)}</div>'
    head = f'<span dir="auto" style="overflow-wrap:anywhere">{html.escape(short)}</span>'
    return (
        f'<details style="margin:0 0 0.6rem;font-size:0.9rem"><summary style="cursor:pointer">{head}<br>'
        f"<b>{said}</b>{sure}, is {truth}</summary>{body}</details>"
    )


def _small(run: Run, rows: pd.DataFrame) -> list[bytes | None]:
    """Nothing in their place, where the dataset is gone."""
    try:
        dataset = state.dataset(run.recipe.dataset, run.recipe.dataset_version)
    except GraftError:
        return [None] * len(rows)
    return thumbnails([dataset.path(image) for image in rows["image"]], SECONDS, dataset.rendering)


def _figure(row: pd.Series, jpeg: bytes | None) -> str:
    """Names and labels are other people's text: escaped, every one."""
    name = html.escape(clip(row["name"]), quote=True)
    look = f"width:{SHOWN_AT}px;height:{SHOWN_AT}px;object-fit:cover;border-radius:0.35rem;display:block"
    image = f'<div style="{look};background:color-mix(in srgb, currentColor 12%, transparent)"></div>'
    if jpeg:
        source = "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
        image = f'<img src="{source}" style="{look}" alt="{name}">'
    sure = f", {percent(row['probability'])}" if "probability" in row else ""
    said, truth = (html.escape(clip(_word(row[column]), 40)) for column in ("said", "truth"))
    caption = f"<b>{said}</b>{sure}<br>is {truth}"
    style = f"margin:0;width:{SHOWN_AT}px;font-size:0.8rem;overflow-wrap:anywhere"
    return f'<figure style="{style}" title="{name}">{image}<figcaption>{caption}</figcaption></figure>'


def _word(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value) or "none of the labels"


# How it ran -----------------------------------------------------------------------------------------------------------


def how_it_ran(run: Run, view: View) -> None:
    """Epochs, losses, time, and what was chosen to make it fast: for who wants to know."""
    if not view.note and view.ended is None:
        return
    title = "How it runs" if view.status.active else "How it ran"
    with st.expander(title, icon=":material/speed:", key=f"how_{run.id}"):
        if view.ended is not None and not view.status.active:
            _numbers(view)
        _without_training(view)
        estimate_line(run, view)
        if view.note:
            st.caption(literal(with_noun(view.note, view.noun)))


def _numbers(view: View) -> None:
    ended = view.ended
    assert ended
    with st.container(horizontal=True, gap="small"):
        best = "–" if ended.best_epoch is None else f"{ended.best_epoch:,} of {ended.epochs:,}"
        st.metric("Best epoch", best, width=105)
        for part, scores in (("Test", ended.test), ("Validation", ended.validation), ("Training", ended.train)):
            if scores:
                _scores(part, scores)
        st.metric("Time", duration(ended.seconds), width="content")
        st.metric("Trainable parameters", short_number(view.trainable or None), width=165)


def _scores(part: str, scores: Scores) -> None:
    """Of the training part only the main score, and the loss."""
    for metric in scores.task.shown:
        value = scores.get(metric.name)
        if value is not None and (part != "Training" or metric in (scores.main, LOSS)):
            named = f"{part} {metric.lower_title}" if metric in (scores.main, LOSS) else metric.title
            st.metric(named, metric.said(value), help=metric.help or None, width="content")


def _without_training(view: View) -> None:
    if view.baseline is not None:
        linear, neighbours = view.baseline.linear.words, view.baseline.neighbours.words
        on = f", on the same {count(view.judged_on, f'validation {view.noun}')}" if view.judged_on else ""
        solved = view.baseline.linear.task.linear_model
        st.caption(
            f"To beat, the line across: what the frozen backbone gives without training{on}. {solved} on its "
            f"features: {linear}; their ten nearest neighbours: {neighbours}.{_counted(view)}"
        )


def _counted(view: View) -> str:
    found = view.baseline and view.baseline.counted
    return f" A linear model of counted words alone (TF-IDF), without a backbone: {found.words}." if found else ""
