"""Rows that need not fit in memory: shards on disk, converted once, mapped while they are used."""

__all__: list[str] = []
