"""One share and one time left, over all that something long goes through."""

import pytest

from core.course import NEARLY, Course

RUN = {"loading": 2.0, "reading": 1.0, "features": 2.0, "training": 5.0}


def looks(course, *heard):
    """The share and the time left after each of (time, leg, share of it)."""
    told = []
    for time, name, share in heard:
        course = course.heard(time, name, share)
        told.append((course.share, course.left))
    return told


def test_one_that_goes_as_expected_counts_down_evenly():
    told = looks(
        Course.of(RUN),
        (0.0, "loading", None),
        (2.0, "reading", 0.0),
        (2.5, "reading", 0.5),
        (3.0, "features", 0.0),
        (5.0, "training", 0.0),
        (7.5, "training", 0.5),
    )
    assert [share for share, _ in told] == pytest.approx([0.0, 0.2, 0.25, 0.3, 0.5, 0.75], abs=0.03)
    assert [left for _, left in told] == pytest.approx([10.0, 8.0, 7.5, 7.0, 5.0, 2.5])


def test_the_share_never_falls_and_the_time_left_is_the_wholes():
    """Each leg is slower than expected, some come twice, and one is unknown."""
    told = looks(
        Course.of(RUN),
        *[(float(second), "loading", None) for second in range(8)],
        *[(8.0 + number, "reading", number / 10) for number in range(11)],
        (20.0, "features", 0.5),
        (21.0, "reading", 0.1),
        (22.0, "what nobody knows", 0.0),
        *[(30.0 + number, "training", number / 50) for number in range(51)],
    )
    shares = [share for share, _ in told]
    assert shares == sorted(shares) and shares[-1] == NEARLY
    assert min(left for _, left in told[:-1]) > 0.5


def test_what_a_leg_takes_tells_more_than_what_was_thought():
    *_, (_, left) = looks(Course.of(RUN), (0.0, "training", 0.0), (10.0, "training", 0.4))
    assert left == pytest.approx(15.0)


def test_time_passes_also_where_nothing_is_heard():
    course, shares, lefts = Course.of(RUN).heard(0.0, "loading"), [], []
    for second in range(1, 12):
        course = course.look(float(second))
        shares, lefts = [*shares, course.share], [*lefts, course.left]
    assert shares == sorted(set(shares)) and lefts == sorted(set(lefts), reverse=True) and lefts[-1] >= 8.0


def test_between_two_looks_at_a_slow_step_the_time_left_falls_and_what_was_shown_for_it_counts_once():
    course = Course.of(RUN).heard(0.0, "training", 0.0).heard(5.0, "training", 0.5)
    later = [course.look(5.0 + second / 10) for second in range(60)]
    lefts = [each.left for each in later]
    assert lefts == sorted(set(lefts), reverse=True) and lefts[-1] > 0
    assert later[10].heard(6.0, "training", 0.6).share == pytest.approx(course.heard(6.0, "training", 0.6).share)


def test_one_that_is_slower_than_thought_goes_on_moving():
    course = Course.of({"features": 5.0, "training": 1.0}).heard(0.0, "features", 0.0).heard(5.0, "training", 0.0)
    shares = [(course := course.heard(5.0 + number / 10, "training", number / 100)).share for number in range(1, 100)]
    assert 0.75 < shares[0] < shares[20] < shares[40] < shares[80] and shares == sorted(shares)


def test_it_does_not_leap_where_a_leg_is_left_out():
    course = Course.of(RUN).heard(0.0, "loading").heard(2.0, "training", 0.0)
    assert course.share == pytest.approx(0.2, abs=0.03)
    assert course.heard(4.5, "training", 0.5).share == pytest.approx(0.6, abs=0.03)


def test_resumed_it_does_not_fall_back_and_what_was_done_costs_nothing_more():
    course = Course.of(RUN).heard(0.0, "features", 0.0).heard(2.0, "training", 0.0).heard(4.5, "training", 0.5)
    before = course.share
    course = course.rest().again().heard(100.0, "loading")
    assert course.share == before and course.left == pytest.approx(2.0 + 2.5)
    course = course.heard(102.0, "training", 0.5).heard(103.0, "training", 0.6)
    assert before < course.share < 1 and 2.0 < course.left < 4.0


def test_only_more_to_do_makes_it_fall():
    course = Course.of(RUN).heard(0.0, "training", 0.0).heard(5.0, "training", 1.0).over()
    assert course.share == 1.0
    assert 0.4 < course.longer("training", 2.0).heard(6.0, "training", 0.5).share < 0.6


def test_where_nobody_knows_how_much_there_is_the_first_legs_tell():
    course = Course.of({"checking": 8.0, "writing": 2.0}, alike=True)
    course = course.heard(0.0, "checking", 0.0).heard(80.0, "checking", 0.5)
    assert course.left == pytest.approx(80.0 + 40.0)


def test_without_legs_nothing_is_known():
    assert Course().heard(1.0, "loading").look(2.0).left is None and Course().share == 0.0
