"""`python -m launch` lists the verbs."""

import ast
import pathlib
import sys

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
    known = verbs()
    if len(sys.argv) > 1 and sys.argv[1] not in ("--help", "-h"):
        verb = sys.argv[1]
        advice = f"; run it as: python -m launch.{verb}" if verb in known else nearest(verb, known)
        print(f"launch: expected no argument; received {verb!r}{advice}", file=sys.stderr)
        return 2
    print("python -m launch.VERB --flag=value ...      (--help shows a verb's flags)\n")
    for verb, about in known.items():
        print(f"  {verb:<12}{about}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
