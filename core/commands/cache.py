"""What is kept only to be quick: how large it is, and away with it."""

from __future__ import annotations

import json
from argparse import Namespace

from core import trash
from core.backbones.weights import kept_bytes
from core.store.cache import budget, empty, sizes
from core.units import file_size
from core.workspace import Workspace


def cache(options: Namespace) -> int:
    workspace = Workspace.open(options.workspace)
    freed = empty(workspace, weights=options.weights) if options.empty else None
    parts, most, trashed, own = sizes(workspace), budget(workspace), trash.size(workspace), kept_bytes(workspace)
    if options.json:
        said = {"parts": parts, "bytes": sum(parts.values()), "budget": most, "freed": freed}
        print(json.dumps({**said, "trash": trashed, "own_weights": own}))
        return 0
    if freed is not None:
        print(f"Emptied: {file_size(freed)} freed.")
    for part, size in parts.items():
        print(f"{file_size(size):>12}  {part}")
    print(f"{file_size(sum(parts.values())):>12}  of {file_size(most)}")
    print(f"{file_size(own):>12}  in weights files of your own besides")
    print(f"{file_size(trashed):>12}  in the trash besides")
    return 0
