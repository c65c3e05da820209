"""The real worker, as a real process, on the bundled backbone."""

import json
import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core import runs, trash
from core.errors import RecipeError, RunError
from core.importing.importing import import_path
from core.processes import SOURCE_ROOT, signed
from core.runs import Status
from core.training import checkpoints
from core.training.process.events import Ended, Queued, read_events
from core.training.recipe import Recipe
from tests.polling import poll


@pytest.fixture
def dataset(workspace, make_zip):
    return import_path(workspace, make_zip({"red": 12, "blue": 12}))


@pytest.fixture
def recipe(dataset):
    return Recipe(
        dataset=dataset.id,
        dataset_version=dataset.version,
        backbone="efficientnet_lite0",
        epochs=3,
        learning_rate=0.003,
    )


def wait(run, until):
    """Look at a run, as a page does, until `until(view)`."""
    looks = [run.view()]

    def seen():
        looks.append(run.view(looks.pop()))
        over = not looks[0].status.active and not until(looks[0])
        assert not over, f"{looks[0].status}: {looks[0].message} {run.log_tail()}"
        return until(looks[0])

    poll(seen, lambda: f"{looks[0].status}: {run.log_tail()}")
    return looks[0]


def ended(view):
    return not view.status.active


def long(recipe, **settings):
    """So many epochs that no machine ends them while a test looks on."""
    return recipe.model_copy(update={"epochs": 10_000, "schedule": "constant", **settings})


def trained(view):
    return len(view.curve) >= 3


def kill(run):
    os.kill(signed(run.directory / "worker.pid")[0], signal.SIGKILL)


def test_a_run_from_start_to_bundle(workspace, recipe):
    run = runs.start(workspace, recipe)
    view = wait(run, ended)
    assert view.status is Status.FINISHED, run.log_tail()
    assert [row.epoch for row in view.curve] == [1, 2, 3]
    assert view.ended.validation.get("accuracy") > 0.9
    assert view.trainable == 1280 * 2 + 2
    assert (run.bundle / "weights.safetensors").exists()
    assert runs.list_runs(workspace)[0].id == run.id
    # The chart shown to one who opens the page now is the one that another saw growing.
    assert runs.get(workspace, run.id).view().curve == view.curve


def test_stop_and_keep(workspace, recipe):
    run = runs.start(workspace, long(recipe))
    wait(run, trained)
    run.stop()
    view = wait(run, ended)
    assert view.status is Status.STOPPED
    assert run.bundle and view.ended.best_epoch


def test_a_run_at_work_stops_and_goes_to_the_trash_from_where_it_comes_back_stopped(workspace, recipe):
    run = runs.start(workspace, long(recipe))
    wait(run, trained)
    title = run.title
    assert run.discard() is None
    poll(lambda: not run.directory.exists() and trash.listed(workspace))
    assert runs.list_runs(workspace) == []
    with pytest.raises(RunError, match="is not there any more"):
        runs.get(workspace, run.id)
    (trashed,) = trash.listed(workspace)
    assert trashed.title == title
    trash.restore(workspace, trashed.id)
    assert run.title == title and run.status is Status.STOPPED and run.bundle


def test_a_killed_worker_is_seen_and_resume_goes_on(workspace, recipe):
    run = runs.start(workspace, long(recipe))
    wait(run, lambda view: (run.directory / "checkpoints" / "last.pt").exists())
    kill(run)
    view = wait(run, ended)
    assert view.status is Status.INTERRUPTED
    run.resume()
    resumed = wait(run, lambda now: now.status is Status.TRAINING and now.epoch > view.epoch)
    epochs = [row.epoch for row in resumed.curve]
    assert epochs == list(range(1, len(epochs) + 1))
    run.stop()
    assert wait(run, ended).status is Status.STOPPED


def test_a_paused_run_frees_the_device_and_can_be_stopped_and_kept(workspace, recipe):
    run = runs.start(workspace, long(recipe))
    wait(run, trained)
    run.pause()
    paused = wait(run, ended)
    assert paused.status is Status.PAUSED and not run.bundle
    assert runs.start(workspace, recipe).view().ahead == 0
    run.stop()
    view = wait(run, ended)
    assert view.status is Status.STOPPED and run.bundle
    assert view.ended.epochs >= len(paused.curve) and "were kept" in view.message


