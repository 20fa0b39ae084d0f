"""The errors of the stack: each message says what is wrong and what to do, and reaches the user without a trace."""


class StackError(Exception):
    """Something outside this program prevents the stack from working."""


class EngineUnavailableError(StackError):
    """The servers are neither installed nor can they be fetched on this system."""


class ServerFailedError(StackError):
    """A server didn't start, died, or didn't answer within its time limit."""
