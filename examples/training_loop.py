"""A plain training loop of your own around an Arden model: it is an nn.Module like any other.

python examples/training_loop.py
"""

from __future__ import annotations

import torch

import arden
from arden import AutoregressiveModel
from arden.conditionals.bernoulli import Bernoulli
from arden.core.model import spec_for
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster


def main(epochs: int = 30, hidden: int = 100) -> float:
    """Epochs, hidden units -> −ln p of a test image, in nats."""
    data = arden.load_data("digits")
    torch.manual_seed(0)
    ordering, conditional = Raster((8, 8)), Bernoulli()
    network = NADE(spec_for(ordering, conditional), NADEOptions(hidden))
    model = AutoregressiveModel(ordering, network, conditional)

    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    for epoch in range(epochs):
        for rows in torch.randperm(len(data.train)).split(64):
            optimiser.zero_grad()
            loss = -model.log_prob(data.train.values[rows]).mean()
            loss.backward()
            optimiser.step()
        print(f"epoch {epoch + 1}: {loss.item():.2f} nats")

    # What was trained here is scored, drawn from and proved as if `arden.fit` had trained it.
    nats = -arden.score(model, data.test.values).mean().item()
    print(f"test: {nats:.2f} nats; drawn: {tuple(arden.sample(model, 4, seed=0).shape)}")
    images = arden.as_distribution(model)
    print(images, "support", images.support)
    return nats


if __name__ == "__main__":
    main()
