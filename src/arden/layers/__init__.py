"""Building blocks of networks. Import from the files by name; nothing is loaded here."""

__all__: list[str] = []
