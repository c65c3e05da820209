"""The command line as a shell sees it: what is printed where, and the exit status."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.commands import jobs, main
from core.commands.printing import ImportLine
from core.data.changes import leave_out
from core.data.dataset import list_datasets, load_dataset
from core.errors import DataError
from core.inference.prediction import Answer
from core.inference.predictor import Predictor
from core.jobs import JobView
from core.jobs.kinds import KINDS
from core.modalities.images.preprocessing import decode
from core.progress import Progress
from core.tasks.predictions import Guess, Number, Ranked
from core.workspace import Workspace
from tests.conftest import image
from tests.core.backbones.language.served import ANY, any_main, server  # noqa: F401

ROOT = Path(__file__).resolve().parents[3]


def shell(*arguments, home):
    """The real thing: a process of its own, from another folder's point of view."""
    environment = {**os.environ, "GRAFT_HOME": str(home), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "core", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=home.parent, timeout=240)


def test_train_predict_and_evaluate_from_a_shell(home, make_zip, tmp_path, capsys):
    made = make_zip({"red": 10, "blue": 10})
    done = shell("train", "--data", made, "--epochs", 4, "--lr", 0.003, "--seed", 3, "--json", home=home)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert set(said) == {"run", "title", "status", "seconds", "epochs", "best_epoch", "scores", "images", "chose"}
    assert said["images"]["validation"] > 0 and said["chose"]["validation"] in (True, False)
    assert (said["status"], said["epochs"]) == ("finished", 4)
    assert set(said["scores"]["validation"]) == {"loss", "accuracy", "balanced_accuracy", "macro_f1"}
    assert said["scores"]["train"]["accuracy"] > 0.9
    assert "Epoch 4 of 4" in done.stderr

    (tmp_path / "new.jpg").write_bytes(image("red", 77))
    (tmp_path / "broken.jpg").write_bytes(b"nothing")
    asked = shell("predict", "--run", said["run"], "new.jpg", "broken.jpg", "gone.jpg", "--format", "json", home=home)
    assert asked.returncode == 0, asked.stderr
    new, broken, gone = json.loads(asked.stdout)
    assert (new["image"], new["top"][0]["label"]) == ("new.jpg", "red")
    assert sum(guess["probability"] for guess in new["top"]) == pytest.approx(1, abs=1e-4)
    assert set(broken) == set(gone) == {"image", "error"}

    assert main(["predict", "--run", said["run"], str(tmp_path / "broken.jpg")]) == 1  # none could be answered

    capsys.readouterr()
    assert main(["evaluate", "--run", said["run"], "--json"]) == 0
    judged = json.loads(capsys.readouterr().out)
    assert (judged["on"], judged["examples"]) == ("validation", said["images"]["validation"])
    assert judged["scores"]["accuracy"]["value"] == pytest.approx(said["scores"]["validation"]["accuracy"])
    assert judged["scores"]["accuracy"]["low"] < judged["scores"]["accuracy"]["value"]
    others = make_zip({"red": 3, "green": 3}, name="others.zip")  # one class that it knows, and one that it does not
    assert main(["evaluate", "--run", said["run"], "--on", str(others), "--json"]) == 0
    judged = json.loads(capsys.readouterr().out)
    assert (judged["on"], judged["examples"]) == ("other", 6)
    assert judged["scores"]["accuracy"]["value"] <= 0.5  # no green one can be right
    assert main(["evaluate", "--run", said["run"]]) == 0
    assert "Accuracy: " in capsys.readouterr().out
    assert main(["evaluate", "--run", said["run"], "--on", "test"]) == 1
    assert "kept no answers about a test part" in capsys.readouterr().err

    listed = shell("runs", "--json", home=home)
    assert [run["run"] for run in json.loads(listed.stdout)] == [said["run"]]


