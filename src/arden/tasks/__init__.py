"""What a fitted p(x) is for: one verb per file, each a plain function of a model."""

__all__: list[str] = []
