"""Who scores the rows: this process, several of them, or Ray; the numbers and their order stay."""

__all__: list[str] = []
