"""fastai's side of benchmarks/accuracy.py: `fine_tune`, as its documentation's users write it. Prints one line of JSON.

    PYTHONPATH=build/fastai python -m benchmarks.fastai_side FOLDER WEIGHTS EPOCHS SEED

FOLDER has the images in train/<class>/, validation/<class>/ and test/<class>/. WEIGHTS is the backbone's file.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from fastai.callback.channelslast import ChannelsLast
from fastai.vision.all import (
    ImageDataLoaders,
    Normalize,
    Resize,
    accuracy,
    aug_transforms,
    get_image_files,
    set_seed,
    vision_learner,
)

from core.backbones.catalogue import BUNDLED, find

HEAD_EPOCHS = 1  # fine_tune's own: of all epochs, the head's alone
BATCH, STEPS = (
    64,
    10,
)  # its own batches; an epoch that has fewer steps than this learns too little, so smaller ones then
SMALLEST = 8  # that BatchNorm can do with


def fine_tune(folder: Path, weights: Path, epochs: int, seed: int) -> dict[str, Any]:
    """seconds: from the images to the trained model, torch and fastai being imported. accuracy: of what it then has,
    the weights of the last epoch, on the test images, 0 to 1."""
    set_seed(seed, reproducible=True)
    info, began = find(BUNDLED), time.perf_counter()
    dls = ImageDataLoaders.from_folder(
        folder,
        train="train",
        valid="validation",
        item_tfms=Resize(460),  # large first, then cut on the whole batch: its presizing
        batch_tfms=[
            *aug_transforms(size=info.input_size, min_scale=0.75),
            Normalize.from_stats(info.preprocessing.mean, info.preprocessing.std),
        ],
        bs=batch_size(len(get_image_files(folder / "train"))),
        num_workers=0,
    )
    file = {"file": str(weights)}
    learner = vision_learner(dls, info.architecture, metrics=accuracy, pretrained_cfg_overlay=file, cbs=ChannelsLast())
    with learner.no_bar(), learner.no_logging():
        learner.fine_tune(epochs - HEAD_EPOCHS, freeze_epochs=HEAD_EPOCHS)
    seconds = time.perf_counter() - began
    asked = dls.test_dl(get_image_files(folder / "test"), with_labels=True)
    with learner.no_bar():
        outputs, labels = learner.get_preds(dl=asked)
    return {"seconds": seconds, "accuracy": float(accuracy(outputs, labels))}


def batch_size(images: int) -> int:
    """As somebody chooses it who has few images: with 64 of them, batches of 32 left it near to guessing."""
    return max(SMALLEST, min(BATCH, images // STEPS))


if __name__ == "__main__":
    images, file, epochs, seed = sys.argv[1:]
    print(json.dumps(fine_tune(Path(images), Path(file), int(epochs), int(seed))))
