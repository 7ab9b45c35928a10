"""The entry point of the user's own code: found if it is not given, checked in the archive if it is.

The form of a handler by runtime (Lambda developer guide, "Define Lambda function handler"):

    python   PACKAGE/MODULE.FUNCTION   the module's file or package; "." and "/" both separate packages
    nodejs   FOLDER/FILE.FUNCTION      FILE.js, .mjs or .cjs
    ruby     FOLDER/FILE.METHOD        FILE.rb
    java     PACKAGE.CLASS[::METHOD]   the class, in the archive or in a jar below lib/
    dotnet   ASSEMBLY[::TYPE::METHOD]  ASSEMBLY.dll
    provided anything                  the executable file ``bootstrap`` at the archive's root
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    #: Returns the text of a file of the archive by its name.
    Read = Callable[[str], str]

BOOTSTRAP = "bootstrap"

#: Usual names of the file and the function, the most likely first.
_FILES = ("handler", "lambda_function", "index", "app", "main")
_FUNCTIONS = ("handler", "lambda_handler")
_ENDINGS = {
    "python": (".py",),
    "nodejs": (".mjs", ".js", ".cjs"),
    "ruby": (".rb",),
}
_FORMS = {
    "python": "FILE.FUNCTION, such as handler.handler",
    "nodejs": "FILE.FUNCTION, such as index.handler",
    "ruby": "FILE.METHOD, such as lambda_function.lambda_handler",
    "java": "PACKAGE.CLASS::METHOD, such as example.Handler::handleRequest",
    "dotnet": "ASSEMBLY::NAMESPACE.TYPE::METHOD",
    "provided": "any text",
}


def family_of(runtime: str) -> str:
    """The language of a Lambda runtime identifier: ``python``, ``nodejs``, ``provided`` and so on."""
    found = re.match(r"[a-z]+", runtime)
    return found[0] if found else runtime


def find_handler(runtime: str, names: Collection[str], read: Read) -> str:
    """The entry point of code for which none was given.

    Args:
        names: The archive's files.
        read: Returns the text of one of them.

    Raises:
        UsageError: None was found, or more than one.
    """
    family = family_of(runtime)
    if family == "provided":
        return BOOTSTRAP
    endings = _ENDINGS.get(family)
    if endings is None:
        raise _unnamed(family, f"The entry point of {family} code cannot be determined from its files.")
    file = _likeliest(sorted(name for name in names if "/" not in name and name.endswith(endings)), family)
    stem = file.rsplit(".", 1)[0]
    function = _function_in(family, read(file))
    if function is None:
        raise _unnamed(family, f"{file} defines neither of the functions {' and '.join(_FUNCTIONS)}.")
    return f"{stem}.{function}"


def check_handler(runtime: str, handler: str, names: Collection[str], *, links: Collection[str] = ()) -> None:
    """Check that the archive contains the entry point's file: without it every invocation fails.

    Args:
        links: Symbolic links that were left out of the archive because they lead out of the folder.

    Raises:
        UsageError: The file is missing.
    """
    family = family_of(runtime)
    candidates = _files_of(family, handler)
    if not candidates or any(name in names for name in candidates):
        return
    if family in ("java", "dotnet") and any(name.endswith((".jar", ".deps.json")) for name in names):
        return
    missing = f"The code contains no {_either(candidates)}, which the handler {handler!r} of {runtime} needs."
    raise UsageError(missing, hint=_why(family, candidates, names, links), code="handler-not-found")


def check_function(runtime: str, handler: str, names: Collection[str], read: Read) -> None:
    """Check that the handler's Python file defines the function; in other languages that is not certain.

    Raises:
        UsageError: The file does not define it, and has no imports of unknown names.
    """
    if family_of(runtime) != "python":
        return
    module, _, function = handler.rpartition(".")
    file = f"{module.replace('.', '/').removeprefix('/')}.py"
    if file not in names:
        return
    text = read(file)
    if not text.strip():
        return  # a placeholder
    defined = _python_names(text)
    if (
        function in defined
        or "*" in defined
        or "__getattr__" in defined
        or re.search(r"globals\(|setattr\(", text)
    ):
        return
    raise UsageError(
        f"{file} does not define {function}, which the handler {handler!r} names.",
        hint=f"It defines {', '.join(sorted(defined)[:8]) or 'nothing'}. Set function.handler.",
        code="handler-not-found",
    )


def _likeliest(files: list[str], family: str) -> str:
    for stem in _FILES:
        for file in files:
            if file.rsplit(".", 1)[0] == stem:
                return file
    if len(files) == 1:
        return files[0]
    if not files:
        wanted = " or ".join(f"*{ending}" for ending in _ENDINGS[family])
        raise _unnamed(family, f"The code contains no {wanted} file at its root.")
    raise _unnamed(family, f"Several files may contain the entry point: {', '.join(files[:5])}.")


def _unnamed(family: str, message: str) -> UsageError:
    form = _FORMS.get(family, "as Lambda documents it")
    return UsageError(message, hint=f"Specify it: function.handler, as {form}.", code="handler-not-named")


def _function_in(family: str, text: str) -> str | None:
    defined = _python_names(text) if family == "python" else set(_FUNCTIONS_OTHERWISE[family](text))
    return next((name for name in _FUNCTIONS if name in defined), None)


def _python_names(text: str) -> set[str]:
    """The names that a Python module defines, imports or assigns at its top level.

    Raises:
        UsageError: The text is not Python.
    """
    try:
        tree = ast.parse(text.removeprefix("\ufeff"))
    except (SyntaxError, ValueError) as error:
        raise UsageError(
            f"The handler's file is not Python: {error}.", hint="Correct it.", code="code-not-readable"
        ) from error
    names = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
    for node in _at_the_top(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names.update(alias.asname or alias.name for alias in aliases)
            case ast.Assign(targets=targets):
                names.update(target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case _:
                pass
    return names


def _at_the_top(tree: ast.AST) -> Iterator[ast.AST]:
    """The statements that run when the module is loaded, including those in ``if`` and ``try``."""
    for node in ast.iter_child_nodes(tree):
        yield node
        if isinstance(node, (ast.If, ast.Try, ast.With, ast.For, ast.While, ast.ExceptHandler)):
            yield from _at_the_top(node)


def _node_names(text: str) -> Iterable[str]:
    exported = r"\bexports\.(\w+)|\bexport\s+(?:async\s+)?(?:function\s*\*?|const|let|var)\s*(\w+)"
    for found in re.finditer(exported, text):
        yield found[1] or found[2]
    for listed in re.finditer(r"\bexport\s*\{([^}]*)\}|\bmodule\.exports\s*=\s*\{([^}]*)\}", text):
        yield from re.findall(r"\w+", listed[1] or listed[2])


def _ruby_names(text: str) -> Iterable[str]:
    return re.findall(r"^def\s+(?:self\.)?(\w+)", text, re.MULTILINE)


_FUNCTIONS_OTHERWISE: dict[str, Callable[[str], Iterable[str]]] = {"nodejs": _node_names, "ruby": _ruby_names}


def _files_of(family: str, handler: str) -> tuple[str, ...]:
    """The files of which one must exist; empty if they cannot be determined."""
    match family:
        case "python":
            module = handler.rpartition(".")[0].replace(".", "/").removeprefix("/")
            return tuple(f"{module}{ending}" for ending in (".py", "/__init__.py", ".pyc", ".so"))
        case "nodejs":
            folder, slash, file = handler.rpartition("/")
            stem = folder.removeprefix("./") + slash + file.partition(".")[0]
            return tuple(f"{stem}{ending}" for ending in (".js", ".mjs", ".cjs"))
        case "ruby":
            return (f"{handler.partition('.')[0]}.rb",)
        case "java":
            return (f"{handler.partition('::')[0].replace('.', '/')}.class",)
        case "dotnet":
            return (f"{handler.partition('::')[0]}.dll",)
        case "provided":
            return (BOOTSTRAP,)
        case _:
            return ()


def _either(candidates: tuple[str, ...]) -> str:
    shown = [name for name in candidates if not name.endswith((".pyc", ".so"))]
    return " or ".join(shown)


def _why(family: str, wanted: tuple[str, ...], names: Collection[str], links: Collection[str]) -> str:
    linked = [name for name in wanted if name in links]
    if linked:
        return f"{linked[0]} is a symbolic link that leads out of the folder: put the file itself there."
    tops = {name.split("/", 1)[0] for name in names}
    if len(tops) == 1:
        (top,) = tops
        if any(f"{top}/{name}" in names for name in wanted):
            return f"Everything lies below {top}/: pack that folder's content, not the folder itself."
    lower = {name.lower(): name for name in names}
    near = next((lower[name.lower()] for name in wanted if name.lower() in lower), None)
    if near is not None:
        return f"There is a {near}: Lambda handler names are case-sensitive."
    return (
        f"Set function.handler to the code's own entry point, as {_FORMS.get(family, 'Lambda documents it')}."
    )
