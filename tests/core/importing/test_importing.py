"""Images brought into the workspace: what is kept, what is told, and that nothing is left of what failed."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from core.data.dataset import list_datasets, load_dataset
from core.errors import DataError
from core.importing import importing, intake
from core.importing.importing import WorkStopped, check, import_path
from core.workspace import Workspace
from tests.conftest import image
from tests.core.importing.archives.test_readers import left

HOSTILE = ["<script>alert(1)</script>", "**bold** `$x$` :smile:", "🦊 fox", "x" * 200, "name with  spaces"]


def kinds(report):
    return {finding.kind: finding for finding in report.findings}


def test_a_plain_archive(workspace, make_zip):
    dataset = import_path(workspace, make_zip({"red": 10, "blue": 20}, name="My photos.zip"))
    assert dataset.name == "My photos" and dataset.classes == ("blue", "red") and dataset.version == 1
    assert dataset.report.classes == {"blue": 20, "red": 10} and dataset.report.findings == []
    assert dataset.report.splits == {"train": 24, "validation": 6, "test": 0}
    assert dataset.report.sizes.width == (48, 48, 48) and dataset.report.sizes.height == (40, 40, 40)
    assert all(
        dataset.path(image).stat().st_size == size
        for image, size in zip(dataset.frame["image"], dataset.frame["bytes"])
    )
    assert [summary.id for summary in list_datasets(workspace)] == [dataset.id] == left(workspace)


def test_rows_are_written_in_blocks_and_are_as_they_will_be_read(workspace, make_zip, monkeypatch):
    path = make_zip({"red": 5, "blue": 6})
    whole = import_path(workspace, path)
    again = load_dataset(workspace, whole.id)
    pd.testing.assert_frame_equal(whole.frame, again.frame)
    assert (whole.info, whole.name, whole.directory) == (again.info, again.name, again.directory)
    monkeypatch.setattr(intake, "BLOCK", 4)
    monkeypatch.setattr(importing, "BLOCK", 3)
    assert import_path(Workspace.open(workspace.root / "other"), path).frame.equals(whole.frame)


def test_a_split_that_came_is_kept(workspace, make_zip):
    counts = {"train": 4, "val": 2, "test": 1}
    files = {
        f"{split}/{label}/{number}.jpg": image(label, 10 * count + number)
        for split, count in counts.items()
        for label in ("red", "blue")
        for number in range(count)
    }
    dataset = import_path(workspace, make_zip(files=files))
    assert dataset.split.given and dataset.report.splits == {"train": 8, "validation": 4, "test": 2}
    assert all(name.startswith("val/") for name in dataset.part("validation")["name"])


@pytest.mark.parametrize("names", [HOSTILE[:2], HOSTILE])
def test_class_names_are_kept_as_they_are(workspace, make_zip, names):
    files = {f"{name}/{n}.jpg": image(name, n) for name in names for n in range(2)}
    if "/" in names[0]:  # a path ends a name; in a ZIP the rest is a folder below
        files = {path.replace("</script>", "<|script>"): data for path, data in files.items()}
    dataset = import_path(workspace, make_zip(files=files))
    assert set(dataset.classes) == {name.replace("</script>", "<|script>") for name in names}
    assert load_dataset(workspace, dataset.id).classes == dataset.classes


def test_what_is_left_out_is_named_with_its_reason(workspace, make_zip):
    files = {
        "photos/red/broken.jpg": image("red", 90)[:700],
        "photos/red/empty.jpg": b"",
        "photos/red/notes.txt": b"hello",
        "photos/red/really an image.txt": image("red", 91),
        "photos/cover.jpg": image("grey", 1),
        "photos/.DS_Store": b"x",
        "__MACOSX/photos/red/._0.jpg": b"x",
    }
    report = import_path(workspace, make_zip({"photos/red": 12, "photos/blue": 12}, files)).report
    out = {name: finding.why for finding in report.findings if finding.kind == "left out" for name in finding.files}
    assert set(out) == {"photos/red/broken.jpg", "photos/red/empty.jpg", "photos/red/notes.txt"}
    assert "cut short" in out["photos/red/broken.jpg"] and "empty" in out["photos/red/empty.jpg"]
    assert "not an image" in out["photos/red/notes.txt"]
    assert kinds(report)["no class"].files == ["photos/cover.jpg"]
    assert report.images == 25 and report.ignored == 2


def test_the_same_image_again_is_kept_once_and_contradictions_are_told(workspace, make_zip):
    files = {
        "red/copy.jpg": image("red", 0),
        "blue/also red.jpg": image("red", 1),
    }
    report = import_path(workspace, make_zip({"red": 12, "blue": 12}, files)).report
    assert report.classes == {"red": 12, "blue": 13}
    assert kinds(report)["repeated"].files == ["red/copy.jpg"]
    assert sorted(kinds(report)["contradiction"].files) == ["blue/also red.jpg", "red/1.jpg"]


def test_exact_copies_on_both_sides_of_the_split_are_told(make_zip):
    sides = {"train/red": 6, "train/blue": 6, "val/blue": 1}
    report = check(make_zip(sides, {"val/red/copy.jpg": image("red", 0), "train/red/copy.jpg": image("red", 1)}))
    assert "3 exact copies" in (found := kinds(report)["repeated"]).title
    assert "2 images had copies on both sides" in found.why


def test_small_and_similar_classes_are_told(workspace, make_zip):
    dataset = import_path(workspace, make_zip({"red": 12, "Red": 5, "lone": 1}))
    found = kinds(dataset.report)
    assert found["one image"].files == ["lone/0.jpg"] and "lone" in found["one image"].title
    assert len(found["few images"].files) == 5 and "15 of Red" in found["few images"].why
    assert len(found["similar names"].files) == 17 and "Red, red" in found["similar names"].title
    assert list(dataset.frame[dataset.frame["label"] == "lone"]["split"]) == ["train"]


def test_a_class_without_training_or_validation_is_told(make_zip):
    files = {f"val/red/{number}.jpg": image("red", number) for number in (7, 8)}
    found = kinds(check(make_zip({"train/red": 3, "train/blue": 3, "val/green": 3}, files)))
    assert "green" in found["no training"].title and len(found["no training"].files) == 3
    assert "blue" in found["no validation"].title and len(found["no validation"].files) == 3


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "no image in it. It is empty"),
        ({"red/a.txt": b"hello"}, "1 text came, but nothing tells their answers"),
        ({"red/a.jpg": image("red")}, "only the class 'red'"),
        ({"a.jpg": image("red")}, "1 image came but no class folder"),
        ({"a/train/0.jpg": image("red"), "a/coco.json": b"{}"}, "1 image came but no class folder"),
        ({"up/3/a.jpg": image("red"), "t.csv": b"path,mood,by\na.jpg,sad,me\n"}, "does not tell what they are"),
    ],
)
def test_what_makes_no_dataset_is_refused(workspace, make_zip, files, words):
    with pytest.raises(DataError, match=words):
        import_path(workspace, make_zip(files=files))
    assert left(workspace) == []


def test_the_same_images_again_give_the_dataset_that_is_there(workspace, make_zip, tmp_path):
    first = import_path(workspace, make_zip({"red": 3, "blue": 3}))
    shutil.copy(tmp_path / "photos.zip", tmp_path / "renamed.zip")
    again = import_path(workspace, tmp_path / "renamed.zip")
    assert again.known and not first.known and again.id == first.id and left(workspace) == [first.id]
    other = import_path(workspace, make_zip({"red": 3, "blue": 4}))
    assert not other.known and len(left(workspace)) == 2


def test_two_imports_of_the_same_images_at_once_make_one_dataset(workspace, make_zip):
    path = make_zip({"red": 5, "blue": 5})
    with ThreadPoolExecutor(2) as pool:
        made = [job.result() for job in [pool.submit(import_path, workspace, path) for _ in range(2)]]
    assert left(workspace) == [made[0].id] == [made[1].id] and made[0].known != made[1].known


def test_check_says_the_same_and_keeps_nothing(workspace, make_zip):
    path = make_zip({"red": 5, "blue": 5}, {"red/x.txt": b"x"})
    said = check(path)
    assert left(workspace) == []
    assert said == import_path(workspace, path).report


def test_progress_is_told_to_its_end(workspace, make_zip):
    seen = []
    import_path(workspace, make_zip({"red": 5, "blue": 5}), progress=seen.append)
    images = [step for step in seen if step.phase == "Checking images"]
    assert [step.done for step in images] == list(range(1, 11)) and {step.total for step in images} == {10}
    later = [step for step in seen if step.phase != "Checking images" and step.total is None and step.share is None]
    assert [step.phase for step in later] == ["Looking for copies and faults", "Writing the dataset"]


def test_a_cancelled_import_leaves_nothing(workspace, make_zip):
    seen = []
    with pytest.raises(WorkStopped):
        import_path(workspace, make_zip({"red": 5, "blue": 5}), progress=seen.append, cancelled=lambda: len(seen) == 4)
    assert len(seen) == 4 and os.listdir(workspace.datasets) == []


def test_a_killed_import_leaves_nothing_once_the_next_one_ran(workspace, make_zip):
    """A process that dies in mid-import, and beside it one that is still at work, whose folder must stay."""
    path = make_zip({"red": 5, "blue": 5})
    script = (
        "import os, sys; from pathlib import Path; from core.workspace import Workspace\n"
        "from core.importing.importing import import_path\n"
        "import_path(Workspace(Path(sys.argv[1])), Path(sys.argv[2]), progress=lambda step: step.done and os._exit(9))"
    )
    subprocess.run([sys.executable, "-c", script, str(workspace.root), str(path)], check=False)
    assert len(left(workspace)) == 1
    with importing._beside(workspace) as at_work:
        dataset = import_path(workspace, path)
        assert sorted(left(workspace)) == sorted([at_work.name, dataset.id])


DYING = """
import os, shutil, sys
from pathlib import Path
import pandas, pyarrow.parquet
from core.data.dataset import list_datasets, load_dataset
from core.importing.importing import import_path
from core.workspace import Workspace

