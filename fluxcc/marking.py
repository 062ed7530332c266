"""Marks sentences for translation where they are written; ``i18n`` translates them where they are
shown. ``make catalogues`` collects what stands inside ``_()``."""


def _(message: str) -> str:
    """The message as it is."""
    return message
