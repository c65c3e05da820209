"""Without an accelerator `make gpu` says so and fails; all that it does there can be rehearsed here."""

import sys
from types import ModuleType

import pytest
import torch

from benchmarks import gpu, results, tutorial
from core.importing.importing import import_sample
from core.training import preparation


@pytest.fixture(autouse=True)
def on_the_processor(monkeypatch):
    monkeypatch.setenv("GRAFT_DEVICE", "cpu")
    for module in (preparation, tutorial):
        monkeypatch.setattr(module, "build", module.build)  # which a part replaces, for its own process


def test_without_an_accelerator_it_says_so_and_fails(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["gpu", "--write"])
    assert gpu.main() == 1
    assert "no accelerator" in capsys.readouterr().err


def test_a_part_that_fails_or_has_no_time_is_a_row_that_says_so(tmp_path):
    (row,) = gpu.in_process("killed and resumed", tmp_path, rehearse=True, seconds=0.0)
    assert (row.found, row.good) == ("no time was left", False)
    assert str(row) == "| killed and resumed | no time was left |  | **no** |"


def test_a_killed_run_gives_the_same_bits(workspace, monkeypatch):
    # A process would first import what the main module was, which a test of a page may have put in its place.
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    import_sample(workspace, "textures")
    (row,) = gpu.killed_and_resumed(workspace, gpu.SMALL)
    assert (row.found, row.good) == ("the same bits", True)


def test_what_differs_is_told(workspace, monkeypatch):
    monkeypatch.setattr(gpu, "killed", lambda *_: -9)
    weights = iter([{"a": torch.zeros(1), "b": torch.ones(1)}, {"a": torch.ones(1), "b": torch.ones(1)}])
    monkeypatch.setattr(gpu, "train", lambda *_, **__: gpu.Trained([], 1, next(weights)))
    (row,) = gpu.killed_and_resumed(workspace, gpu.SMALL)
    assert (row.found, row.good) == ("1 of 2 tensors differ", False)


def test_measured_rows_take_the_place_of_those_that_say_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "DOCS", tmp_path)
    text = (
        f"# X\n\n{results.begin('gpu.py')}\n\n### {results.NOT_YET}\n\n| a | not yet measured |\n\n{results.END}\nend\n"
    )
    (tmp_path / "performance.md").write_text(text)
    results.write("| a | 3 |", "Some GPU", "gpu.py")
    told = (tmp_path / "performance.md").read_text()
    assert "### Some GPU\n\n| a | 3 |" in told and "not yet" not in told.lower() and told.endswith("end\n")
