"""README and every page of docs/: commands that parse, links that lead somewhere, paragraphs that can be read."""

import ast
import importlib
import pathlib
import re
import shlex

import pytest

from launch import command

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LONGEST = 5  # lines of a paragraph
OF_DEFINITIONS = {"statistics.md": 10}  # a page to look things up in
# Flags that a command leaves to the reader, by verb, for commands that stand inside a sentence.
NEEDED = {"train": ("--data=D", "--run_dir=R")}
FILES_FIRST = {"predict": "--films", "convert": "--checkpoint"}  # verbs whose files may stand without their flag


def commands() -> list[tuple[str, str]]:
    """(page, command) for each command of launch.VERB that has flags, in blocks and in sentences."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in re.finditer(r"python -m launch\.\w+[^`\n]*", text):
            line = match[0].strip().rstrip("…").strip()
            if "--" in line and "VERB" not in line:
                found.append((page.name, line))
    return found


def kinds(verb: str) -> list[type]:
    """The settings that a verb takes, from the call of `run` at the end of its file."""
    module = importlib.import_module(f"launch.{verb}")
    tree = ast.parse(pathlib.Path(str(module.__file__)).read_text(encoding="utf-8"))
    (call,) = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "run"
    )
    return [getattr(module, argument.id) for argument in call.args[1:] if isinstance(argument, ast.Name)]


def test_the_pages_have_commands() -> None:
    assert len(commands()) > 30


@pytest.mark.parametrize(("page", "line"), commands())
def test_a_command_has_flags_of_its_verb(page: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("launch.paths.check", lambda settings: None)  # the reader's folders are not here
    verb, *flags = shlex.split(line.removeprefix("python -m launch."))
    given = {flag.partition("=")[0] for flag in flags}
    left = [flag for flag in NEEDED.get(verb, ()) if flag.partition("=")[0] not in given]
    found = kinds(verb)
    assert found, verb
    first = FILES_FIRST.get(verb)
    flags = [flag if flag.startswith("--") or first is None else f"{first}={flag}" for flag in flags]
    command.parse([*flags, *left], *found)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: pathlib.Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", target):
            continue
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        assert path.exists(), target
        if anchor:
            titles = re.findall(r"(?m)^#+ (.*)$", path.read_text(encoding="utf-8"))
            assert anchor in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}, target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_paragraph_is_long(page: pathlib.Path) -> None:
    text = re.sub(r"(?ms)^```.*?^```", "", page.read_text(encoding="utf-8"))
    for block in re.split(r"\n\s*\n", text):
        lines = block.strip().splitlines()
        if lines and not lines[0].startswith(("|", "    ", "#", "- ", "* ", "<", "1. ")):
            assert len(lines) <= OF_DEFINITIONS.get(page.name, LONGEST), block


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: page.name)
def test_a_page_begins_with_what_one_types(page: pathlib.Path) -> None:
    beginning = page.read_text(encoding="utf-8").splitlines()[:12]
    assert any(line.startswith(("    python -m", "python -m")) for line in beginning), page.name
