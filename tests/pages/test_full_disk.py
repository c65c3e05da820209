"""A full disk: whatever is clicked ends in a sentence that says what is full and what could be freed, and the page goes
on."""

from __future__ import annotations

import builtins
import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core.importing.importing import import_path
from core.store.full_disk import refused
from core.training.process.events import Paused
from core.workspace import Workspace, write_json
from tests.pages.conftest import press, texts
from tests.pages.made_runs import finished, made_run

PAGES = ("home", "backbone", "data", "fine_tune", "predict")
FULL = "The disk is full. Make room where Graft keeps its workspace"


class Disk:
    """What the workspace lies on. `fill` it, and nothing more can be written; a small file system of its own where one
    may be mounted, else every write is refused as the system would."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch, may_mount: bool) -> None:
        self.home, self.monkeypatch, self.full = home, monkeypatch, False
        home.mkdir(parents=True, exist_ok=True)
        mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "graft-test", str(home)]
        self.mounted = may_mount and not os.geteuid() and not subprocess.run(mount, capture_output=True).returncode
        if not self.mounted:
            self.refuse()

    def refuse(self) -> None:
        """Every write below, once it is full, by patching what opens files for writing, and makes folders."""
        real_open, real_mkdir = builtins.open, os.mkdir

        def refuse(path: object) -> None:
            if self.full and str(path).startswith(str(self.home)):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

        def opened(file, mode="r", *arguments, **named):
            if set(mode) & set("wax+") and not isinstance(file, int):
                refuse(file)
            return real_open(file, mode, *arguments, **named)

        def made(path, *arguments, **named):
            if not os.path.isdir(path):
                refuse(path)
            return real_mkdir(path, *arguments, **named)

        self.monkeypatch.setattr(builtins, "open", opened)
        self.monkeypatch.setattr("io.open", opened)
        self.monkeypatch.setattr(os, "mkdir", made)

    def fill(self) -> None:
        self.full = True
        if self.mounted:
            for block in (1 << 16, 1 << 10, 1):
                with suppress(OSError), builtins.open(self.home / "filler", "ab", buffering=0) as file:
                    while True:
                        file.write(bytes(block))

    def empty(self) -> None:
        self.full = False
        (self.home / "filler").unlink(missing_ok=True)

    def unmount(self) -> None:
        if self.mounted:
            subprocess.run(["umount", "--lazy", str(self.home)], check=True)


@pytest.fixture
def disk(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    made = Disk(home, monkeypatch, may_mount=getattr(request, "param", True))
    monkeypatch.setattr("core.runs.making.launch_worker", lambda *_: None)
    monkeypatch.setattr("core.jobs.job.launch", _no_process)
    yield made
    made.empty()
    made.unmount()


def _no_process(*_: object) -> None:
    raise AssertionError("nothing is to be started on a full disk")


@pytest.fixture
def filled(disk: Disk, make_zip: Callable[..., Path]) -> tuple[Workspace, str]:
    """A workspace with a dataset and two runs, one of them chosen; and the dataset's id."""
    workspace = Workspace.open(disk.home)
    made = import_path(workspace, make_zip({"red": 8, "blue": 8}), name="Photos")
    made_run(workspace, made.id, Paused(3.0, 5), name="20260101-120000-paused")
    run = made_run(workspace, made.id, finished(), name="20260102-120000-finished")
    (workspace.cache / "images" / "old").mkdir(parents=True)
    (workspace.cache / "images" / "old" / "pixels").write_bytes(bytes(200_000))
    choices = {"dataset": made.id, "dataset_version": 1, "run": run.id}
    write_json(workspace.root / "choices.json", choices)
    return workspace, made.id


def said(app) -> str:
    return texts(app).replace("\\", "").replace("\u2060", "")


KINDS = ("button", "checkbox", "toggle", "selectbox", "slider", "number_input", "text_input", "button_group")
LEFT = ("Empty the cache", "Delete for good", "Download")  # what makes room, and what asks the network


def everything(app) -> Iterator[tuple[str, str, int]]:
    """What there is to do on the page: kind of widget, its id, and which of its values to give it."""
    for kind in KINDS:
        for each in app.get(kind):
            if not getattr(each, "disabled", False) and not str(getattr(each, "label", "")).startswith(LEFT):
                yield from (
                    (kind, each.id, place) for place in range(len(each.options) if kind == "button_group" else 1)
                )


def use(widget, place: int) -> None:
    """Click it, or give it another value."""
    kind = type(widget).__name__
    if kind == "Button":
        widget.click()
    elif kind in ("Checkbox", "Toggle"):
        widget.set_value(not widget.value)
    elif kind == "ButtonGroup":
        said = [getattr(option, "content", option) for option in widget.options]
        widget.set_value(said[place] if isinstance(widget.value, str | None) else [said[place]])
    elif kind == "Selectbox":
        before = widget.value
        try:
            widget.select_index(((widget.index or 0) + 1) % len(widget.options))
            _ = widget.index
        except ValueError:  # AppTest does not know how this one words its values
            widget.set_value(before)
    elif kind == "TextInput":
        widget.set_value("Another name")
    elif isinstance(widget.value, int | float):
        step = getattr(widget, "step", None) or 1
        widget.set_value(widget.value + step if widget.value + step <= (widget.max or 1e9) else widget.value - step)


