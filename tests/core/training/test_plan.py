import pytest

from core.training.plan import Change, Phase, drawn, learning_rate, phase_of, phases
from core.training.recipe import Recipe


def recipe(**settings):
    return Recipe(**{"dataset": "a", "dataset_version": 1, "backbone": "b", "epochs": 10, "freeze": 3, **settings})


def rates(planned, **settings):
    made = recipe(learning_rate=0.2, **settings)
    return [learning_rate(made, phase_of(planned or phases(made, 9), int(at) + 1), at) for at in range(11)]


def frozen(made, stages=9, changes=()):
    planned = phases(made, stages, changes)
    return [phase_of(planned, epoch).frozen for epoch in range(1, planned[-1].last + 1)]


def test_as_a_rule_there_is_one_phase():
    assert phases(recipe(), 9) == (Phase(1, 10, 3, 1.0, (1, 10)),)
    assert phases(recipe(freeze="all"), 9)[0].frozen == 9


def test_the_head_first_then_the_rest_at_a_lower_rate():
    made = recipe(unfreeze="after_head", head_epochs=2, schedule="constant", learning_rate=0.2)
    assert frozen(made) == [9, 9] + [3] * 8
    planned = phases(made, 9)
    assert [learning_rate(made, phase_of(planned, epoch), epoch - 1) for epoch in (2, 3)] == pytest.approx([0.2, 0.02])


def test_one_stage_more_every_epoch():
    assert frozen(recipe(unfreeze="gradually", head_epochs=2)) == [9, 9, 8, 7, 6, 5, 4, 3, 3, 3]
    assert frozen(recipe(unfreeze="gradually", head_epochs=8)) == [9] * 8 + [8, 7]


def test_changes_on_the_way():
    assert frozen(recipe(epochs=4), changes=[Change("unfreeze", 2, 1)]) == [3, 3, 2, 2]
    assert frozen(recipe(epochs=2), changes=[Change("extend", 1, 2), Change("unfreeze", 3, 5)]) == [3, 3, 3, 0]
    added = phases(recipe(epochs=2), 9, [Change("extend", 2, 3)])[-1]
    assert (added.first, added.last, added.span) == (3, 5, (3, 5))


def test_a_run_that_was_over_goes_on_for_so_many_epochs_and_no_more():
    made = recipe(epochs=9, freeze=3, unfreeze="after_head", head_epochs=4)
    assert frozen(made, changes=[Change("end", 6, 0), Change("extend", 6, 2)]) == [9] * 4 + [3] * 4
    assert frozen(made, changes=[Change("end", 4, 0), Change("extend", 4, 1)]) == [9] * 5
    assert frozen(made, changes=[Change("end", 9, 0)]) == frozen(made)


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"schedule": "constant"}, [0.2] * 11),
        ({"schedule": "step", "step_epochs": 4, "step_factor": 0.5}, [0.2] * 4 + [0.1] * 4 + [0.05] * 3),
    ],
)
def test_schedules(settings, wanted):
    assert rates(None, **settings) == pytest.approx(wanted)


def test_cosine_begins_at_the_rate_and_falls_to_nothing():
    said = rates(None, schedule="cosine")
    assert (said[0], said[5], said[10]) == pytest.approx((0.2, 0.1, 0.0))
    assert said == sorted(said, reverse=True)


def test_one_cycle_is_torchs():
    import torch

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.2, total_steps=1001)
    wanted = []
    for _ in range(1001):
        wanted.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        theirs.step() if len(wanted) < 1001 else None
    assert rates(None, schedule="one_cycle") == pytest.approx(wanted[::100], rel=0.02, abs=1e-6)


def test_warming_up():
    said = rates(None, schedule="constant", warmup_epochs=2)
    assert said[1:3] == pytest.approx([0.1, 0.2]) and 0 < said[0] < 0.001


def test_a_plateau_lowers_the_rate():
    made = recipe(schedule="plateau", step_factor=0.1, learning_rate=0.2)
    assert learning_rate(made, phases(made, 9)[0], 5.0, lowered=2) == pytest.approx(0.002)


def test_what_is_drawn_is_what_will_be():
    made = recipe(unfreeze="after_head", learning_rate=0.2)
    points = drawn(made, 9, points=10)
    assert [moment for moment, _ in points] == pytest.approx(list(range(10)))
    assert points[0][1] == pytest.approx(0.2) and points[1][1] == pytest.approx(0.02)


@pytest.mark.parametrize(
    "settings",
    [
        {"unfreeze": "after_head", "freeze": "all"},
        {"unfreeze": "gradually", "head_epochs": 10},
        {"nesterov": True},
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings):
    with pytest.raises(ValueError):
        recipe(**settings)
