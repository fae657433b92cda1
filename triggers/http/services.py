"""The services, as endpoints get them."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from sync_core.services import Services

type GiveServices = Callable[[], Services]
"""Gives the process's services, which are made at the first call."""


async def services_of(request: Request) -> Services:
    return request.app.state.services()


Serve = Annotated[Services, Depends(services_of)]
