"""The two ways in which a source disappoints: the whole of it cannot be used, or one image cannot."""


class SourceError(ValueError):
    """The source cannot be prepared as it is; one line says where, what was found and what would do."""

    images_before = 0  # good ones in the same chunk of work, where one image is at fault


class BadImage(ValueError):
    """One image cannot be used; the message is the reason alone, without the path."""
