"""Models on disk: config.json beside model.safetensors, never pickle."""

__all__: list[str] = []
