import pytest
import safetensors.torch
import torch

from core.backbones.catalogue import find
from core.backbones.model import describe
from core.data.changes import leave_out, relabel, resplit
from core.data.dataset import load_dataset
from core.inference.predictor import Predictor
from core.runtime.device import Device
from core.store.cache import empty
from core.tasks.scores import Scores
from core.training import activations, checkpoints, learner, saving
from core.training.process import failures
from core.training.process.control import Control
from core.training.process.events import Ended, EpochEnded, Progress, Started
from core.training.saving import LossNotFinite


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def weights(workspace, name):
    return safetensors.torch.load_file(workspace.runs / name / "bundle" / "weights.safetensors")


def test_a_run_tells_its_story_in_order(recipe, train):
    events = train(recipe)
    (started,) = of(Started, events)
    assert (started.epoch, started.epochs) == (0, 3)
    assert [event.epoch for event in of(EpochEnded, events)] == [1, 2, 3]
    assert isinstance(events[-1], Ended)
    assert events[-1].status == "finished"
    assert {event.phase for event in of(Progress, events)} >= {"reading", "features"}


def test_the_best_epoch_is_the_one_that_is_kept(recipe, train, workspace):
    events = train(recipe.model_copy(update={"epochs": 6}))
    rows = of(EpochEnded, events)
    best = max(rows, key=lambda row: (row.validation.get("accuracy"), -row.validation.loss))
    assert events[-1].best_epoch == best.epoch
    assert events[-1].validation == best.validation


FITS = [{}, {"fit": "pad"}, {"fit": "squash", "resolution": 96}, {"resolution": 64, "augmentation": "standard"}]


@pytest.mark.parametrize("fitted", FITS)
def test_what_is_kept_scores_what_was_said(recipe, train, workspace, fitted):
    """The bundle, asked through the page's path, gives the validation scores that the run told."""
    ended = train(recipe.model_copy(update={"freeze": 2, **fitted}))[-1]
    dataset = load_dataset(workspace, recipe.dataset)
    part = dataset.part("validation")
    predictor = Predictor.open(workspace.runs / "run" / "bundle")
    found = list(predictor.predict([(name, dataset.path(name)) for name in part["image"]], top=2))
    chances = [{guess.label: guess.probability for guess in each.prediction.top} for each in found]
    right = [each.prediction.top[0].label == label for each, label in zip(found, part["label"])]
    loss = -sum(torch.log(torch.tensor(each[label])) for each, label in zip(chances, part["label"])) / len(part)
    assert sum(right) / len(part) == pytest.approx(ended.validation.get("accuracy"))
    assert float(loss) == pytest.approx(ended.validation.loss, rel=1e-4)
    said, size = predictor.preprocessing, fitted.get("resolution", find(recipe.backbone).input_size)
    assert (said.fit, said.size) == (fitted.get("fit", "crop"), size)


@pytest.mark.parametrize("freeze", [0, 2, "all"])
def test_images_fitted_in_another_way_never_meet_the_others_cache(recipe, train, workspace, freeze):
    """Each run, after all the others, ends as it does in a workspace of its own."""

    def ended(name, fitted):
        return train(recipe.model_copy(update={"freeze": freeze, "epochs": 1, **fitted}), name)[-1].validation

    together = [ended(f"together-{number}", fitted) for number, fitted in enumerate(FITS)]
    for number, fitted in enumerate(FITS):
        empty(workspace)
        assert ended(f"alone-{number}", fitted) == together[number]
    assert len({scores.loss for scores in together}) == len(FITS)


@pytest.mark.parametrize("freeze", [0, 2, "all"])
def test_frozen_stages_stay_and_free_ones_move(recipe, train, workspace, freeze):
    train(recipe.model_copy(update={"freeze": freeze}), "trained")
    train(recipe.model_copy(update={"freeze": freeze, "learning_rate": 1e-12, "epochs": 1}), "still")
    trained, still = weights(workspace, "trained"), weights(workspace, "still")
    moved = {name for name in trained if not torch.allclose(trained[name].float(), still[name].float(), atol=1e-6)}
    stem, last = "backbone.network.conv_stem.weight", "backbone.network.conv_head.weight"
    assert "head.weight" in moved
    assert (stem in moved) == (freeze == 0)
    assert (last in moved) == (freeze != "all")
    assert ("backbone.network.bn1.running_mean" in moved) == (freeze == 0)


