"""The HTTP server: fitted models asked over JSON or Arrow. Importing it loads no torch."""

__all__: list[str] = []
