"""Whatever is asked of a run that is gone, it is told in a sentence, and nothing of the run comes back."""

import pytest

from core.errors import RunError
from tests.pages.made_runs import finished, made_run

ASKED = {
    "view": lambda run: run.view(),
    "status": lambda run: run.status,
    "pause": lambda run: run.pause(),
    "stop": lambda run: run.stop(),
    "resume": lambda run: run.resume(),
    "discard": lambda run: run.discard(),
    "end_worker": lambda run: run.end_worker(),
    "extend": lambda run: run.extend(3),
    "set_learning_rate": lambda run: run.set_learning_rate(0.1),
    "unfreeze": lambda run: run.unfreeze(),
}


@pytest.mark.parametrize("asked", ASKED)
def test_nothing_can_be_asked_of_a_run_that_is_gone(workspace, asked):
    run = made_run(workspace, "20260101-120000-flowers-9f3a", finished())
    assert run.recipe and run.status  # which the object may remember
    run.discard()
    with pytest.raises(RunError, match="'Flowers, all stages frozen, 1 Jan, 12:00' is not there any more"):
        ASKED[asked](run)
    assert not run.directory.exists()
