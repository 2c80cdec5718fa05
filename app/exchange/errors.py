"""Errors of the exchange with other systems."""


class ExchangeError(Exception):
    """An exchange failed; nothing that it read or made is stored.

    Parameters
    ----------
    code
        Kind of the error, for programs.
    message
        What is wrong and what to do, in English; never a token, an address or a value.
    parameters
        Details of the error by name, such as numbers, for programs.
    """

    def __init__(self, code: str, message: str, **parameters: str | int) -> None:
        super().__init__(message)
        self.code = code
        self.parameters = parameters


class DeclarationError(ExchangeError):
    """The file that declares an exchange, or its token, cannot be used."""


class TooMuchAccessError(ExchangeError):
    """The account at the other system may do or see more than the exchange needs."""