space, path = Workspace.open(sys.argv[1]), Path(sys.argv[2])
os.sync = os.fsync = lambda *_: None  # which take seconds where others write too

def die_at(moment):
    def touched(event, said):  # whatever opens, makes, renames or deletes something in the workspace
        nonlocal moment
        if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir") and str(said[0]).startswith(sys.argv[1]):
            moment -= 1
            if moment == 0:
                os._exit(9)
    sys.addaudithook(touched)

moment, died, found = 0, True, []
while died:
    moment += 1
    child = os.fork()
    if child == 0:
        die_at(moment)
        import_path(space, path)
        os._exit(0)
    died = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    known = list_datasets(space)
    assert len(known) <= 1, known
    for one in known:
        made = load_dataset(space, one.id)
        assert made.report.images == 3 == sum(made.path(image).exists() for image in made.frame["image"])
        shutil.rmtree(space.datasets / one.id)
    found.append(len(known))
print(moment, found.count(0), found.count(1), sorted(os.listdir(space.datasets)))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_killed_at_every_moment_it_leaves_the_whole_or_nothing(tmp_path, make_zip):
    path = make_zip({"red": 2, "blue": 1})
    command = [sys.executable, "-c", DYING, str(tmp_path / "workspace"), str(path)]
    moments, nothing, whole, left = subprocess.check_output(command, text=True).split(maxsplit=3)
    assert int(moments) > 20 and int(nothing) > 15 and int(whole) >= 2  # the last one was not killed
    assert left.strip() == "['.naming.lock']"


