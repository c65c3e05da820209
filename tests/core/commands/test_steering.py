"""Runs steered from a shell, with real workers."""

from __future__ import annotations

import json
import threading

import pytest

from core import runs
from core.commands import main
from core.importing.importing import import_path
from core.training.recipe import Recipe
from tests.core.commands.test_commands import shell
from tests.polling import poll


@pytest.fixture
def run(workspace, make_zip):
    """A run at work that no machine ends while a test looks on."""
    dataset = import_path(workspace, make_zip({"red": 10, "blue": 10}))
    recipe = Recipe(
        dataset=dataset.id, dataset_version=1, backbone="efficientnet_lite0", epochs=10_000, schedule="constant"
    )
    run = runs.start(workspace, recipe)
    poll(lambda: len(run.view().curve) > 2, run.log_tail)
    return run


def said(capsys):
    captured = capsys.readouterr()
    return json.loads(captured.out.splitlines()[-1]), captured.err


def test_pause_then_resume_then_stop(run, capsys):
    assert main(["pause", "latest", "--json"]) == 0
    paused, told = said(capsys)
    assert (paused["run"], paused["status"]) == (run.id, "paused") and paused["epochs"] > 2
    assert f"python -m core resume {run.id}" in told

    assert main(["resume", run.id, "--detach", "--json"]) == 0
    assert said(capsys)[0]["status"] in ("queued", "preparing", "training")
    poll(lambda: run.view().epoch > paused["epochs"], run.log_tail)

    assert main(["stop", "latest", "--json"]) == 0
    stopped, told = said(capsys)
    assert stopped["status"] == "stopped" and stopped["epochs"] > paused["epochs"]
    assert stopped["scores"]["validation"]["accuracy"] > 0.9 and "fitted once more" in told


def test_resume_follows_the_run_to_its_end(run, home):
    main(["pause", "latest"])
    paused = run.view()
    stopper = threading.Thread(target=lambda: (poll(lambda: run.view().epoch > paused.epoch + 2), run.stop()))
    stopper.start()
    done = shell("resume", run.id, "--json", home=home)
    stopper.join()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "stopped"
    lines = [line for line in done.stderr.splitlines() if line.startswith("Epoch")]
    assert lines[0].startswith(f"Epoch {paused.epochs_done + 1} of 10000"), "earlier epochs were told before"


def test_extend_trains_a_stopped_run_for_more_epochs(workspace, make_zip, capsys):
    assert main(["train", "--data", str(make_zip({"red": 8, "blue": 8})), "--epochs", "2"]) == 0
    capsys.readouterr()
    assert main(["extend", "latest", "--epochs", "3", "--json"]) == 0
    extended, told = said(capsys)
    assert (extended["status"], extended["epochs"]) == ("finished", 5)
    assert "Epoch 5 of 5" in told and "Epoch 2 of" not in told


def test_a_run_that_is_only_made_says_how_it_is_started_and_can_be_started_here(workspace, make_zip, capsys):
    words = ["train", "--data", str(make_zip({"red": 8, "blue": 8})), "--epochs", "1", "--no-start"]
    with pytest.raises(SystemExit):
        main([*words, "--devices", "2"])
    assert "not allowed with argument --no-start" in capsys.readouterr().err
    assert main([*words, "--json"]) == 0
    made, told = said(capsys)
    (run,) = runs.list_runs(workspace)
    assert (made["status"], made["epochs"]) == ("not started", 0) and "error" not in made
    assert f"-m core.training.process.worker {run.directory}" in told and f"resume {run.id}" in told
    assert main(["stop", "latest"]) == main(["extend", "latest", "--epochs", "1"]) == 1
    assert "is not started, so there is nothing to stop" in capsys.readouterr().err
    assert runs.requeue(workspace) == []
    assert main(["resume", "latest", "--json"]) == 0
    assert said(capsys)[0]["status"] == "finished"


def test_what_cannot_be_done_is_said_in_words(workspace, run, capsys):
    main(["stop", "latest"])
    capsys.readouterr()
    assert main(["stop", "latest"]) == main(["pause", "latest"]) == 1
    assert "is stopped, so there is nothing to stop" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["extend", "latest", "--epochs", "0"])
    (run.directory / "recipe.json").write_text("{")
    assert main(["resume", "latest"]) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert main(["runs"]) == 0
    listed = capsys.readouterr().out
    assert run.id in listed and "damaged" in listed and "cannot be read" in listed


def test_without_any_run_there_is_none_to_steer(workspace, capsys):
    assert main(["resume", "latest"]) == 1
    assert "There is no run yet" in capsys.readouterr().err
