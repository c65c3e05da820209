"""What can go wrong while a run is at work. The last good checkpoint is always there, and the run goes on from it."""

import io
import itertools
import signal
import time
from types import SimpleNamespace

import pytest
import safetensors.torch
import torch

from core.training import checkpoints, saving
from core.training.loop import Updater
from core.training.process import failures, worker
from core.training.process.events import Ended, EpochEnded, EventLog, Progress, read_events
from core.workspace import write_json


@pytest.fixture
def work(workspace, recipe, monkeypatch):
    """Does in this process what a worker does; returns its last event. The run's settings may be given at first."""
    monkeypatch.setattr(saving, "SECONDS_BETWEEN", 0.0)
    monkeypatch.setattr(saving, "SHARE", 1e9)
    monkeypatch.setenv("GRAFT_DEVICE", "cpu")
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def work(name="run", **settings):
        directory = workspace.runs / name
        if not directory.exists():
            directory.mkdir()
            made = recipe.model_copy(update={"freeze": 2, "epochs": 4, **settings})
            write_json(directory / "recipe.json", made.model_dump(mode="json"))
        worker._Worker(directory).work()
        return read_events(directory / "events.jsonl")[0][-1][1]

    yield work
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def weights(workspace):
    return lambda name: safetensors.torch.load_file(workspace.runs / name / "bundle" / "weights.safetensors")


def same(one, other):
    return all(torch.equal(one[key], other[key]) for key in one)


def at_call(number, original, trouble):
    """`original`, but `trouble(*given)` is called instead at its call number `number`."""
    count = itertools.count(1)
    return lambda *given, **named: (trouble if next(count) == number else original)(*given, **named)


def no_room(_, file):
    file.write(b"half of it")
    raise OSError(28, "No space left on device")


def no_memory(*_):
    raise torch.OutOfMemoryError("DefaultCPUAllocator: can't allocate memory")


@pytest.mark.parametrize(
    ("holder", "name", "trouble", "said"),
    [
        (checkpoints.torch, "save", no_room, "The disk is full. Make room"),
        (Updater, "learn", no_memory, "Lower the batch size (it was 8; try 4)"),
    ],
)
def test_a_run_that_met_its_limits_says_so_and_goes_on_once_there_is_room(
    work, weights, workspace, monkeypatch, holder, name, trouble, said
):
    work("whole")
    with monkeypatch.context() as full:
        full.setattr(holder, name, at_call(7, getattr(holder, name), trouble))
        ended = work()
    assert ended.status == "failed" and said in ended.message and "best so far, were kept" in ended.message
    kept = checkpoints.load(workspace.runs / "run" / "checkpoints")
    assert (kept.epoch, kept.step) >= (1, 0)
    assert work().status == "finished"
    assert same(weights("whole"), weights("run"))


def test_a_full_disk_costs_no_line_of_the_story_but_how_far_it_is(tmp_path, monkeypatch):
    log = EventLog(tmp_path / "events.jsonl")
    log.write(Ended("stopped", "One.", 1.0, 1, 1))
    whole = log._file

    class Full:
        """Takes ten bytes more."""

        name = "events.jsonl"
        fileno, truncate = whole.fileno, whole.truncate

        def write(self, data):
            return whole.write(data[:10])

    log._file = Full()
    log.write(Progress("training", 1, 2))
    with pytest.raises(OSError, match="No space left"):
        log.write(Ended("stopped", "Two.", 1.0, 1, 1))
    log._file = whole
    log.write(Ended("stopped", "Three.", 1.0, 1, 1))
    log.close()
    assert [event.message for _, event in read_events(tmp_path / "events.jsonl")[0]] == ["One.", "Three."]


def test_what_torch_says_of_a_full_disk_is_understood(recipe):
    class Full(io.BytesIO):
        def write(self, data):
            if self.tell() + len(data) > 100_000:
                raise OSError(28, "No space left on device")
            return super().write(data)

    with pytest.raises(RuntimeError) as told:
        torch.save({"weight": torch.zeros(100_000)}, Full())
    assert failures.explain(told.value, recipe).startswith("The disk is full.")


