"""torch.export of ln p(x): a graph without Arden or Python in it, and the same numbers.

python examples/export_model.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from torch import Tensor, nn

import arden
from arden import AutoregressiveModel


class LogProb(nn.Module):
    """(B, *event) -> (B,): the parts of a model in a row, without the checks of its arguments."""

    def __init__(self, model: AutoregressiveModel) -> None:
        super().__init__()
        self.network = model.network
        self.register_buffer("order", model.ordering.order())
        self.family = model.conditional.at(model.ordering.order())

    def forward(self, x: Tensor) -> Tensor:
        """The values in step order, what the network makes of them, and ln p of each."""
        steps = x.flatten(1)[:, self.order]
        params = self.network(self.family.features(steps))
        return self.family.log_prob(params, steps).sum(dim=1)


def main(epochs: int = 20) -> float:
    """Epochs of a fit -> the greatest difference between the graph's numbers and the model's."""
    data = arden.load_data("digits")
    model = arden.fit("made", data, epochs=epochs, ordering="spiral", progress=False)
    x = data.test.values.float()

    rows = torch.export.Dim("rows", min=2)  # any number of them
    graph = torch.export.export(LogProb(model), (x[:5],), dynamic_shapes={"x": {0: rows}})
    with tempfile.TemporaryDirectory() as folder:
        torch.export.save(graph, Path(folder) / "made.pt2")
        again = torch.export.load(Path(folder) / "made.pt2").module()

    gap = (again(x).double() - arden.score(model, x)).abs().max().item()
    print(f"{len(x)} rows, {len(list(graph.graph.nodes))} operations; largest gap {gap:.1e} nats")
    return gap


if __name__ == "__main__":
    main()
