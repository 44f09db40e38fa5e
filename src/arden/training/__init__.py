"""Fitting: what is minimised, the loop that does it, what it tells meanwhile."""

__all__: list[str] = []
