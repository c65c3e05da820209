"""Which images are labeled and which test."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.draws import SIZES, Cell, draw


@pytest.fixture
def make_set(tmp_path):
    def make(**classes: int) -> Path:
        for label, images in classes.items():
            (tmp_path / "set" / label).mkdir(parents=True)
            for number in range(images):
                (tmp_path / "set" / label / f"{number:03}.png").write_bytes(b"")
        return tmp_path / "set"

    return make


def of(label: str, names: list[str]) -> int:
    return sum(name.startswith(f"{label}/") for name in names)


def test_test_images_are_the_same_for_every_size_and_never_labeled(make_set):
    root = make_set(a=300, b=300)
    drawn = [draw(root, Cell("set", size, 0)) for size in SIZES]
    assert all(each.test == drawn[0].test and not set(each.test) & set(each.labeled) for each in drawn)
    assert [of("a", each.labeled) for each in drawn] == [5, 10, 20, 200] and len(drawn[0].test) == 200
    assert set(drawn[0].labeled) < set(drawn[1].labeled) < set(drawn[3].labeled)


def test_another_seed_draws_others_and_the_same_draws_the_same(make_set):
    root = make_set(a=60, b=60)
    one, same, other = (draw(root, Cell("set", "5", seed)) for seed in (0, 0, 1))
    assert one == same and one.labeled != other.labeled and one.test != other.test


@pytest.mark.parametrize(("images", "tested", "labeled"), [(34, 17, 17), (64, 20, 44), (85, 20, 65), (300, 66, 133)])
def test_a_small_class_is_shared_between_the_two(make_set, images, tested, labeled):
    drawn = draw(make_set(a=images, b=300, c=300), Cell("set", SIZES[-1], 0))
    assert (of("a", drawn.test), of("a", drawn.labeled)) == (tested, labeled)


def test_many_classes_get_fifty_images_each(make_set):
    root = make_set(**{f"c{number}": 180 for number in range(10)})
    drawn = draw(root, Cell("set", SIZES[-1], 0))
    assert len(drawn.test) <= 200 and of("c3", drawn.labeled) == 50
