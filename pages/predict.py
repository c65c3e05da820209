"""Predict: ask a run's model about images, or texts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.errors import GraftError
from core.inference.prediction import Answer
from core.inference.table import rows, to_csv
from core.modalities import MODALITIES
from core.runs import Run
from ui.explanations.panel import why
from ui.predictions.answers import draw as draw_answer
from ui.predictions.answers import heading
from ui.predictions.asking import AT_ONCE, Answers, Given, Image, Oracle, oracle, thumbnail
from ui.predictions.texts import given_texts
from ui.runs.from_here import fine_tune_from, gives_backbone
from ui.runs.picking import picked_run
from ui.shared import state
from ui.shared.drop import Drop, Piece, drop_area
from ui.shared.gone import apart
from ui.shared.page import draw
from ui.shared.widgets import (
    clip,
    count,
    errors_shown,
    literal,
    page_header,
    show_error,
    words_table,
)

SHOWN = 400  # characters of a text in its card
WHOLE = 20_000
NAMED = 10  # broken files named above the table
CARDS = 12  # images shown at first; the table has them all


def main() -> None:
    page_header("Predict", "Give the model something new and see what it makes of it.")
    run = picked_run("A model can be asked as soon as a run has finished, or was stopped and kept.")
    bundle = run.bundle if run else None
    if run is None or bundle is None:
        return
    if gives_backbone(run):
        st.info("This run only read texts, and answers nothing. Fine-tune from its network.", icon=":material/info:")
        fine_tune_from(run)
        return
    with errors_shown():
        modality = MODALITIES[run.recipe.modality]
        images = given_texts() if modality.comes_from == "row" else _pick_images()
        if not images:
            return
        model = oracle(bundle)
        if model.decision.words(model.modality.noun):
            st.caption(" ".join(model.decision.words(model.modality.noun)))
        most = _how_many_classes(model)
        answered = _ask(model, Answers(bundle), images)
        _show(model, run, answered, most)


def _pick_images() -> list[Image]:
    images = _given_images()
    camera = st.expander("Use the camera", icon=":material/photo_camera:", key="camera_open", on_change="rerun")
    if camera.open:  # the browser asks for the camera only then
        with camera:
            shot = st.camera_input("Take an image", label_visibility="collapsed")
        if shot:
            data = shot.getvalue()
            images.append(Image(hashlib.sha256(data).hexdigest(), "camera.jpg", lambda: data))
    return images


def _given_images() -> list[Image]:
    if "given" not in st.session_state:
        st.session_state["given"] = Given(state.workspace())
    given: Given = st.session_state["given"]
    _drop(given)
    if given.images:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{count(len(given.images), 'file')} given", width="content")
            st.button("Remove them", type="tertiary", on_click=given.clear)
    return given.images


@st.fragment
@apart
def _drop(given: Given) -> None:
    """A fragment, as it reruns for every few megabytes; the page does when all are here."""

    def ended() -> None:
        st.session_state["all_here"] = True

    def take(drop: Drop, pieces: Sequence[Piece], last: bool) -> None:
        try:
            given.take(drop, pieces, last)
        except GraftError:
            ended()  # what came before is answered
            raise
        if last:
            ended()

    drop_area(
        take,
        key="images_drop",
        label="Images",
        files="Choose files",
        folder="Choose a folder",
        invites="or drop them here, one or many. What cannot be read is named, and the others are still answered",
        stopped="What had come by then is kept.",
        on_stop=ended,
    )
    if st.session_state.pop("all_here", False):
        st.rerun()


def _how_many_classes(model: Oracle) -> int:
    most = min(10, len(model.choices))
    if most <= 2:
        return most
    what = model.task.plural
    return st.slider(
        f"{what.capitalize()} to show",
        1,
        most,
        min(5, most),
        key="top",
        persist_state="session",
        help=f"The likeliest {what} of each {model.modality.noun}.",
    )


def _ask(model: Oracle, answers: Answers, images: list[Image]) -> list[tuple[Image, Answer]]:
    """Answer what is not answered yet. Stop is a click like any other: the rerun it causes ends the loop."""
    waiting = answers.to_ask(images)
    upload = hash(tuple(each.key for each in images))
    stopped = st.session_state.get("asking_stopped") == upload
    if waiting and stopped:
        st.info(f"Stopped. {count(len(waiting), model.modality.noun)} not looked at yet.", icon=":material/pause:")
        st.button("Go on", on_click=_remember_stop, args=(None,))
    elif waiting:
        place = st.empty()
        with place.container():
            if len(waiting) > AT_ONCE:
                st.button("Stop", icon=":material/stop:", on_click=_remember_stop, args=(upload,))
            bar = st.progress(0.0, text=f"Looking at the {model.modality.noun}s")
            for done in answers.ask(model, waiting):
                bar.progress(done / len(waiting), text=f"{done:,} of {count(len(waiting), model.modality.noun)}")
        place.empty()
    return answers.of(images)


def _remember_stop(upload: int | None) -> None:
    st.session_state["asking_stopped"] = upload


def _show(model: Oracle, run: Run, answered: list[tuple[Image, Answer]], most: int) -> None:
    readable = [(image, answer) for image, answer in answered if answer.prediction is not None]
    _name_broken([answer for _, answer in answered if answer.error is not None])
    if len(answered) > 1:
        _table([answer for _, answer in answered], model.modality.noun)
    shown = st.session_state.setdefault("cards", CARDS) if len(readable) > CARDS else CARDS
    wide = model.modality.comes_from == "row"
    columns = st.columns(1 if len(readable) == 1 else 2 if wide else 3, gap="medium")
    for position, (image, answer) in enumerate(readable[:shown]):
        with columns[position % len(columns)]:
            _card(model, run, image, answer, most, wide=len(readable) == 1)
    if len(readable) > shown:
        st.button(f"Show more ({len(readable) - shown:,} left)", on_click=_more_cards)


def _name_broken(broken: list[Answer]) -> None:
    if not broken:
        return
    lines = [f"{clip(each.name, 80)}: {each.error}" for each in broken[:NAMED]]
    if len(broken) > NAMED:
        lines.append(f"And {len(broken) - NAMED:,} more; the table names them all.")
    show_error("\n".join(lines))


def _more_cards() -> None:
    st.session_state["cards"] += CARDS


def _card(model: Oracle, run: Run, image: Image, answer: Answer, most: int, wide: bool) -> None:
    if model.modality.comes_from == "row":
        _text_card(model, run, image, answer, most)
        return
    with st.container(border=True):
        if wide:
            left, right = st.columns(2, gap="large")
        else:
            left = right = st.container()
        small = thumbnail(f"{image.key} {model.rendering!r}", image.read, model.rendering)
        if small:
            left.image(small, alt=image.name, width="stretch")
        with right:
            st.markdown(f"**{literal(answer.name, 80)}**")
            _caution(answer)
            if answer.prediction is not None:
                draw_answer(answer.prediction, most, f"answer_{image.key}", answer.is_foreign)
            st.caption(f"{answer.seconds * 1000:,.0f} ms")
        why(model, run, image)


def _text_card(model: Oracle, run: Run, text: Image, answer: Answer, most: int) -> None:
    with st.container(border=True):
        st.markdown(literal(text.name, SHOWN))
        if len(text.name) > SHOWN:
            with st.expander("The whole text"):
                st.text(text.name[:WHOLE])
        _caution(answer, model.modality.noun)
        if answer.is_cut:
            said = f"It has {answer.tokens:,} tokens, more than the model reads: it saw the first"
            st.caption(f":material/content_cut: {said} {model.preprocessing.longest:,}.")
        if answer.prediction is not None:
            draw_answer(answer.prediction, most, f"answer_{text.key}", answer.is_foreign)
        st.caption(f"{answer.seconds * 1000:,.0f} ms")
        why(model, run, text)


def _caution(answer: Answer, noun: str = "image") -> None:
    if answer.is_foreign:
        st.warning(
            f"**Unlike anything it was trained on.** It resembles the labeled {noun}s less than 95 of 100 of them "
            "resemble each other, so the answer may be a guess, however sure it looks.",
            icon=":material/travel_explore:",
        )


def _table(answers: list[Answer], noun: str) -> None:
    table = pd.DataFrame(rows(answers, noun=noun))
    if not table["error"].any():
        table = table.drop(columns="error")
    some = next((each.prediction for each in answers if each.prediction), None)
    table.columns = [heading(some, name) for name in table.columns]
    shares = st.column_config.NumberColumn(format="percent")
    words_table(
        table,
        "answers_table",
        height=min(36 * (len(table) + 1), 360),
        placeholder="",
        column_config={name: shares for name in table if name.lower().endswith("probability")},
    )
    st.download_button(
        "Download CSV",
        to_csv(answers, noun=noun),
        "predictions.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


draw(main)
