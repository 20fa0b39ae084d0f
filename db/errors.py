"""What goes wrong with a database and can be told to a person in a sentence."""


class DatabaseError(Exception):
    """The database or what is asked of it isn't right; the message says what to do."""
