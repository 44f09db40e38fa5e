"""`arden serve RUN …`: fitted models over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from arden.cli.whole_number import WHOLE
from arden.serving.limits import Limits

__all__ = ["serve"]


def serve(
    runs: list[Path],
    /,
    *,
    host: str = "127.0.0.1",
    port: Annotated[int, WHOLE] = 8000,
    token_file: Path | None = None,
    calibrate: str | None = None,
    limits: Annotated[Limits | None, Parameter(name="*", group="Limits")] = None,
    quiet: bool = False,
    data_dir: Path | None = None,
    device: str = "auto",
) -> int:
    """Answer /score, /sample, /complete and /detect over HTTP, as JSON or Arrow, until stopped.

    Parameters
    ----------
    runs
        Run directories written by arden fit; each is served under the name of its folder.
    host
        The address to listen at; 0.0.0.0 for all of this machine's.
    port
        The port; 0 takes a free one.
    token_file
        A file whose content every request but /health must bring (Authorization: Bearer …);
        the environment variable ARDEN_TOKEN when not given.
    calibrate
        Normal rows for /detect that no model was fitted to: a data set or file. The validation rows
        of the named set that a model was fitted to, when not given.
    quiet
        No line of JSON for every request on standard error.
    data_dir
        Where named data sets lie; ARDEN_DATA when not given.
    device
        auto, cpu or cuda.
    """
    # Imported here, so that --help does not wait for torch.
    import sys

    from arden.cli.serve_models import check_limits, opened_models, token_of
    from arden.errors import InputError

    chosen = limits or Limits()
    check_limits(chosen)
    token = token_of(token_file)
    try:
        from arden.serving.app import make_app
        from arden.serving.server import opened, serve_app
    except ImportError as error:
        raise InputError(
            f"serve: needs the package {error.name}, which is not installed; expected it "
            "(it is in arden[serve])"
        ) from None
    listening = opened(host, port)
    served = opened_models(runs, chosen, calibrate, device, data_dir)
    app = make_app(served, chosen, token, None if quiet else sys.stderr)
    place, number = listening.getsockname()[:2]
    shown = f"[{place}]" if ":" in place else place
    names = ", ".join(one.name for one in served)
    print(f"Serving {names} at http://{shown}:{number} (Ctrl-C stops)", flush=True)
    serve_app(app, listening, chosen.max_time)
    print("Stopped: what was asked has been answered.")
    return 0
