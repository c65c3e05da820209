import io
import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from core import jobs, trash
from core.data.changes import leave_out
from core.data.dataset import delete_dataset, list_datasets, load_dataset
from core.errors import DataError
from core.importing.drafts.drafts import list_drafts
from core.importing.importing import check, import_path, import_sample
from core.jobs import asking
from core.runs import Run
from core.units import file_size
from core.workspace import write_json
from tests.conftest import image
from tests.pages.conftest import chosen_dataset, press, texts
from tests.pages.made_runs import made_run
from tests.polling import poll
from ui.datasets.imports import Upload, from_path
from ui.shared.drop import Drop, Piece


@pytest.fixture(autouse=True)
def open_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("GRAFT_FOLDERS", str(tmp_path))


@pytest.fixture
def finish(workspace):
    """Waits until the import of this workspace has ended, and shows its result if that was not shown already."""

    def until_ended(app):
        job = jobs.current(workspace, "import")
        if job is None or (job.directory / "told").exists():
            return app
        poll(lambda: not job.view().running, lambda: f"{job.view()}", deadline=60)
        return app.run()

    return until_ended


def choose_way(app, way):
    return app.segmented_control[0].set_value(way).run()


def test_an_empty_workspace_says_what_to_do(open_page):
    app = open_page("data")
    assert "No dataset yet" in texts(app)
    (limits,) = [said for said in app.caption if "At most 1,000,000 files" in said.value]
    assert "120 million pixels" in limits.value and "GRAFT_MAX_TOTAL_RATIO_FROM" in limits.help


def test_a_sample_is_imported_and_chosen(open_page, finish, workspace):
    app = choose_way(open_page("data"), "Sample set")
    assert "CC0" in texts(app)
    app = finish(app.button(key="sample_textures").click().run())
    assert "192 images imported" in "".join(said.value for said in app.success)
    assert {metric.label: metric.value for metric in app.metric}["Images"] == "192"
    assert list_datasets(workspace)[0].name == "Textures"
    assert "Textures" in "".join(app.sidebar.markdown[0].value if app.sidebar.markdown else "Textures")


def test_a_published_set_says_what_it_is_and_that_there_is_no_network(open_page, finish, monkeypatch):
    for scheme in ("http", "https"):
        monkeypatch.setenv(f"{scheme}_proxy", "http://127.0.0.1:9")  # nobody is there
    app = choose_way(open_page("data"), "Published set")
    app = app.selectbox[0].select("MNIST").run()
    assert "70,000 images" in texts(app) and "CC BY-SA 3.0" in texts(app)
    app = finish(press(app, "Download and import"))
    assert "MNIST cannot be reached" in app.error[0].value
    assert app.selectbox[0].value == "MNIST"  # to press again


def drop(workspace, files, at_once=5):
    """The upload of these files, and its job, after the browser has sent all of them, a few pieces at a time."""
    pieces = []
    for name, data in files.items():
        half = len(data) // 2
        pieces += [Piece(name, len(data), 0, data[:half]), Piece(name, len(data), half, data[half:])]
    upload, it = Upload(workspace), Drop("it", files=len(files), size=sum(map(len, files.values())))
    for start in range(0, len(pieces), at_once):
        it.expected += 1
        job = upload.take(it, pieces[start : start + at_once], start + at_once >= len(pieces))
    return job


def test_an_upload_becomes_a_dataset(open_page, finish, make_zip, workspace):
    drop(workspace, {"My pets.zip": make_zip({"cats": 6, "dogs": 5}).read_bytes()})
    finish(open_page("data"))
    (known,) = list_datasets(workspace)
    assert (known.name, known.images) == ("My pets", 11)
    assert not list(workspace.jobs.glob("*/upload"))


@pytest.mark.parametrize("name", ["evil\u202e$x$ **b**", "x" * 5000])
def test_whatever_an_upload_is_called_becomes_a_name_at_most(open_page, finish, make_zip, workspace, name):
    drop(workspace, {f"{name}.zip": make_zip({"cats": 6, "dogs": 5}).read_bytes()})
    app = finish(open_page("data"))
    assert not app.exception and "11 images imported" in app.success[0].value
    assert list_datasets(workspace)[0].name in ("evil$x$ **b**", "x" * 1000)


