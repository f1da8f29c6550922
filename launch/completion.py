"""Completion of verbs and flags for a shell: `chex completion bash` or `chex completion zsh` prints it.

  eval "$(chex completion bash)"

in ~/.bashrc, or with zsh in ~/.zshrc, completes `chex tr`, `chex train --opt` and `chex train --optimizer=`. It is made
from the verbs' settings; after an update the same line makes it anew.
"""

import ast
import dataclasses
import importlib
import pathlib
import sys
import typing
from collections.abc import Sequence

from chex_tf.settings import Settings, meaning_of, scalar_type, setting
from launch.__main__ import verbs
from launch.command import run

SHELLS = ("bash", "zsh")
_ALWAYS = ("--flagfile=", "--debug", "--quiet", "--help", "--version")
# zsh runs bash's completions by a function of its own.
_BEFORE = {"bash": "", "zsh": "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n"}

# bash makes words of its own of `--flag`, `=` and `value`; zsh leaves them one.
_SCRIPT = """\
_chex() {
  local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" verb="${COMP_WORDS[1]}"
  local flag="" kept="" flags="" values=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "VERBS" -- "$word"))
    return
  fi
  if [ "$word" = "=" ]; then
    flag="$before"; word=""
  elif [ "$before" = "=" ]; then
    flag="${COMP_WORDS[COMP_CWORD-2]}"
  elif [ "${word#--*=}" != "$word" ]; then
    flag="${word%%=*}"; kept="$flag="; word="${word#*=}"
  fi
  if [ -n "$flag" ]; then
    case "$verb $flag" in
CHOICES
      *) COMPREPLY=($(compgen -P "$kept" -f -- "$word")); return ;;
    esac
    COMPREPLY=($(compgen -P "$kept" -W "$values" -- "$word"))
    return
  fi
  case "$verb" in
FLAGS
  esac
  COMPREPLY=($(compgen -W "$flags" -- "$word"))
  case "${COMPREPLY[0]}" in *=) compopt -o nospace 2>/dev/null ;; esac
}
complete -o default -F _chex chex
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CompletionSettings(Settings):
    shell: str = setting(help="for which shell; its name may stand without the flag", choices=SHELLS)


def main(settings: CompletionSettings) -> None:
    print(script(settings.shell), end="")


def script(shell: str) -> str:
    named = verbs()
    flags, choices = [], []
    for verb in named:
        offered: list[str] = []
        for settings_class in settings_of(verb):
            hints = typing.get_type_hints(settings_class)
            for field in dataclasses.fields(settings_class):
                if scalar_type(hints[field.name]) is bool:
                    offered += [f"--{field.name}", f"--no{field.name}"]
                else:
                    offered.append(f"--{field.name}=")
                if values := meaning_of(field).choices:
                    choices.append(f'      "{verb} --{field.name}") values="{" ".join(values)}" ;;')
        flags.append(f'    {verb}) flags="{" ".join((*offered, *_ALWAYS))}" ;;')
    made = _SCRIPT.replace("VERBS", " ".join(named)).replace("CHOICES", "\n".join(choices))
    return _BEFORE[shell] + made.replace("FLAGS", "\n".join(flags))


def settings_of(verb: str) -> list[type[Settings]]:
    """The classes that a verb's file gives to `run`, whose fields are its flags."""
    module = importlib.import_module(f"launch.{verb}")
    tree = ast.parse(pathlib.Path(str(module.__file__)).read_text(encoding="utf-8"))
    (call,) = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "run"
    )
    return [getattr(module, argument.id) for argument in call.args[1:] if isinstance(argument, ast.Name)]


def with_flag(arguments: Sequence[str]) -> list[str]:
    """Lets the shell's name stand without its flag."""
    return [f"--shell={one}" if not one.startswith("-") else one for one in arguments]


if __name__ == "__main__":
    sys.argv[1:] = with_flag(sys.argv[1:])
    run(main, CompletionSettings)
