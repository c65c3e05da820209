import time

from core.runs.view import MAX_STEP_POINTS, MOST_MARKS, Status, View
from core.tasks.scores import Scores
from core.training.process.events import Changed, Ended, EpochEnded, EventLog, Paused, Progress, Queued, Started
from tests.pages.made_runs import made_run


def view_of(*events):
    view = View()
    for moment, event in enumerate(events):
        view = view.after(float(moment), event)
    return view


def epoch(number, accuracy=0.5, best=False):
    return EpochEnded(
        number, Scores(1 / number, {"accuracy": accuracy}), Scores(1 / number, {"accuracy": accuracy}), 0.1, 1.0, best
    )


STARTED = Started("CPU, 2 cores", 0, 5, 10, 100, "Kept.")


def test_a_worker_of_another_machine_lives_as_long_as_it_talks(workspace, monkeypatch):
    """Where file systems do not share locks, its own looks free from here."""
    run = made_run(workspace, "x")
    assert run.status is Status.INTERRUPTED
    (run.directory / "worker.pid").write_text("1 another")
    assert run.status is Status.TRAINING
    run.discard()
    assert run.directory.exists()  # it hears of it there
    monkeypatch.setattr("core.runs.run.SECONDS_OF_SILENCE", 0.0)
    assert run.status is Status.INTERRUPTED
    run.discard()
    assert not run.directory.exists()


class Clocks:
    """One on the wall, which may be set, and one that never jumps."""

    def __init__(self):
        self.wall, self.since = time.time(), 1000.0

    def time(self):
        return self.wall

    def monotonic(self):
        return self.since

    def pass_by(self, seconds):
        self.wall += seconds
        self.since += seconds


def test_a_worker_that_hangs_is_found_out_however_the_clock_jumps(workspace, monkeypatch):
    clocks = Clocks()
    monkeypatch.setattr("core.runs.run.time", clocks)
    monkeypatch.setattr("core.runs.run.is_alive", lambda directory: True)
    run = made_run(workspace, "x")
    events = EventLog(run.directory / "events.jsonl")
    monkeypatch.setattr("core.training.process.events.time", clocks)

    def says_something():
        events.write(Progress("training", 1, 20, epoch=1, step=1, steps=4, loss=1.0))

    says_something()
    assert run.status is Status.TRAINING
    for jump in (-3600, 3600, 3600, -86400, 400 * 86400):
        clocks.wall += jump
        assert run.status is Status.TRAINING, "it was heard a moment ago"
        clocks.pass_by(40)
        assert run.status is Status.TRAINING
        clocks.pass_by(40)
        assert run.status is Status.SILENT
        says_something()
        assert run.status is Status.TRAINING
    clocks.pass_by(61)
    clocks.wall -= 3600
    monkeypatch.setattr("core.runs.run._heard", {})
    assert run.status is Status.SILENT, "who looks for the first time finds it out too"
    events.close()


def test_epochs_become_rows_and_the_best_is_remembered():
    view = view_of(STARTED, epoch(1, 0.5, best=True), epoch(2, 0.8, best=True), epoch(3, 0.7))
    assert [row.epoch for row in view.curve] == [1, 2, 3]
    assert (view.best_epoch, view.epoch, view.epochs) == (2, 3, 5)


def test_after_resume_the_epochs_that_were_lost_are_drawn_once():
    again = Started("CPU, 2 cores", 1, 5, 10, 100, "Kept.")
    view = view_of(STARTED, epoch(1), epoch(2), epoch(3), again, epoch(2))
    assert [row.epoch for row in view.curve] == [1, 2]


def test_step_losses_are_bounded_however_long_the_run():
    steps = [Progress("training", n, 9999, epoch=1, step=n, steps=9999, loss=1.0) for n in range(1, 5000)]
    view = view_of(STARTED, *steps)
    assert 0 < len(view.step_losses) <= MAX_STEP_POINTS
    assert view.step_losses[-1][0] > 0.4


def test_a_resumed_run_has_not_ended():
    view = view_of(STARTED, Ended("failed", "Disk full.", 1.0, 1, 1), Queued(1))
    assert view.ended is None and view.ahead == 1


def test_marks_are_where_something_was_done_and_the_newest_are_kept():
    view = view_of(STARTED, Changed(1.5, "extend", "5 more epochs", 10), Paused(1.75, 10))
    assert [(mark.epoch, mark.words) for mark in view.marks] == [(1.5, "5 more epochs"), (1.75, "Paused")]
    assert view.epochs == 10
    view = view.after(9.0, Started("CPU", 1, 10, 10, 100, "Kept."))
    assert len(view.marks) == 2, "they lie in the epoch that goes on"
    many = view_of(STARTED, *[Changed(n, "learning_rate", f"Learning rate {n}", 5) for n in range(50)])
    assert len(many.marks) == MOST_MARKS and many.marks[-1].words == "Learning rate 49"


def test_an_epoch_under_way_is_not_done():
    begun = Progress("training", 3, 20, epoch=3, step=1, steps=4, loss=1.0)
    view = view_of(STARTED, epoch(1), epoch(2), begun, Paused(2.25, 5))
    assert (view.epoch, view.epochs_done) == (3, 2)
    assert view_of(STARTED).epochs_done == 0


def test_a_run_paused_in_the_queue_has_no_mark():
    assert view_of(Queued(1), Paused(0.0, 0)).marks == ()


def test_what_an_extended_run_says_first_is_that_it_goes_on():
    view = view_of(
        STARTED, epoch(1), Ended("finished", "Finished.", 1.0, 1, 1), Changed(1.0, "extend", "3 more epochs", 4)
    )
    assert view.ended is None and view.epochs == 4
