"""seqeval.json: 60 random sets of tags and what seqeval 1.2.2 says of them by default (f1, precision, recall; of each
type its f1 and how many there are)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from core.modalities.texts.tokenized import Read
from core.tasks import TASKS
from core.tasks.metrics import ENTITY_F1
from core.tasks.objective import scores_of
from core.tasks.predictions import Span, Spans
from core.tasks.protocol import Untouched
from core.tasks.targets import Ragged
from core.tasks.tokens.objective import NO_TAG

CASES = json.loads(Path(__file__).with_name("seqeval.json").read_text())
TEXTS = ["The Old Tern left Oyne", "Oyne is calm"]
SPANS = ['[[4, 12, "BOAT"], [18, 22, "PORT"]]', '[[0, 4, "PORT"]]']


def objective_of(types=("BOAT", "PORT"), **settings):
    task = TASKS["tokens"]
    return task.objective({"kind": "tokens", "types": list(types)}, Untouched("cross_entropy", **settings))


class Words:
    """Examples of a modality that makes a token of each word, between two special ones."""

    def __init__(self, texts):
        self.texts = texts

    def read_of(self, number):
        return read_of(self.texts[number])


def read_of(text, is_cut=False):
    ends = np.cumsum([len(word) + 1 for word in text.split()])
    places = [[end - len(word) - 1, end - 1] for end, word in zip(ends, text.split())]
    offsets, sequence = np.array([[0, 0], *places, [0, 0]]), np.array([-1, *[0] * len(places), -1])
    return Read(text, "", np.zeros(len(offsets), int), offsets, sequence, is_cut)


def numbered(lines, types):
    tags = ["O", *(f"{letter}-{kind}" for kind in types for letter in "BI")]
    return [torch.tensor([tags.index(tag) for tag in line.split()]) for line in lines]


def padded_logits(said, outputs):
    rows = [10.0 * torch.nn.functional.one_hot(each, outputs) for each in said]
    return torch.nn.utils.rnn.pad_sequence(rows, True, 3.0)


@pytest.mark.parametrize("case", CASES[::3])
def test_entities_are_counted_as_seqeval_does(case):
    types = "ABC"
    objective = objective_of(types)
    truth, said = numbered(case["truth"], types), numbered(case["said"], types)
    apart = [torch.stack([torch.full_like(each, NO_TAG), each], 1).flatten() for each in truth]  # a word, two tokens
    targets = Ragged([{"tags": each} for each in apart])
    logits = padded_logits([each.repeat_interleave(2) for each in said], objective.outputs)
    totals = objective.tally(logits, targets, torch.tensor(1.0))
    scores = objective.scores(totals)
    assert [*scores.values.values()][:3] == pytest.approx(case["scores"], abs=1e-5)
    found, there, answered = totals[4:].view(3, -1)
    f1 = dict(zip(types, zip((2 * found / (there + answered).clamp(min=1)).tolist(), there.tolist())))
    for kind, (value, support) in case["f1"].items():
        assert f1[kind] == pytest.approx((value, support), abs=1e-5)


def test_targets_lie_on_the_first_token_of_each_word():
    targets = objective_of().targets(pd.DataFrame({"spans": SPANS}), Words(TEXTS))
    assert targets[0]["tags"].tolist() == [NO_TAG, 0, 1, 2, 0, 3, NO_TAG]
    assert targets[1]["tags"].tolist() == [NO_TAG, 3, 0, 0, NO_TAG]
    assert objective_of().weight(targets) == 8


def test_padding_changes_neither_loss_nor_scores():
    objective, torch_seed = objective_of(), torch.manual_seed(0)
    targets = objective.targets(pd.DataFrame({"spans": SPANS}), Words(TEXTS))
    logits = torch.randn(2, 7, 5, generator=torch_seed)
    wider = torch.cat([logits, torch.full((2, 4, 5), 7.0)], dim=1)
    torch.testing.assert_close(objective.loss(logits, targets), objective.loss(wider, targets))
    assert scores_of(objective, logits, targets) == scores_of(objective, wider, targets)


def test_a_batch_without_a_word_costs_nothing():
    objective = objective_of()
    assert objective.loss(torch.randn(1, 3, 5), Ragged([{"tags": torch.full((3,), NO_TAG)}])) == 0


def test_rare_tags_can_weigh_more():
    objective = objective_of(balance="weights")
    targets = objective.targets(pd.DataFrame({"spans": SPANS}), Words(TEXTS))
    weights = objective.weights
    assert weights[0] < weights[3] < weights[1] == weights[2] and objective.weight(targets) == pytest.approx(
        8, abs=1e-4
    )
    kept = weights.clone()
    objective.targets(pd.DataFrame({"spans": SPANS[1:]}), Words(TEXTS[1:]))
    assert torch.equal(objective.weights, kept)  # the training part alone decides
    logits = torch.randn(2, 7, 5)
    assert objective.loss(logits, targets) != objective.eval_loss(logits, targets)


def test_no_entity_anywhere_is_the_constant_answer():
    objective = objective_of()
    targets = objective.targets(pd.DataFrame({"spans": SPANS}), Words(TEXTS))
    scores = objective.constant(targets)
    assert scores.get(ENTITY_F1.name) == 0 and scores.get("tag_accuracy") == 4 / 8


def test_answers_are_places_in_the_text_as_it_was_given():
    objective = objective_of()
    reads = list(map(read_of, TEXTS))
    targets = objective.targets(pd.DataFrame({"spans": SPANS}), Words(TEXTS))
    logits = padded_logits([item["tags"].clamp(min=0) for item in targets.items], 5)
    one, other = objective.decode(logits, reads)
    assert [(TEXTS[0][each.start : each.end], each.label) for each in one.spans] == [
        ("Old Tern", "BOAT"),
        ("Oyne", "PORT"),
    ]
    assert one.spans[0].probability == pytest.approx(float(torch.softmax(10 * torch.eye(5)[0], 0)[0]))
    frame = objective.answers(logits, pd.DataFrame({"spans": SPANS}), reads)
    assert frame["said"].tolist() == frame["entities"].tolist() == ["Old Tern (BOAT); Oyne (PORT)", "Oyne (PORT)"]
    assert frame["said_spans"].tolist() == SPANS and list(frame) == list(TASKS["tokens"].answered)


def test_what_was_not_read_is_said():
    (answer,) = objective_of().decode(
        padded_logits([torch.tensor([0, 3, 0, 0, 0])], 5), [read_of(TEXTS[1], is_cut=True)]
    )
    assert answer.reach == 12 and "not read behind character 12" in answer.words()


def test_numbers_that_are_none_are_no_answer():
    assert objective_of().decode(torch.full((1, 5, 5), float("nan")), [read_of(TEXTS[1])]) == [None]


def test_the_columns_of_a_table_are_known_before_an_answer():
    (nothing,) = objective_of().decode(torch.zeros(1, 5))
    assert list(nothing.row()) == list(Spans("Oyne", (Span(0, 4, "PORT", 0.9),)).row())
