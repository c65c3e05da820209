"""Does it pay to train more than the head? The same recipe with all stages frozen, with half of them and with none.

    python -m examples.compare_freezing [--epochs 5] [--resolution 128]

With few images the frozen backbone is often as good, and many times as fast, as nothing is computed twice.
"""

from __future__ import annotations

import argparse

from core import runs
from core.backbones.catalogue import BUNDLED, find
from core.backbones.kept_stages import stages_of
from core.commands.following import follow
from core.importing.importing import import_sample
from core.runs.scores import scored
from core.training.recipe import Recipe
from core.workspace import Workspace


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--resolution", type=int, default=128, help="the side of the images, in pixels")
    options = parser.parse_args()

    workspace = Workspace.open()
    dataset = import_sample(workspace, "textures")
    stages = len(stages_of(find(BUNDLED), workspace))
    settings = {"epochs": options.epochs, "resolution": options.resolution}
    for name, frozen in {"all frozen": "all", "half frozen": stages // 2, "none frozen": 0}.items():
        # `parse` checks what is said, and chooses a learning rate that suits what is frozen.
        said = {"dataset": dataset.id, "dataset_version": 1, "backbone": BUNDLED, "freeze": frozen, **settings}
        view = follow(runs.start(workspace, Recipe.parse(said), f"Textures, {name}"))
        seconds = view.ended.seconds if view.ended else 0.0
        print(f"{name}: {seconds:.1f} s, {scored(view)[0].words if scored(view) else view.message}")


if __name__ == "__main__":
    main()
