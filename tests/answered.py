"""Answers as a run's end keeps them, made on the spot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from core.data.dataset import Dataset
from core.runs import Run
from core.tasks import TASKS
from core.workspace import write_json


def keep_answers(run: Run, dataset: Dataset, outputs: dict[str, torch.Tensor] | None = None, seed: int = 0) -> Path:
    """A bundle without weights, with answers about the validation part, and the test part where there is one.

    outputs: by part, of the head, (N, C); else mostly right ones, by chance.
    """
    frame, task = dataset.frame, TASKS[dataset.kind]
    spec = task.spec(dataset.classes, dataset.target, frame)
    objective, random, kept = task.objective(spec), np.random.default_rng(seed), []
    for part in ("validation", "test"):
        rows = frame[frame["split"] == part].reset_index(drop=True)
        if rows.empty:
            continue
        given = outputs[part] if outputs else _mostly_right(objective, rows, random)
        places = [name for name in ("image", "row", "name") if name in rows]
        answers = pd.concat([rows[places], objective.answers(given, rows)], axis=1)
        kept.append(answers.assign(split=part))
    bundle = run.directory / "bundle"
    bundle.mkdir(exist_ok=True)
    pd.concat(kept, ignore_index=True).to_parquet(bundle / "answers.parquet", index=False)
    write_json(bundle / "bundle.json", {"task": spec, "modality": dataset.modality.name, "best_epoch": 1})
    return bundle


def _mostly_right(objective, rows: pd.DataFrame, random: np.random.Generator) -> torch.Tensor:
    targets = objective.targets(rows)
    if targets.dtype == torch.long:
        truth = torch.nn.functional.one_hot(targets, objective.outputs)
    else:
        truth = targets.reshape(len(rows), -1)
    noise = torch.tensor(random.normal(size=truth.shape), dtype=torch.float32)
    return 3 * truth + noise if targets.dtype == torch.long or objective.outputs > 1 else truth + 0.1 * noise
