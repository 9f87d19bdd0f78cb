"""What the source says of each field or member of a class: the text under it.

For what is made from classes (the schema of the configuration, pages of the manual). It reads the source, which takes
some milliseconds; nothing that must be quick asks for it.
"""

import ast
import inspect
import textwrap
from collections.abc import Mapping


def described(cls: type) -> Mapping[str, str]:
    """The texts by name, those of the classes above it too; a name without one is left out."""
    found: dict[str, str] = {}
    for each in reversed(cls.__mro__):
        if each.__module__.partition(".")[0] == "bot":
            found |= _of_its_own(each)
    return found


def _of_its_own(cls: type) -> Mapping[str, str]:
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(definition, ast.ClassDef)  # noqa: S101 - the source of a class is one
    texts = {}
    for line, below in zip(definition.body, definition.body[1:], strict=False):
        name = _assigned(line)
        if name and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            texts[name] = " ".join(str(below.value.value).split())
    return texts


def _assigned(line: ast.stmt) -> str:
    """The name that a line of a class gives a value or a type."""
    target = line.targets[0] if isinstance(line, ast.Assign) else getattr(line, "target", None)
    return target.id if isinstance(target, ast.Name) else ""