@pytest.mark.parametrize("network", ["small_backbone", "small_transformer"])
def test_keeping_what_the_frozen_stages_give_changes_no_result(recipe, train, workspace, monkeypatch, request, network):
    """A network with BatchNorm and a transformer, at every boundary. With SGD, as Adam makes much of a last bit."""
    name = request.getfixturevalue(network)
    settings = {"backbone": name, "optimizer": "sgd", "epochs": 2, "batch_size": 12}
    boundaries = range(1, len(describe(find(name))) + 1)
    for freeze in boundaries:
        made = recipe.model_copy(update={**settings, "freeze": freeze})
        with monkeypatch.context() as without:
            kept = train(made, f"kept-{freeze}")
            without.setattr(activations, "fit", lambda *_: False)
            again = train(made, f"again-{freeze}")
        assert "once" in of(Started, kept)[0].note
        assert "every epoch" in of(Started, again)[0].note
        for one, other in zip(of(EpochEnded, kept), of(EpochEnded, again)):
            assert one.train.loss == pytest.approx(other.train.loss, rel=1e-4)
            assert one.validation.loss == pytest.approx(other.validation.loss, rel=1e-4)
        one, other = weights(workspace, f"kept-{freeze}"), weights(workspace, f"again-{freeze}")
        assert all(torch.allclose(one[key], other[key], rtol=1e-3, atol=1e-5) for key in one)
    assert len(boundaries) > 3


def test_the_second_run_starts_at_once_and_a_damaged_cache_is_made_again(recipe, train, workspace):
    first = train(recipe, "first")
    second = train(recipe, "second")
    assert "features" in {event.phase for event in of(Progress, first)}
    assert "features" not in {event.phase for event in of(Progress, second)}
    for path in (workspace.cache / "activations").glob("*/*/rows.bin"):
        path.write_bytes(path.read_bytes()[:100])
    third = train(recipe, "third")
    assert [row.validation for row in of(EpochEnded, third)] == [row.validation for row in of(EpochEnded, first)]


@pytest.mark.parametrize("augment", [False, True])
def test_another_split_and_other_labels_cost_no_forward_pass(recipe, train, workspace, augment):
    """A training image has no plain view where augmentation is on: what moves to validation then costs itself."""
    recipe = recipe.model_copy(update={"freeze": 2, "augmentation": "standard" if augment else "none"})
    train(recipe, "first")
    dataset = load_dataset(workspace, recipe.dataset)
    first = dataset.part("train")["name"].iloc[0]
    relabelled = relabel(workspace, dataset, [first], "purple")
    train(recipe.model_copy(update={"dataset_version": relabelled.version}), "second")
    moved = dataset if augment else resplit(workspace, dataset, validation=0.4, test=0.0, seed=9)
    fewer = leave_out(workspace, moved, [first])
    events = train(recipe.model_copy(update={"dataset_version": fewer.version}), "third")
    events += train(recipe.model_copy(update={"dataset_version": 2}), "fourth")
    assert not {"features", "reading"} & {event.phase for event in of(Progress, events)}


def test_emptying_the_cache_does_not_break_a_run(recipe, train, workspace, monkeypatch):
    recipe = recipe.model_copy(update={"freeze": 2})
    whole = train(recipe, "whole")
    run_epoch = learner.run_epoch

    def emptied(*arguments, **more):
        empty(workspace)
        return run_epoch(*arguments, **more)

    monkeypatch.setattr(learner, "run_epoch", emptied)
    disturbed = train(recipe, "disturbed")
    assert [row.validation for row in of(EpochEnded, disturbed)] == [row.validation for row in of(EpochEnded, whole)]


@pytest.mark.parametrize("freeze", [0, 2, "all"])
def test_half_precision_as_on_a_gpu_learns_the_same(recipe, train, workspace, freeze):
    """The path of a GPU, autocast included, walked on the CPU."""
    recipe = recipe.model_copy(update={"freeze": freeze, "learning_rate": 0.003})
    half = train(recipe, "half", device=Device(torch.device("cpu"), "CPU", torch.bfloat16))
    full = train(recipe, "full")
    assert half[-1].status == "finished"
    assert half[-1].validation.loss == pytest.approx(full[-1].validation.loss, abs=0.15)
    assert all(not torch.isnan(tensor.float()).any() for tensor in weights(workspace, "half").values())


