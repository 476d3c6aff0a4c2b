"""Who the tests of the pages sign in as, and the browser they use."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

from checker.review.transitions import Role

BASE = "https://127.0.0.1:8000"
PASSWORD = "tiga kuda di tepi sawah"
PEOPLE = {
    "ani": Role.CHECKER,
    "budi": Role.CHECKER,
    "citra": Role.EDITOR,
    "dewi": Role.EDITOR,
    "eko": Role.ADMIN,
    "fitri": Role.VIEWER,
}


class Browser(TestClient):
    """A browser without JavaScript: keeps its cookies, and sends a page's token along with what it posts.

    The test client keeps no `Secure` cookie on plain HTTP, as browsers do on loopback; it is told that this is TLS.
    """

    def __init__(self, app: FastAPI) -> None:
        super().__init__(app, base_url=BASE, follow_redirects=False)

    def token(self, path: str = "/help") -> str:
        found = re.search(r'data-csrf="([^"]+)"', self.get(path).text)
        assert found is not None
        return found[1]

    def fill(self, path: str, **fields: object) -> Any:
        return self.post(path, data={"csrf": self.token(), **fields})

    def hold(self, session: str) -> None:
        """Have the browser hold a session it was not given."""
        self.cookies.set("__Host-saring", session, domain="127.0.0.1", path="/")
