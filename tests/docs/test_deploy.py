"""The files in docs/deploy are what they say they are: linted, whole, and true to the program's own names."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from checker.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs" / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))

KINDS = {
    ("v1", "Namespace"): "V1Namespace",
    ("v1", "ConfigMap"): "V1ConfigMap",
    ("v1", "Secret"): "V1Secret",
    ("v1", "Service"): "V1Service",
    ("apps/v1", "Deployment"): "V1Deployment",
    ("apps/v1", "StatefulSet"): "V1StatefulSet",
    ("policy/v1", "PodDisruptionBudget"): "V1PodDisruptionBudget",
    ("networking.k8s.io/v1", "Ingress"): "V1Ingress",
    ("networking.k8s.io/v1", "NetworkPolicy"): "V1NetworkPolicy",
}


def documents() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{path.name}:{document['kind']}/{document['metadata']['name']}", document)
        for path in MANIFESTS
        if path.name != "kustomization.yaml"
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    ]


DOCUMENTS = documents()
PODS = [(name, one["spec"]["template"]) for name, one in DOCUMENTS if "template" in one.get("spec", {})]


def named(kind: str, name: str) -> dict[str, Any]:
    return next(one for _, one in DOCUMENTS if one["kind"] == kind and one["metadata"]["name"] == name)


@pytest.mark.parametrize("path", [DEPLOY / "compose.yaml", *MANIFESTS], ids=lambda path: path.name)
def test_yaml_is_tidy(path: Path) -> None:
    from yamllint import linter
    from yamllint.config import YamlLintConfig

    rules = YamlLintConfig(
        "extends: default\n"
        "rules: {line-length: {max: 120}, document-start: disable, comments-indentation: disable,"
        " indentation: {spaces: 2}, quoted-strings: {required: only-when-needed, extra-allowed: ['^=', ':']}}"
    )
    assert [str(problem) for problem in linter.run(path.read_text(encoding="utf-8"), rules)] == []


# -- Kubernetes


@pytest.mark.parametrize(("name", "document"), DOCUMENTS, ids=[name for name, _ in DOCUMENTS])
def test_manifests_are_objects_of_kubernetes(name: str, document: dict[str, Any]) -> None:
    """Read into the official client's own classes and written out again, nothing is lost: no field is misspelt."""
    client = pytest.importorskip("kubernetes.client", reason="comes with chromadb")
    api = client.ApiClient()
    kind = KINDS[document["apiVersion"], document["kind"]]
    model = api._ApiClient__deserialize(document, kind)
    assert api.sanitize_for_serialization(model) == document


def test_every_manifest_is_applied() -> None:
    listed = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
    others = {path.name for path in MANIFESTS} - {"kustomization.yaml", "secret.example.yaml"}
    assert sorted(listed) == sorted(others)
    if shutil.which("kubectl"):
        built = subprocess.run(
            ["kubectl", "kustomize", str(DEPLOY / "kubernetes")], capture_output=True, text=True, check=False
        )
        assert built.returncode == 0, built.stderr
        assert built.stdout.count("namespace: saring") >= len(DOCUMENTS) - 2


def test_what_is_named_is_there() -> None:
    config, secret = named("ConfigMap", "saring"), named("Secret", "saring")
    for name, pod in PODS:
        volumes = {volume["name"] for volume in pod["spec"].get("volumes", [])}
        if name.startswith(("postgres", "chroma")):
            volumes |= {"queue", "evidence"}
        for container in pod["spec"]["containers"]:
            assert {mount["name"] for mount in container.get("volumeMounts", [])} <= volumes
            for variable in container.get("env", []):
                source = variable.get("valueFrom", {})
                if "secretKeyRef" in source:
                    assert source["secretKeyRef"]["key"] in secret["stringData"]
            for source in container.get("envFrom", []):
                assert source["configMapRef"]["name"] == config["metadata"]["name"]
    for name, one in DOCUMENTS:
        if one["kind"] == "Service":
            chosen = [pod for _, pod in PODS if one["spec"]["selector"].items() <= pod["metadata"]["labels"].items()]
            ports = {
                port["name"]: port["containerPort"]
                for pod in chosen
                for container in pod["spec"]["containers"]
                for port in container.get("ports", [])
            }
            assert ports, f"{name} selects no pod"
            for port in one["spec"]["ports"]:
                target = port.get("targetPort", port["port"])
                assert target in ports or target in ports.values()


