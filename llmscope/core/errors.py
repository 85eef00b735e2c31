"""Errors whose text is one line that tells the person what to do."""


class BadInput(Exception):
    """Something the user gave cannot be used; the text says what and what to do instead."""


class ModelRefused(BadInput):
    """A model is damaged, unsafe or of a kind that cannot run; nothing of it was executed."""