def test_a_bad_upload_is_told_and_costs_nothing(open_page, finish, dataset, workspace):
    drop(workspace, {"no.zip": b"PK\x03\x04 but no more"})
    (said,) = finish(open_page("data")).error
    assert "cut short or damaged" in said.value
    assert [known.id for known in list_datasets(workspace)] == [dataset.id]
    assert not list(workspace.jobs.glob("*/upload"))


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("photos.rar", b"Rar!\x1a\x07", "'photos.rar' is a RAR archive, which Graft does not read"),
        ("photos.zip.001", b"PK", "one part of several"),
        ("metadata.csv", b"path,label\na.jpg,cat\n", "a table, but no image"),
        ("../a.zip", b"PK", "leads out of it"),
        ("cats/a.jpg", b"hello", "There is no image in it"),
    ],
)
def test_what_cannot_be_used_says_why(workspace, monkeypatch, name, data, words):
    monkeypatch.setattr(jobs, "start", lambda *_, path, **more: Path(path))
    with pytest.raises(DataError, match=words):
        check(drop(workspace, {name: data}))


@pytest.mark.parametrize(("limit", "most"), [("ENTRIES", 2), ("TOTAL_BYTES", 1000)])
@pytest.mark.parametrize("honest", [True, False])
def test_more_than_is_read_is_refused_while_it_comes(workspace, monkeypatch, limit, most, honest):
    monkeypatch.setenv(f"GRAFT_MAX_{limit}", str(most))
    upload, it = Upload(workspace), Drop("it", 1, files=3 * honest, size=1500 * honest)
    pieces = [Piece(f"{n}.jpg", 500, 0, bytes(500)) for n in range(3)]
    with pytest.raises(DataError, match="more than the"):
        upload.take(it, pieces, False)
    assert not list(workspace.jobs.iterdir())


def test_an_upload_that_never_ends_goes_with_its_session(workspace):
    upload = Upload(workspace)
    upload.take(Drop("it", 1, files=2), [Piece("a.jpg", 500, 0, bytes(500))], False)
    assert list(workspace.jobs.glob("*/upload/*"))
    del upload
    assert not list(workspace.jobs.iterdir())


@pytest.mark.parametrize(
    ("path", "words"), [("photos", "There is no file or folder"), ("../", "lies outside"), ("~nosuchuser/x", "outside")]
)
def test_a_folder_that_is_not_there_or_not_allowed_is_told(open_page, finish, tmp_path, path, words):
    app = choose_way(open_page("data"), "Folder on this machine")
    app.text_input[0].set_value(path if path.startswith("~") else str(tmp_path / path))
    app = finish(press(app, "Import"))
    assert words in app.error[0].value
    assert not app.exception


def test_a_link_does_not_lead_out_of_the_folders_that_are_allowed(open_page, finish, tmp_path, monkeypatch):
    (tmp_path / "open").mkdir()
    (tmp_path / "closed").mkdir()
    (tmp_path / "open" / "link").symlink_to(tmp_path / "closed")
    monkeypatch.setenv("GRAFT_FOLDERS", str(tmp_path / "open"))
    app = choose_way(open_page("data"), "Folder on this machine")
    app.text_input[0].set_value(str(tmp_path / "open" / "link"))
    assert "lies outside" in finish(press(app, "Import")).error[0].value


def test_a_folder_on_this_machine_becomes_a_dataset(open_page, finish, tmp_path, make_zip, workspace):
    shutil.unpack_archive(make_zip({"cats": 6, "dogs": 5}), tmp_path / "pets")
    app = choose_way(open_page("data"), "Folder on this machine")
    app.text_input[0].set_value(str(tmp_path / "pets"))
    app = finish(press(app, "Import"))
    assert "11 images imported" in app.success[0].value and list_datasets(workspace)[0].name == "pets"


def test_every_tab_that_watched_an_import_is_told_of_its_end(open_page, workspace, make_zip):
    begun = from_path(workspace, str(make_zip({"cats": 200, "dogs": 205})))
    tabs = [open_page("data"), open_page("data")]
    assert all("Stop" in [button.label for button in tab.button] for tab in tabs)
    poll(lambda: not begun.view().running, deadline=30)
    for tab in tabs:
        tab.run()
        assert "405 images imported" in tab.success[0].value and tab.metric[0].value == "405"
    late = open_page("data")
    assert not late.success and late.metric[0].value == "405"


def test_an_import_is_stopped_at_once_and_leaves_nothing(open_page, workspace, make_zip):
    from_path(workspace, str(make_zip({"cats": 400, "dogs": 400})))
    app = press(open_page("data"), "Stop")
    assert "The import was stopped" in app.success[0].value
    assert list_datasets(workspace) == [] and not list(workspace.datasets.glob(".importing-*"))


