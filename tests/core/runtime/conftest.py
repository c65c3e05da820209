"""The small network, the small dataset and the runs of the tests of training."""

from tests.core.training.conftest import random_weights, recipe, small_backbone, train

__all__ = ["random_weights", "recipe", "small_backbone", "train"]
