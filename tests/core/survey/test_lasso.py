import time

import numpy as np
import pytest

from core.survey.lasso import MOST, inside, line_of

SQUARE = np.array([[0.2, 0.2], [0.6, 0.2], [0.6, 0.6], [0.2, 0.6]])


def test_points_inside_of_a_line_are_found():
    points = np.array([[0.3, 0.3], [0.59, 0.59], [0.1, 0.3], [0.3, 0.7], [0.9, 0.9]])
    assert inside(points, SQUARE).tolist() == [True, True, False, False, False]


def test_a_bay_of_the_line_is_outside():
    bay = np.array([[0, 0], [1, 0], [1, 1], [0.5, 0.2], [0, 1]])
    assert inside(np.array([[0.5, 0.1], [0.5, 0.5], [0.1, 0.5]]), bay).tolist() == [True, False, True]


@pytest.mark.parametrize("said", [None, 3, [], [[1, 2], [3, 4]], [[1, 2], [3], [5, 6]], [[1, 2], ["x", 4], [5, 6]]])
def test_what_is_no_line_is_passed_over(said):
    assert line_of(said) is None


def test_a_line_comes_in_thousandths():
    assert line_of([[0, 0], [1000, 0], [500, 250]]).tolist() == [[0, 0], [1, 0], [0.5, 0.25]]
    assert line_of([[0, 0]] * (MOST + 1)) is None
    assert line_of([[0, 0], [float("nan"), 0], [1, 1]]) is None


def test_many_points_take_no_time():
    points = np.random.default_rng(0).random((100_000, 2))
    turn = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    ring = 0.5 + 0.4 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    began = time.perf_counter()
    found = inside(points, ring)
    assert time.perf_counter() - began < 1
    assert abs(found.mean() - np.pi * 0.16) < 0.01