def test_a_new_split_is_a_new_version(open_page, dataset, workspace):
    app = open_page("data")
    app.segmented_control[1].set_value("Balance and split").run()
    app.slider[0].set_value(50)
    press(app, "Split anew")
    newest = load_dataset(workspace, dataset.id)
    assert newest.version == 2
    assert len(newest.part("validation")) == 8
    assert len(load_dataset(workspace, dataset.id, 1).part("validation")) == 4


def test_delete_asks_first_says_what_depends_on_it_and_can_be_undone(open_page, dataset, workspace, monkeypatch):
    over, active = (made_run(workspace, dataset.id, name=f"2026010{day}-120000-r") for day in (1, 2))
    asked = []
    monkeypatch.setattr(Run, "_worker_lives", lambda self: self.id == active.id and not asked)
    monkeypatch.setattr(Run, "stop", lambda self: asked.append(self.id))
    app = press(open_page("data"), "Delete dataset")
    said = texts(app)
    assert "stopped first, keeping what was learned: " in said and "not go on without it: " in said
    assert "taken back for 14 days" in said and list_datasets(workspace)
    press(app, "Delete the dataset")
    assert not app.exception and asked == [active.id] and list_datasets(workspace) == []
    assert "No dataset yet" in texts(app) and "14 days left" in texts(app)
    app.button(key="undo_delete").click().run()
    assert not app.exception and [one.id for one in list_datasets(workspace)] == [dataset.id]
    assert chosen_dataset(app).value == dataset.id and "No dataset yet" not in texts(app)


def test_the_trash_is_listed_with_its_size_and_emptied_in_red(open_page, dataset, workspace):
    delete_dataset(workspace, dataset.id)
    app = open_page("data")
    size = file_size(trash.size(workspace))
    assert f"Trash (1, {size})" in [one.label for one in app.expander] and f"Trash: {size}" in texts(app)
    press(app, "Empty the trash")
    assert "cannot be undone" in texts(app) and app.button(key="destroy").label == "Delete for good"
    press(app, "Delete for good")
    assert trash.listed(workspace) == [] and not app.exception


def test_findings_are_told_with_their_files(open_page, workspace, make_zip):
    made = import_path(workspace, make_zip({"cats": 6, "dogs": 1}, files={"cats/notes.txt": b"hello"}))
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    said = texts(open_page("data"))
    assert "1 class has a single image" in said
    assert "1 file left out" in said


def test_hostile_labels_are_shown_as_they_are(open_page, workspace, make_zip):
    evil = ["**bold**", "<script>alert(1)", "$x^2$", "=cmd()", ":smile:", "x" * 300]
    made = import_path(workspace, make_zip(dict.fromkeys(evil, 2)))
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    app = open_page("data")
    said = [element.value for element in app.markdown]
    assert any("\\*\\*bold\\*\\*" in text for text in said)
    assert not any("<script>" in text.replace("\\<", "") for text in said)
    (look,) = [control for control in app.segmented_control if control.label == "Look"]
    chart = look.set_value("Balance and split").run().get("plotly_chart")[0].proto.spec
    assert "&lt;script&gt;alert(1)" in chart and "<script>" not in chart and "$x" not in chart


def test_one_click_mends_a_finding_in_a_new_version(open_page, workspace, make_zip):
    files = {"cats/black.jpg": image_of_one_colour(), "dogs/also a cat.jpg": image("cats", 0)}
    made = import_path(workspace, make_zip({"cats": 12, "dogs": 12}, files=files))
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    app = open_page("data")
    assert "shows one colour" in texts(app) and "copies with different classes" in texts(app)
    for label in ("Leave them all out", "Leave them out"):
        app = press(app, label)
        assert not app.exception
    newest = load_dataset(workspace, made.id)
    assert newest.version == 3 and len(newest.frame) == 23
    assert "shows one colour" not in texts(app) and "copies with different classes" not in texts(app)
    assert "Nothing to mend" in texts(app) and "version 2 stays as it was" in literal_words(texts(app))
    app = press(app, "Undo")
    assert "shows one colour" in texts(app) and state_of(workspace)["dataset_version"] == 2
    assert len(load_dataset(workspace, made.id, 1).frame) == 26


