"""MiniLM and folders as backbones: what is known of them without torch, what they are built of, what a bundle keeps."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from core.backbones import bundled, kept_stages
from core.backbones.bundled import MINILM, bundled_file
from core.backbones.libraries import LIBRARIES, build, find, found_in, is_ready, keep, source, stages_of
from core.errors import BackboneError
from core.modalities.texts import TEXT
from core.workspace import Workspace
from tests.core.backbones.language.tiny import write_folder

SENTENCES = ("A cat sleeps on the sofa.", "The kitten naps on the couch.", "Shares fell after the bank's report.")


@pytest.fixture
def minilm():
    if bundled_file(MINILM) is None:
        pytest.skip("minilm is not installed: python -m core.backbones.build_weights")
    return find(MINILM)


def test_minilm_is_known_without_torch(minilm, workspace):
    assert (minilm.library, minilm.family, minilm.parameters) == ("minilm", "BERT", 22_713_216)
    assert (minilm.languages, minilm.licence, minilm.longest) == ("English", "apache-2.0", 256)
    assert minilm.preprocessing.types and minilm.preprocessing.longest == 256 and minilm.gflops == 1.41
    assert source(minilm, workspace) == "bundled" and is_ready(minilm, workspace)
    said = "import sys; from core.backbones.libraries import find; find('minilm'); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@torch.no_grad()
def test_minilm_knows_which_sentences_are_alike(minilm, workspace):
    backbone = build(minilm, workspace).eval()
    read = [TEXT.read(sentence, minilm.preprocessing) for sentence in SENTENCES]
    seen = backbone(TEXT.collate(read, minilm.preprocessing, torch.device("cpu"))).pooled
    seen = torch.nn.functional.normalize(seen)
    assert seen.shape == (3, 384) and seen[0] @ seen[1] > 0.5 > 0.2 > seen[0] @ seen[2]
    assert sum(each.numel() for each in backbone.parameters()) == 22_565_376  # without the pooler, which is not used


def test_minilms_stages_are_shipped_and_what_torch_finds(minilm, workspace):
    assert minilm.name in kept_stages._shipped(), "write it with: python -m core.backbones.kept_stages"
    assert stages_of(minilm, workspace) == LIBRARIES[MINILM].stages(minilm, workspace)
    shorter = minilm.fitted(longest=64)
    assert (
        stages_of(shorter, workspace) == LIBRARIES[MINILM].stages(shorter, workspace)
        and stages_of(shorter, workspace)[0].output_shape[0] == 64
    )


def test_where_it_is_not_installed_it_says_how_to_get_it(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(bundled, "FOLDER", tmp_path)
    absent = find(MINILM)
    assert source(absent, workspace) == "absent"
    with pytest.raises(BackboneError, match="not installed. Install them once, with a network: python -m core"):
        build(absent, workspace)


def test_how_long_texts_may_be_can_be_chosen(workspace):
    write_folder(workspace.root / "weights" / "own", max_position_embeddings=2000)
    own = find("folder/own", workspace)
    assert own.longest == 2000 and own.preprocessing.longest == 512 and own.said == "folder/own"
    assert own.fitted("crop", None).preprocessing.longest == 512  # what is set for images is passed over
    assert own.fitted(longest=900).said == "folder/own at 900 tokens"
    assert own.fitted(longest=9000).preprocessing.longest == 2000


@torch.no_grad()
def test_a_folder_is_a_backbone_and_a_bundle_needs_nothing_of_it(workspace, tmp_path):
    folder = write_folder(workspace.root / "weights" / "own")
    own = find("folder/own", workspace)
    backbone = build(own, workspace)
    assert "53 of 53 tensors match" in str(backbone.match) and own.parameters == sum(
        s.parameters for s in backbone.stages
    )
    keep(own, tmp_path / "bundle" / "backbone")
    for path in folder.iterdir():
        path.unlink()
    kept = found_in("folder/own", tmp_path / "bundle" / "backbone")
    assert kept.preprocessing.model_dump() == own.preprocessing.model_dump() and kept.architecture == own.architecture
    again = build(kept, Workspace(tmp_path / "bundle"), random=True)
    again.load_state_dict(backbone.state_dict())
    (inputs,) = (TEXT.collate([TEXT.read("w5 w6", kept.preprocessing)], kept.preprocessing, torch.device("cpu")),)
    assert torch.equal(again.eval()(inputs).pooled, backbone.eval()(inputs).pooled)


def test_other_backbones_leave_nothing_in_a_bundle(tmp_path):
    keep(find("efficientnet_lite0"), tmp_path / "backbone")
    assert not (tmp_path / "backbone").exists()
    assert found_in("efficientnet_lite0", tmp_path / "backbone").name == "efficientnet_lite0"


def test_each_name_begins_with_its_library(workspace):
    write_folder(workspace.root / "weights" / "own")
    for library in (LIBRARIES[name] for name in ("minilm", "folder", "hub")):
        infos = [*library.infos(workspace)]
        assert infos and all(info.library == library.name == info.name.partition("/")[0] for info in infos)
