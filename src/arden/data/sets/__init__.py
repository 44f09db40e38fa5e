"""The named data sets, each in its published split."""

__all__: list[str] = []
