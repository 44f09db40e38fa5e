"""Published files over HTTP: mirrors, checks, resumption."""

__all__: list[str] = []
