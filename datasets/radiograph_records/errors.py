"""The ways in which a source disappoints: the whole of it, or one image that is not there or cannot be used."""


class SourceError(ValueError):
    """The source cannot be prepared as it is; one line says where, what was found and what would do."""

    images_before = 0  # good ones in the same chunk of work, where one image is at fault


class MissingImage(SourceError):
    """A table lists an image that the source lacks; see missing.py for what becomes of it."""


class BadImage(ValueError):
    """One image cannot be used; the message is the reason alone, without the path."""
