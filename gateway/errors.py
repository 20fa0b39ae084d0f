"""What can be wrong with a gateway's surroundings, said in one line for the person who mends it."""


class GatewayError(Exception):
    """Something outside of the program is not as it must be; the message names it and says what to do."""
