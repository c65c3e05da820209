"""With too little address space, what needs none of it works, and the rest says what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core import address_space
from core.address_space import LIGHT, AddressSpaceError, explained, for_torch, must_have_for_torch
from core.importing.importing import import_path
from core.runs import Status
from core.training.process import failures
from core.training.recipe import Recipe
from core.workspace import write_json
from tests.pages.made_runs import finished, made_run

resource = pytest.importorskip("resource", reason="Windows has no such limit")
ROOT = Path(__file__).resolve().parents[2]
TOO_LITTLE = sorted({1_500_000_000, 3_000_000_000, for_torch() - 100_000_000})
SENTENCE = "There is too little address space: this process may have "


def command(*words: str, most: int, module: str = "core", home: Path) -> subprocess.CompletedProcess[str]:
    """`python -m core ...` with so many bytes of address space."""
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=ROOT,
        env={**os.environ, "GRAFT_HOME": str(home), "GRAFT_STANDBY": "0"},
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most)),  # noqa: PLW1509
    )


def refused(done: subprocess.CompletedProcess[str]) -> bool:
    said = done.stdout + done.stderr
    return done.returncode == 1 and SENTENCE in said and "needs about" in said and "Traceback" not in said


@pytest.mark.parametrize("most", [most for most in TOO_LITTLE if most < for_torch()])
def test_what_trains_or_asks_says_what_is_missing(workspace, make_zip, home, most):
    made = import_path(workspace, make_zip({"red": 4, "blue": 4}), name="Photos")
    run = made_run(workspace, made.id, finished())
    (run.directory / "bundle").mkdir()
    write_json(run.directory / "bundle" / "bundle.json", {})
    asked = [["train", "--data", "Photos"], ["survey", "Photos"], ["predict", "--run", run.id, "a.jpg"]]
    for words in asked if most == TOO_LITTLE[0] else asked[:1]:
        assert refused(command(*words, most=most, home=home)), words
    assert len(list(workspace.runs.iterdir())) == 1


def test_what_needs_no_network_works(workspace, make_zip, home):
    path = str(make_zip({"red": 4, "blue": 4}))
    assert command("import", path, "--name", "Photos", most=1_500_000_000, home=home).returncode == 0
    for words in (["datasets"], ["runs"], ["trash"], ["backbones", "--search", "lite0"], ["check", path]):
        done = command(*words, most=1_500_000_000, home=home)
        assert done.returncode == 0 and "Traceback" not in done.stderr, words


@pytest.mark.parametrize("most", [150_000_000, LIGHT - 1_000_000])
def test_with_next_to_nothing_it_does_not_begin(home, most):
    done = command("runs", most=most, home=home)
    assert refused(done) and done.stdout == "" and done.stderr.count("\n") == 1


def test_the_server_says_so_too(home):
    done = command("--server.headless", "true", most=600_000_000, module="serve", home=home)
    assert refused(done) and "the server needs about 900 MB" in done.stderr


def test_a_worker_that_cannot_load_has_failed_in_words(workspace, home):
    run = made_run(workspace, "x")
    most = min(TOO_LITTLE[0], for_torch() - 1)
    command(str(run.directory), most=most, module="core.training.process.worker", home=home)
    view = run.view()
    assert view.status is Status.FAILED and view.message.startswith(SENTENCE)


def test_start_refuses_before_anything_is_made(monkeypatch):
    monkeypatch.setattr(address_space, "limit", lambda: 1_500_000_000)
    monkeypatch.setattr(address_space, "for_torch", lambda: 5_000_000_000)
    with pytest.raises(AddressSpaceError, match=r"1\.5 GB \(ulimit -v 1464843\), and a network needs about 5 GB"):
        must_have_for_torch()


@pytest.mark.parametrize(
    "error",
    [
        ImportError("libtorch_cuda.so: failed to map segment from shared object"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried to"),
        RuntimeError("could not create a primitive"),
        RuntimeError("can't start new thread"),
        MemoryError(),
        OSError(12, "Cannot allocate memory"),
    ],
)
def test_how_libraries_fail_that_get_no_more(monkeypatch, error):
    assert explained(error) == ""  # here nobody has set a limit
    monkeypatch.setattr(address_space, "limit", lambda: 4_000_000_000)
    assert explained(error).startswith(SENTENCE) and explained(ValueError("x")) == ""
    recipe = Recipe(dataset="x", dataset_version=1, backbone="x")
    assert SENTENCE in failures.explain(error, recipe)
