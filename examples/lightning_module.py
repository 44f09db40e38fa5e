"""An Arden model inside a LightningModule: Lightning's Trainer fits it, Arden proves its numbers.

pip install lightning -c constraints.txt
python examples/lightning_module.py
"""

from __future__ import annotations

import lightning
import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

import arden
from arden import AutoregressiveModel
from arden.conditionals.bernoulli import Bernoulli
from arden.core.model import spec_for
from arden.networks.made import MADE, MADEOptions
from arden.orderings.raster import Raster


class Density(lightning.LightningModule):
    """Any Arden model, by maximum likelihood."""

    def __init__(self, model: AutoregressiveModel) -> None:
        super().__init__()
        self.model = model

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        """A batch of rows -> −ln p of a row, in nats."""
        return -self.model.log_prob(batch[0]).mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """() -> the optimiser."""
        return torch.optim.Adam(self.parameters(), lr=3e-3)


def main(epochs: int = 20, hidden: int = 200) -> float:
    """Epochs, hidden units -> −ln p of a test image, in nats."""
    data = arden.load_data("digits")
    lightning.seed_everything(0, verbose=False)
    ordering, conditional = Raster((8, 8)), Bernoulli()
    network = MADE(spec_for(ordering, conditional), MADEOptions((hidden,)))
    model = AutoregressiveModel(ordering, network, conditional)

    rows = DataLoader(TensorDataset(data.train.values), batch_size=64, shuffle=True)
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = lightning.Trainer(
        max_epochs=epochs, accelerator="cpu", enable_model_summary=False, **quiet
    )
    trainer.fit(Density(model), rows)

    nats = -arden.score(model, data.test.values).mean().item()
    print(f"test: {nats:.2f} nats; the audit: {arden.verify(model, budget='quick').passed}")
    return nats


if __name__ == "__main__":
    main()
