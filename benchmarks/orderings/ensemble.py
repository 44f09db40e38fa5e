"""An ensemble over orders: its test likelihood, and what it gains over its best member."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from arden.core.mixture import Mixture
    from arden.data.dataset import Dataset

__all__ = ["mean_and_error", "measure_ensemble"]


def measure_ensemble(
    data: Dataset, folders: dict[int, dict[str, Path]], into: dict[int, Path]
) -> dict[str, Any]:
    """Data, run directories by seed and order, one to write by seed -> figures by seed and over.

    The mixture with even weights and the one with weights fitted on the validation rows; the best
    member is the one that is best on those rows too. Nats are −ln p per test row; a gain is how
    many fewer the mixture needs, its error that of the mean of the rows' differences.
    """
    import torch

    from arden.core.mixture import Mixture
    from arden.storage.model_files import load, read_card, save
    from arden.tasks.score import score
    from arden.training.weights import fit_weights

    runs, each_seed = [], []
    for seed, members in folders.items():
        models = [load(folder) for folder in members.values()]
        valid, test = (
            torch.stack([score(model, split.values) for model in models], dim=1).double()
            for split in (data.valid, data.test)
        )
        weights = fit_weights(valid)
        best = int(valid.mean(dim=0).argmax())
        figures: dict[str, Any] = {
            "seed": seed,
            "best": {
                "order": list(members)[best],
                "valid_nats": -valid[:, best].mean().item(),
                **mean_and_error(-test[:, best]),
            },
            "weights": dict(zip(members, weights.tolist(), strict=True)),
        }
        for name, chosen in (("even", None), ("fitted", weights.tolist())):
            mixture = Mixture(models, chosen)
            log_prob = score(mixture, data.test.values).double()
            _check(mixture, test, log_prob)
            figures[name] = {
                **mean_and_error(-log_prob),
                "valid_nats": -score(mixture, data.valid.values).mean().item(),
                "gain": mean_and_error(log_prob - test[:, best]),
            }
            if name == "even":
                card = {**read_card(next(iter(members.values()))), "figures": figures["even"]}
                save(mixture, into[seed], card=card, overwrite=True)
        runs.append(figures)
        each_seed.append(test)
    over_seeds = -torch.stack(each_seed).mean(dim=0)  # (N, M)
    against = over_seeds - over_seeds[:, :1]
    orders = list(next(iter(folders.values())))
    differences = {order: mean_and_error(against[:, m]) for m, order in enumerate(orders)}
    return {"runs": runs, f"nats_above_{orders[0]}": differences}


def mean_and_error(values: Tensor) -> dict[str, float]:
    """(N,) nats -> their mean and its standard error, as they are stored."""
    error = (values.std() / math.sqrt(len(values))).item() if len(values) > 1 else math.nan
    return {"nats": values.mean().item(), "standard_error": error}


def _check(mixture: Mixture, members: Tensor, log_prob: Tensor) -> None:
    """The mixture's own likelihood must be that of averaged probabilities, row by row."""
    averaged = (members + mixture.log_weights).logsumexp(dim=1)
    # float32 keeps seven digits of some hundred nats.
    worst = (averaged - log_prob).abs().max().item()
    assert worst < 1e-3, f"the mixture is off by {worst} nats"
