"""What learns is said as it is."""

import pytest

from ui.training.learning_view import meaning


@pytest.mark.parametrize(
    ("freeze", "adapted", "said"),
    [
        (7, False, "All stages are frozen"),
        (7, True, "All stages are frozen"),
        (0, False, "everything learns"),
        (0, True, "Adapters learn in every stage"),
        (1, True, "Adapters learn behind the first stage"),
        (3, True, "Adapters learn behind the first 3 stages"),
        (3, False, "3 of 7 stages are frozen"),
    ],
)
def test_what_learns_is_said_in_a_sentence(freeze, adapted, said):
    assert said in meaning(freeze, 7, adapted)