def test_a_run_that_cannot_even_say_that_the_disk_is_full_goes_on_later(work, weights, workspace, monkeypatch):
    work("whole")

    write = EventLog.write

    def full_from_the_third(self, event):
        if isinstance(event, Ended) or getattr(event, "epoch", 0) >= 3:
            raise OSError(28, "No space left on device")
        write(self, event)

    with monkeypatch.context() as no_room_at_all:
        no_room_at_all.setattr(EventLog, "write", full_from_the_third)
        assert not isinstance(work(), Ended)
    assert work().status == "finished"
    assert same(weights("whole"), weights("run"))


def test_steps_that_were_too_large_leave_a_checkpoint_without_infinities(work, workspace):
    ended = work(learning_rate=10.0, optimizer="sgd", momentum=0.99, schedule="constant", epochs=200)
    assert ended.status == "failed" and "Lower the learning rate (it was 10; try 1)" in ended.message
    kept = checkpoints.load(workspace.runs / "run" / "checkpoints")
    assert kept is None or all(tensor.isfinite().all() for tensor in kept.best.values())


def test_a_clock_that_is_set_back_changes_nothing(work, weights, workspace, monkeypatch):
    work("whole")
    ticks = itertools.count()
    monkeypatch.setattr(time, "time", lambda: 1e9 - 3600.0 * next(ticks))
    assert work().status == "finished"
    rows = [event.epoch for _, event in read_events(workspace.runs / "run" / "events.jsonl")[0] if is_row(event)]
    assert rows == [1, 2, 3, 4] and same(weights("whole"), weights("run"))


def is_row(event):
    return isinstance(event, EpochEnded)


def test_kept_results_that_vanish_or_are_damaged_between_two_looks_are_made_again(
    work, weights, workspace, monkeypatch
):
    """Deleted while the run is paused, and one half of a file gone: the run goes on with the same bits."""
    work("whole")
    for damage in ("delete", "halve"):
        with monkeypatch.context() as stopped:
            stopped.setattr(Updater, "learn", at_call(5, Updater.learn, no_memory))
            assert work(damage).status == "failed"
        for path in (workspace.cache / "activations").glob("*/*/rows.bin"):
            if damage == "delete":
                path.unlink()
            else:
                path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        assert work(damage).status == "finished"
        assert same(weights("whole"), weights(damage))


def test_what_was_learned_from_a_damaged_cache_is_not_kept(work, weights, workspace, monkeypatch):
    """Bytes change under the run, in what the frozen stages gave."""
    work("whole")
    learn = Updater.learn

    def damaged(self, loss, batch):
        for path in (workspace.cache / "activations").glob("*/*/rows.bin"):
            with open(path, "r+b") as file:
                file.write(bytes(4096))
        learn(self, loss, batch)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Updater, "learn", at_call(5, learn, damaged))
        ended = work()
    assert ended.status == "failed" and ended.message.startswith("Somebody wrote into Graft's cache")
    kept = checkpoints.load(workspace.runs / "run" / "checkpoints")
    assert (kept.epoch, kept.step) == (1, 1)
    assert work().status == "finished"
    assert same(weights("whole"), weights("run"))


def test_writing_checkpoints_takes_three_hundredths_of_a_run_at_most(recipe, train, monkeypatch):
    clock, saved = [0.0], []

    def passes(seconds, original):
        def work(*given, **named):
            clock[0] += seconds
            return original(*given, **named)

        return work

    monkeypatch.setattr(saving, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(Updater, "learn", passes(5.0, Updater.learn))
    monkeypatch.setattr(checkpoints, "save", passes(1.0, lambda *_: saved.append(1)))
    train(recipe.model_copy(update={"epochs": 100}))
    assert 20 < len(saved) < 0.03 * clock[0]
