"""The pages with a dataset of texts: a backbone that reads them, no settings of images, a box to ask."""

import json
from dataclasses import dataclass, replace

import pytest

from core.backbones import libraries
from core.importing.importing import import_path
from core.importing.tables.reading import Reading
from core.inference.prediction import Answer
from core.modalities import TEXT
from core.modalities.texts.settings import Tokenizing
from core.tasks import CLASSIFICATION
from core.tasks.decision import PLAIN
from core.tasks.predictions import Guess, Ranked
from core.training.presets import PRESETS
from core.training.recipe import ADAPTERS_RATE, Recipe
from core.workspace import write_json
from tests.pages.conftest import press, texts
from tests.pages.made_runs import finished, made_run
from tests.toys.bert import TinyInfo, Toys
from tests.toys.tokenizer import write_tokenizer


@dataclass(frozen=True)
class Info(TinyInfo):
    preprocessing: Tokenizing = Tokenizing(tokenizer="0" * 64, longest=16)

    def fitted(self, *_, longest=None):
        fewer = min(16, longest or 16)
        return replace(self, preprocessing=self.preprocessing.model_copy(update={"longest": fewer}))


class Language(Toys):
    def __init__(self, tokenizing: Tokenizing) -> None:
        self.tokenizing = tokenizing

    def infos(self, workspace=None):
        return (Info(preprocessing=self.tokenizing),)


@pytest.fixture
def toys(monkeypatch, tmp_path):
    monkeypatch.setattr(libraries, "LIBRARIES", {"toy": Language(write_tokenizer(tmp_path / "toy"))})


@pytest.fixture
def reviews(workspace, tmp_path, toys):
    lines = ["text,label", *(f"a {'good' if n % 2 else 'bad'} day number {n},{'ab'[n % 2]}" for n in range(24))]
    (tmp_path / "reviews.csv").write_text("\n".join(lines))
    return import_path(workspace, tmp_path / "reviews.csv", reading=Reading(modality="text"))


def choose(workspace, **chosen):
    (workspace.root / "choices.json").write_text(json.dumps({"dataset_version": 1, **chosen}))


def test_the_backbone_page_follows_the_dataset(open_page, reviews, workspace):
    choose(workspace, dataset=reviews.id)
    app = open_page("backbone")
    assert not app.exception and "bert" in app.subheader[0].value
    assert "A text goes in at the top" in texts(app)


def test_a_backbone_that_reads_no_texts_is_refused_with_a_way_out(open_page, reviews, workspace):
    choose(workspace, dataset=reviews.id, backbone="torchvision/resnet18.IMAGENET1K_V1")
    app = open_page("fine_tune")
    assert "this dataset has texts" in app.warning[0].value
    app.button(key="use_fitting").click().run()
    assert not app.exception and not app.warning
    assert "training texts" in texts(app)
    app.session_state["expert_tab_others"] = "Texts"
    assert "tokens of a text, of 16 that the backbone can" in texts(app.run())
    assert not [each for each in app.selectbox if each.key in ("set_fit", "set_augmentation", "set_resolution")]
    assert "set_longest" in {each.key for each in app.selectbox}


class Reader:
    """Says that a text is good if the word is in it."""

    choices, task, modality = ("good", "bad"), CLASSIFICATION, TEXT
    preprocessing = Tokenizing(tokenizer="0" * 64, longest=16)
    decision = PLAIN

    @classmethod
    def open(cls, bundle):
        return cls()

    def predict(self, examples, top):
        for name, (text, second) in examples:
            says = ("good", "bad") if "good" in text + second else ("bad", "good")
            said = Ranked((Guess(says[0], 0.9), Guess(says[1], 0.1)), 2)
            yield Answer(name, said, None, 0.01, is_cut=len(text) > 60, tokens=len(text))


@pytest.fixture
def asking(open_page, workspace, reviews, monkeypatch):
    monkeypatch.setattr("core.inference.predictor.Predictor", Reader)
    recipe = Recipe(dataset=reviews.id, dataset_version=1, modality="text", task="classes", backbone="toy/bert")
    run = made_run(workspace, reviews.id, finished(), recipe=recipe)
    (run.directory / "bundle").mkdir()
    (run.directory / "bundle" / "bundle.json").write_text("{}")
    choose(workspace, dataset=reviews.id, backbone="toy/bert", run=run.id)
    return open_page("predict")