def test_a_finished_run_goes_on_for_more_epochs_and_never_looks_ended_meanwhile(workspace, recipe):
    run = runs.start(workspace, recipe)
    assert wait(run, ended).status is Status.FINISHED
    run.extend(2)
    assert run.status.active, "its worker has not said a word yet"
    view = wait(run, ended)
    assert view.status is Status.FINISHED and [row.epoch for row in view.curve] == [1, 2, 3, 4, 5]
    assert [(mark.epoch, mark.words) for mark in view.marks] == [(3, "2 more epochs")]
    with pytest.raises(RunError, match="nothing left to do"):
        run.resume()


def test_what_is_changed_on_the_way_is_marked(workspace, recipe):
    run = runs.start(workspace, long(recipe))
    begun = wait(run, trained)
    assert (begun.frozen, begun.stages, begun.judged_on, begun.naive.get("accuracy")) == (9, 9, 4, 0.5)
    run.set_learning_rate(0.25)
    wait(run, lambda view: view.curve[-1].learning_rate == pytest.approx(0.25))
    run.unfreeze()
    freed = wait(run, lambda view: view.frozen == 8)
    assert freed.trainable > begun.trainable
    run.pause()
    words = [mark.words for mark in wait(run, ended).marks]
    assert words == ["Learning rate 0.25", "1 more free stage", "8 of 9 stages are frozen from here", "Paused"]


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no such signal on this system")
def test_a_worker_that_does_not_answer_is_noticed_and_is_well_again_when_it_goes_on(workspace, recipe, monkeypatch):
    run = runs.start(workspace, long(recipe))
    wait(run, trained)
    worker = signed(run.directory / "worker.pid")[0]
    os.kill(worker, signal.SIGSTOP)
    monkeypatch.setattr(runs.run, "SECONDS_OF_SILENCE", 0.5)
    silent = wait(run, lambda view: view.status is Status.SILENT)
    os.kill(worker, signal.SIGCONT)
    monkeypatch.setattr(runs.run, "SECONDS_OF_SILENCE", 30)
    assert wait(run, lambda view: len(view.curve) > len(silent.curve)).status is Status.TRAINING
    run.stop()
    assert wait(run, ended).status is Status.STOPPED


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no such signal on this system")
def test_a_worker_that_never_answers_can_be_ended_and_the_run_resumed(workspace, recipe, monkeypatch):
    run = runs.start(workspace, long(recipe))
    wait(run, lambda view: (kept := checkpoints.load(run.directory / "checkpoints")) and kept.best_epoch)
    run.end_worker()
    assert run.status is Status.TRAINING, "one that answers is left alone"
    os.kill(signed(run.directory / "worker.pid")[0], signal.SIGSTOP)
    monkeypatch.setattr(runs.run, "SECONDS_OF_SILENCE", 0.5)
    wait(run, lambda view: view.status is Status.SILENT)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(platform, "node", lambda: "another")
        with pytest.raises(RunError, match="of another machine, .*, and cannot be ended from here"):
            run.end_worker()
        assert run.status is Status.SILENT, "and is not taken for dead"
    run.end_worker()
    assert wait(run, ended).status is Status.INTERRUPTED
    run.stop()
    assert wait(run, ended).status is Status.STOPPED and run.bundle


def test_one_run_trains_and_the_next_waits_its_turn(workspace, recipe):
    first = runs.start(workspace, long(recipe))
    wait(first, trained)
    second = runs.start(workspace, recipe)
    queued = wait(second, lambda view: view.ahead > 0)
    assert (queued.status, queued.ahead) == (Status.QUEUED, 1)
    kill(first)  # a worker that died does not block the queue
    assert wait(second, ended).status is Status.FINISHED


def test_a_run_that_waits_can_be_stopped(workspace, recipe):
    first = runs.start(workspace, long(recipe))
    wait(first, trained)
    second = runs.start(workspace, recipe)
    wait(second, lambda view: view.ahead > 0)
    second.stop()
    assert wait(second, ended).status is Status.STOPPED
    first.stop()
    wait(first, ended)


def test_a_dataset_that_vanished_fails_in_words(workspace, dataset, recipe):
    (dataset.path(dataset.frame["image"].iloc[0])).unlink()
    run = runs.start(workspace, recipe)
    view = wait(run, ended)
    assert view.status is Status.FAILED
    assert "Traceback" not in view.message and len(view.message) > 20
    assert "Traceback" in run.log_tail() or "failed" in run.log_tail()