def test_pods_are_probed_bounded_and_unprivileged() -> None:
    for name, pod in PODS:
        assert pod["spec"]["automountServiceAccountToken"] is False
        for container in pod["spec"]["containers"]:
            assert re.fullmatch(r"saring:local|[\w./-]+:\d[\w.-]*", container["image"]), f"{name}: pin the image"
            assert container["resources"]["limits"]["memory"]
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}
            if container.get("ports"):
                assert "readinessProbe" in container
            if container["image"].startswith("saring"):
                security = container["securityContext"]
                assert security["readOnlyRootFilesystem"]
                assert security["capabilities"] == {"drop": ["ALL"]}
                assert pod["spec"]["securityContext"]["runAsNonRoot"]


def test_probes_ask_addresses_that_the_server_has() -> None:
    [container] = named("Deployment", "saring")["spec"]["template"]["spec"]["containers"]
    from checker.web.routes import ops

    ours = {route.path for route in ops.router.routes}  # type: ignore[attr-defined]
    asked = {container[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert asked == {"/healthz", "/readyz"}
    assert asked < ours
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz", "a database that is down must kill no server"
    trusted = {variable["name"]: variable.get("value") for variable in container["env"]}["SARING_TRUSTED_HOSTS"]
    assert "$(POD_IP)" in trusted


# -- Compose


def test_compose_names_what_it_has() -> None:
    docker = shutil.which("docker")
    if docker and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0:
        done = subprocess.run(
            [docker, "compose", "-f", str(DEPLOY / "compose.yaml"), "config", "--quiet"],
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin", "POSTGRES_PASSWORD": "x", "SARING_PUBLIC_URL": "https://a.example"},
            check=False,
        )
        assert done.returncode == 0, done.stderr
    services = COMPOSE["services"]
    assert services.keys() == {"server", "worker", "proxy", "postgres", "chroma"}
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= services.keys()
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[other]
        assert set(service["networks"]) <= COMPOSE["networks"].keys()
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0] if isinstance(volume, str) else ""
            assert not source or source in COMPOSE["volumes"] or (DEPLOY / source).is_file()
        assert re.fullmatch(r"saring:local|[\w./-]+:\d[\w.-]*", service["image"]), f"{name}: pin the image"
        assert name == "proxy" or "ports" not in service, f"{name} is reached through the proxy alone"
    assert services["server"]["deploy"]["replicas"] > 1


def test_chroma_is_the_version_that_is_tested() -> None:
    pinned = re.search(r"^chromadb==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M)
    assert pinned is not None
    images = {COMPOSE["services"]["chroma"]["image"]} | {
        container["image"] for name, pod in PODS if "chroma" in name for container in pod["spec"]["containers"]
    }
    assert images == {f"chromadb/chroma:{pinned[1]}"}


# -- both


def test_settings_exist_and_no_secret_is_written_down() -> None:
    text = {path: path.read_text(encoding="utf-8") for path in DEPLOY.rglob("*") if path.is_file()}
    known = {f"SARING_{name.upper()}" for name in Settings.model_fields}
    for path, content in text.items():
        unknown = set(re.findall(r"\bSARING_[A-Z_]+\b", content)) - known
        assert not unknown, f"{path.name} names settings that do not exist"
    values = [COMPOSE["services"]["postgres"]["environment"]["POSTGRES_PASSWORD"]]
    values += [COMPOSE["services"]["server"]["environment"][name] for name in ("SARING_DATABASE_URL",)]
    assert all("${POSTGRES_PASSWORD:?" in value for value in values)
    assert not any("PASSWORD" in key or "TOKEN" in key for key in named("ConfigMap", "saring")["data"])
    assert set(named("Secret", "saring")["stringData"].values()) <= {
        "change-me",
        "change-me-too",
        "postgresql://saring:change-me@postgres/saring",
    }


def test_commands_exist() -> None:
    from checker.cli.root import commands, load

    said = [
        COMPOSE["services"]["server"]["command"],
        COMPOSE["services"]["worker"]["command"],
        *(c["args"] for _, pod in PODS for c in pod["spec"]["containers"] if c["image"].startswith("saring")),
    ]
    readme = (DEPLOY / "README.md").read_text(encoding="utf-8")
    said += [line.split() for line in re.findall(r"run --rm (?:-v \S+ )?worker ([^#\n]+)", readme)]
    said += [line.split() for line in re.findall(r"^saring ([a-z].+)$", readme, re.M)]
    assert len(said) >= 7
    for words in said:
        assert words[0] in commands(), words
        command = load(words[0])
        for word in words[1:]:
            inner = getattr(command, "commands", {})
            if word in inner:
                command = inner[word]
            elif word.startswith("--"):
                options = {option for parameter in command.params for option in parameter.opts}
                assert word in options, f"{words}: {command.name} has no option {word}"
