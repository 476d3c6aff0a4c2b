"""A real browser against a real server, for the tests that need both."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from people import PASSWORD

NO_BROWSER = "no Chromium to test in: apt-get install chromium (or set SARING_TEST_CHROMIUM to one)"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb"]


def chromium_path() -> str:
    """Where Chromium is; skips the test where it is nowhere, and fails it in CI."""
    found = os.environ.get("SARING_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(NO_BROWSER)
    return str(found)


@contextlib.contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The app on a port of this machine; gives its address."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        taken.close()


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """A browser."""
    path = chromium_path()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Desk:
    """Somebody at a browser; remembers whatever the browser complained about."""

    def __init__(self, browser: Any, site: str, name: str, **options: Any) -> None:
        self.context = browser.new_context(base_url=site, **{"viewport": {"width": 1280, "height": 900}, **options})
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto("/login")
        self.page.fill("[name=name]", name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url("**/queue")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
