"""All routes, with what stands before them."""

from fastapi import FastAPI

from triggers.http import (
    access,
    authorizations,
    connect,
    connections,
    decisions,
    diagnostics,
    groups,
    health,
    held,
    individual,
    integrations,
    log,
    openapi,
    phones,
    previews,
    runs,
    settings,
    summary,
    sync_settings,
    syncs,
    trash,
    user_import,
    users,
)
from triggers.http.admin.app import MOUNT, admin_app
from triggers.http.edge import Edge
from triggers.http.refusals import answer_refusals
from triggers.http.services import GiveServices


def routed(services: GiveServices) -> FastAPI:
    # A redirect to the path without its trailing slash would break the signature.
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.services = services
    app.add_middleware(Edge, services=services)
    answer_refusals(app)
    for room in (
        health,
        connect,
        authorizations,
        connections,
        syncs,
        sync_settings,
        previews,
        held,
        runs,
        decisions,
        diagnostics,
        individual,
        users,
        user_import,
        phones,
        summary,
        settings,
        access,
        groups,
        trash,
        integrations,
        log,
        openapi,
    ):
        app.include_router(room.router)
    app.mount(MOUNT, admin_app())
    return app
