"""One page that says what can be asked, made from the contract: no script, nothing fetched."""

from __future__ import annotations

import json
from html import escape
from typing import Any

__all__ = ["page"]

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1b1b; background: #fff }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .3rem }
code, pre { font: 14px/1.45 ui-monospace, monospace }
h2 code { background: #0b4f8a; color: #fff; padding: .1rem .5rem; border-radius: .3rem }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 }
td, th { text-align: left; vertical-align: top; padding: .25rem .8rem .25rem 0;
  border-bottom: 1px solid #ddd } th { font-weight: 600 }
pre { background: #f4f5f7; padding: .7rem; overflow-x: auto; border-radius: .3rem }
td:nth-child(1) { width: 13rem } td:nth-child(2) { width: 7rem }
summary { cursor: pointer } a { color: #0b4f8a }
@media (prefers-color-scheme: dark) { body { color: #e8e8e8; background: #16181c }
  pre { background: #23262c } td, th { border-color: #3a3d44 } a { color: #7db8ec } }
"""


def page(contract: dict[str, Any]) -> str:
    """An OpenAPI document -> a page in HTML that lists its operations."""
    info = contract["info"]
    parts = [
        '<!doctype html><html lang="en"><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style>",
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1>",
        f"<p>{escape(info.get('description', ''))}</p>",
        '<p>The whole contract: <a href="openapi.json">openapi.json</a>. '
        "Rows are given and answered as JSON, or as streams of Apache Arrow.</p>",
    ]
    for path, methods in contract["paths"].items():
        for method, entry in methods.items():
            parts.append(_operation(method.upper(), path, entry, contract))
    return "\n".join(parts) + "</html>\n"


def _operation(method: str, path: str, entry: dict[str, Any], contract: dict[str, Any]) -> str:
    about = escape(entry.get("summary", ""))
    more = escape(entry.get("description", ""))
    parts = [f"<h2><code>{method} {escape(path)}</code> {about}</h2>", f"<p>{more}</p>"]
    asked = _schema(entry.get("requestBody"), contract)
    if asked:
        parts.append(_fields("what may be said", asked, "required"))
    answered = _schema(entry["responses"].get("200"), contract)
    if answered.get("properties"):
        parts.append(_fields("what is answered", answered, "always"))
    refusals = {k: v for k, v in entry["responses"].items() if k != "200" and asked}
    if refusals:
        rows = "".join(
            f"<tr><td>{escape(status)}<td>{escape(told['description'])}"
            for status, told in refusals.items()
        )
        parts.append(f"<details><summary>Refusals</summary><table>{rows}</table></details>")
    return "\n".join(parts)


def _schema(body: dict[str, Any] | None, contract: dict[str, Any]) -> dict[str, Any]:
    """A body of the contract -> its JSON schema, references followed."""
    schema = (body or {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = contract["components"]["schemas"][name] if name else schema
    return found


def _fields(title: str, schema: dict[str, Any], needed: str) -> str:
    required = schema.get("required", [])
    rows = []
    for name, field in sorted(schema["properties"].items(), key=lambda one: one[0] not in required):
        about = escape(field.get("description", ""))
        if name == "rows" and "items" in field and field["items"]:
            row = escape(json.dumps(field["items"], ensure_ascii=False))
            shown = row if len(row) <= 2000 else row[:2000] + " …"
            about += f"<details><summary>the form of a row</summary><pre>{shown}</pre></details>"
        default = needed if name in required else _default(field)
        rows.append(f"<tr><td><code>{escape(name)}</code><td>{default}<td>{about}")
    return f"<table><tr><th>{title}<th><th>{''.join(rows)}</table>"


def _default(field: dict[str, Any]) -> str:
    return f"default {escape(json.dumps(field['default']))}" if "default" in field else ""
