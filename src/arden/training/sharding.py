"""Weights, gradients and moments cut among processes, so that larger models can be trained."""

from __future__ import annotations

import copy
from typing import cast

from torch import Tensor, nn

from arden.core.latent import AnyModel
from arden.errors import InputError
from arden.training.objectives import Objective
from arden.training.snapshot import restore, snapshot
from arden.training.world import World

__all__ = ["Sharded", "cut_like", "whole"]


class Sharded:
    """A twin of an objective and its model, whose weights are cut among the processes.

    A step gathers the weights, sums the gradients and cuts them again; between steps a process
    holds its part of them and of the optimiser's moments. The model itself stays whole, for figures
    and files: `gather` brings it up to date. (Zhao et al., "PyTorch FSDP: experiences on scaling
    fully sharded data parallel", 2023; here its second form, `fully_shard`.)

    Raises:
        InputError: a model that cannot be cut.
    """

    def __init__(self, objective: Objective, model: AnyModel, world: World) -> None:
        # Imported here: it takes long, and few fits need it.
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard

        self.model = model
        self.objective = copy.deepcopy(objective)
        place = next(i for i, part in enumerate(objective.modules()) if part is model)
        self.twin = cast(AnyModel, list(self.objective.modules())[place])
        try:
            fully_shard(self.objective, mesh=init_device_mesh(model.device.type, (world.size,)))
        except (NotImplementedError, RuntimeError, ValueError) as error:
            first = str(error).strip().splitlines()[0]
            raise InputError(f"shard: the weights of this model cannot be cut ({first})") from None

    def gather(self) -> None:
        """() -> (): the whole model has the weights of now. Every process takes part."""
        restore(self.model, {name: whole(cut) for name, cut in snapshot(self.twin).items()})


def whole(tensor: Tensor) -> Tensor:
    """A tensor of which this process may hold a part -> all of it. Every process takes part."""
    if type(tensor) in _PLAIN:
        return tensor
    from torch.distributed.tensor import DTensor

    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def cut_like(tensor: Tensor, parameter: Tensor) -> Tensor:
    """A whole tensor, the same in all processes, a parameter of its shape -> cut as that is."""
    if type(parameter) in _PLAIN or tensor.shape != parameter.shape:
        return tensor
    from torch.distributed.tensor import DTensor, distribute_tensor

    if not isinstance(parameter, DTensor):
        return tensor
    there = tensor.to(parameter.device)
    # Each takes its part of its own copy: parts of unequal size sent over gloo came out wrong.
    return distribute_tensor(there, parameter.device_mesh, parameter.placements, src_data_rank=None)


_PLAIN = (Tensor, nn.Parameter)
"""Types of which no process holds a part; that of others is looked at."""
