"""Without an accelerator `make gpu` says so and fails; all that it does there can be rehearsed here."""

import pytest
import torch

from benchmarks import gpu, results


@pytest.fixture(autouse=True)
def on_the_processor(monkeypatch):
    monkeypatch.setenv("GRAFT_DEVICE", "cpu")


def test_without_an_accelerator_it_says_so_and_fails(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["gpu", "--write"])
    assert gpu.main() == 1
    assert "no accelerator" in capsys.readouterr().err


def test_a_part_that_fails_or_has_no_time_is_a_row_that_says_so(tmp_path):
    (row,) = gpu.in_process("killed and resumed", tmp_path, rehearse=True, seconds=0.0)
    assert (row.found, row.good) == ("no time was left", False)
    assert str(row) == "| killed and resumed | no time was left |  | **no** |"


KILLED = [(-9, 0.0, "the same bits", True), (0, 0.0, "the same bits", False), (-9, 1.0, "1 of 2 tensors differ", False)]


@pytest.mark.parametrize(("status", "other", "found", "good"), KILLED)
def test_a_killed_run_has_to_have_died_and_to_give_the_same_bits(workspace, monkeypatch, status, other, found, good):
    monkeypatch.setattr(gpu, "killed", lambda *_: status)
    weights = iter([{"a": torch.zeros(1), "b": torch.ones(1)}, {"a": torch.tensor([other]), "b": torch.ones(1)}])
    monkeypatch.setattr(gpu, "train", lambda *_, **__: gpu.Trained([], 1, next(weights)))
    (row,) = gpu.killed_and_resumed(workspace, gpu.SMALL)
    assert (row.found, row.good) == (found, good)


def test_measured_rows_take_the_place_of_those_that_say_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "DOCS", tmp_path)
    text = (
        f"# X\n\n{results.begin('gpu.py')}\n\n### {results.NOT_YET}\n\n| a | not yet measured |\n\n{results.END}\nend\n"
    )
    (tmp_path / "performance.md").write_text(text)
    results.write("| a | 3 |", "Some GPU", "gpu.py")
    told = (tmp_path / "performance.md").read_text()
    assert "### Some GPU\n\n| a | 3 |" in told and "not yet" not in told.lower() and told.endswith("end\n")
