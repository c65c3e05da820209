"""Do doubted labels and foreign images get found? The tables behind "When a label is doubted" and "When an image is
foreign" in docs/defaults.md.

    python -m benchmarks.surveyed SET [SET ...] [--write]

Each SET is a folder of class folders, or features that were computed before: an .npz with `f224` and `labels`.
One label in twenty, or in ten, is changed by lot, DRAWS times over: found by the
nearest neighbours (as it was until 2026-11-27, when more than 0.6 of their votes against counted) and by the
probability that a linear layer gives an image's own class when it has not seen it. Then, of each set, four fifths are
the labeled images, the rest are new ones of the kind, and all other sets are foreign.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import cross_entropy, normalize

from benchmarks.machine import describe_machine
from benchmarks.results import write
from core.backbones.catalogue import BUNDLED, find
from core.data.folds import folds_of_rows
from core.importing.importing import import_path
from core.inference.reference import Reference, caution_of
from core.survey import held_out
from core.survey.neighbours import nearest, reduced
from core.tasks import CLASSIFICATION
from core.tasks.doubts import doubted_classes
from core.tasks.objective import Objective
from core.training.features import features
from core.training.linear import Solver, choose_strength
from core.workspace import Workspace

DRAWS, SHARES, NEIGHBOURS, AGAINST, ITERATIONS = 3, (0.05, 0.10), 10, 0.6, 200


class Set(NamedTuple):
    """rows: features (N, F). labels: (N,). folds: (N,), copies of an image in the same. twins: (N,)."""

    name: str
    rows: np.ndarray
    labels: np.ndarray
    folds: np.ndarray
    twins: np.ndarray


def read(workspace: Workspace, path: Path) -> Set:
    if path.suffix == ".npz":
        kept = np.load(path)
        rows, labels = kept["f224"].astype(np.float32), kept["labels"]
        return Set(path.stem, rows, labels, _dealt(labels), np.zeros(len(labels), int))
    dataset = import_path(workspace, path)
    frame = dataset.frame
    rows = np.asarray(features(workspace, dataset, frame, find(BUNDLED)), np.float32)
    labels = np.array([dataset.classes.index(label) for label in frame["label"]])
    return Set(path.name, rows, labels, folds_of_rows(frame, CLASSIFICATION, held_out.FOLDS), frame["twins"].to_numpy())


def _dealt(labels: np.ndarray) -> np.ndarray:
    """Folds with nearly the same share of each class."""
    mixed = np.random.default_rng(0).permutation(len(labels))
    in_turn = mixed[np.argsort(labels[mixed], kind="stable")]
    folds = np.empty(len(labels), int)
    folds[in_turn] = np.arange(len(labels)) % held_out.FOLDS
    return folds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--write", action="store_true", help="into docs/defaults.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        workspace = Workspace.open(home)
        sets = [read(workspace, path) for path in options.sets]
    for name, table in (("Doubted labels", doubts(sets)), ("Foreign images", strangers(sets))):
        words = f"{describe_machine().line()}\n\n{table}\n"
        print(words)
        if options.write:
            write(words, name, "surveyed.py", "defaults.md")


def ranked(score: np.ndarray, wanted: np.ndarray) -> float:
    """The area under the curve: how often one that is wanted has a higher score than one that is not."""
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    many = int(wanted.sum())
    return float((ranks[wanted].sum() - many * (many + 1) / 2) / (many * (len(wanted) - many)))


# Labels ---------------------------------------------------------------------------------------------------------------


def by_neighbours(one: Set, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How doubtful each label is, and whether it was doubted, as it was before."""
    indices, alike = nearest(reduced(one.rows), one.twins, NEIGHBOURS, lambda done, total: None)
    votes = np.zeros((len(labels), labels.max() + 1))
    np.add.at(votes, (np.arange(len(labels))[:, None], labels[indices]), np.maximum(alike, 1e-3))
    votes /= votes.sum(axis=1, keepdims=True)
    own = votes[np.arange(len(labels)), labels].copy()
    votes[np.arange(len(labels)), labels] = -1
    return votes.max(axis=1) - own, votes.max(axis=1) - own > AGAINST


