"""The structure of the package: imports form no circle, and private names stay private."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import sklearn_asdf

PACKAGE = Path(sklearn_asdf.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
# Private names of other libraries that have no public equivalent, each in one file.
ALLOWED = {
    # Public, whatever its name: ends a process from any thread.
    "studio/_worker.py": {"os._exit"},
    # What scikit-learn's `validate_params` reads, by the convention that its developers document.
    "_validation.py": {"estimator._parameter_constraints"},
    # The trees of a gradient boosting, which scikit-learn has no public name for.
    "functional/boosted_trees.py": {"model._baseline_prediction", "model._predictors"},
}


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in FILES}


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and getattr(node.test, "id", None) == "TYPE_CHECKING"


def imported_modules(path: Path) -> set[str]:
    """Return the package's modules that a file imports, inside functions too."""
    name = module_name(path)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    nodes = [ast.parse(path.read_text(encoding="utf-8"))]
    while nodes:
        node = nodes.pop()
        if is_type_checking(node):
            continue
        nodes.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1]
            origin = ".".join([*base, *filter(None, [node.module])]) if node.level else node.module
            submodules = {f"{origin}.{alias.name}" for alias in node.names}
            found |= (submodules & MODULES.keys()) or {origin}
    return found & MODULES.keys() - {name}


def strongly_connected(graph: dict[str, set[str]]) -> list[set[str]]:
    """Return the sets of modules that import each other in a circle."""
    from scipy.sparse.csgraph import connected_components

    names = sorted(graph)
    place = {name: i for i, name in enumerate(names)}
    edges = [(place[a], place[b]) for a, targets in graph.items() for b in targets]
    matrix = np.zeros((len(names), len(names)))
    matrix[tuple(np.transpose(edges))] = 1
    _, labels = connected_components(matrix, connection="strong")
    groups: dict[int, set[str]] = {}
    for name, label in zip(names, labels, strict=True):
        groups.setdefault(int(label), set()).add(name)
    return [group for group in groups.values() if len(group) > 1]


def test_imports_form_no_circle():
    graph = {name: imported_modules(path) for name, path in MODULES.items()}
    assert strongly_connected(graph) == []


def test_a_circle_would_be_found():
    assert strongly_connected({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [{"a", "b", "c"}]


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def defined_names(tree: ast.AST) -> set[str]:
    """Return the names that a file defines: functions, classes, variables and attributes."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def private_uses(source: str) -> list[str]:
    """Return the uses of private names that belong to another file or to another class."""
    tree = ast.parse(source)
    own = defined_names(tree)
    uses = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            uses += [a.name for a in node.names if is_private(a.name)]
        elif isinstance(node, ast.Attribute) and is_private(node.attr) and node.attr not in own:
            inherited = isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}
            if not inherited:
                uses.append(ast.unparse(node))
    return uses


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_no_file_uses_the_private_names_of_another(path):
    allowed = ALLOWED.get(path.relative_to(PACKAGE).as_posix(), set())
    assert set(private_uses(path.read_text(encoding="utf-8"))) - allowed == set()


def test_a_private_use_would_be_found():
    assert private_uses("from .mel import _BLOCK") == ["_BLOCK"]
    assert private_uses("encoder._corpus.units") == ["encoder._corpus"]
    assert private_uses("self._corpus = 1\nother._corpus") == []
    assert private_uses("self._inherited()") == []