def test_deep_images_are_seen_alike_in_training_and_by_the_bundle(home, tmp_path):
    """16-bit TIFF that uses a small part of its range: nearly black if read as it is, and if a bundle forgot how it was
    read. Asked for one of its images, and as arrays, it must see what training saw."""
    folder = tmp_path / "kelvin"
    for seed, (label, low, high) in enumerate((("cold", 29_000, 29_600), ("warm", 30_200, 30_800))):
        (folder / label).mkdir(parents=True)
        for number in range(10):
            scene = np.random.default_rng(50 * seed + number).uniform(low, high, (6, 8)).astype(np.float32)
            grown = Image.fromarray(scene).resize((64, 48), Image.Resampling.BICUBIC)
            Image.fromarray(np.asarray(grown).astype(np.uint16)).save(folder / label / f"{number}.tif")
    done = shell("train", "--data", folder, "--epochs", 2, "--lr", 0.003, "--seed", 3, "--json", home=home)
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout.splitlines()[-1])["run"]

    workspace = Workspace(home)
    (info,) = list_datasets(workspace)
    dataset = load_dataset(workspace, info.id)
    assert dataset.rendering.window is not None and 28_500 < dataset.rendering.window[0] < dataset.rendering.window[1]
    predictor = Predictor.open(workspace.runs / run / "bundle")
    assert predictor.preprocessing.rendering == dataset.rendering
    learned = dataset.path(dataset.frame["image"][0])
    size, rendering = predictor.preprocessing.resize, dataset.rendering
    assert np.array_equal(*(np.asarray(decode(one, size, rendering)) for one in (learned, folder / "cold" / "0.tif")))

    asked = shell("predict", "--run", run, folder / "cold", folder / "warm", "--format", "json", home=home)
    assert asked.returncode == 0, asked.stderr
    said = [(Path(one["image"]).parent.name, one["top"][0]["label"]) for one in json.loads(asked.stdout)]
    assert len(said) == 20 and sum(label == guess for label, guess in said) >= 18


def test_a_recipe_is_tried_from_a_shell(home, make_zip):
    done = shell("lr-find", "--data", make_zip({"red": 10, "blue": 10}), "--json", home=home)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert set(said) == {"rates", "losses", "steepest", "tenth", "knee"}
    assert 1e-5 < said["steepest"] < 1 and len(said["rates"]) == len(said["losses"])


@pytest.fixture
def here(monkeypatch):
    """Jobs are done in this process, before they are looked at."""

    class Done:
        def __init__(self, workspace, kind, title, **arguments):
            self.result = KINDS[kind](workspace, lambda progress: None, **arguments)

        def view(self):
            return JobView(status="done", result=self.result)

    monkeypatch.setattr("core.jobs.start", Done)
    monkeypatch.setattr("core.training.trials.estimate.SECONDS", 0.02)


def test_an_estimate_is_a_sentence(here, home, make_zip, capsys, monkeypatch):
    monkeypatch.setenv("GRAFT_DEVICES", "2")
    assert main(["estimate", "--data", str(make_zip({"red": 10, "blue": 10}))]) == 0
    said = capsys.readouterr().out
    assert "before the first epoch" in said and "GB of memory. This is for one device." in said


def test_a_cross_validation_is_a_line_a_fold_and_their_mean(here, home, make_zip, capsys):
    words = ["crossval", "--data", str(make_zip({"red": 10, "blue": 10})), "--epochs", "2", "--folds", "2"]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("Fold 2: accuracy") and lines[2].startswith("Mean of 2 folds: loss")
    assert main([*words, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert len(said["folds"]) == 2 and set(said["mean"]) == set(said["spread"])
    assert main([*words[:-1], "40"]) == 1
    assert "2 to 20 folds" in capsys.readouterr().err


def test_a_failed_job_is_one_sentence_and_status_1(home, tmp_path):
    (tmp_path / "no.zip").write_bytes(b"hello")
    done = shell("train", "--data", tmp_path / "no.zip", "--json", home=home)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "is not a ZIP" in done.stderr
    assert json.loads(done.stdout)["status"] == "failed"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train"], "--data"),
        (["paint"], "paint"),
        (["train", "--data", "x", "--freeze", "some"], "'some' is not all, none or a number"),
        (["train", "--data", "x", "--epochs", "0"], "epochs is 0"),
        (["train", "--data", "x", "--optimizer", "lion"], "'lion'"),
        (["train", "--data", "x", "--backbone", "efficientnet_light0"], "efficientnet_lite0"),
        (["predict", "--run", "r", "a.jpg", "--top", "0"], "'0' is not"),
    ],
)
def test_a_bad_command_is_status_2(words, said, capsys):
    try:
        status = main(words)
    except SystemExit as left:
        status = left.code
    captured = capsys.readouterr()
    assert status == 2
    assert said in captured.err
    assert "Traceback" not in captured.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train", "--data", "nowhere.zip"], "There is no file, folder or dataset 'nowhere.zip'"),
        (["check", "nowhere.zip"], "nowhere.zip"),
        (["predict", "--run", "20200101-nothing", "a.jpg"], "There is no run"),
        (["predict", "--run", "../../etc", "a.jpg"], "There is no run '../../etc'"),
        (["predict", "--run", "latest", "a.jpg"], "No run has finished yet"),
    ],
)
def test_what_is_not_there_is_status_1(words, said, capsys):
    assert main(words) == 1
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


