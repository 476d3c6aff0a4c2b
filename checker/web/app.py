"""The application: settings in, an ASGI app out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from checker.review.database import Database
from checker.settings import Settings, load_settings
from checker.web import pages, routes
from checker.web.deps import AppState
from checker.web.errors import install
from checker.web.openapi import describe
from checker.web.security import MAX_BODY, Guard, allowed_hosts


def create_app(settings: Settings | None = None, *, state: AppState | None = None) -> FastAPI:
    """Make the application.

    Args:
        settings: All settings; the state's, or read from the environment and the settings file, where None.
        state: What it works with; opened here, and closed with the app, where None.

    Raises:
        SettingsError, DatabaseUnavailable: It cannot start; says what to do.
    """
    settings = settings or (state.settings if state is not None else load_settings())
    owned = state is None
    saring = state if state is not None else AppState(settings, Database.open(settings.database_url))
    parts = routes.modules()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as running:
            for part in parts:
                if hasattr(part, "running"):
                    await running.enter_async_context(part.running(app.state.saring))
            try:
                yield
            finally:
                await running.aclose()
                if owned:
                    saring.close()

    from importlib.metadata import version

    app = FastAPI(
        title="Saring",
        version=version("saring"),
        summary="The editorial review queue: machines suggest, people decide.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # Swagger UI would be loaded from elsewhere, which the content policy forbids
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        separate_input_output_schemas=False,
    )
    app.state.saring = saring
    install(app)
    nav: list[pages.Nav] = []
    for part in parts:
        router, api = getattr(part, "router", None), getattr(part, "api", None)
        if router is not None:
            app.include_router(router, include_in_schema=False, max_body_size=MAX_BODY)
        if api is not None:
            app.include_router(api, prefix="/api", max_body_size=MAX_BODY)
        nav += getattr(part, "NAV", [])
    pages.NAV[:] = nav
    app.mount("/static", StaticFiles(directory=pages.HERE / "static"), name="static")
    describe(app)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=allowed_hosts(settings), www_redirect=False)
    app.add_middleware(Guard, https_only=settings.public_url.startswith("https://"))
    for part in parts:
        if hasattr(part, "observe"):
            part.observe(app)
    return app


def from_environment() -> Any:
    """The application for a server that makes it itself, in each of its processes: `uvicorn --factory`."""
    from checker.telemetry import start_logging

    settings = load_settings()
    start_logging(settings.log_format, settings.log_level)
    return create_app(settings)
