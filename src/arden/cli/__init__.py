"""The command line. Nothing here imports torch before a command has been understood."""

from arden.cli.app import main

__all__ = ["main"]
