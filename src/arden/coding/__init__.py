"""From probabilities to bytes and back: integer frequencies, a coder, the .arden format."""

__all__: list[str] = []
