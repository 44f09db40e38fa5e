"""The picture of the blind spot: what the middle pixel of an image reads, network by network.

python benchmarks/blind_spot.py                      # writes docs/pictures/blind_spot.png

Both networks look equally far. What is drawn is what the audit finds that they read, by changing
one pixel at a time; noise on their weights makes what goes through many layers felt.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from arden.audit.predecessors import predecessors
from arden.conditionals.bernoulli import Bernoulli
from arden.core.model import AutoregressiveModel, spec_for
from arden.core.network import apply_masks
from arden.networks.gated_pixelcnn import GatedPixelCNN, GatedPixelCNNOptions
from arden.networks.pixelcnn import PixelCNN, PixelCNNOptions
from arden.orderings.raster import Raster
from arden.plots.receptive_field import receptive_field

SIZE = 11
NOISE = 0.3
PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "blind_spot.png"


def main() -> None:
    """Nothing -> the picture; its path is printed."""
    torch.manual_seed(0)
    ordering, family = Raster((SIZE, SIZE)), Bernoulli()
    spec = spec_for(ordering, family)
    # As many layers as it takes from one border to the other.
    networks = {
        "PixelCNN": PixelCNN(spec, PixelCNNOptions(32, blocks=SIZE - 2, kernel=3)),
        "Gated PixelCNN": GatedPixelCNN(spec, GatedPixelCNNOptions(32, SIZE - 1, kernel=3)),
    }
    rows = torch.randint(0, 2, (2, SIZE, SIZE), generator=torch.Generator().manual_seed(0))
    read = {}
    for name, network in networks.items():
        model = AutoregressiveModel(ordering, network, family).double()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += NOISE * torch.randn_like(parameter)
        apply_masks(model)
        found, promised = predecessors(model, rows)
        if not torch.equal(found, promised):
            sys.exit(f"blind_spot.py: {name} does not read what it promises")
        read[f"{name}, 3 x 3 kernels"] = found
    middle = (SIZE // 2, SIZE // 2)
    print(receptive_field(read, (SIZE, SIZE), middle, PICTURE, "What the middle pixel reads"))


if __name__ == "__main__":
    main()
