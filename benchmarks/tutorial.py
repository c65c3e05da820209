"""The plain loop: what someone writes after the PyTorch tutorial "Transfer Learning for Computer Vision".

As there: ImageFolder and DataLoader, a random crop and flip to train and a middle crop to validate, every layer of the
network frozen but a new linear one, SGD with learning rate 0.001 and momentum 0.9, a tenth of it after 7 epochs, the
best epoch kept. Other than there: 10 epochs for 25, the network is the backbone that Graft runs, and it gets the
image size, mean and standard deviation that this network was trained with.
https://docs.pytorch.org/tutorials/beginner/transfer_learning_tutorial.html
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from core.backbones.catalogue import BUNDLED, find
from core.backbones.model import Backbone, build
from core.data.dataset import Dataset
from core.modalities.images.preprocessing import Preprocessing
from core.runtime.device import available_cores, choose_device
from core.workspace import Workspace

EPOCHS = 10
WORKERS = 4  # the tutorial's, where the machine has as many cores


@dataclass(frozen=True)
class Result:
    """accuracy: of the validation images in the best epoch, 0 to 1."""

    epochs: int
    accuracy: float


class OfImages(nn.Module):
    """A backbone as tutorials have it: images in, features out, both tensors."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.backbone({"pixels": images}).pooled  # type: ignore[no-any-return]


def tutorial_loop(workspace: Workspace, dataset: Dataset, batch_size: int, seed: int) -> Result:
    """Train as the tutorial does on the images and the split of `dataset`."""
    torch.manual_seed(seed)
    device = choose_device().torch
    info = find(BUNDLED)
    with tempfile.TemporaryDirectory() as folder:
        link_images(dataset, Path(folder))
        loaders = {
            part: loader(Path(folder) / part, info.preprocessing, batch_size) for part in ("train", "validation")
        }
        backbone = build(info, workspace)
        for parameter in backbone.parameters():
            parameter.requires_grad = False
        model = nn.Sequential(OfImages(backbone), nn.Linear(backbone.num_features, len(dataset.classes))).to(device)
        return Result(EPOCHS, train(model, loaders, device))


def link_images(dataset: Dataset, folder: Path) -> None:
    """The folders that ImageFolder reads, as links to the imported images."""
    for number, row in enumerate(dataset.frame.itertuples()):
        source = dataset.path(row.image)
        place = folder / row.split / f"{dataset.classes.index(row.label):04}" / f"{number}{source.suffix}"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(source.resolve())


def loader(folder: Path, preprocessing: Preprocessing, batch_size: int) -> DataLoader[object]:
    bicubic = transforms.InterpolationMode.BICUBIC
    if folder.name == "train":
        cut = [
            transforms.RandomResizedCrop(preprocessing.size, interpolation=bicubic),
            transforms.RandomHorizontalFlip(),
        ]
    else:
        cut = [transforms.Resize(preprocessing.resize, bicubic), transforms.CenterCrop(preprocessing.size)]
    numbers = [transforms.ToTensor(), transforms.Normalize(preprocessing.mean, preprocessing.std)]
    images = datasets.ImageFolder(str(folder), transforms.Compose([*cut, *numbers]))
    return DataLoader(images, batch_size=batch_size, shuffle=True, num_workers=min(WORKERS, available_cores()))


def train(model: nn.Sequential, loaders: dict[str, DataLoader[object]], device: torch.device) -> float:
    """The tutorial's `train_model`. Returns the best validation accuracy."""
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model[1].parameters(), lr=0.001, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)
    best = 0.0
    for _ in range(EPOCHS):
        model.train()
        for inputs, labels in loaders["train"]:
            inputs, labels = inputs.to(device), labels.to(device)
            optimizer.zero_grad()
            loss = criterion(model(inputs), labels)
            loss.backward()
            optimizer.step()
        scheduler.step()
        best = max(best, accuracy(model, loaders["validation"], device))
    return best


@torch.no_grad()
def accuracy(model: nn.Module, images: DataLoader[object], device: torch.device) -> float:
    model.eval()
    right = seen = 0
    for inputs, labels in images:
        right += int((model(inputs.to(device)).argmax(1) == labels.to(device)).sum())
        seen += len(labels)
    return right / seen
