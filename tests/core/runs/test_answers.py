"""What a run answered about images that it had not seen."""

import pandas as pd
import pytest

from core.runs.answers import answers, mistakes
from core.tasks import TASKS
from tests.pages.made_runs import finished, made_run


@pytest.fixture
def keep(workspace):
    """A finished run whose bundle holds these answers."""

    def kept(rows):
        run = made_run(workspace, "x", finished())
        (run.directory / "bundle").mkdir()
        (run.directory / "bundle" / "bundle.json").write_text("{}")
        frame = pd.DataFrame(rows)
        frame.assign(image="a.jpg", name="a.jpg").to_parquet(run.directory / "bundle" / "answers.parquet")
        return run

    return kept


def test_wrong_ones_come_surest_first(keep):
    rows = {"label": ["a", "a", "b"], "said": ["b", "a", "a"], "probability": [0.6, 0.9, 0.8], "split": "validation"}
    found = mistakes(answers(keep(rows)), TASKS["classes"])
    assert list(found["truth"]) == ["b", "a"] and list(found["probability"]) == [0.8, 0.6]


def test_of_several_labels_each_must_be_right(keep):
    found = mistakes(answers(keep({"labels": ["a; b", "a", ""], "said": ["a", "a", "b"]})), TASKS["labels"])
    assert list(found["truth"]) == ["a; b", ""] and set(found["split"]) == {"validation"}


def test_of_numbers_those_furthest_off_come_first(keep):
    found = mistakes(answers(keep({"target": [1.0, 2.0, 3.0], "said": [1.1, 5.0, 2.5]})), TASKS["number"])
    assert list(found["said"]) == [5.0, 2.5, 1.1]


def test_a_run_from_before_answers_were_kept_has_none(workspace):
    run = made_run(workspace, "x", finished())
    assert answers(run) is None
    (run.directory / "bundle").mkdir()
    (run.directory / "bundle" / "bundle.json").write_text("{}")
    assert answers(run) is None
    (run.directory / "bundle" / "answers.parquet").write_bytes(b"nothing of the kind")
    assert answers(run) is None
