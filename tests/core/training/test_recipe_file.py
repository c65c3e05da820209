"""A recipe goes into a file and comes back; what others put into such a file is told in words."""

import io
import json

import pytest

from core.errors import RecipeError
from core.training import recipe_file
from core.training.recipe import Recipe

MADE = Recipe(dataset="pets", dataset_version=3, backbone="efficientnet_lite0", freeze=2, optimizer="sgd", mixup=0.2)


def check(given, kind="classes"):
    text = given if isinstance(given, bytes) else json.dumps(given).encode()
    return recipe_file.check(recipe_file.read(io.BytesIO(text)), kind)


def test_it_is_small_names_no_dataset_and_comes_back(tmp_path):
    recipe_file.write(tmp_path / "mine.json", MADE)
    text = (tmp_path / "mine.json").read_text()
    assert len(text) < 3000 and "pets" not in text
    back = recipe_file.check(recipe_file.open_file(tmp_path / "mine.json"), "classes")
    assert (back.settings(), back.backbone) == (MADE.settings(), "efficientnet_lite0")


def test_a_runs_own_recipe_is_such_a_file():
    assert check(MADE.model_dump_json().encode()).settings() == MADE.settings()


def test_what_is_left_out_is_as_usual_for_the_dataset():
    assert check({"epochs": 3}, "number").loss == "mean_squared_error"
    assert check({"epochs": 3, "optimizer": "sgd"}).learning_rate == 0.001


def test_everything_that_is_wrong_is_told_a_line_each():
    wrong = {
        "epoch": 3,
        "epochs": 0,
        "optimizer": "lion",
        "loss": "huber",
        "backbone": "resnet51",
        "weights_file": "/x",
    }
    with pytest.raises(RecipeError) as told:
        check(wrong)
    lines = str(told.value).splitlines()[1:]
    assert len(lines) == len(wrong)
    said = ["no setting 'epoch'", "Epochs is 0", "'lion'", "not 'huber'", "Did you mean", "one machine"]
    assert all(any(words in line for line in lines) for words in said)


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"\xff\xfe", b"[]", b"3", b"{", b'{"a":' * 10_000 + b"1" + b"}" * 10_000, b"[" * 10_000),
        *(
            b'{"epochs": ' + b"9" * 5000 + b"}",
            b'{"learning_rate": NaN}',
            b'{"epochs": Infinity}',
            b'{"freeze": [[1]]}',
        ),
        *(b'{"backbone": 3}', b'{"backbone": null}', b'{"loss": {}}', b'{"head": {"kind": []}}', b'{"best_by": []}'),
    ],
)
def test_hostile_files_are_refused_in_words(text):
    with pytest.raises(RecipeError) as told:
        check(text)
    assert len(str(told.value)) < 1000 and "Undefined" not in str(told.value)


def test_of_a_huge_file_only_the_beginning_is_read():
    class Endless(io.RawIOBase):
        asked = 0

        def read(self, size=-1):
            assert 0 <= size <= 1_000_000
            return b" " * size

    with pytest.raises(RecipeError, match="more than 100 kB"):
        recipe_file.read(Endless())
    with pytest.raises(RecipeError, match="cannot be read"):
        recipe_file.open_file(recipe_file.Path("/nowhere/mine.json"))
