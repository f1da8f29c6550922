"""`python -m launch`, or `chex` where the package is installed: lists the verbs, or runs one (`chex train --help`)."""

import ast
import pathlib
import runpy
import sys

from chex_tf import software
from chex_tf.settings import nearest


def verbs() -> dict[str, str]:
    """Verb -> what it does, in alphabetical order: the files here that can be run, read without importing them."""
    found = {}
    for file in sorted(pathlib.Path(__file__).parent.glob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        runs = any(isinstance(node, ast.If) and "__main__" in ast.unparse(node.test) for node in tree.body)
        if runs and file.stem != "__main__":
            found[file.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


def main() -> int:
    word = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if word == "--version":
        print(software.name_and_version())
        return 0
    known = verbs()
    if word in known:
        sys.argv = [f"launch.{word}", *sys.argv[2:]]
        runpy.run_module(f"launch.{word}", run_name="__main__", alter_sys=True)
        return 0
    if word not in ("--help", "-h"):
        print(f"launch: expected a verb; received {word!r}{nearest(word, known)}", file=sys.stderr)
        return 2
    print("chex VERB --flag=value ...   or   python -m launch.VERB --flag=value ...    (--help shows a verb's flags)\n")
    for verb, about in known.items():
        print(f"  {verb:<12}{about}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
