"""What people call: the package's functions, gathered from the floors below."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

from arden.assembly import assemble, split_options
from arden.audit.verify import verify
from arden.core.latent import AnyModel, LatentModel
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data import load_data
from arden.data.decoding import to_frame
from arden.errors import InputError
from arden.storage.model_files import load, save
from arden.storage.plain import options_from
from arden.tasks.bound import bound
from arden.tasks.classify import classify
from arden.tasks.compare import compare
from arden.tasks.complete import Completion, complete
from arden.tasks.compress import compress
from arden.tasks.decompress import decompress
from arden.tasks.detect import detect
from arden.tasks.distribution import as_distribution
from arden.tasks.ensemble import ensemble
from arden.tasks.marginal import Marginal, log_conditional, log_marginal
from arden.tasks.predict import predict
from arden.tasks.query import Answer, ConditionedRows, query, sample_where
from arden.tasks.represent import represent
from arden.tasks.sample import sample
from arden.tasks.score import score
from arden.training.checkpoint import Checkpoint
from arden.training.device import resolve_device
from arden.training.display import FitDisplay
from arden.training.fit import fit_model
from arden.training.objectives import Objective
from arden.training.options import TrainingOptions

__all__ = [
    "Answer",
    "Completion",
    "ConditionedRows",
    "Marginal",
    "as_distribution",
    "bound",
    "classify",
    "compare",
    "complete",
    "compress",
    "decompress",
    "detect",
    "ensemble",
    "fit",
    "load",
    "load_data",
    "log_conditional",
    "log_marginal",
    "predict",
    "query",
    "represent",
    "sample",
    "sample_where",
    "save",
    "score",
    "to_frame",
    "verify",
]


def fit(
    model: str | AnyModel,
    data: Any,
    *,
    progress: bool = True,
    device: str = "auto",
    objective: Objective | None = None,
    checkpoint: str | Path | None = None,
    **options: Any,
) -> AnyModel:
    """A system's name, or a model of your own, and data -> the fitted model.

    ``data`` is anything `load_data` takes. ``options`` are the fields of the system's options, of
    `LayoutOptions` and of `TrainingOptions` (for a model of your own, of the last alone); the same
    names work on the command line. Training is by maximum likelihood, stopped early on the
    validation rows; test rows are never looked at. An autoencoder minimises its error instead, a
    VAE its bound. A model of your own is trained in place.
    ``checkpoint`` is a file that holds the fit as it goes: called again after an interruption, it
    goes on exactly where it stood.

    Raises:
        InputError: an unknown name or option, data the model cannot take.
        FileError: a checkpoint of another fit.
        DivergedError: the loss became NaN or infinite.

    >>> import arden
    >>> data = arden.load_data("digits")
    >>> model = arden.fit("nade", data, hidden=16, epochs=2, progress=False)
    >>> model.num_parameters
    2112
    """
    dataset = load_data(data)
    if isinstance(model, str):
        chosen = split_options(model, options)
        training, title = chosen[2], model
        built = assemble(model, dataset, chosen)
    elif isinstance(model, (AutoregressiveModel, Mixture, LatentModel)):
        training, title = options_from(TrainingOptions, options, "training"), "fit"
        built = model
    else:
        raise InputError(
            "model: expected a system's name, an AutoregressiveModel, a Mixture or a LatentModel, "
            f"got {type(model).__name__}"
        )
    built.to(resolve_device(device))
    file = None if checkpoint is None else Checkpoint(Path(checkpoint))
    unit = built.objective_unit if isinstance(built, LatentModel) else "nats"
    with FitDisplay(title, unit=unit) if progress else nullcontext() as display:
        fit_model(built, dataset, training, objective=objective, report=display, checkpoint=file)
    return built
