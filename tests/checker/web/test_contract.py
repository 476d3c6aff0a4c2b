"""The API is what its description says: schemathesis asks the running app, signed in with a token of every scope."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from browser import serving
from reports import make_report

from checker.review.accounts import SCOPES
from checker.web.deps import AppState
from checker.web.routes.checks import jobs_of

pytestmark = [pytest.mark.server, pytest.mark.slow]

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "ignored_auth",
)
EXAMPLES = int(os.environ.get("SARING_CONTRACT_EXAMPLES", "3"))


@pytest.fixture
def site(app: FastAPI, saring: AppState) -> Iterator[str]:
    """The running app; what it is asked to check is done by hand, so that no model is loaded and nothing fetched."""
    saring.settings = saring.settings.model_copy(update={"background": False})
    jobs, ended = jobs_of(saring), threading.Event()

    def work() -> None:
        while not ended.wait(0.2):
            if (lease := jobs.take("test")) is not None:
                jobs.finish(lease, make_report(name=lease.job.id))

    worker = threading.Thread(target=work)
    worker.start()
    try:
        with serving(app) as address:
            yield address
    finally:
        ended.set()
        worker.join(20)


def test_every_answer_is_one_that_is_described(site: str, saring: AppState, items: list[str], tmp_path: Path) -> None:
    program = shutil.which("schemathesis") or str(Path(sys.executable).with_name("schemathesis"))
    eko = next(user for user in saring.accounts.users() if user.name == "eko")
    _, token = saring.accounts.create_token(eko.id, "contract", tuple(SCOPES))
    done = subprocess.run(
        [
            program,
            "run",
            f"{site}/api/openapi.json",
            "--header",
            f"Authorization: Bearer {token}",
            "--phases",
            "examples,fuzzing",
            "--checks",
            ",".join(CHECKS),
            "--max-examples",
            str(EXAMPLES),
            "--generation-deterministic",
            "--no-shrink",
            "--continue-on-failure",
            "--suppress-health-check",
            "all",
            "--request-timeout",
            "30",
            "--no-color",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=540,
        check=False,
    )
    operations = sum(len(methods) for methods in httpx.get(f"{site}/api/openapi.json").json()["paths"].values())
    assert f"Tested: {operations}\n" in done.stdout, "every operation that is described was asked"
    assert done.returncode == 0, done.stdout[-12000:] + done.stderr[-2000:]
