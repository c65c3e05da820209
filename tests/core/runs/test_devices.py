"""A run on several devices: real workers, processes of a CPU standing in for GPUs."""

import os
import signal
import subprocess
import sys

import pytest
import safetensors.torch
import torch

from core import runs
from core.backbones.catalogue import find
from core.backbones.model import build
from core.errors import RunError
from core.processes import SOURCE_ROOT, signed
from core.runs import Status
from core.training.process import queue
from core.training.recipe import Recipe
from tests.core.runs.test_worker import dataset, ended, long, trained, wait  # noqa: F401 (a fixture)
from tests.polling import poll

SMALL = "timm/test_efficientnet.r160_in1k"


def processes_of(run):
    """Those that train: (leader, followers)."""
    listed = subprocess.run(["ps", "-ww", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    pids = [int(line.split()[0]) for line in listed.splitlines() if f"worker {run.directory}" in line]
    leader = signed(run.directory / "worker.pid")[0]
    return leader, [pid for pid in pids if pid != leader]


def test_a_process_that_dies_ends_the_run_in_words_and_torchrun_goes_on_with_it(workspace, dataset, monkeypatch):  # noqa: F811
    monkeypatch.setenv("GRAFT_DEVICE", "cpu")
    torch.manual_seed(1)
    weights = build(find(SMALL), workspace, random=True).network.state_dict()
    file = workspace.root / "small.safetensors"
    safetensors.torch.save_file({name: tensor.contiguous() for name, tensor in weights.items()}, file)
    places = {"dataset": dataset.id, "dataset_version": 1, "backbone": SMALL, "weights_file": str(file)}
    recipe = Recipe(**places, learning_rate=0.003, precision="float32")

    run = runs.start(workspace, long(recipe), devices=2)
    assert "2 × CPU" in wait(run, trained).device
    _, (follower,) = processes_of(run)
    os.kill(follower, signal.SIGKILL)
    view = wait(run, ended)
    assert view.status is Status.FAILED and "One of the processes that train together ended" in view.message

    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    before = run.view().epoch
    with open(run.directory / "worker.log", "ab") as log:
        command = [*torchrun, "--local-addr", "127.0.0.1", "-m", "core.training.process.worker", str(run.directory)]
        launcher = subprocess.Popen(command, cwd=SOURCE_ROOT, stdout=log, stderr=log)
    poll(lambda: run.view().epoch > before + 2, run.log_tail)
    assert "2 × CPU" in run.view().device
    run.stop()
    assert wait(run, ended).status is Status.STOPPED and run.bundle
    assert launcher.wait(60) == 0


@pytest.mark.parametrize("devices", [0, 65])
def test_a_number_of_devices_that_cannot_be_meant_is_refused(workspace, dataset, devices):  # noqa: F811
    recipe = Recipe(dataset=dataset.id, dataset_version=1, backbone="efficientnet_lite0")
    with pytest.raises(RunError, match=f"1 to 64 devices of a machine, and not on {devices}"):
        runs.start(workspace, recipe, devices=devices)
    assert runs.list_runs(workspace) == []


def test_a_run_goes_on_with_as_many_devices_as_before(workspace):
    (workspace.runs / "run").mkdir()
    for asked, given in ((None, 1), (3, 3), (None, 3), (2, 2)):
        queue.join(workspace.runs / "run", asked)
        assert queue.launched(workspace.runs / "run").devices == given


@pytest.mark.parametrize(
    ("gpus", "environment", "many"),
    [
        (0, {}, 1),
        (4, {}, 4),
        (4, {"CUDA_VISIBLE_DEVICES": "0,2"}, 2),
        (4, {"CUDA_VISIBLE_DEVICES": ""}, 1),
        (4, {"GRAFT_DEVICE": "cuda:1"}, 1),
        (0, {"GRAFT_DEVICE": "cpu", "GRAFT_DEVICES": "2"}, 2),
    ],
)
def test_how_many_devices_there_are(tmp_path, gpus, environment, many):
    for name in (*(f"nvidia{number}" for number in range(gpus)), "nvidiactl"):
        (tmp_path / name).touch()
    assert runs.how_many(environment, tmp_path) == many
