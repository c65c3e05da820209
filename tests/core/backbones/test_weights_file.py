"""Weights files from elsewhere: what is in them is found when they are taken, and costs little."""

import io
import resource
import struct
import subprocess
import sys
import time
import zipfile

import pytest
import safetensors.torch
import torch

from core.backbones import weights_file
from core.backbones.architectures import make_network
from core.backbones.catalogue import find
from core.backbones.model import build
from core.backbones.own_weights import suits
from core.backbones.weights import keep_file, kept_bytes, kept_files, load_file, read_file
from core.errors import BackboneError

LITE = find("efficientnet_lite0")


def whole():
    torch.manual_seed(0)
    return make_network(LITE).state_dict()


def kept(workspace, value, name="own.pth"):
    """As the page keeps it."""
    content = io.BytesIO()
    torch.save(value, content)
    content.seek(0)
    return keep_file(workspace, name, content, lambda path: suits(LITE, workspace, path))


def refused(workspace, value, match):
    with pytest.raises(BackboneError, match=match) as error:
        kept(workspace, value)
    assert list((workspace.root / "weights").iterdir()) == [], "nothing is left behind"
    return str(error.value)


@pytest.mark.filterwarnings("ignore")  # torch warns of what it will not have for long
@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (lambda weight: weight.to("meta"), "meta device"),
        (lambda weight: weight.to_sparse(), "sparse"),
        (lambda weight: torch.quantize_per_tensor(weight, 0.1, 0, torch.qint8), "quantized"),
        (lambda weight: weight.to(torch.complex64), "complex"),
        (lambda weight: (weight * 100).to(torch.int8), "int8"),
        (lambda weight: torch.full_like(weight, float("nan")), "no numbers"),
        (lambda weight: torch.full_like(weight, float("-inf")), "infinite"),
        (lambda weight: torch.full_like(weight, 3e38), "3.0e[+]38"),
        (lambda weight: torch.full_like(weight, 1e300, dtype=torch.float64), "infinite"),
    ],
)
def test_what_cannot_be_weights_is_told_by_name_and_not_kept(workspace, spoilt, said):
    tensors = whole()
    tensors["blocks.0.0.conv_pw.weight"] = spoilt(tensors["blocks.0.0.conv_pw.weight"])
    assert "conv_pw.weight" in refused(workspace, tensors, said)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda name, tensor: tensor - 1e3 if name.endswith("running_var") else tensor, "NaN"),
        (lambda name, tensor: torch.zeros_like(tensor), "the same for any image"),
    ],
)
def test_weights_with_which_a_backbone_cannot_see_are_refused(workspace, spoil, said):
    refused(workspace, {name: spoil(name, tensor) for name, tensor in whole().items()}, said)


def test_a_file_of_which_little_fits_is_refused(workspace):
    tensors = whole()
    one = {"conv_stem.weight": tensors["conv_stem.weight"], "other": torch.zeros(3)}
    assert "At least half" in refused(workspace, one, "Only 1 of the")
    norms = {name: tensor for name, tensor in tensors.items() if "bn" in name}
    refused(workspace, norms, "of its numbers")
    filters = {name: tensor for name, tensor in tensors.items() if "conv" in name}
    refused(workspace, filters, "At least half")


@pytest.mark.parametrize(
    "prefix",
    [
        "model.",
        "net.",
        "backbone.",
        "module.",
        "_orig_mod.",
        "model.module.",
        "_orig_mod.model.backbone.",
        "model.visual.trunk.",
        "module." * 3,
        "module." * 5_000,
    ],
)
def test_what_training_programs_put_before_the_names_is_passed_over(tmp_path, prefix):
    tensors = {name: tensor for name, tensor in whole().items() if tensor.numel() < 5_000}
    path = tmp_path / "own.ckpt"
    few = dict(list(tensors.items())[:200])
    torch.save(
        {"epoch": 3, "state_dict": {prefix + name: tensor for name, tensor in few.items()} | {"head": few}}, path
    )
    network = torch.nn.Module()
    network.state_dict = lambda: few
    network.load_state_dict = lambda state, strict: None
    if len(prefix) * len(few) > weights_file.MOST_HEADER:
        with pytest.raises(BackboneError, match="of names"):
            load_file(network, path)
    else:
        assert set(load_file(network, path).matched) == set(few)


def test_of_two_copies_the_averaged_one_is_taken(tmp_path):
    plain = make_network(LITE)
    ones = {f"model.{name}": torch.ones_like(tensor) for name, tensor in plain.state_dict().items()}
    averaged = {f"model_ema.{name}": torch.full_like(tensor, 2) for name, tensor in plain.state_dict().items()}
    torch.save({"state_dict": ones | averaged}, tmp_path / "own.ckpt")
    load_file(plain, tmp_path / "own.ckpt")
    assert plain.conv_stem.weight.eq(2).all()


@pytest.mark.parametrize("levels", [("model", "state_dict"), ("mine", "net"), ("state", "deep", "weights")])
def test_weights_are_found_wherever_in_a_checkpoint_they_are(tmp_path, levels):
    value = {"a": torch.ones(2), "b": torch.ones(2)}
    for level in reversed(levels):
        value = {"config": {"depth": 3}, "epoch": 3, level: value}
    torch.save(value, tmp_path / "own.pth")
    assert list(read_file(tmp_path / "own.pth")) == ["a", "b"]