@pytest.mark.parametrize(("button", "left"), [("cats", (12, 12)), ("dogs", (11, 13)), ("Leave out", (11, 12))])
def test_a_contradiction_is_settled_on_the_spot(open_page, workspace, make_zip, button, left):
    made = import_path(workspace, make_zip({"cats": 12, "dogs": 12}, {"dogs/also a cat.jpg": image("cats", 0)}))
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    app = press(open_page("data"), button)
    classes = load_dataset(workspace, made.id, 2).report.classes
    assert (classes["cats"], classes["dogs"]) == left
    assert "copies with different classes" not in texts(app)
    press(app, "Undo")
    assert "copies with different classes" in texts(app)


def test_two_numbers_of_one_image_are_settled_on_the_spot(open_page, workspace, make_zip):
    table = "path,price\n" + "".join(f"{number}.jpg,{number}.5\n" for number in range(9))
    files = {f"{number}.jpg": image("red", number % 8) for number in range(9)} | {"prices.csv": table.encode()}
    made = import_path(workspace, make_zip(files=files))
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    app = open_page("data")
    assert "copies with different numbers" in texts(app)
    app = press(app, r"8\.5")
    assert "0.jpg" not in set(load_dataset(workspace, made.id, 2).frame["name"]) and not app.exception


def test_more_images_for_a_class_come_by_a_draft(open_page, workspace, make_zip):
    made = import_path(workspace, make_zip({"cats": 12, "dogs": 12, "one": 1}, files={"birds/": b""}))
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    app = open_page("data")
    assert "1 class folder is empty: birds" in literal_words(texts(app)) and not app.get("expander")[0].proto.expanded
    app = next(one for one in app.button if one.label == "Add images").click().run()
    (draft,) = list_drafts(workspace)
    assert [(one.label, len(one.examples)) for one in draft.classes] == [
        *[("birds", 0), ("one", 1), ("cats", 12), ("dogs", 12)]
    ]
    assert [one.value for one in app.text_input if one.label == "Name of the class"][0] == "birds"
    assert app.session_state["adding"] and not app.exception
    app = next(one for one in app.button if one.label == "Add images").click().run()
    assert list_drafts(workspace) == [draft]
    app = press(app, "Make the dataset")
    job = jobs.current(workspace, "import")
    poll(lambda: not job.view().running)
    assert {known.images for known in list_datasets(workspace)} == {25} and len(list_datasets(workspace)) == 2


def test_another_column_tells_the_classes(open_page, workspace, make_zip):
    files = {f"{label}/{n}.jpg": image(label, n) for label in ("cats", "dogs") for n in range(6)}
    rows = [f"{name},{('day', 'night', '')[n % 3]},{n}" for n, name in enumerate(files)]
    table = "\n".join(["path,<b>when</b>,number", *rows])
    made = import_path(workspace, make_zip(files={**files, "metadata.csv": table.encode()}))
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    app = open_page("data")
    (column,) = [one for one in app.selectbox if one.label == "Column that tells the classes"]
    assert column.options == ["<b>when</b>: day, night"]
    app = press(app, "Take the classes from it")
    assert not app.exception and "4 images of which it says nothing left out" in literal_words(texts(app))
    assert load_dataset(workspace, made.id).report.classes == {"day": 4, "night": 4}


def test_the_images_of_a_finding_are_shown_below(open_page, workspace, make_zip):
    made = import_path(workspace, make_zip({"cats": 12, "dogs": 12}, files={"cats/black.jpg": image_of_one_colour()}))
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    app = open_page("data")
    (look,) = [control for control in app.segmented_control if control.label == "Look"]
    app = press(look.set_value("Balance and split").run(), "Show")
    chosen = {one.label: one.value for one in app.selectbox}
    assert chosen["Finding"] == "one colour" and "1–1 of 1 image" in texts(app)


def state_of(workspace):
    return json.loads((workspace.root / "choices.json").read_text())


def image_of_one_colour():
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "black").save(file, "JPEG")
    return file.getvalue()


def literal_words(said):
    return said.replace("\\", "")


@pytest.mark.parametrize(("folder", "name"), [("pets/", "pets"), ("", "Images")])
def test_folders_dropped_into_the_browser_become_a_dataset(workspace, folder, name):
    names = [f"{folder}{label}/{n}.jpg" for label in ("cats", "dögs") for n in range(3)]
    job = drop(workspace, {each: image(each) for each in names})
    poll(lambda: not job.view().running)
    (known,) = list_datasets(workspace)
    assert (known.name, known.images, known.classes) == (name, 6, ("cats", "dögs"))


