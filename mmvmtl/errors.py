"""The error of a user's mistake: one sentence, no traceback in our tools."""


class UserError(ValueError):
    """Something the user can mend: the message names it and the remedy."""
