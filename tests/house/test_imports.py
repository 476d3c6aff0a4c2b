"""Who may import whom, and when the heavy packages are loaded."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("retrieval", "checker", "evals")
MAY_IMPORT = {
    "retrieval": {"retrieval"},
    "checker": {"checker", "retrieval"},
    "evals": {"evals", "checker", "retrieval"},
}
HEAVY = {
    "bm25s",
    "chromadb",
    "fastapi",
    "feedparser",
    "langchain",
    "langchain_core",
    "langchain_openai",
    "numba",
    "onnxruntime",
    "openvino",
    "pypdf",
    "ray",
    "scipy",
    "sentence_transformers",
    "sklearn",
    "sqlalchemy",
    "torch",
    "trafilatura",
    "transformers",
}
# Rooms that are adapters to one heavy package as a whole; they are imported where they are used instead.
ADAPTERS = {
    "checker.review": {"sqlalchemy"},
    "checker.web": {"fastapi", "sqlalchemy"},
    "retrieval.langchain": {"langchain_core"},
}
# Steps are ordered by the pipeline and never import each other.
STEPS = ("checker.claims", "checker.judges", "checker.verdict", "checker.provenance", "checker.render")
STEP_EXCEPTIONS = {("checker.provenance", "checker.verdict"): "reads the Policy that verdicts are decided by"}


def modules(package: str) -> Iterator[Path]:
    yield from sorted((ROOT / package).rglob("*.py"))


def dotted(path: Path) -> str:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, *, top_level_only: bool) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))

    def visit(node: ast.AST, inside_function: bool) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                continue
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from visit(child, True)
            elif isinstance(child, ast.Import) and not (top_level_only and inside_function):
                yield from (alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom) and not (top_level_only and inside_function):
                assert child.level == 0, f"{path}: relative import; write it in full"
                yield child.module or ""
                yield from (f"{child.module}.{alias.name}" for alias in child.names)
            else:
                yield from visit(child, inside_function)

    yield from visit(tree, False)


@pytest.mark.parametrize("package", PACKAGES)
def test_directions(package: str) -> None:
    wrong = [
        f"{dotted(path)} imports {name}"
        for path in modules(package)
        for name in imports(path, top_level_only=False)
        if name.split(".")[0] in {*PACKAGES, "training", "tests"} and name.split(".")[0] not in MAY_IMPORT[package]
    ]
    assert wrong == []


@pytest.mark.parametrize("module", ["retrieval.types", "retrieval.errors", "checker.types", "checker.errors"])
def test_types_and_errors_import_no_sibling(module: str) -> None:
    path = ROOT / (module.replace(".", "/") + ".py")
    package = module.split(".")[0]
    assert [name for name in imports(path, top_level_only=False) if name.split(".")[0] == package] == []


def test_steps_do_not_import_each_other() -> None:
    wrong = []
    for path in modules("checker"):
        here = dotted(path)
        step = next((name for name in STEPS if here == name or here.startswith(name + ".")), None)
        if step is None:
            continue
        for name in imports(path, top_level_only=False):
            other = next((item for item in STEPS if name == item or name.startswith(item + ".")), None)
            if other not in (None, step) and (step, other) not in STEP_EXCEPTIONS:
                wrong.append(f"{here} imports {name}")
    assert wrong == []


@pytest.mark.parametrize("package", PACKAGES)
def test_heavy_packages_are_imported_where_they_are_used(package: str) -> None:
    wrong = [
        f"{dotted(path)} imports {name} at the top"
        for path in modules(package)
        for name in imports(path, top_level_only=True)
        if name.split(".")[0] in HEAVY - allowed(dotted(path))
    ]
    assert wrong == []


def allowed(module: str) -> set[str]:
    return set().union(*(packages for room, packages in ADAPTERS.items() if module.startswith(room)))


def loaded_by(code: str) -> set[str]:
    script = f"import sys, json\n{code}\nprint(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_help_loads_nothing_heavy() -> None:
    loaded = loaded_by(
        "from checker.cli import main\n"
        "sys.argv = ['saring', '--help']\n"
        "import contextlib, io\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n    main()"
    )
    assert loaded & (HEAVY | {"numpy", "httpx", "tokenizers"}) == set()


def test_public_names_load_nothing_heavy() -> None:
    loaded = loaded_by("import checker\nfor name in checker.__all__: getattr(checker, name)")
    assert loaded & HEAVY == set()