def test_augmentation_keeps_a_few_views(recipe, train, workspace):
    events = train(recipe.model_copy(update={"augmentation": "standard", "epochs": 5}))
    assert "4 kept views of each image take turns, which is less variety" in of(Started, events)[0].note
    assert events[-1].status == "finished"


@pytest.mark.parametrize("freeze", ["all", 2])
def test_an_interrupted_run_resumes_to_the_same_weights(recipe, train, workspace, monkeypatch, freeze):
    monkeypatch.setattr(saving, "SECONDS_BETWEEN", 0.0)
    recipe = recipe.model_copy(update={"freeze": freeze, "epochs": 5})
    train(recipe, "whole")
    train(recipe, "broken", stop_after=2)
    assert not (workspace.runs / "broken" / "bundle").exists()
    events = train(recipe, "broken")
    assert [event.epoch for event in of(Started, events)] == [0, 2]
    assert events[-1].status == "finished"
    whole, resumed = weights(workspace, "whole"), weights(workspace, "broken")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_stop_before_anything_was_learned(recipe, train, workspace):
    (workspace.runs / "run").mkdir()
    Control(workspace.runs / "run").ask("stop")
    ended = train(recipe)[-1]
    assert (ended.status, ended.best_epoch) == ("stopped", None)
    assert not (workspace.runs / "run" / "bundle").exists()


def test_an_infinite_loss_ends_the_run(recipe, train, monkeypatch):
    monkeypatch.setattr(learner, "run_epoch", lambda *_, **__: Scores(float("nan"), {"accuracy": 0.5}))
    with pytest.raises(LossNotFinite):
        train(recipe)


def test_a_lone_image_a_class_trains_without_validation(workspace, make_zip, recipe, train):
    from core.importing.importing import import_path

    dataset = import_path(workspace, make_zip({"red": 1, "blue": 1}, name="two.zip"))
    ended = train(recipe.model_copy(update={"dataset": dataset.id}))[-1]
    assert ended.status == "finished"
    assert ended.validation is None
    assert ended.train.get("accuracy") >= 0.5


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (LossNotFinite(), "learning rate (it was 0.01; try 0.001)"),
        (torch.OutOfMemoryError("CUDA out of memory"), "batch size (it was 8; try 4)"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), "memory"),
        (MemoryError(), "memory"),
        (OSError(28, "No space left on device"), "disk is full"),
        (ZeroDivisionError("secret detail"), "ZeroDivisionError"),
    ],
)
def test_failures_are_explained(recipe, error, said):
    words = failures.explain(error, recipe)
    assert said in words
    assert "secret detail" not in words


@pytest.mark.parametrize(
    ("size", "automatic", "said"),
    [
        (64, False, "Lower the batch size (it was 64; try 32), let Graft find it for this device"),
        (64, True, "Set a smaller batch size than the one that was found (it was 64; try 32), freeze more stages"),
        ("auto", True, "Set a small batch size, such as 4, freeze more stages"),
        (1, True, "memory. Freeze more stages, or choose a smaller backbone."),
    ],
)
def test_what_needs_less_memory_is_not_what_was_done_already(recipe, size, automatic, said):
    words = failures.explain(MemoryError(), recipe.model_copy(update={"batch_size": size}), automatic)
    assert said in words and ("Automatic" in words) == (not automatic)


def test_a_checkpoint_is_whole_or_absent(tmp_path, monkeypatch):
    path = tmp_path / "checkpoints"
    checkpoints.save(path, checkpoints.Checkpoint(epoch=1))

    def power_cut(state, file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", power_cut)
    with pytest.raises(OSError, match="No space"):
        checkpoints.save(path, checkpoints.Checkpoint(epoch=2))
    assert checkpoints.load(path).epoch == 1


def test_where_the_last_checkpoint_is_damaged_the_one_before_is_taken(tmp_path):
    for epoch in (1, 2):
        checkpoints.save(tmp_path, checkpoints.Checkpoint(epoch=epoch))
    assert checkpoints.load(tmp_path).epoch == 2
    (tmp_path / checkpoints.LAST).write_bytes((tmp_path / checkpoints.LAST).read_bytes()[:100])
    assert checkpoints.load(tmp_path).epoch == 1
