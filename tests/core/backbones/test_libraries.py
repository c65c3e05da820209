"""One way to ask any backbone, whatever library it is of."""

import pytest

from core.backbones import kept_stages, libraries
from core.backbones.catalogue import BUNDLED
from core.errors import BackboneError
from tests.toys.bert import Toys


@pytest.fixture
def toys(monkeypatch):
    monkeypatch.setattr(libraries, "LIBRARIES", {"toy": Toys()})


def test_each_modality_has_a_backbone_to_begin_with(toys):
    assert libraries.usual("image") == BUNDLED and libraries.usual("text") == "toy/bert"
    assert libraries.usual("sound") == "" and libraries.infos("sound") == ()
    assert {info.modality for info in libraries.infos("image")} == {"image"}


def test_where_weights_are_is_asked_of_the_library(toys, workspace):
    info = libraries.find("toy/bert")
    assert libraries.source(info, workspace) == "bundled" and libraries.is_ready(info, workspace)
    assert "toy/bert" in libraries.not_installed(info)
    with pytest.raises(BackboneError, match="nothing to download"):
        libraries.download(info, workspace, lambda done, total: None, lambda: False)
    other = libraries.find("torchvision/resnet18")
    assert libraries.source(other, workspace) == "download" and not libraries.is_ready(other, workspace)


def test_stages_are_found_once(toys, workspace, monkeypatch):
    info = libraries.find("toy/bert")
    stages = libraries.stages_of(info, workspace)
    monkeypatch.setattr(Toys, "build", lambda *_, **__: pytest.fail("built again"))
    assert libraries.stages_of(info, workspace) == stages and len(stages) == 4
    bundled = libraries.find(BUNDLED)
    assert libraries.stages_of(bundled, workspace) == kept_stages.stages_of(bundled, workspace)