def by_held_out(one: Set, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    outputs = held_out.outputs_of(one.rows, _classes(labels), torch.tensor(labels), one.folds, lambda *_: None)
    doubt, _, doubted = doubted_classes(labels, torch.softmax(outputs, dim=1).numpy())
    return doubt, doubted


def _classes(labels: np.ndarray) -> Objective:
    """To tell so many classes apart."""
    names = [str(number) for number in range(int(labels.max()) + 1)]
    return CLASSIFICATION.objective({"kind": CLASSIFICATION.name, "classes": names})


WAYS = (("neighbours", by_neighbours), ("held out", by_held_out))


def changed(one: Set, share: float, draw: int) -> tuple[np.ndarray, np.ndarray]:
    """The labels with so many of them changed, and which."""
    random, labels, wrong = np.random.default_rng(draw), one.labels.copy(), np.zeros(len(one.labels), bool)
    wrong[random.choice(len(labels), round(share * len(labels)), replace=False)] = True
    labels[wrong] = (labels[wrong] + random.integers(1, labels.max() + 1, wrong.sum())) % (one.labels.max() + 1)
    return labels, wrong


def doubts(sets: list[Set]) -> str:
    """A row a set and share of changed labels, with the two ways beside each other."""
    shown = (
        "area under the curve | of the doubted, were changed | of the changed, were doubted | doubted with none changed"
    )
    lines = [f"| set | images, classes | changed | way | {shown} | seconds |", "|---" * 9 + "|"]
    for one in sets:
        clean = {name: way(one, one.labels)[1].mean() for name, way in WAYS}
        for share in SHARES:
            for name, way in WAYS:
                cells = f"{one.name} | {len(one.labels)}, {one.labels.max() + 1} | {share:.0%} | {name}"
                lines.append(f"| {cells} | {_row(one, share, way, clean[name])} |")
    return "\n".join(lines)


def _row(one: Set, share: float, way: object, clean: float) -> str:
    found = []
    for draw in range(DRAWS):
        labels, wrong = changed(one, share, draw)
        began = time.perf_counter()
        doubt, doubted = way(one, labels)  # type: ignore[operator]
        hits = (doubted & wrong).sum()
        seconds = time.perf_counter() - began
        found.append((ranked(doubt, wrong), hits / max(1, doubted.sum()), hits / wrong.sum(), seconds))
    area, right, there, seconds = np.mean(found, axis=0)
    return f"{area:.3f} | {right:.0%} | {there:.0%} | {clean:.1%} | {seconds:.1f}"


# Foreign images -------------------------------------------------------------------------------------------------------


def strangers(sets: list[Set]) -> str:
    """A row a set, whose last fold are the new images of the kind, and all other sets the foreign ones."""
    lines = [
        "| set | labeled, new, foreign | area under the curve, cosine | top probability | foreign flagged "
        "| new flagged | foreign above 90% |",
        "|---" * 7 + "|",
    ]
    for one in sets:
        new = one.folds == held_out.FOLDS - 1
        foreign = np.concatenate([other.rows for other in sets if other is not one])
        labeled = normalize(torch.from_numpy(one.rows[~new]), dim=1)
        caution = caution_of(labeled, one.twins[~new], np.ones(len(labeled), bool))
        assert caution is not None
        asked = torch.from_numpy(np.concatenate([one.rows[new], foreign]))
        near = np.array(Reference(labeled, caution.threshold).nearest(asked))
        is_foreign = np.arange(len(asked)) >= new.sum()
        top = _top(one, new, asked.numpy())
        flagged = near < caution.threshold
        cells = (
            f"{ranked(-near, is_foreign):.3f} | {ranked(-top, is_foreign):.3f} | {flagged[is_foreign].mean():.0%} | "
            f"{flagged[~is_foreign].mean():.0%} | {(top[is_foreign] > 0.9).mean():.0%}"
        )
        lines.append(f"| {one.name} | {len(labeled)}, {new.sum()}, {len(foreign)} | {cells} |")
    return "\n".join(lines)


def _top(one: Set, new: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """The likeliest class's probability for each that is asked about, by logistic regression on the labeled ones."""
    rows, labels = torch.from_numpy(one.rows[~new]), torch.from_numpy(one.labels[~new])
    convex = _classes(one.labels[~new]).convex
    assert convex is not None
    loss = convex(labels)
    strength = choose_strength(rows, loss, one.folds[~new], lambda out, at: float(cross_entropy(out, labels[at]))).value
    solver = Solver(rows, loss, strength)
    solver.run(ITERATIONS)
    weight, bias = solver.axes.layer(solver.descent.weights[0])
    return torch.softmax(torch.from_numpy(asked).to(weight) @ weight.T + bias, dim=1).amax(dim=1).numpy()


if __name__ == "__main__":
    main()