def test_a_full_disk_is_said_and_leaves_nothing(workspace, make_zip, monkeypatch):
    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(intake, "_keep", full)
    with pytest.raises(DataError, match="The disk is full. Make room"):
        import_path(workspace, make_zip({"red": 5, "blue": 5}))
    assert os.listdir(workspace.datasets) == []


def test_too_little_room_is_seen_before_anything_is_written(workspace, make_zip, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1000, 999, 1))
    with pytest.raises(DataError, match="Make room"):
        import_path(workspace, make_zip({"red": 5, "blue": 5}))


MEASURED = """
import sys, time, tracemalloc
from pathlib import Path
import pandas, pyarrow.parquet
from core.importing.importing import import_path
from core.workspace import Workspace

space = Workspace.open(sys.argv[1])
begun = time.process_time()
tracemalloc.start()
made = import_path(space, Path(sys.argv[2]))
print(made.report.images, tracemalloc.get_traced_memory()[1], time.process_time() - begun)
"""


def test_thousands_of_images_come_in_quickly_and_in_little_memory(tmp_path):
    small = [image(label, size=(64, 64), ending="png") for label in ("red", "blue")]
    for label, data in zip(("red", "blue"), small):
        (tmp_path / "many" / label).mkdir(parents=True)
        for number in range(1000):  # bytes after the end make each file another one
            (tmp_path / "many" / label / f"{number}.png").write_bytes(data + number.to_bytes(4, "big"))
    # In a process of its own: what other tests have left in this one would count.
    command = [sys.executable, "-c", MEASURED, str(tmp_path / "workspace"), str(tmp_path / "many")]
    images, peak, seconds = map(float, subprocess.check_output(command, text=True).split())
    assert images == 2000
    assert peak < 8 * 2**20, f"{peak / 2**20:.1f} MB at most; the images have {2000 * len(small[0]) / 2**20:.1f}"
    assert seconds < 30  # of a core: others may be at work beside


NAMED_BEFORE = {  # by the version before a task said what of its answers counts
    "file,label,split,group": ("9553c4b7f5", lambda n: f"{'ab'[n % 2]},{'train' if n % 4 else 'val'},g{n // 3}"),
    "file,labels": ("20952b8a04", lambda n: "a;b" if n % 3 else "a" if n % 2 else "b"),
    "file,target": ("3760e008d1", lambda n: n / 3),
}


@pytest.mark.parametrize("heading", NAMED_BEFORE)
def test_the_same_images_and_answers_are_called_as_ever(workspace, tmp_path, heading):
    """So what was imported years ago is known again."""
    digest, said = NAMED_BEFORE[heading]
    folder = tmp_path / "some"
    folder.mkdir()
    for n in range(24):
        (folder / f"{n}.ppm").write_bytes(b"P6 8 8 255\n" + bytes((n * 7 + i) % 256 for i in range(192)))
    (folder / "t.csv").write_text("\n".join([heading, *(f"{n}.ppm,{said(n)}" for n in range(24))]))
    assert import_path(workspace, folder).id == f"some-{digest}"
