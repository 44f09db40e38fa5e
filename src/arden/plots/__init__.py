"""Every picture, one a file: tensors and a path in, the path of a finished picture out.

Import them from the files by name; nothing is loaded here, so that what draws no picture pays for
no matplotlib. No picture touches matplotlib's global state: they may be drawn in any thread.
"""

__all__: list[str] = []
