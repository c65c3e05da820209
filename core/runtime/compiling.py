"""A frozen network compiled for this machine, where there is so much for it to do that compiling repays."""

from __future__ import annotations

import logging
import os

import torch
from torch import nn

from core.modalities.inputs import Inputs, count, first, laid_out
from core.workspace import Workspace


class Compiled(nn.Module):
    """What the network gives, by code of its own. Takes at most `batch` examples: fewer are filled up to as many, so
    that all run through the same code, and an example gives the same bits whichever others come with it."""

    def __init__(self, network: nn.Module, batch: int) -> None:
        """network: in eval mode, with its weights in place; they become part of the code."""
        super().__init__()
        self.batch = batch
        self.code = torch.compile(network, dynamic=False, options={"freezing": True})

    def forward(self, inputs: Inputs) -> Inputs:
        many = count(inputs)
        if many < self.batch:
            places = torch.arange(self.batch) % many
            inputs = {name: each[places.to(each.device)] for name, each in inputs.items()}
        return first(self.code(laid_out(inputs)), many)


@torch.inference_mode()
def compiled(workspace: Workspace, network: nn.Module, inputs: Inputs) -> Compiled | None:
    """For batches like `inputs`. Takes some ten seconds. None where it cannot be done, as on a machine
    without a compiler for C++: the log says why."""
    (workspace.cache / "compiled").mkdir(parents=True, exist_ok=True)
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(workspace.cache / "compiled")
    try:
        from torch._inductor import config

        config.compile_threads = 1  # else it starts processes, and leaves them
        code = Compiled(network, count(inputs))
        code(inputs)
    except Exception:  # torch raises nearly anything where its compiler fails
        logging.exception("The frozen stages could not be compiled, and run as they are")
        return None
    return code
