"""The command line. Nothing here imports torch before a command has been understood."""

import sys

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> None:
    """As `arden.cli.app.main`; Ctrl-C is heard while that is still being loaded."""
    try:
        from arden.cli.app import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run(arguments)
