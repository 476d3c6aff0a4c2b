"""docs/connectors.md says what the code does: every connector, every variable, every setting, and the example works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from checker.settings import Settings
from retrieval.connectors import _BUILT_IN
from retrieval.connectors.run import environment_names, options_from_environment
from retrieval.publishers import load_registry

PAGE = (Path(__file__).parents[3] / "docs" / "connectors.md").read_text("utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| `")]


def test_every_connector_has_its_row_and_no_other() -> None:
    assert [row[0].strip("`") for row in ROWS if len(row) == 4] == [
        *("folder", "cards", "url", "feed", "wikipedia", "factcheck", "gdelt", "searxng", "brave", "tavily", "wayback")
    ]
    assert {row[0].strip("`") for row in ROWS if len(row) == 4} == set(_BUILT_IN)


def test_every_variable_is_named_and_every_named_variable_exists() -> None:
    named = set(re.findall(r"SARING_[A-Z_]+", PAGE))
    assert set(environment_names()) <= named
    settings = {f"SARING_{name.upper()}" for name in Settings.model_fields}
    assert named - set(environment_names()) - settings == {"SARING_PUBLISHERS"}
    for row in (row for row in ROWS if len(row) == 3):
        assert row[1].strip("`") == f"SARING_{row[0].strip('`').upper()}"


def test_what_a_row_says_a_connector_needs_is_what_it_refuses_to_start_without() -> None:
    from retrieval.connectors import load_connector
    from retrieval.errors import ConnectorNotConfigured

    for row in (row for row in ROWS if len(row) == 4):
        name, needs = row[0].strip("`"), row[2].strip("`")
        if needs:
            with pytest.raises(ConnectorNotConfigured, match=needs):
                load_connector(name, fetcher=None)
            load_connector(name, fetcher=None, **options_from_environment({needs: "https://x.example"}))
        else:
            load_connector(name, fetcher=None)


def test_the_example_of_a_list_of_publishers_is_read(tmp_path: Path) -> None:
    example = re.search(r"```toml\n(.*?)```", PAGE, re.S)
    assert example is not None
    path = tmp_path / "publishers.toml"
    path.write_text(example.group(1), "utf-8")
    known = load_registry(path).lookup("https://www.korancontoh.example/berita/1")
    assert known is not None
    assert (known.name, known.type) == ("Koran Contoh", "newspaper")
