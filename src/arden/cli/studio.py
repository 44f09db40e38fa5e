"""`arden studio [RUNS]`: models looked at, drawn with and asked in a browser, on this machine."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from arden.cli.whole_number import WHOLE

__all__ = ["studio"]


def studio(
    runs: Path = Path("runs"),
    /,
    *,
    port: Annotated[int | None, WHOLE] = None,
    host: str = "127.0.0.1",
    open_browser: bool = False,
    data_dir: Path | None = None,
) -> int:
    """Look at models, draw with them and ask them in a browser; nothing leaves this machine.

    Parameters
    ----------
    runs
        A folder of run directories; one without runs gets three small models first.
    port
        Where it is served; the first free port from 7860 on when not given.
    host
        The address it is served at; any but 127.0.0.1 lets other machines in.
    open_browser
        Open the address in a browser.
    data_dir
        Where named data sets lie; ARDEN_DATA when not given.
    """
    # Imported here, so that --help does not wait for torch.
    from arden.errors import InputError

    if find_spec("gradio") is None:
        raise InputError(
            'studio: needs gradio, which is not installed; pip install "arden[studio]"'
        )
    from arden.studio.launch import launch

    launch(runs, port=port, host=host, open_browser=open_browser, data_dir=data_dir)
    return 0
