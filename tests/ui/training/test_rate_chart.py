"""The chart of the learning-rate finder."""

from core.training.trials.probe_results import RateCurve
from ui.training.rate_chart import rate_chart


def test_the_suggested_and_the_set_rate_are_marked_and_the_rise_leaves_the_chart():
    found = RateCurve([1e-4, 1e-3, 1e-2, 1e-1], [1.0, 0.9, 0.5, 300.0], 1e-2, 1e-3)
    line, suggested, chosen = rate_chart(found, 1e-3).data
    assert (list(suggested.x), list(suggested.y)) == ([1e-2], [0.5])
    assert (list(chosen.x), list(chosen.y)) == ([1e-3], [0.9])
    assert len(line.x) == 4 and rate_chart(found, 1e-3).layout.yaxis.range[1] < 3


def test_a_rate_that_was_not_tried_has_no_mark():
    found = RateCurve([1e-4, 1e-3], [1.0, 1.0], None, None)
    _, suggested, chosen = rate_chart(found, 5.0).data
    assert len(suggested.x) == len(chosen.x) == 0
