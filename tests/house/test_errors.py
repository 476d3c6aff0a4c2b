"""One exception tree per package, drawn in its docstring."""

from __future__ import annotations

import importlib
import inspect
import re

import pytest


@pytest.mark.parametrize("module", ["retrieval.errors", "checker.errors"])
def test_tree_in_the_docstring_is_the_tree_in_the_code(module: str) -> None:
    errors = importlib.import_module(module)
    drawn: list[tuple[str, str]] = []
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^    ((?:│   |    )*)(├── |└── )?([A-Z]\w+)", line)
        if not found:
            continue
        depth = len(found[1]) // 4 + (1 if found[2] else 0)
        path = [*path[:depth], found[3]]
        drawn.append((found[3], path[depth - 1] if depth else "Exception"))
    written = [
        (name, value.__base__.__name__)
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, Exception) and value.__module__ == module
    ]
    assert sorted(drawn) == sorted(written)
