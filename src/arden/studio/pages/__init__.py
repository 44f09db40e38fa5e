"""The pages, one a file: what stands where, and which answer goes to which event."""

__all__: list[str] = []