def test_what_cannot_run_is_refused_before_it_starts(workspace, recipe):
    wrong = recipe.model_copy(update={"backbone": "efficientnet_light0", "dataset": "gone"})
    with pytest.raises(RecipeError) as told:
        runs.start(workspace, wrong)
    assert "efficientnet_lite0" in str(told.value) and "gone" in str(told.value)
    assert runs.list_runs(workspace) == []


def test_a_run_whose_recipe_was_damaged_says_so(workspace, recipe):
    run = runs.start(workspace, recipe.model_copy(update={"epochs": 1}))
    (run.directory / "recipe.json").write_text("{")
    ended_with = []

    def failed():
        events, _ = read_events(run.directory / "events.jsonl")
        ended_with[:] = [event for _, event in events if isinstance(event, Ended)]
        return bool(ended_with)

    poll(failed, run.log_tail)
    assert ended_with[0].status == "failed"
    assert "recipe cannot be read" in ended_with[0].message


def test_a_clock_that_jumps_neither_hides_a_worker_nor_changes_its_place(workspace, recipe, monkeypatch):
    run = runs.start(workspace, long(recipe))
    wait(run, trained)
    kill(run)
    wait(run, ended)
    lines = (run.directory / "events.jsonl").read_text().splitlines()
    later = [json.dumps({**json.loads(line), "time": json.loads(line)["time"] + 86_400}) for line in lines]
    (run.directory / "events.jsonl").write_text("\n".join(later) + "\n")
    run.resume()
    assert run.status.active
    second = runs.start(workspace, recipe)
    assert wait(second, lambda view: view.ahead > 0).ahead == 1
    run.stop()
    assert wait(run, ended).status is Status.STOPPED
    assert wait(second, ended).status is Status.FINISHED


def test_what_waited_when_the_machine_went_down_gets_its_turn_in_the_old_order(workspace, recipe):
    first, *others = [runs.start(workspace, each) for each in (long(recipe), long(recipe), long(recipe))]
    wait(first, trained)
    for run, ahead in zip(others, (1, 2)):
        assert wait(run, lambda view: view.ahead > 0).ahead == ahead
    for run in (*reversed(others), first):
        kill(run)
        assert wait(run, ended).status is Status.INTERRUPTED
    assert runs.requeue(workspace) == others
    assert wait(others[0], trained).ahead == 0
    assert wait(others[1], lambda view: view.ahead > 0).ahead == 1
    assert first.status is Status.INTERRUPTED and runs.requeue(workspace) == []
    for run in reversed(others):
        run.stop()
        wait(run, ended)


def test_a_worker_that_was_stopped_in_its_tracks_goes_on(workspace, recipe):
    run = runs.start(workspace, long(recipe))
    epoch = wait(run, trained).epoch
    pid = signed(run.directory / "worker.pid")[0]
    os.kill(pid, signal.SIGSTOP)
    poll(lambda: "T" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2])
    assert run.status is Status.TRAINING  # its lock is held: nobody takes it for dead
    os.kill(pid, signal.SIGCONT)
    wait(run, lambda view: view.epoch > epoch + 2)
    run.stop()
    assert wait(run, ended).status is Status.STOPPED


SERVER = """
import sys
from core import runs
from core.training.recipe import Recipe
from core.workspace import Workspace
workspace = Workspace.open(sys.argv[1])
for _ in range(2):
    print(runs.start(workspace, Recipe.model_validate_json(sys.argv[2])).id, flush=True)
sys.stdin.read()
"""


def test_two_servers_on_one_workspace_are_killed_and_their_runs_train_one_after_the_other(workspace, recipe):
    command = [sys.executable, "-c", SERVER, str(workspace.root), recipe.model_dump_json()]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": SOURCE_ROOT}
    servers = [subprocess.Popen(command, start_new_session=True, **pipes) for _ in range(2)]
    started = []
    for server in servers:
        with server:
            started += [runs.get(workspace, server.stdout.readline().strip()) for _ in range(2)]
            os.killpg(server.pid, signal.SIGKILL)
    spans = []
    for run in started:
        assert wait(run, ended).status is Status.FINISHED
        times = [moment for moment, event in read_events(run.directory / "events.jsonl")[0] if not queued(event)]
        spans.append((times[0], times[-1]))
    spans.sort()
    assert all(one[1] <= other[0] for one, other in zip(spans, spans[1:]))  # never two at once


def queued(event):
    return isinstance(event, Queued)
