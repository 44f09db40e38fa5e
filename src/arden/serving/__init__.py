"""The HTTP server: fitted models asked over JSON or Arrow. Importing this folder imports no torch."""

__all__: list[str] = []
