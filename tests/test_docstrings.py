"""Every public docstring follows numpydoc: all parameters, what is returned, one summary line."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import sklearn_asdf

numpydoc_validate = pytest.importorskip(
    "numpydoc.validate", reason="docstring validation needs numpydoc (the extra 'test')"
)

SETTINGS = Path(__file__).parents[1] / "pyproject.toml"


def checks() -> set[str]:
    return set(tomllib.loads(SETTINGS.read_text())["tool"]["numpydoc_validation"]["checks"])


def submodules(package) -> Iterator[str]:
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        yield module.name


def public_modules() -> Iterator[str]:
    """Yield the modules whose `__all__` users import from, the mathematics included."""
    yield "sklearn_asdf"
    for name in submodules(sklearn_asdf):
        if not name.rpartition(".")[2].startswith("_") and name != "sklearn_asdf.nets":
            yield name
    yield from submodules(sklearn_asdf.functional)


def public_objects() -> list[str]:
    """Return the dotted names of public functions, classes, and their own public methods."""
    names = {}
    for module_name in public_modules():
        module = importlib.import_module(module_name)
        for name in getattr(module, "__all__", ()):
            found = getattr(module, name)
            if not (inspect.isclass(found) or inspect.isfunction(found)):
                continue
            names.setdefault(id(found), f"{module_name}.{name}")
            if not inspect.isclass(found):
                continue
            for member, value in vars(found).items():
                plain = inspect.isfunction(value) or isinstance(value, (classmethod, staticmethod))
                if plain and not member.startswith("_"):
                    names.setdefault(id(value), f"{module_name}.{name}.{member}")
    return sorted(names.values())


@pytest.mark.parametrize("name", public_objects())
def test_docstring_is_valid(name):
    found = numpydoc_validate.validate(name)["errors"]
    assert [f"{code}: {text}" for code, text in found if code in checks()] == []
