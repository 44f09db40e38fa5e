"""Files as they come, read into raw rows or documents: one format a file."""

__all__: list[str] = []
