from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

import checker.cli.doctor as doctor
import checker.cli.root as cli
import checker.judges
from checker.errors import ModelUnavailable
from checker.judges.base import Bench, Hearing, Judgement
from checker.settings import Settings
from checker.types import Failure, Stance
from retrieval.errors import ModelFileError

SECRET = "sk-very-secret-0123456789"


class Judge:
    """A judge that hears nothing wrong, or fails."""

    name = "embedded"

    def __init__(self, failure: Failure | None = None) -> None:
        self.failure = failure

    def hear(self, hearings: Sequence[Hearing]) -> Bench:
        (hearing,) = hearings
        (hit,) = hearing.hits
        text = hit.source.text
        stance = Stance(hearing.claim.id, hit, 0.9, 0.05, 0.05, text, 0, len(text))
        return Bench((Judgement(hearing.claim.id, () if self.failure else (stance,), self.failure),))


@pytest.fixture(autouse=True)
def judge(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge that opens at once: whether the real one does is its own test's matter."""
    monkeypatch.setattr(checker.judges, "get_judge", lambda name, settings: Judge())


def found(name: str, store: str | None = None) -> doctor.Finding:
    (finding,) = [finding for finding in doctor.examine(store) if finding.name == name]
    return finding


def test_a_fresh_machine_is_told_how_to_get_evidence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["doctor"]) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "there is none yet" in shown
    assert "saring evidence add FOLDER" in shown
    assert "1 to mend before an article can be checked: store" in shown
    assert not (home / "data").exists()


def test_a_store_that_is_named_is_named_in_the_advice(tmp_path: Path) -> None:
    finding = found("store", str(tmp_path / "my store"))
    assert finding.fix == f"saring evidence add FOLDER --store '{tmp_path / 'my store'}'"


@pytest.fixture
def store(tmp_path: Path) -> str:
    """A store with one source in it."""
    card = tmp_path / "card.jsonl"
    card.write_text(json.dumps({"id": "a", "language": "id", "text": "Putin menerima Araghchi di Kremlin."}) + "\n")
    path = str(tmp_path / "store")
    assert cli.run(["evidence", "add", str(card), "--store", path]) == 0
    return path


def test_a_store_with_evidence_is_counted(store: str) -> None:
    findings = {finding.name: finding for finding in doctor.examine(store)}
    assert "1 sources" in findings["store"].detail
    assert findings["contents"].detail == "1 passages, 1 origins; 1 id"
    assert findings["index"].state == "ok"
    assert findings["embedding"].state == "ok"
    assert findings["disk"].state == "ok"
    assert not [finding for finding in findings.values() if finding.state == "broken"]


class Other:
    """An embedder that the store was not made with."""

    name = "other"
    dimensions = 384
    digest = "0" * 64


def test_a_store_of_another_embedder_is_told_from_ours(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retrieval.embed.load_embedder", lambda *arguments, **options: Other())
    finding = found("embedding", store)
    assert finding.state == "broken"
    assert finding.fix == f"saring evidence reindex --embed --store {store}"


def test_a_store_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    from retrieval.schema import DATABASE_FILE

    store = tmp_path / "store"
    store.mkdir()
    (store / DATABASE_FILE).write_bytes(b"this is not a database" * 100)
    assert found("store", str(store)).state == "broken"


def test_keys_are_seen_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "key").write_text(SECRET)
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setenv("ANTHROPIC_API_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    monkeypatch.setenv("SARING_BASE_URL", f"http://user:{SECRET}@localhost:8000/v1")
    for format in ("text", "json"):
        cli.run(["doctor", "--format", format])
        output = "".join(capsys.readouterr())
        assert SECRET not in output
    assert found("OPENAI_API_KEY").state == "ok"
    assert found("ANTHROPIC_API_KEY").state == "ok"
    assert found("GOOGLE_API_KEY").state == "off"


def test_a_key_file_that_cannot_be_read_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY_FILE", "/no/such/file")
    finding = found("OPENAI_API_KEY")
    assert finding.state == "broken"
    assert finding.fix == "correct OPENAI_API_KEY_FILE"


def test_the_models_that_ship_match_their_checksums() -> None:
    assert found("embedder").state == "ok"


def test_a_damaged_model_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(folder: Path) -> None:
        raise ModelFileError(f"model file {folder}/model.onnx is damaged: reinstall saring")

    monkeypatch.setattr("retrieval.modelfile.read_manifest", damaged)
    finding = found("embedder")
    assert finding.state == "broken"
    assert "pip install --force-reinstall" in finding.fix


def test_a_judge_that_cannot_be_opened_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, settings: Settings) -> None:
        raise ModelUnavailable("no key for openai: set OPENAI_API_KEY or OPENAI_API_KEY_FILE")

    monkeypatch.setattr(checker.judges, "get_judge", refuse)
    monkeypatch.setenv("SARING_JUDGE", "llm")
    finding = found("judge llm")
    assert finding.state == "broken"
    assert finding.fix == "set OPENAI_API_KEY or OPENAI_API_KEY_FILE"


def test_the_embedded_judge_is_tried_on_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found("judge embedded").detail.endswith("which it supports")
    broken = Judge(Failure("probe", "judge", "RuntimeError", "no such layer"))
    monkeypatch.setattr(checker.judges, "get_judge", lambda name, settings: broken)
    finding = found("judge embedded")
    assert finding.state == "broken"
    assert finding.detail == "RuntimeError: no such layer"


def test_nothing_is_sent_to_any_other_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent:
        name = "llm:openai:x"

        def hear(self, hearings: object) -> None:
            raise AssertionError("something was sent")

    monkeypatch.setattr(checker.judges, "get_judge", lambda name, settings: Silent())
    monkeypatch.setenv("SARING_JUDGE", "llm")
    assert found("judge llm").detail == "llm:openai:x can be opened (nothing was sent to it)"


def test_an_extra_that_is_missing_comes_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_installed", lambda name: name != "langchain-anthropic")
    finding = found("anthropic")
    assert finding.state == "off"
    assert finding.fix == 'pip install "saring[anthropic]"'
    assert found("evals").state == "ok"


def test_a_variable_that_is_no_setting_is_pointed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SARING_STROE", "/x")
    monkeypatch.setenv("SARING_BRAVE_KEY", "secret")  # connectors and the list of publishers read their own
    monkeypatch.setenv("SARING_PUBLISHERS", "/y.toml")
    assert found("unknown names").detail == "SARING_STROE: no such setting, so it has no effect"


def test_settings_that_cannot_be_used_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SARING_PASSAGES", "many")
    assert cli.run(["doctor"]) == 1
    assert "passages" in capsys.readouterr().out


def test_a_probe_that_breaks_is_a_finding_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(settings: Settings) -> None:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(doctor, "_store", breaks)
    findings = doctor.examine()
    (broken,) = [finding for finding in findings if finding.group == "Evidence store"]
    assert broken.detail == "RuntimeError: the disk is on fire"
    assert findings[-1].name == "network"


def test_json_says_whether_an_article_can_be_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["doctor", "--format", "json"]) == 1
    value = json.loads(capsys.readouterr().out)
    assert value["ok"] is False
    assert value["broken"] == 1
    assert value["findings"][0].keys() == {"group", "name", "state", "detail", "fix"}


def test_an_unknown_format_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["doctor", "--format", "yaml"]) == 2
    assert "choose one of: json, text" in capsys.readouterr().err
