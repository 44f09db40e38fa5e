"""The web studio: models looked at, drawn with and asked in a browser, on this machine alone.

A page is a file in `pages/`; what it answers is a file beside this one, without any gradio in it.
Nothing leaves the machine: gradio's reports and its looks for newer versions are switched off here,
before anything below can import it.
"""

import os

__all__: list[str] = []

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
