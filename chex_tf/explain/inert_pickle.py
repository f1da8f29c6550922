"""Reads a pickle without executing it: its opcodes build plain values and records of what would have been called.

Python's own loader calls whatever a pickle names. Here a name is only ever text, and any name that a numpy array or a
PyTorch tensor does not need is refused. `chex_tf.explain.pickled_arrays` makes arrays of the records.
"""

import dataclasses
import io
import pickletools
from typing import Any

# What arrays and tensors are made of, as the versions of numpy and PyTorch spell it.
_NAMES = {
    "_codecs": {"encode"},
    "collections": {"OrderedDict"},
    "numpy": {"ndarray", "dtype"},
    **{f"numpy.{core}.multiarray": {"_reconstruct", "scalar"} for core in ("core", "_core")},
    **{f"numpy.{core}.numeric": {"_frombuffer"} for core in ("core", "_core")},
    "torch._utils": {"_rebuild_tensor_v2"},
    "torch.storage": {"_load_from_bytes"},
    "torch": {
        "Size",
        *(f"{kind}Storage" for kind in ("Float", "Double", "Half", "Byte", "Char", "Short", "Int", "Long")),
    },
}
_NAMES["torch.cuda"] = _NAMES["torch"]
# A tensor takes about thirty. Every opcode makes a Python object, so millions of them would fill the memory.
MOST_OPCODES = 100_000

_VALUES = {
    *("NONE", "NEWTRUE", "NEWFALSE", "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"),
    *("FLOAT", "BINFLOAT", "STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE"),
    *("BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


@dataclasses.dataclass(frozen=True)
class Name:
    """A function or class that the pickle names: never imported."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclasses.dataclass(eq=False)
class Made:
    """What a pickle says was made by calling `by` with `arguments` and then given `state`: never called."""

    by: Name
    arguments: tuple[Any, ...]
    state: Any = None


PERSISTENT = Name("", "persistent id")  # something kept outside the pickle, under this id


class _Mark:
    """Where on the stack a tuple, list or dictionary begins."""


def load(stream: io.BytesIO) -> Any:
    """The next pickle of a stream, which is left behind it. Raises ValueError for anything else than plain values,
    arrays and tensors."""
    try:
        return _Machine().run(stream)
    except (IndexError, KeyError, TypeError, AttributeError, StopIteration) as error:
        raise ValueError("expected a pickle; it is damaged") from error


class _Machine:
    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self, stream: io.BytesIO) -> Any:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
            if count >= MOST_OPCODES:
                raise ValueError(f"expected at most {MOST_OPCODES:,} opcodes in a pickle; it holds more")
            if opcode.name == "STOP":
                return self._stack.pop()
            self._step(opcode.name, argument)
        raise ValueError("expected a pickle; it has no end")

    def _step(self, name: str, argument: Any) -> None:
        stack = self._stack
        if name in _VALUES:
            stack.append(_CONSTANTS.get(name, argument))
        elif name in ("PROTO", "FRAME"):
            pass
        elif name == "MARK":
            stack.append(_Mark())
        elif name == "POP":
            stack.pop()
        elif name in ("MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"):
            self._memo[len(self._memo) if name == "MEMOIZE" else argument] = stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(self._memo[argument])
        elif name in _TUPLES:
            count = _TUPLES[name]
            stack[len(stack) - count :] = [tuple(stack[len(stack) - count :])]
        elif name in ("TUPLE", "LIST", "DICT"):
            found = self._since_mark()
            stack.append(tuple(found) if name == "TUPLE" else found if name == "LIST" else _dictionary(found))
        elif name in ("EMPTY_LIST", "EMPTY_DICT"):
            stack.append([] if name == "EMPTY_LIST" else {})
        elif name in ("APPEND", "APPENDS"):
            found = [stack.pop()] if name == "APPEND" else self._since_mark()
            _of_kind(stack[-1], list).extend(found)
        elif name in ("SETITEM", "SETITEMS"):
            found = [stack.pop(), stack.pop()][::-1] if name == "SETITEM" else self._since_mark()
            _of_kind(stack[-1], dict).update(_dictionary(found))
        else:
            self._make(name, argument)

    def _make(self, name: str, argument: Any) -> None:
        """Names, and what they would be called with."""
        stack = self._stack
        if name == "GLOBAL":
            stack.append(_known(*argument.split(" ", 1)))
        elif name == "STACK_GLOBAL":
            last = stack.pop()
            stack.append(_known(stack.pop(), last))
        elif name in ("REDUCE", "NEWOBJ"):
            arguments = _of_kind(stack.pop(), tuple)
            stack.append(Made(_of_kind(stack.pop(), Name), arguments))
        elif name == "BUILD":
            state = stack.pop()
            _of_kind(stack[-1], Made).state = state
        elif name in ("BINPERSID", "PERSID"):
            stack.append(Made(PERSISTENT, (argument if name == "PERSID" else stack.pop(),)))
        else:
            raise ValueError(f"expected a pickle of arrays and tensors; received the opcode {name}")

    def _since_mark(self) -> list[Any]:
        place = next(place for place in range(len(self._stack) - 1, -1, -1) if isinstance(self._stack[place], _Mark))
        found = self._stack[place + 1 :]
        del self._stack[place:]
        return found


def _known(module: Any, name: Any) -> Name:
    if name not in _NAMES.get(module, ()):
        shown = f"{module}.{name}"
        raise ValueError(
            f"expected a pickle of numpy arrays and PyTorch tensors; it names {shown[:80]!r}, which was not called"
        )
    return Name(module, name)


def _of_kind(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"expected a pickle; it takes a {type(value).__name__} for a {kind.__name__}")
    return value


def _dictionary(found: list[Any]) -> dict[Any, Any]:
    keys = found[::2]
    if len(found) % 2 or not all(isinstance(key, (str, int, bytes)) for key in keys):
        raise ValueError("expected a pickle whose dictionaries have plain keys; it has others")
    return dict(zip(keys, found[1::2], strict=True))