def test_a_checkpoint_that_holds_itself_ends(tmp_path):
    value = {f"part{number}": {} for number in range(9)}
    for part in value.values():
        part.update(value)
    torch.save(value, tmp_path / "own.pth")
    with pytest.raises(BackboneError, match="no named tensors"):
        read_file(tmp_path / "own.pth")


@pytest.mark.parametrize("name", ["X.SAFETENSORS", "x.safetensors", "x.bin"])
def test_a_file_is_known_by_how_it_begins(tmp_path, name):
    safetensors.torch.save_file({"a": torch.ones(2)}, tmp_path / name)
    assert list(read_file(tmp_path / name)) == ["a"]
    torch.save({"a": torch.ones(2)}, tmp_path / "y.PTH")
    assert list(read_file(tmp_path / "y.PTH")) == ["a"]


def bomb(path, size):
    """A ZIP of torch's whose numbers are packed: all zeros."""
    plain = io.BytesIO()
    torch.save({"a": torch.zeros(4)}, plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("data/0"):
                with target.open(name, "w", force_zip64=True) as file:
                    for _ in range(size >> 20):
                        file.write(bytes(1 << 20))
            else:
                target.writestr(name, content)


MEASURED = """
import resource, sys, torch, safetensors.torch
from pathlib import Path
from core.backbones.weights import read_file
from core.errors import BackboneError
before = resource.getrusage(resource.RUSAGE_SELF)
try:
    read_file(Path(sys.argv[1]))
    print("read")
except BackboneError as error:
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(int((after.ru_maxrss - before.ru_maxrss) / 1024), after.ru_utime - before.ru_utime, error)
"""


def measured(path):
    """(MB more, seconds of the processor, what was said), in a process of its own."""
    said = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path)], capture_output=True, text=True, check=True
    ).stdout
    memory, seconds, words = said.split(" ", 2)
    return int(memory), float(seconds), words


def test_a_file_that_unpacks_to_very_much_is_refused_before_it_is_unpacked(tmp_path):
    bomb(tmp_path / "own.pth", 512 << 20)
    assert (tmp_path / "own.pth").stat().st_size < 1 << 20
    memory, _, words = measured(tmp_path / "own.pth")
    assert "packed into" in words and memory < 100


def test_a_header_of_very_many_tensors_is_refused_unread(tmp_path):
    names = ",".join(f'"{number}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}' for number in range(300_000))
    header = f"{{{names}}}".encode()
    (tmp_path / "own.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    memory, seconds, words = measured(tmp_path / "own.safetensors")
    assert "of names" in words and memory < 50 and seconds < 2


@pytest.mark.parametrize("zipped", [True, False])
def test_names_without_an_end_are_refused(tmp_path, monkeypatch, zipped):
    monkeypatch.setattr(weights_file, "MOST_HEADER", 100_000)
    value = {f"{number:0100}": torch.zeros(1) for number in range(1_500)}
    torch.save(value, tmp_path / "own.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(BackboneError, match="of names"):
        read_file(tmp_path / "own.pth")


def test_too_many_tensors_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(weights_file, "MOST_TENSORS", 10)
    value = {str(number): torch.zeros(1) for number in range(11)}
    torch.save(value, tmp_path / "own.pth")
    safetensors.torch.save_file(value, tmp_path / "own.safetensors")
    for path in tmp_path.iterdir():
        with pytest.raises(BackboneError, match="11 tensors"):
            read_file(path)


def test_a_tensor_that_says_it_is_endless_costs_nothing(workspace):
    tensors = whole()
    tensors["endless"] = torch.zeros(1).expand(10**12)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    match = suits(LITE, workspace, kept(workspace, tensors))
    assert "endless" in match.unexpected
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000  # KB


def test_a_prefix_repeated_very_often_takes_time_in_line_with_its_length(tmp_path):
    def seconds(often):
        name = "module." * often + "a"
        torch.save({name: torch.zeros(1), f"{name}b": torch.zeros(1)}, tmp_path / "own.pth")
        began = time.process_time()
        assert list(read_file(tmp_path / "own.pth")) == ["a", "ab"]
        return time.process_time() - began

    seconds(1)
    assert seconds(100_000) < 2


def test_a_link_that_leads_to_itself_is_told(workspace, tmp_path):
    (tmp_path / "loop.pth").symlink_to(tmp_path / "loop.pth")
    with pytest.raises(BackboneError, match="cannot be read|not there"):
        suits(LITE, workspace, tmp_path / "loop.pth")
    with pytest.raises(BackboneError, match="cannot be read"):
        read_file(tmp_path / "loop.pth")


def test_the_same_file_is_kept_once_whatever_it_is_called(workspace):
    tensors = whole()
    first = kept(workspace, tensors, "first.pth")
    assert kept(workspace, tensors, "second.PTH") == first
    assert kept_files(workspace) == [first] and kept_bytes(workspace) == first.stat().st_size
    assert build(LITE, workspace, weights_file=first).match.matched
