"""What augmentation and mixing will make of images."""

import hashlib

import numpy as np
import pytest
from PIL import Image

from core.modalities.images.examples import view
from core.modalities.images.preprocessing import Preprocessing
from core.training.recipe import Recipe
from core.training.trials.preview import preview

SHAPED = Preprocessing(size=32, resize=36, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


@pytest.fixture
def images(tmp_path):
    random, paths = np.random.default_rng(0), []
    for number in range(3):
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(random.integers(0, 256, (40, 36, 3), dtype=np.uint8)).save(paths[-1])
    return paths, [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]


def _recipe(**settings):
    return Recipe(dataset="d", dataset_version=1, backbone="b", **settings)


def test_views_are_those_that_a_run_will_see(images):
    paths, digests = images
    made = preview(paths, digests, SHAPED, _recipe(augmentation="strong"), epochs=2)
    assert [views.shape for views in made.views] == [(3, 32, 32, 3)] * 3
    pixels = np.asarray(Image.open(paths[1]))
    for epoch in (None, 1, 2):
        expected = view(pixels, digests[1], SHAPED, epoch, "strong")
        assert np.array_equal(made.views[1][epoch or 0], expected)
    assert made.mixes == []


def test_mixup_lays_images_over_each_other_in_the_proportion_that_it_tells(images):
    made = preview(*images, SHAPED, _recipe(mixup=1.0), epochs=0)
    assert made.mixes
    for mix in made.mixes:
        first, second = (made.views[number][0].astype(float) for number in (mix.first, mix.second))
        assert np.abs(mix.pixels - (mix.share * first + (1 - mix.share) * second)).max() <= 0.51


def test_cutmix_puts_a_rectangle_of_the_proportion_that_it_tells(images):
    made = preview(*images, SHAPED, _recipe(cutmix=1.0), epochs=0)
    for mix in made.mixes:
        own = (mix.pixels == made.views[mix.first][0]).all(axis=-1)
        assert own.mean() == pytest.approx(mix.share, abs=0.01)
