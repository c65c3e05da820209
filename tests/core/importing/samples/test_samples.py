"""The sample sets: always there, as described, quick."""

from __future__ import annotations

import time

import pytest

from core.errors import DataError
from core.importing.importing import import_sample
from core.importing.samples.samples import SAMPLES, sample_folder


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.key)
def test_a_sample_is_what_its_card_says(workspace, sample):
    begun = time.process_time()
    dataset = import_sample(workspace, sample.key)
    assert time.process_time() - begun < 15
    assert (dataset.report.images, len(dataset.classes)) == (sample.examples, sample.classes)
    kind = "tokens" if sample.key == "entities" else "classes" if sample.classes else "number"
    assert dataset.kind == kind
    assert dataset.modality.name == sample.modality and dataset.note == sample.note
    told = ["no entities"] if sample.key == "entities" else []
    assert dataset.name == sample.title and [one.kind for one in dataset.report.findings] == told
    assert sample.source and sample.licence and sample.description.endswith(".")


def test_the_folder_is_gone_afterwards():
    with sample_folder("textures") as folder:
        assert len(list(folder.rglob("*.png"))) == 192
    assert not folder.exists()


def test_an_unknown_sample_is_said_with_those_that_are():
    with pytest.raises(DataError, match="There are: textures, digits, gauges"), sample_folder("cats"):
        pass


def test_every_gauge_has_its_reading_and_the_same_one_each_time(workspace):
    dataset = import_sample(workspace, "gauges")
    assert (dataset.target, dataset.report.numbers.smallest, dataset.report.numbers.largest) == ("reading", 0, 100)
    with sample_folder("gauges") as one, sample_folder("gauges") as other:
        names = [path.name for path in sorted(one.iterdir())]
        assert all((one / name).read_bytes() == (other / name).read_bytes() for name in names[::40])
