"""Train on a sample dataset, then ask the model about images, without the pages.

    python -m examples.train_and_predict [--epochs 20] [IMAGE ...]

The dataset and the run lie in the workspace (`GRAFT_HOME`, else ~/.graft), so the pages show them too.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from core import runs
from core.backbones.catalogue import BUNDLED
from core.commands.following import follow
from core.importing.importing import import_sample
from core.inference.predictor import Predictor
from core.inference.table import rows
from core.training.recipe import Recipe
from core.workspace import Workspace


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("images", nargs="*", type=Path, help="unless said, three of the sample")
    options = parser.parse_args()

    # 1. A dataset: here a sample; `import_path(workspace, "photos.zip")` takes your own.
    workspace = Workspace.open()
    dataset = import_sample(workspace, "textures")
    print(f"{len(dataset.frame)} images in the classes {', '.join(dataset.classes)}")

    # 2. A recipe: everything that decides the outcome. What is not said is the recommended setting: all stages frozen.
    recipe = Recipe(dataset=dataset.id, dataset_version=1, backbone=BUNDLED, epochs=options.epochs)

    # 3. A run: it trains in a process of its own, which writes what happens into the run's folder. Here we read along.
    run = runs.start(workspace, recipe, "From examples/train_and_predict.py")
    view = follow(run)
    if run.bundle is None:
        raise SystemExit(f"The run kept no model: {view.message}")

    # 4. The bundle is the result: the weights, and all that is needed to use them.
    images = options.images or [dataset.path(image) for image in dataset.part("validation")["image"][:3]]
    for answer in rows(Predictor.open(run.bundle).predict((path.name, path) for path in images)):
        print(f"{answer['image']}: {answer['label']}, {answer['probability']:.1%}")


if __name__ == "__main__":
    main()
