"""An opener of http and https addresses and of no others; proxies of the environment apply."""

from __future__ import annotations

import urllib.request
from collections.abc import Mapping
from http.client import HTTPResponse
from typing import cast

__all__ = ["open_address"]


def open_address(address: str, headers: Mapping[str, str], timeout: float) -> HTTPResponse:
    """An address, headers, seconds -> the answer, to be closed by the caller.

    `urlopen` would follow a redirection to ftp:// as well; here no handler answers to that.
    """
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    request = urllib.request.Request(address, headers=dict(headers))
    return cast(HTTPResponse, opener.open(request, timeout=timeout))
