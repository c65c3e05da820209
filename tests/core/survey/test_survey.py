"""What a survey finds in features of known shape, and that it is found again without looking."""

from __future__ import annotations

import numpy as np
import pytest

from core.importing.importing import import_path
from core.progress import WorkStopped
from core.store.cache import empty
from core.survey import kept_survey, survey
from core.survey.confirmed import confirm, confirmed
from core.survey.neighbours import BLOCK, nearest, reduced
from core.survey.outliers import apartness
from core.survey.places import LANDMARKS, landmarks, places
from tests.conftest import image


def clouds(sizes=(60, 60, 60), seed=0, width=64):
    """Features in as many clouds as there are sizes, and which cloud each belongs to."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    middles = random.normal(0, 3, (len(sizes), width))
    return (middles[labels] + random.normal(0, 1, (len(labels), width)) + 5).astype(np.float32), labels


def ignore(*_):
    pass


def near(features, twins=None, count=10):
    return nearest(reduced(features), np.zeros(len(features), int) if twins is None else twins, count, ignore)


def test_neighbours_are_exact_and_leave_out_oneself_and_ones_twins():
    features, labels = clouds()
    points = reduced(features)
    twins = np.zeros(len(features), int)
    twins[:3] = 1
    indices, alike = nearest(points, twins, 10, ignore)
    row = points[5] @ points.T
    row[5] = -2
    assert indices[5].tolist() == np.argsort(-row)[:10].tolist() and (np.diff(alike, axis=1) <= 0).all()
    assert not set(indices[0]) & {0, 1, 2}
    assert (labels[indices] == labels[:, None]).mean() > 0.99


def test_memory_grows_with_a_block_and_not_with_the_square(monkeypatch):
    widest = []

    class Watched(np.ndarray):
        def __matmul__(self, other):
            result = np.asarray(self) @ np.asarray(other)
            widest.append(result.shape[0])
            return result

    nearest(np.eye(3000, 8, dtype=np.float32).view(Watched), np.zeros(3000, int), 5, ignore)
    assert max(widest) <= BLOCK


def test_what_is_like_nothing_else_stands_apart():
    features, _ = clouds()
    features[10] = np.random.default_rng(9).normal(0, 6, features.shape[1])
    assert apartness(features, near(features)[0]).argmax() == 10


def test_landmarks_are_shared_out_and_all_others_find_a_place():
    features, labels = clouds((1500, 400, 100))
    chosen = landmarks(labels)
    shares = np.bincount(labels[chosen]) / LANDMARKS
    assert len(chosen) == LANDMARKS == len(set(chosen)) and np.allclose(shares, [0.75, 0.2, 0.05], atol=0.01)


def test_a_map_keeps_clouds_apart_and_is_the_same_each_time():
    features, labels = clouds((40, 40))
    points = reduced(features)
    where = places(points, np.arange(0, 80, 2), ignore)
    assert np.array_equal(where, places(points, np.arange(0, 80, 2), ignore))
    assert where.min() == 0 and where.max() == 1
    middles = [where[labels == label].mean(axis=0) for label in (0, 1)]
    assert np.linalg.norm(middles[0] - middles[1]) > 3 * where[labels == 0].std(axis=0).max()


@pytest.fixture
def dataset(workspace, make_zip):
    return import_path(workspace, make_zip({"red": 20, "blue": 20}))


def looked_at(dataset):
    return clouds((20, 20))[0][np.argsort(np.argsort(dataset.frame["label"] == "red", kind="stable"), kind="stable")]


def test_a_survey_is_kept_and_a_change_needs_a_new_one(workspace, dataset):
    made = survey(workspace, dataset, "b", lambda: looked_at(dataset))
    again = survey(workspace, dataset, "b", lambda: pytest.fail("it was looked at again"))
    assert again.frame.equals(made.frame) and again.mosaic == made.mosaic and len(made.suspects) == 0
    assert kept_survey(workspace, dataset, "another") is None
    (folder,) = (workspace.cache / "surveys").iterdir()
    (folder / "survey.parquet").write_bytes(b"damaged")
    assert kept_survey(workspace, dataset, "b") is None
    assert survey(workspace, dataset, "b", lambda: looked_at(dataset)).frame.equals(made.frame)


def test_a_cancelled_survey_leaves_nothing(workspace, dataset):
    with pytest.raises(WorkStopped):
        survey(workspace, dataset, "b", lambda: looked_at(dataset), cancelled=lambda: True)
    assert not (workspace.cache / "surveys").exists()


def test_what_was_confirmed_is_believed_until_it_is_changed(dataset):
    confirm(dataset, ["red/1.jpg", "nowhere.jpg"])
    assert confirmed(dataset) == {"red/1.jpg"}
    dataset.frame.loc[dataset.frame["name"] == "red/1.jpg", "label"] = "blue"
    assert confirmed(dataset) == set()


def test_emptying_the_cache_takes_a_survey_with_it(workspace, dataset):
    survey(workspace, dataset, "b", lambda: looked_at(dataset))
    assert empty(workspace) > 0 and kept_survey(workspace, dataset, "b") is None


def test_of_several_labels_none_is_doubted(workspace, make_zip):
    said = ["cat", "dog", "cat;dog", ""]
    table = "file,labels\n" + "\n".join(f"{n}.jpg,{said[n % 4]}" for n in range(16))
    files = {f"{n}.jpg": image("red", n) for n in range(16)}
    made = import_path(workspace, make_zip(files={**files, "t.csv": table.encode()}))
    found = survey(workspace, made, "b", lambda: clouds((16,))[0])
    assert found.suspects.empty and (found.frame["landmark"] >= 0).all()
