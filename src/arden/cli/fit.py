"""`arden fit SYSTEM DATA`: one command for every system, made from its options."""

from __future__ import annotations

from dataclasses import fields, make_dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from cyclopts import App, Parameter

from arden.systems import SYSTEMS, LayoutOptions, System, with_defaults
from arden.training.options import TrainingOptions

__all__ = ["fit_commands"]


def fit_commands() -> App:
    """() -> the commands `arden fit NAME`, with exactly that system's options and defaults."""
    app = App(
        name="fit",
        help="Fit a model to data, measure it on the test rows, and write a run directory.",
    )
    for name, system in SYSTEMS.items():
        app.command(_command(name, system), name=name, help=system.title + ".")
    return app


def _command(name: str, system: System) -> Any:
    module, _, attribute = system.options.partition(":")
    training_class = _resolved(with_defaults(TrainingOptions, system.training))
    # One seed serves both, as it does in Python; a mask is chosen for an ensemble's members only.
    shared = {field.name for field in fields(training_class)}
    options_class = _without(getattr(import_module(module), attribute), {*shared, "mask"})
    shared &= {field.name for field in fields(options_class)}

    def command(
        data: str,
        /,
        *,
        out: Path | None = None,
        overwrite: bool = False,
        data_dir: Path | None = None,
        device: str = "auto",
        json: bool = False,
        options: Any = None,
        layout: Any = None,
        training: Any = None,
    ) -> int:
        """Fit a model.

        Parameters
        ----------
        data
            A data set (see arden data), or a .csv, .npy or .npz file.
        out
            The run directory; runs/SYSTEM-DATA when not given.
        overwrite
            Replace the run that is there.
        data_dir
            Where named data sets lie; ARDEN_DATA when not given.
        device
            auto, cpu or cuda.
        json
            Print the figures as JSON, and nothing else, on standard output.
        """
        from arden.cli.fit_report import fit_and_report

        training = training or training_class()
        seeds = {name: getattr(training, name) for name in shared}
        chosen = (
            replace(options or options_class(), **seeds),
            layout or LayoutOptions(),
            training,
        )
        return fit_and_report(
            name,
            data,
            chosen,
            out,
            overwrite=overwrite,
            data_dir=data_dir,
            device=device,
            json=json,
        )

    # The options' classes are only known here, so the annotations are put on by hand.
    flat = {"options": (options_class, name), "layout": (LayoutOptions, "Layout")}
    flat["training"] = (training_class, "Training")
    for argument, (cls, group) in flat.items():
        command.__annotations__[argument] = Annotated[cls | None, Parameter(name="*", group=group)]
    return command


def _without(cls: type, hidden: set[str]) -> type:
    """An options dataclass, names -> the same, those of its fields not read from the words."""
    types = get_type_hints(cls)
    quiet = [
        (field.name, Annotated[types[field.name], Parameter(parse=False)], field.default)
        for field in fields(cls)
        if field.name in hidden
    ]
    if not quiet:
        return cls
    made = make_dataclass(cls.__name__, quiet, bases=(cls,), frozen=True)
    made.__module__ = cls.__module__
    return _resolved(made)


def _resolved(made: type) -> type:
    """A class made at run time -> itself; Python 3.11 forgets where its types are looked up."""
    made.__init__.__annotations__ = get_type_hints(made, include_extras=True)  # type: ignore[misc]
    return made
