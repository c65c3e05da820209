from core.runs.view import MAX_STEP_POINTS, View
from core.training.events import Ended, EpochEnded, Progress, Queued, Scores, Started


def view_of(*events):
    view = View()
    for moment, event in enumerate(events):
        view = view.after(float(moment), event)
    return view


def epoch(number, accuracy=0.5, best=False):
    return EpochEnded(number, Scores(1 / number, accuracy), Scores(1 / number, accuracy), 0.1, 1.0, best)


STARTED = Started("CPU, 2 cores", 0, 5, 10, 100, "Kept.")


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