@pytest.mark.parametrize(("page", "disk"), [*((page, True) for page in PAGES), ("fine_tune", False)], indirect=["disk"])
def test_whatever_is_clicked(disk, filled, open_page, page):
    """Everything that there is on each page, one after the other, on a disk that is full each time."""
    workspace, _ = filled
    app = open_page(page)
    title = app.title[0].value
    disk.fill()
    done: set[tuple[str, str, int]] = set()
    for run in (None, "20260101-120000-paused", "20260102-120000-finished"):
        if page != "fine_tune" and run is not None:
            break
        app.session_state["choices"] = app.session_state["choices"].model_copy(update={"run": run})
        app.run()
        assert not app.exception
        while todo := [each for each in everything(app) if each not in done]:
            kind, id, place = todo[0]
            done.add(todo[0])
            (widget,) = [each for each in app.get(kind) if each.id == id]
            use(widget, place)
            disk.fill()
            app.run()
            assert not app.exception, (kind, id, app.exception[0].message)
            assert app.title[0].value, id
            if app.title[0].value != title:  # it led to another page
                app = open_page(page)
    assert len(done) > {"home": 1, "backbone": 5, "data": 20, "fine_tune": 40, "predict": 0}[page]
    assert not list(workspace.root.rglob(".*.json.*"))  # nothing half written is left


def test_what_is_chosen_holds_and_the_page_says_that_it_is_not_kept(disk, filled, open_page):
    workspace, _ = filled
    app = press(open_page("fine_tune"), "New run")
    disk.fill()
    app.slider(key="set_freeze_efficientnet_lite0").set_value(2).run()
    assert not app.exception and app.slider(key="set_freeze_efficientnet_lite0").value == 2
    assert "could not be kept for the next" in said(app) and FULL in said(app)
    for part in (str(workspace.root), "needs 1 kB", "are left", "the cache (200 kB: Empty the cache, on Data)"):
        assert part in said(app)
    disk.empty()
    app.number_input(key="set_epochs").set_value(7).run()
    assert '"freeze": 2' in (workspace.root / "choices.json").read_text()


def test_start_leaves_nothing_and_works_when_there_is_room(disk, filled, open_page):
    workspace, _ = filled
    app = press(open_page("fine_tune"), "New run")
    before = sorted(os.listdir(workspace.runs))
    disk.fill()
    press(app, "Start")
    assert not app.exception and FULL in said(app) and sorted(os.listdir(workspace.runs)) == before
    disk.empty()
    press(app, "Start")
    assert not app.exception and len(os.listdir(workspace.runs)) == len(before) + 1


@pytest.mark.parametrize("ask", ["Discard", "Rename"])
def test_a_run_is_not_half_changed(disk, filled, open_page, ask):
    workspace, _ = filled
    app, run = open_page("fine_tune"), "20260102-120000-finished"
    if ask == "Discard":
        press(app, "Discard")
        disk.fill()
        app.button(key="destroy").click().run()
    else:
        disk.fill()
        app.text_input(key=f"name_{run}").set_value("Mine").run()
    assert not app.exception and FULL in said(app) and (workspace.runs / run / "recipe.json").exists()


def test_a_new_version_of_a_dataset(disk, filled, open_page):
    workspace, dataset = filled
    app = open_page("data")
    app.segmented_control(key="look").set_value("Balance and split").run()
    disk.fill()
    press(app, "Split anew")
    assert not app.exception and FULL in said(app)
    assert not list((workspace.datasets / dataset / "versions").glob("2.parquet"))


def test_a_draft(disk, filled, open_page):
    app = open_page("data")
    app.segmented_control(key="way_in").set_value("Make classes here").run()
    disk.fill()
    app.text_input(key="new_class").set_value("Cats")
    press(app, "Add")
    assert not app.exception and FULL in said(app)


def test_what_could_be_freed_is_named_with_its_size(disk, filled):
    workspace, _ = filled
    words = refused(OSError(errno.ENOSPC, "No space left on device", str(workspace.root / "choices.json")), 3_000_000)
    assert words.startswith(f"{FULL}, {str(workspace.root)!r}: this needs 3 MB, and ")
    assert "the cache (200 kB: Empty the cache, on Data)" in words
    shutil.rmtree(workspace.cache / "images")
    words = refused(OSError(errno.EDQUOT, "Quota exceeded", str(workspace.root / "choices.json")))
    assert "Cache and trash are empty" in words
    elsewhere = refused(OSError(errno.ENOSPC, "No space left on device", "/nowhere/at/all"))
    assert elsewhere.startswith("The disk is full. Make room in '/'")
    assert "may not" not in refused(PermissionError(errno.EACCES, "Permission denied", "/x/a.json"))
