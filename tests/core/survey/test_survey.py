"""What a survey finds in features of known shape, and that it is found again without looking."""

from __future__ import annotations

import numpy as np
import pytest

from core.importing.importing import import_path
from core.progress import WorkStopped
from core.store.cache import empty
from core.survey import held_out, kept_survey, survey
from core.survey.confirmed import confirm, confirmed
from core.survey.doubts import apartness, doubted_answers, doubted_classes, doubted_numbers
from core.survey.neighbours import BLOCK, nearest, reduced
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


def folds_for(labels, many=5):
    return np.arange(len(labels)) % many


def test_planted_wrong_labels_are_found_first():
    features, labels = clouds()
    wrong = labels.copy()
    wrong[[3, 70, 130]] = [1, 2, 0]
    doubt, suggested, doubted = doubted_classes(
        wrong, held_out.class_probabilities(features, wrong, folds_for(wrong), ignore)
    )
    assert set(np.argsort(-doubt)[:3]) == {3, 70, 130} and doubted.sum() == 3
    assert suggested[[3, 70, 130]].tolist() == [0, 1, 2]
    clean = held_out.class_probabilities(features, labels, folds_for(labels), ignore)
    assert not doubted_classes(labels, clean)[2].any()


def test_what_is_hard_to_tell_is_not_doubted():
    """Where nothing is known, an own class that is unlikely is not enough: no other may be likelier by far."""
    doubt, _, doubted = doubted_classes(np.array([0, 0]), np.array([[0.04, 0.5, 0.46], [0.04, 0.9, 0.06]]))
    assert doubt.tolist() == pytest.approx([0.96, 0.96]) and doubted.tolist() == [False, True]


@pytest.mark.parametrize("there", [True, False])
def test_of_several_labels_each_is_doubted_for_itself_and_the_worst_counts(there):
    features, cloud = clouds()
    has = np.stack([cloud == 0, cloud != 1], axis=1)
    right = has.copy()
    wrong = 5 if there else 100
    has[wrong, 0] = not has[wrong, 0]
    doubt, label, doubted = doubted_answers(has, held_out.label_probabilities(features, has, folds_for(has), ignore))
    assert doubt.argmax() == wrong and label[wrong] == 0 and np.flatnonzero(doubted).tolist() == [wrong]
    rare = right[:, :1].copy()
    rare[3:] = False
    assert not doubted_answers(rare, np.full(rare.shape, 0.01))[2].any(), "three of a kind are too few to doubt any"


def test_a_number_far_from_what_is_expected_is_doubted():
    features, _ = clouds()
    targets = features[:, :5].sum(axis=1).astype(float)
    targets[7] += 40
    expected = held_out.expected_numbers(features, targets, folds_for(targets), ignore)
    doubt, doubted = doubted_numbers(targets, expected)
    assert doubt.argmax() == 7 and doubted[7] and doubted.sum() == 1 and abs(expected[7] - (targets[7] - 40)) < 5


def test_numbers_that_are_not_to_be_seen_are_not_doubted():
    random = np.random.default_rng(0)
    targets = random.permutation(np.where(np.arange(100) % 5, random.normal(50, 1, 100), random.uniform(0, 100, 100)))
    features = random.normal(size=(100, 20)).astype(np.float32)
    expected = held_out.expected_numbers(features, targets, folds_for(targets), ignore)
    assert doubted_numbers(targets, expected)[1].sum() == 0


def test_where_there_are_many_some_choose_how_strongly_to_hold_back(monkeypatch):
    features, labels = clouds()
    whole = held_out.class_probabilities(features, labels, folds_for(labels), ignore)
    monkeypatch.setattr(held_out, "ENOUGH", 90)
    monkeypatch.setattr(held_out, "FEWEST", 90)
    told = []
    part = held_out.class_probabilities(features, labels, folds_for(labels), lambda done, total: told.append(done))
    assert (part.argmax(axis=1) == whole.argmax(axis=1)).all() and told == sorted(told) and max(told) > 60


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