def test_what_cannot_be_counted_is_named_as_it_begins(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("core.commands.printing.time.monotonic", lambda: now[0])
    line = ImportLine()
    for now[0], progress in (
        (0.1, Progress("Writing", 0)),
        (1.5, Progress("Checking", 3, 9)),
        (1.6, Progress("Checking", 4, 9)),
        (1.7, Progress("Comparing", 0)),
        (1.8, Progress("Comparing", 0)),
        (2.9, Progress("Comparing", 0)),
    ):
        line(progress)
    assert capsys.readouterr().err.splitlines() == ["Checking: 3 of 9", "Comparing"]


def test_check_tells_what_is_inside_and_keeps_nothing(make_zip, capsys, home):
    made = make_zip({"cats": 3, "dogs": 2}, files={"cats/readme.txt": b"text"})
    assert main(["check", str(made), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["classes"] == {"cats": 3, "dogs": 2}
    assert any("cats/readme.txt" in finding["files"] for finding in report["findings"])
    assert not home.exists() or not list((home / "datasets").iterdir())


def test_check_shows_hostile_names_without_their_power_over_the_terminal(make_zip, capsys):
    evil = "\x1b[2Jcats"
    assert main(["check", str(make_zip({evil: 2, "dogs": 2}))]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_backbones_are_listed_and_searched(capsys):
    assert main(["backbones", "--search", "efficientnet_lite0", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found[0]["name"] == "efficientnet_lite0"
    assert found[0]["source"] == "bundled"
    assert all("efficientnet_lite0" in info["name"] for info in found)


def test_backbones_for_texts_are_found_beside_those_for_images(capsys):
    assert main(["backbones", "--search", "mit bert tiny", "--json"]) == 0
    (tiny,) = json.loads(capsys.readouterr().out)
    assert (tiny["name"], tiny["modality"], tiny["source"]) == ("hub/prajjwal1/bert-tiny", "text", "download")
    assert (tiny["languages"], tiny["longest"], tiny["licence"]) == ("English", 512, "mit")
    assert main(["backbones", "--search", "bert", "--modality", "image"]) == 0
    assert not [line for line in capsys.readouterr().out.splitlines() if not line.startswith("image")]
    assert main(["backbones", "--search", "german"]) == 0
    said = capsys.readouterr().out
    assert "text      109.0 M  German" in said and said.endswith("hub/bert-base-german-cased\n")
    assert main(["backbones", "--search", "no such backbone"]) == 0
    assert "Try fewer" in capsys.readouterr().err


def test_any_model_of_the_hub_is_told_of_and_fetched(server, any_main, workspace, capsys):  # noqa: F811
    place = ["backbones", "--workspace", str(workspace.root)]
    assert main([*place, "--show", f"hub/{ANY}"]) == 0
    assert "Family: BERT" in capsys.readouterr().out and "model.safetensors" not in server.asked
    assert main([*place, "--show", f"hub/{ANY}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["source"] == "download"
    assert main([*place, "--download", f"hub/{ANY}"]) == 0
    said = capsys.readouterr().err
    assert "Licence: mit" in said and f"The weights of hub/{ANY} are on this machine." in said
    assert main([*place, "--download", "hub/some one"]) == 1
    assert "is no id of a model" in capsys.readouterr().err
    assert main([*place, "--show", "efficientnet_lite0"]) == 0
    assert "Weights: bundled" in capsys.readouterr().out


def test_the_newest_dataset_can_be_named_again(make_zip, workspace, capsys):
    from core.commands import jobs
    from core.importing.importing import import_path

    made = import_path(workspace, make_zip({"cats": 3, "dogs": 2}))
    assert jobs.dataset_of(workspace, made.id).version == 1
    assert jobs.dataset_of(workspace, f"{made.id}@1").id == made.id
    assert jobs.dataset_of(workspace, str(make_zip({"cats": 3, "dogs": 2}, name="again.zip"))).known
    assert "imported before" in capsys.readouterr().err


def test_check_and_import_account_alike_for_every_file(make_zip, workspace, capsys):
    black = io.BytesIO()
    Image.new("RGB", (40, 40)).save(black, "PNG")
    files = {"cats/notes.txt": b"text", "cats/.DS_Store": b"index", "dogs/black.png": black.getvalue()}
    made = make_zip({"cats": 3, "dogs": 2}, files | {"cats/copy.jpg": image("cats", 0)})
    said = []
    for command in ("check", "import"):
        assert main([command, str(made)]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] and "9 files: 6 images, 2 left out, 1 of the system" in said[0]
    leave_out(workspace, load_dataset(workspace, list_datasets(workspace)[0].id), ["dogs/black.png"])
    assert main(["import", str(made)]) == 0
    told = capsys.readouterr()
    assert "This is its version 2: 1 image left out" in told.err
    assert "9 files: 5 images, 2 left out, 1 of the system, 1 left out of later versions" in told.out


def test_datasets_are_listed_and_called_by_their_names(make_zip, workspace, capsys):
    assert main(["import", str(make_zip({"cats": 3, "dogs": 2})), "--name", "My pets"]) == 0
    assert main(["import", str(make_zip({"cats": 3, "dogs": 2})), "--name", "Beasts"]) == 0
    assert "imported before as 'My pets'. It keeps that name, and is not called 'Beasts'" in capsys.readouterr().err
    assert main(["datasets"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith("My pets") and "5 images" in line and "2 classes" in line
    assert main(["datasets", "--json"]) == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)] == ["My pets"]
    assert main(["survey", "My pts"]) == 1
    assert "Did you mean 'My pets'?" in capsys.readouterr().err


def test_import_says_what_it_found_and_survey_what_looks_wrong(home, make_zip):
    done = shell("import", (make_zip({"cats": 12, "dogs": 12})), "--name", "Pets", "--json", home=home)
    said = json.loads(done.stdout)
    assert done.returncode == 0 and not said["known"] and said["report"]["classes"] == {"cats": 12, "dogs": 12}
    assert json.loads(shell("import", (make_zip({"cats": 12, "dogs": 12})), "--json", home=home).stdout)["known"]
    done = shell("survey", said["dataset"], "--json", home=home)
    assert done.returncode == 0 and set(json.loads(done.stdout)) == {"suspects", "outliers"}
    assert shell("survey", "nothing@1", home=home).stderr.strip().startswith("There is no dataset")


def test_cache_says_how_large_it_is_and_empties_it(home, capsys):
    (home / "cache" / "images").mkdir(parents=True)
    (home / "cache" / "images" / "old").write_bytes(bytes(3_000_000))
    assert main(["cache"]) == 0
    assert "3 MB  images" in capsys.readouterr().out
    assert main(["cache", "--empty", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["freed"], said["bytes"]) == (3_000_000, 0)


def test_a_published_set_is_asked_for_by_its_name(home, capsys, make_zip):
    assert main(["import", "--published", "cats"]) == 1
    assert "There are: EuroSAT" in capsys.readouterr().err
    with pytest.raises(SystemExit):  # one or the other
        main(["import", str(make_zip({"cats": 3})), "--published", "EuroSAT"])


def settings(*words):
    from core.commands.parser import build_parser

    return jobs._settings(build_parser().parse_args(["train", "--data", "x", *map(str, words)]))


def test_what_is_typed_goes_over_a_preset_or_a_file(tmp_path):
    assert (settings()["epochs"], settings()["backbone"]) == (20, "efficientnet_lite0")
    typed = settings("--preset", "textbook", "--epochs", 3)
    assert (typed["optimizer"], typed["batch_size"], typed["epochs"]) == ("sgd", 4, 3)
    (tmp_path / "mine.json").write_text(
        '{"backbone": "torchvision/resnet18.IMAGENET1K_V1", "epochs": 9, "patience": 2}'
    )
    typed = settings("--recipe", tmp_path / "mine.json", "--epochs", 4)
    assert (typed["backbone"], typed["epochs"], typed["patience"]) == ("torchvision/resnet18.IMAGENET1K_V1", 4, 2)
    with pytest.raises(SystemExit):
        settings("--preset", "textbook", "--recipe", tmp_path / "mine.json")


def test_a_recipe_file_that_cannot_be_used_is_told_before_any_image_is_read(tmp_path, capsys, home):
    (tmp_path / "mine.json").write_text('{"epochs": 0, "epoch": 3}')
    assert main(["train", "--data", "nowhere", "--recipe", str(tmp_path / "mine.json")]) == 2
    said = capsys.readouterr().err
    assert "did you mean epochs" in said and "epochs is 0" in said


def test_an_answer_is_a_line():
    guesses = (Guess("cat\x1b", 0.9), Guess("dog", 0.1))
    assert jobs._line_of(Answer("a.jpg", Ranked(guesses, 2)), 5) == "cat\ufffd 90.0%, dog 10.0%"
    foreign = Answer("a.jpg", Number(7.5), is_foreign=True)
    assert jobs._line_of(foreign, 5) == "7.5; unlike anything it was trained on"
    assert jobs._line_of(Answer("a.jpg", error="It is broken."), 5) == "It is broken."
    cut = Answer("long", Number(7.5, "weight"), is_cut=True, tokens=1240)
    assert jobs._line_of(cut, 5) == "7.5; it has 1,240 tokens, and only the first ones were read"


def said_of_check(capsys, path, *options):
    assert main(["check", str(path), *options, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_shell_says_how_it_is_read_and_takes_another_way(make_zip, capsys):
    rows = [f"img/{number}.jpg,{'dog' if number % 2 else 'cat'},{number / 7},{number % 3}" for number in range(12)]
    files = {f"img/{number}.jpg": image("red", number) for number in range(12)}
    path = make_zip(files={**files, "t.csv": "\n".join(["file,breed,score,place", *rows]).encode()})
    guessed = said_of_check(capsys, path)
    assert guessed["classes"] == {"cat": 6, "dog": 6}
    (told,) = [one for one in guessed["findings"] if one["kind"] == "guess"]
    assert "'breed'" in told["title"] and "score" in told["why"] and "--label-column" in told["why"]
    assert said_of_check(capsys, path, "--label-column", "score")["numbers"]["name"] == "score"
    assert said_of_check(capsys, path, "--label-column", "place", "--as", "classes")["classes"] == {
        "0": 4,
        "1": 4,
        "2": 4,
    }
    assert main(["check", str(path), "--label-column", "nothing"]) == 1
    assert "no column 'nothing'. It has: breed, place, score" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["check", str(path), "--label-folder", "-1"])


def test_the_shell_takes_another_level_and_another_split(make_zip, capsys):
    files = {
        f"{s}/{d}/{c}/{n}.jpg": image("red", n) for n in range(3) for s in ("train", "val") for d in "ab" for c in "xy"
    }
    path = make_zip(files=files)
    assert set(said_of_check(capsys, path)["classes"]) == {"x", "y"}
    assert set(said_of_check(capsys, path, "--label-folder", "1")["classes"]) == {"a", "b"}
    assert set(said_of_check(capsys, path, "--split-from", "new", "--label-folder", "1")["classes"]) == {"train", "val"}


def test_predict_takes_a_folder_and_says_when_it_holds_no_image(tmp_path):
    folder = tmp_path / "holiday"
    (folder / "@eaDir").mkdir(parents=True)
    (folder / "sub").mkdir()
    for name in ("a.jpg", "sub/b.jpg", "Thumbs.db", "labels.csv", "@eaDir/a.jpg", "notes.txt"):
        (folder / name).write_bytes(b"x")
    assert [name for name, _ in jobs._files([str(folder), "one.jpg"])] == [
        f"{folder}/a.jpg",
        f"{folder}/sub/b.jpg",
        "one.jpg",
    ]
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no image"):
        jobs._files([str(tmp_path / "empty")])


def test_train_takes_how_it_is_read_too(make_zip, home, capsys):
    rows = [f"img/{number}.jpg,{'dog' if number % 2 else 'cat'},{number % 3}" for number in range(12)]
    files = {f"img/{number}.jpg": image("red", number) for number in range(12)}
    path = make_zip(files={**files, "t.csv": "\n".join(["file,breed,place", *rows]).encode()})
    assert main(["train", "--data", str(path), "--label-column", "place", "--as", "classes", "--no-start"]) == 0
    (made,) = list_datasets(Workspace.open(home))
    assert load_dataset(Workspace.open(home), made.id).classes == ("0", "1", "2")


def test_a_folder_of_ones_own_is_added_in_a_shell(workspace, tmp_path, capsys):
    from tests.core.backbones.language.tiny import write_folder

    folder = write_folder(tmp_path / "own")
    assert main(["backbones", "--workspace", str(workspace.root), "--add", str(folder)]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("folder/own-") and "53 of 53 tensors match" in said.err
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert main(["backbones", "--workspace", str(workspace.root), "--add", str(folder)]) == 1
    assert "Convert it to safetensors" in capsys.readouterr().err


def test_the_help_of_train_speaks_of_images_and_of_texts(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "recommended: for images, a linear head" in said and "for texts, the later half of the layers" in said
    assert "textbook: as a course teaches it" in said and "frozen: for texts, a linear head" in said
    assert "of one for texts the first is the embeddings" in said
    assert "How an image becomes a square" in said and "How many batches make a step" in said
    assert "on training and validation examples together" in said
