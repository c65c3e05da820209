"""The ways to give Graft images and texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import streamlit as st

from core.importing.archives.roots import roots
from core.importing.drafts.drafts import Draft
from core.importing.samples.published_sets import PUBLISHED
from core.importing.samples.samples import SAMPLES, Sample
from core.limits import Limits
from core.modalities import MODALITIES
from core.workspace import Workspace
from ui.datasets.draft_panel import choose_draft, draft_panel
from ui.datasets.imports import Upload, from_draft, from_path, from_published, from_sample
from ui.datasets.paste_panel import paste_panel
from ui.datasets.reading_panel import chosen_reading, kept_reading
from ui.datasets.remote_panel import remote_panel
from ui.shared.drop import Drop, Piece, drop_area
from ui.shared.gone import apart
from ui.shared.sight import look_at_place
from ui.shared.widgets import count, errors_shown, file_size, literal

STRIPS = Path(__file__).parents[1] / "images"  # some images of each sample set, side by side
UPLOAD, PASTE, DRAFT, FOLDER = "Upload", "Paste texts", "Make classes here", "Folder on this machine"
SAMPLE, PUBLISHED_SET, WEB = "Sample set", "Published set", "Web"
ADDING = "adding"  # whether the place is open where the ways are


def open_draft(draft: Draft) -> None:
    """Show it, wherever on the page it was asked for."""
    st.session_state.update({ADDING: True, "way_in": DRAFT})
    choose_draft(draft.id, draft.modality)
    look_at_place("add")


def ways_in(space: Workspace) -> None:
    ways = [UPLOAD, PASTE, DRAFT, FOLDER, SAMPLE, PUBLISHED_SET, WEB]
    kept = st.session_state.get("way_in_kept") or UPLOAD
    # As its default, and not through its state: a click while the page is drawn would lose it.
    first = None if "way_in" in st.session_state else kept
    way = st.segmented_control("From", ways, default=first, required=True, key="way_in", label_visibility="collapsed")
    way = st.session_state["way_in_kept"] = way or kept
    if way == UPLOAD:
        _upload(space)
    elif way == PASTE:
        paste_panel(space)
    elif way == DRAFT:
        draft_panel(lambda draft: from_draft(space, draft))
    elif way == FOLDER:
        _folder(space)
    elif way == SAMPLE:
        _samples(space)
    elif way == PUBLISHED_SET:
        _published(space)
    elif way == WEB:
        remote_panel(space)


def _remembered(key: str, first: str) -> str:
    """The key of a choice that lives on while an import is watched in its place: whoever draws it keeps it."""
    st.session_state.setdefault(key, st.session_state.get(f"{key}_kept") or first)
    return key


def _upload(space: Workspace) -> None:
    st.caption(
        "**Images**: one folder a class, at any depth; folders named train, val and test become the split. Or a table, "
        "such as metadata.csv, with a column for the file and one for its class, its labels or its number.  \n"
        "**Texts**: a table (CSV, TSV, Excel, JSON, Parquet) with a column for the text, or two, and one for the "
        "answer; folders of .txt by class; files with marked entities (CoNLL, JSON, spaCy)."
    )
    _drop(space)
    chosen_reading()
    _limits()


@st.fragment
@apart
def _drop(space: Workspace) -> None:
    """A fragment, as it reruns for every few megabytes."""

    def forget() -> None:
        upload = st.session_state.pop("upload", None)
        if upload is not None:
            upload.discard()

    def take(drop: Drop, pieces: Sequence[Piece], last: bool) -> None:
        if drop.expected == 1:
            forget()  # one that was left where it was, as its page was closed
            st.session_state["upload"] = Upload(space, kept_reading())
        if st.session_state["upload"].take(drop, pieces, last):
            del st.session_state["upload"]
            st.session_state["begun"] = True

    drop_area(
        take,
        key="upload_drop",
        files="Choose files",
        folder="Choose a folder",
        invites="or drop them here: folders, a ZIP or TAR, a table of texts, images with their table",
        stopped="Nothing of it was kept.",
        on_stop=forget,
    )
    if st.session_state.pop("begun", False):
        st.rerun()


def _limits() -> None:
    with errors_shown():
        most = Limits.from_environment()
        st.caption(
            f"At most {most.entries:,} files, {file_size(most.file_bytes)} each, {file_size(most.total_bytes)} in all; "
            f"images of at most {most.pixels / 10**6:g} million pixels.",
            help=f"Tables have {file_size(most.table_bytes)} at most. An archive that unpacks to over "
            f"{most.total_ratio:,} times its size, or a file in it to over {most.ratio:,} times, is refused, once that "
            f"is over {file_size(most.total_ratio_from)} or {file_size(most.ratio_from)}. Whoever runs Graft sets the "
            f"limits with {', '.join(f'GRAFT_MAX_{field.name.upper()}' for field in fields(Limits))}.",
        )


def _folder(space: Workspace) -> None:
    with st.form("folder", border=False):
        help = "The full path of a folder of class folders, an archive, or a table: of texts, or with images beside it."
        path = st.text_input("Path", placeholder=f"{next(iter(roots()), '/home/me')}/photos", help=help)
        places = " or ".join(literal(str(root)) for root in roots()) or "nowhere"
        st.caption(
            f"Below {places}. What is there is copied, and stays as it is.",
            help="Whoever runs Graft sets with GRAFT_FOLDERS which folders may be read from here.",
        )
        if st.form_submit_button("Import") and path.strip():
            with errors_shown():
                from_path(space, path, kept_reading())
                st.rerun()
    chosen_reading()


def _samples(space: Workspace) -> None:
    for sample in by_modality():
        with st.container(border=True):
            teaches = count(sample.classes, "class") if sample.classes else "a number"
            st.markdown(f"**{sample.title}** · {count(sample.examples, MODALITIES[sample.modality].noun)}, {teaches}")
            if (strip := STRIPS / f"{sample.key}.jpg").exists():
                st.image(strip, alt=f"Some images of the set {sample.title}", width=464)
            st.markdown(sample.description)
            st.caption(f"Source: {sample.source}. Licence: {sample.licence}.")
            if sample.note:
                st.caption(f":material/info: {literal(sample.note)}")
            if st.button("Use this set", key=f"sample_{sample.key}"):
                with errors_shown():
                    from_sample(space, sample.key, sample.title)
                    st.rerun()


def by_modality() -> list[Sample]:
    """All samples, those of a modality one after another."""
    order = list(MODALITIES)
    return sorted(SAMPLES, key=lambda sample: order.index(sample.modality))


def _published(space: Workspace) -> None:
    st.caption("Well-known sets, fetched from where their makers published them, which needs a network.")
    sets = {one.title: one for one in PUBLISHED}
    one = sets[st.selectbox("Set", list(sets), key=_remembered("set", next(iter(sets))))]
    st.session_state["set_kept"] = one.title
    with st.container(border=True):
        size = file_size(one.megabytes * 10**6)
        st.markdown(f"**{one.title}** · {count(one.images, 'image')}, {count(one.classes, 'class')}, about {size}")
        st.markdown(one.description)
        st.caption(f"Licence: {one.licence}. Source: [its makers' page]({one.page}), by way of torchvision.")
        if st.button("Download and import", icon=":material/download:"):
            with errors_shown():
                from_published(space, one.key, one.title)
                st.rerun()
        st.caption("Stopped or interrupted, it goes on from where it was when you press the button again.")
