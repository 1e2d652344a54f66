"""The rules of the house that an import graph can show; each takes a tree of sources and names what breaks it."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import NamedTuple

Tree = Mapping[str, str]
"""Source by path, with forward slashes, relative to the root of the project."""

ORDER: tuple[frozenset[str], ...] = (
    frozenset(
        {
            "records",
            "record_lines",
            "settings",
            "clock",
            "errors",
            "redact",
            "redact_patterns",
            "redact_personal",
            "redact_records",
        }
    ),
    frozenset({"measure", "similarity", "assist"}),
    frozenset({"store"}),
    frozenset({"tasks"}),
    frozenset({"review"}),
    frozenset({"ingest", "memory", "dataset"}),
    frozenset({"evaluate"}),
    frozenset({"release"}),
    frozenset({"retract"}),
)
"""The rooms of core, lowest first; those of one line do not import each other (the five files do)."""

_LEVEL = {room: level for level, rooms in enumerate(ORDER) for room in rooms}
_OWN = {"core", "dashboard", "pages", "seed_data", "tests"}
_DATABASE = {"sqlalchemy", "alembic", "psycopg", "sqlite3"}
# In capitals: "Select a run from the list" is a sentence on a page.
_STATEMENT = re.compile(
    r"\s*(SELECT\s.+\sFROM|INSERT\s.*INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|(CREATE|DROP|ALTER)\s+\w+)\s", re.DOTALL
)
_RUNS_SQL = {"execute", "executemany", "exec_driver_sql", "scalars", "read_sql", "read_sql_query"}
_SHADOWS = {"auth", "mcp"}  # taken by packages that a deployment may add


class Import(NamedTuple):
    """One imported name: `from a.b import c` is module `a.b` and name `c`, `import a.b` has no name."""

    path: str
    line: int
    module: str
    name: str

    @property
    def target(self) -> str:
        return f"{self.module}.{self.name}".rstrip(".")

    def __str__(self) -> str:
        said = f"from {self.module} import {self.name}" if self.name else f"import {self.module}"
        return f"{self.path}:{self.line}: `{said}`"


def read_tree(root: Path) -> dict[str, str]:
    """The Python sources of the project, without its tests."""
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for folder in ("core", "dashboard", "pages", "seed_data")
        for path in sorted((root / folder).rglob("*.py"))
    }


def imports(tree: Tree) -> Iterator[Import]:
    """Every import of every source, wherever it stands in it; relative ones are made absolute."""
    for path, source in tree.items():
        package = path.split("/")[:-1]
        for node in ast.walk(ast.parse(source, path)):
            if isinstance(node, ast.Import):
                yield from (Import(path, node.lineno, alias.name, "") for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                above = package[: len(package) - node.level + 1] if node.level else []
                module = ".".join([*above, node.module] if node.module else above)
                yield from (Import(path, node.lineno, module, alias.name) for alias in node.names)


def wrong_direction(tree: Tree) -> list[str]:
    """Imports that run up the house or across a floor."""
    found = []
    for each in imports(tree):
        home, target = each.path.split("/")[0], each.target.split(".")
        if target[0] not in _OWN:
            continue
        if target[0] in ("pages", "seed_data", "tests"):
            found.append(f"{each}: nothing imports {target[0]}/")
        elif home == "core" and target[0] == "dashboard":
            found.append(f"{each}: core is below dashboard")
        elif home == "core" and len(target) > 1 and each.path != "core/__init__.py":
            here = each.path.removesuffix(".py").split("/")[1]
            if reason := _against(here, target[1]):
                found.append(f"{each}: {reason}")
    return found


def _against(here: str, there: str) -> str:
    """Why room `here` may not import room `there`; empty when it may."""
    for room in (here, there):
        if room not in _LEVEL:
            return f"core/{room} has no place in the order of rooms (ORDER in tests/house.py, section 3 of the design)"
    if here == there or _LEVEL[there] < _LEVEL[here] or _LEVEL[here] == _LEVEL[there] == 0:
        return ""
    if _LEVEL[here] == _LEVEL[there]:
        return f"{here} and {there} stand side by side and do not import each other"
    return f"{there} is above {here}"


def screens_in_core(tree: Tree) -> list[str]:
    """Streamlit in core."""
    return [
        f"{each}: core is true without a screen"
        for each in imports(tree)
        if each.path.startswith("core/") and each.module.split(".")[0] == "streamlit"
    ]


def sql_outside_store(tree: Tree) -> list[str]:
    """Database packages and SQL text outside core/store; a Session may be named there, for it is handed through."""
    found = [
        f"{each}: only core/store holds SQL"
        for each in imports(tree)
        if not each.path.startswith("core/store/")
        and each.module.split(".")[0] in _DATABASE
        and each.target != "sqlalchemy.orm.Session"
    ]
    for path, source in tree.items():
        if path.startswith("core/store/"):
            continue
        for node in ast.walk(ast.parse(source, path)):
            if (isinstance(node, ast.Constant) and isinstance(node.value, str) and _STATEMENT.match(node.value)) or (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _RUNS_SQL
            ):
                found.append(f"{path}:{node.lineno}: runs SQL; only core/store holds it")  # noqa: PERF401
    return found


def environment_readers(tree: Tree) -> list[str]:
    """Readers of the environment other than core/settings.py."""
    found = []
    for path, source in tree.items():
        if path == "core/settings.py":
            continue
        nodes = list(ast.walk(ast.parse(source, path)))
        written = {
            node.value for node in nodes if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load)
        }
        for node in nodes:
            read = (
                f"os.{node.attr}"
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
                else f"os.{node.names[0].name}"
                if isinstance(node, ast.ImportFrom) and node.module == "os"
                else ""
            )
            if read in ("os.environ", "os.getenv", "os.environb") and node not in written:
                found.append(f"{path}:{node.lineno}: {read}; only core/settings.py reads the environment")
    return found


def commits_in_core(tree: Tree) -> list[str]:
    """Commits inside core: the edge that opened the session commits it."""
    return [
        f"{path}:{node.lineno}: .commit(); the caller's `with store.session()` commits"
        for path, source in tree.items()
        if path.startswith("core/")
        for node in ast.walk(ast.parse(source, path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]


def packages_of_scripts(tree: Tree) -> list[str]:
    """`__init__.py` files in folders that nothing imports."""
    return [
        f"{path}: {path.split('/')[0]}/ holds files that are run or read, never imported; remove it"
        for path in tree
        if path.startswith(("pages/", "seed_data/")) and path.endswith("/__init__.py")
    ]


def shadowing_names(tree: Tree, taken: frozenset[str] | None = None) -> list[str]:
    """Modules beside the entry script that hide a package: Streamlit puts that folder first on the path."""
    taken = taken or frozenset({*sys.stdlib_module_names, *packages_distributions()} - _OWN) | _SHADOWS
    names = {path: path.split("/")[1].removesuffix(".py") for path in tree if path.startswith("dashboard/")}
    return [f"{path}: hides the package `{name}`; name it otherwise" for path, name in names.items() if name in taken]


def undeclared(tree: Tree, pyproject: str) -> list[str]:
    """Imports of packages that pyproject.toml does not name: they stand in the environment by luck."""
    lines = tomllib.loads(pyproject)["project"]["dependencies"]
    declared = {_normal(match[0]) for line in lines if (match := re.match(r"[\w.-]+", line))}
    homes = packages_distributions()
    found = []
    for each in imports(tree):
        top = each.module.split(".")[0]
        if top in _OWN or top in sys.stdlib_module_names or not top or f"seed_data/{top}.py" in tree:
            continue
        if not declared & {_normal(name) for name in homes.get(top, [top])}:
            found.append(f"{each}: the package is not among the dependencies in pyproject.toml")
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
