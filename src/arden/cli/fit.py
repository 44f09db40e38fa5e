"""`arden fit SYSTEM DATA`: one command for every system, made from its options."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

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
    options_class = getattr(import_module(module), attribute)
    training_class = with_defaults(TrainingOptions, system.training)

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

        chosen = (
            options or options_class(),
            layout or LayoutOptions(),
            training or training_class(),
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
