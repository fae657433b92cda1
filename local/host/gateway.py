"""What stands before the function app on Azure (Front Door, API Management): clients call /admin/…, which the host keeps for itself, so
the gateway sends these requests on to /api/admin/… with the same query and the same Host.
"""

from local.host.asgi import ASGIApp, Receive, Scope, Send

PUBLIC, ROUTED = "/admin", "/api/admin"


def behind_gateway(app: ASGIApp) -> ASGIApp:
    async def gateway(scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path == PUBLIC or path.startswith(PUBLIC + "/"):
            prefix = ROUTED.removesuffix(PUBLIC)
            scope = {**scope, "path": prefix + path, "raw_path": prefix.encode() + scope["raw_path"]}
        await app(scope, receive, send)

    return gateway
