"""Who imports whom, read from the source by ast: what the boundary test judges."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHELVES = {
    "tenantwatch_wire": ROOT / "proto",
    "tenantwatch_agent": ROOT / "agent",
    "tenantwatch_collector": ROOT / "collector",
    "tenantwatch_client": ROOT / "client",
}


@dataclass(frozen=True, slots=True)
class Import:
    """``importer`` (a module) imports ``imported`` (a module, or a name within one)."""

    importer: str
    imported: str
    line: int

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported}"


def inside(name: str, package: str) -> bool:
    """Whether a dotted name is the package or anything in it."""
    return name == package or name.startswith(package + ".")


def module_name(path: Path, shelf: Path) -> str:
    parts = path.relative_to(shelf).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of ours with its file."""
    for package, shelf in SHELVES.items():
        for path in sorted((shelf / package).rglob("*.py")):
            yield module_name(path, shelf), path


def imports_of(module: str, path: Path) -> Iterator[Import]:
    """Every import of a module: at its top, in a function, or for types alone."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, package)
            for alias in node.names:
                yield Import(module, f"{base}.{alias.name}", node.lineno)


def _base(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    above = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*above, node.module] if node.module else above)


def all_imports() -> list[Import]:
    return [each for module, path in modules() for each in imports_of(module, path)]