def test_a_sentence_of_ones_own_is_answered(asking):
    asking.text_area(key="text_box").set_value("A <b>good</b> day, $x$")
    press(asking, "Ask")
    assert "A \\<b\\>good\\<\\/b\\> day" in texts(asking) and not asking.dataframe


def test_lines_are_answered_each_by_itself_in_a_table_to_take_away(asking):
    asking.checkbox(key="text_lines").check().run()
    asking.text_area(key="text_box").set_value(f"=good()\n\nbad {'x' * 80}")
    press(asking, "Ask")
    table = asking.dataframe[0].value
    assert table["Text"].tolist() == ["=good()", f"bad {'x' * 80}"]
    assert table.iloc[:, 1].tolist() == ["good", "bad"]
    assert "tokens, more than the model reads: it saw the first 16" in texts(asking)


def test_who_made_the_labels_stands_beside_every_score(open_page, reviews, workspace):
    said = json.loads((reviews.directory / "dataset.json").read_text())
    write_json(reviews.directory / "dataset.json", {**said, "note": "Labels made by rule: *nobody* looked."})
    recipe = Recipe(dataset=reviews.id, dataset_version=1, modality="text", backbone="toy/bert", epochs=3)
    run = made_run(workspace, reviews.id, finished(), recipe=recipe)
    choose(workspace, dataset=reviews.id, backbone="toy/bert", run=run.id)
    words = "nobody"
    assert sum(words in each.value for each in open_page("fine_tune").caption) == 1  # in the run's head
    assert sum(words in each.value for each in open_page("data").caption) == 1


def test_nothing_about_folds_speaks_of_images(open_page, reviews, workspace):
    choose(workspace, dataset=reviews.id)
    app = open_page("fine_tune")
    assert "The texts are divided into folds" in texts(app) and "Groups and texts that are alike" in texts(app)
    assert "image" not in next(one.help for one in app.button if one.label == "Estimate time and memory")


def test_adapters_are_chosen_by_their_preset_drawn_and_compared(open_page, reviews, workspace, started):
    choose(workspace, dataset=reviews.id, backbone="toy/bert", preset="adapters")
    app = open_page("fine_tune")
    assert PRESETS["adapters"].sentence in texts(app) and "Adapters learn in every stage" in texts(app)
    app.session_state["expert_tab_others"] = "What learns"
    assert app.run().number_input(key="set_adapter_rank").value == Recipe.model_fields["adapter_rank"].default
    press(app, "Compare freezing")
    assert [(each.freeze, each.adapters) for each in started][-2:] == [(0, "none"), (0, "all")]
    assert started[-1].learning_rate == ADAPTERS_RATE


def labels(app):
    return {each.label: each.value for each in (*app.selectbox, *app.number_input)}


def test_help_me_choose_asks_about_texts_and_a_suggestion_can_be_chosen(open_page, workspace):
    write_json(workspace.root / "choices.json", {"backbone": "hub/roberta-base"})
    app = open_page("backbone")
    asked = {"Language of the texts": "English", "Length of a usual text": "A sentence or two", "Labeled texts": 500}
    assert asked.items() <= labels(app).items() and not app.exception
    (language,) = [each for each in app.selectbox if each.label == "Language of the texts"]
    language.set_value("Chinese").run()
    assert r"bert\-base\-chinese" in texts(app) and "No backbone that is ready has learned this language" in texts(app)
    app.button(key="suggestion_0").click().run()
    assert not app.exception and app.session_state["choices"].backbone.startswith("hub/")
    assert app.button(key="suggestion_0").label == "Chosen"


def test_help_me_choose_takes_language_length_and_number_from_the_dataset(open_page, workspace, tmp_path):
    words = "Die Katze sitzt auf dem Dach und ich sehe sie nicht, " * 12
    lines = ["text;label", *(f"{words} {number};{'ab'[number % 2]}" for number in range(24))]
    (tmp_path / "katzen.csv").write_text("\n".join(lines))
    dataset = import_path(workspace, tmp_path / "katzen.csv", reading=Reading(modality="text"))
    choose(workspace, dataset=dataset.id, backbone="hub/roberta-base")
    app = open_page("backbone")
    asked = {"Language of the texts": "German", "Length of a usual text": "A paragraph or two", "Labeled texts": 24}
    assert asked.items() <= labels(app).items() and not app.exception
    assert "Learns from 24 texts in about 1 minute" in texts(app)
