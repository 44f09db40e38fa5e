"""The audit: checks that a model's numbers are exact, shipped with the package.

`verify.verify` runs them all; every check is a function in a file of its own. Import from the files
by name; nothing is loaded here.
"""

__all__: list[str] = []
