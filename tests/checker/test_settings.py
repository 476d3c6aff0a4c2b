from __future__ import annotations

from pathlib import Path

import pytest

from checker.errors import SettingsError
from checker.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _no_outside_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SARING_{name.upper()}", raising=False)
    monkeypatch.setenv("SARING_CONFIG", str(tmp_path / "saring.toml"))


def test_every_setting_has_a_help_text() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_flag_beats_environment_beats_file_beats_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert load_settings().passages == 8
    (tmp_path / "saring.toml").write_text("passages = 5\n", encoding="utf-8")
    assert load_settings().passages == 5
    monkeypatch.setenv("SARING_PASSAGES", "6")
    assert load_settings().passages == 6
    assert load_settings(passages=7).passages == 7
    assert load_settings(passages=None).passages == 6


def test_bad_value_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SARING_PASSAGES", "many")
    with pytest.raises(SettingsError, match=r"'passages' cannot be 'many'") as caught:
        load_settings()
    assert "\n" not in str(caught.value)


def test_bad_file_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "saring.toml").write_text("passages = = 5\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"saring\.toml is not valid TOML"):
        load_settings()


def test_report_settings_hold_no_contact() -> None:
    assert "fetch_contact" not in load_settings(fetch_contact="desk@example.org").public()