def test_a_numbers_dataset_shows_its_spread(open_page, workspace, tmp_path):
    made = import_sample(workspace, "gauges")
    write_json(workspace.root / "choices.json", {"dataset": made.id, "dataset_version": 1})
    app = open_page("data")
    assert [metric.value for metric in app.metric if metric.label == "reading"] == ["0 to 100"]
    look = next(one for one in app.segmented_control if "Balance and split" in one.options)
    app = look.set_value("Balance and split").run()
    assert "Spread of the numbers" in [heading.value for heading in app.subheader]


def test_the_cache_is_emptied_with_one_click(workspace, dataset, open_page):
    (workspace.cache / "images").mkdir(exist_ok=True)
    (workspace.cache / "images" / "old").write_bytes(bytes(1_200_000))
    app = open_page("data")
    assert "Cache: 1.2 MB of" in texts(app)
    press(app, "Empty the cache")
    assert not app.exception
    assert "Cache: 0 B of" in texts(app)
    assert not (workspace.cache / "images" / "old").exists()


def test_the_list_counts_the_images_of_the_version_in_use(open_page, dataset, workspace):
    leave_out(workspace, dataset, ["red/1.jpg"])
    assert "(16 images)" in chosen_dataset(open_page("data")).options[0]
    write_json(workspace.root / "choices.json", {"dataset": dataset.id, "dataset_version": 2})
    assert "(15 images)" in chosen_dataset(open_page("data")).options[0]


def test_an_import_beside_others_closes_the_ways_in_which_keep_a_choice(open_page, dataset, make_zip, finish, tmp_path):
    app = open_page("data")
    app.session_state["adding"] = True
    app.session_state["way_in"] = "Folder on this machine"
    app.run()
    app.text_input[0].set_value(str(make_zip({"cat": 4, "dog": 4}, name="other.zip")))
    app = finish(press(app, "Import"))
    assert "8 images imported" in "".join(each.value for each in app.success)
    assert app.session_state["adding"] is False
    assert app.segmented_control(key="way_in").value == "Folder on this machine"


def test_where_the_answer_hangs_on_a_guess_the_page_asks_first(open_page, make_zip, workspace):
    rows = [f"img/{number}.jpg,{'<b>dog' if number % 2 else 'cat'},{number / 7}" for number in range(12)]
    files = {f"img/{number}.jpg": image("red", number) for number in range(12)}
    path = make_zip(files={**files, "t.csv": "\n".join(["file,breed,score", *rows]).encode()})
    job = from_path(workspace, str(path))
    poll(lambda: asking.question(job.directory), lambda: f"{job.view()}", deadline=60)
    app = open_page("data")
    assert "what are the classes?" in texts(app) and "breed" in app.radio[0].options[0]
    assert "cat · 6 images" in texts(app) and len(app.radio[0].options) >= 2
    app = app.radio[0].set_value(1).run()
    press(app, "Import it so")
    poll(lambda: not job.view().running, lambda: f"{job.view()}", deadline=60)
    assert load_dataset(workspace, job.view().result["dataset"]).target == "score"


def test_how_it_is_read_can_be_said_beforehand(open_page, make_zip, workspace, monkeypatch):
    files = {
        f"{top}/{label}/{number}.jpg": image("red", number) for number in range(4) for top in "ab" for label in "xy"
    }
    app = choose_way(open_page("data"), "Folder on this machine")
    app.selectbox(key="reading_level").set_value(1).run()
    app.text_input[0].set_value(str(make_zip(files=files)))
    press(app, "Import")
    job = jobs.current(workspace, "import")
    poll(lambda: not job.view().running, lambda: f"{job.view()}", deadline=60)
    assert job.view().status == "done", job.view().message
    assert load_dataset(workspace, job.view().result["dataset"]).classes == ("a", "b")


def test_classes_get_other_names_and_another_dataset_comes_beside(open_page, dataset, make_zip, workspace):
    other = import_path(workspace, make_zip({"Red": 3, "green": 4}, name="other.zip"))
    app = open_page("data")
    app.session_state["choices"] = app.session_state["choices"].model_copy(
        update={"dataset": dataset.id, "dataset_version": 1}
    )
    app.session_state["look"] = "Balance and split"
    app.run()
    assert not app.exception and "Two with the same name become one" in texts(app)
    press(app, "Make one dataset of both")
    job = jobs.current(workspace, "import")
    poll(lambda: not job.view().running, lambda: f"{job.view()}", deadline=60)
    made = load_dataset(workspace, job.view().result["dataset"])
    assert {"green", *dataset.classes} == set(made.classes) and len(made.frame) == len(dataset.frame) + len(other.frame)
