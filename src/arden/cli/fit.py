"""`arden fit SYSTEM DATA`: one command for every system, made from its options."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, make_dataclass
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from cyclopts import App, Parameter

from arden.cli.table_reading import TableReading
from arden.cli.whole_number import WHOLE
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
        app.command(f"{__name__}:{name}", name=name, help=system.title + ".")
    return app


def __getattr__(name: str) -> Any:
    """A system's name -> its command, made when it is called: all of them would take as long as
    the rest of the help."""
    if name not in SYSTEMS:
        raise AttributeError(name)
    return _command(name, SYSTEMS[name])


def _command(name: str, system: System) -> Any:
    module, _, attribute = system.options.partition(":")
    options_class = getattr(import_module(module), attribute)
    # One seed serves both, as it does in Python; a mask is chosen for an ensemble's members only.
    shared = {option.name for option in fields(TrainingOptions)}
    shared &= {option.name for option in fields(options_class)}
    read_options = _worded(with_defaults(options_class, system.network_options), {*shared, "mask"})
    read_layout = _worded(with_defaults(LayoutOptions, system.layout))
    read_training = _worded(with_defaults(TrainingOptions, system.training))

    def command(
        data: str,
        /,
        *,
        out: Path | None = None,
        overwrite: bool = False,
        resume: bool = False,
        checkpoint_seconds: float = 30.0,
        window: Annotated[int | None, WHOLE] = None,
        stride: Annotated[int | None, WHOLE] = None,
        lines: bool = False,
        table: Annotated[TableReading | None, Parameter(name="*", group="Tables")] = None,
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
            A data set (see arden data), a file (.csv, .parquet, .npy, .npz, .txt, .wav) or a folder
            of them.
        out
            The run directory; runs/SYSTEM-DATA when not given.
        overwrite
            Replace the run that is there.
        resume
            Go on with the unfinished fit that is there, exactly where it stopped.
        checkpoint_seconds
            How often the fit is written down, so that it can be resumed after a kill.
        window
            Symbols of a text or samples of a sound that are modelled together.
        stride
            How far apart windows begin when they are scored, at most half a window.
        lines
            Every line of a text is a string of its own, of any length.
        data_dir
            Where named data sets lie; ARDEN_DATA when not given.
        device
            auto, cpu or cuda.
        json
            Print the figures as JSON, and nothing else, on standard output.
        """
        from arden.cli.fit_report import fit_and_report

        trained = _values(training or read_training())
        seeds = {option: trained[option] for option in shared}
        chosen = (
            options_class(**_values(options or read_options()) | seeds),
            LayoutOptions(**_values(layout or read_layout())),
            TrainingOptions(**trained),
        )
        return fit_and_report(
            name,
            data,
            chosen,
            out,
            overwrite=overwrite,
            resume=resume,
            checkpoint_seconds=checkpoint_seconds,
            window=window,
            stride=stride,
            lines=lines,
            table=table or TableReading(),
            data_dir=data_dir,
            device=device,
            json=json,
        )

    # The options' classes are only known here, so the annotations are put on by hand.
    flat = {"options": (read_options, name), "layout": (read_layout, "Layout")}
    flat["training"] = (read_training, "Training")
    for argument, (cls, group) in flat.items():
        command.__annotations__[argument] = Annotated[cls | None, Parameter(name="*", group=group)]
    return command


def _worded(cls: type, hidden: Collection[str] = ()) -> type:
    """An options dataclass, names -> the same fields as the command line reads them.

    Those of ``hidden`` are not read; whole numbers are not rounded.
    """
    types = get_type_hints(cls)
    read = []
    for field in fields(cls):
        whole = types[field.name] in (int, int | None, tuple[int, ...])
        how = Parameter(parse=False) if field.name in hidden else WHOLE if whole else Parameter()
        read.append((field.name, Annotated[types[field.name], how], field.default))
    made = make_dataclass(cls.__name__, read, bases=(cls,), frozen=True)
    made.__module__ = cls.__module__
    return made


def _values(read: Any) -> dict[str, Any]:
    """Options as they were read -> their values by name."""
    return {field.name: getattr(read, field.name) for field in fields(read)}
