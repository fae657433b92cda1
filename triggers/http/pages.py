"""Plain pages for people on their way through a browser: a heading, some words, at most one button. Works without scripts."""

import base64
import hashlib
from html import escape

from starlette.responses import HTMLResponse

_STYLE = (
    "body{font:17px/1.6 system-ui,sans-serif;color:#1d1d1f;background:#fff;max-width:34rem;margin:12vh auto;padding:0 1.2rem}"
    "h1{font-size:1.6rem;line-height:1.25}button{font:inherit;padding:.5rem 1.2rem;cursor:pointer}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#1d1d1f}}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


def page(heading: str, *words: str, button: tuple[str, str] | None = None, form_target: str = "", status: int = 200) -> HTMLResponse:
    """`words` are paragraphs, as text. `button`: its label, and the path that it posts to ("" for the page's own).

    `form_target`: an origin without TLS that the answer to the post may lead to: browsers hold redirects to the policy, too.
    """
    paragraphs = "".join(f"<p>{escape(text)}</p>" for text in words if text)
    form = ""
    if button is not None:
        label, action = button
        form = f'<form method="post"{f' action="{escape(action)}"' if action else ""}><button>{escape(label)}</button></form>'
    body = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{escape(heading)}</title><style>{_STYLE}</style></head>'
        f"<body><main><h1>{escape(heading)}</h1>{paragraphs}{form}</main></body></html>"
    )
    policy = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'"
    return HTMLResponse(body, status, {"Content-Security-Policy": f"{policy}; form-action 'self' https: {form_target}".rstrip()})
