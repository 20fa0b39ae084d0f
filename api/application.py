"""The application: the API's routes, the login and the guard before everything; the dashboard mounts itself on it."""

import contextlib
from collections.abc import AsyncIterator

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse
from starlette import status

from api import body_limit, errors, guard, login, security_headers, service, settings
from api.routes import health, provision

API_PREFIX = "/api/v1"


def create(choice: settings.Settings) -> FastAPI:
    """Build the application; its connections open with its lifespan. Call `finish` once everything is mounted."""
    services = service.create(choice)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await services.start()
        try:
            yield
        finally:
            await services.stop()

    app = FastAPI(title="DriveOps", version="1", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.services = services
    app.state.csp_hashes = ()
    errors.install(app)
    app.include_router(_routes())
    for router in services.live.routers:
        app.include_router(router)
    app.include_router(login.router)
    app.add_middleware(body_limit.BodyLimit)
    app.add_middleware(guard.Guard, sessions=services.sessions, public_url=choice.public_url)
    app.add_middleware(security_headers.SecurityHeaders, choice=choice)
    return app


def finish(app: FastAPI) -> None:
    """Answer unknown addresses of the API with 404: Dash, mounted before, would show its pages there."""
    app.include_router(_unknown())


def _routes() -> APIRouter:
    router = APIRouter(prefix=API_PREFIX)
    router.include_router(health.router)
    router.include_router(provision.router)
    return router


def _unknown() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.api_route("/api/{path:path}", methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
    async def unknown(path: str) -> JSONResponse:
        return JSONResponse(errors.body("not_found", f"no /api/{path} here"), status_code=status.HTTP_404_NOT_FOUND)

    return router
