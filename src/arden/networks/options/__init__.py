"""The options of every network: small dataclasses, kept where no torch is imported.

The command line and the documentation are made from them. A docstring under a field is its help.
"""

__all__: list[str] = []
