"""Amounts in words: how many of a thing there are, and how much memory or disk it takes."""

_PLURALS = {"study": "studies", "family": "families"}


def counted(number: int, noun: str) -> str:
    """`1 image`, `1,200 images`, `2 studies`."""
    return f"{number:,} {noun if number == 1 else _PLURALS.get(noun, f'{noun}s')}"


def size(count: float) -> str:
    """Of bytes: `512 bytes`, `38 KB`, `196 MB`, `22.9 GB`."""
    for unit in ("bytes", "KB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB" if count < 1000 else f"{count / 1000:.1f} TB"
