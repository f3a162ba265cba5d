"""The one exception that means: the user, not the program, has something to mend."""


class BadInput(ValueError):
    """An option, a file or a folder that cannot be used.

    The message is one line that says what is wrong, where, and what to do.
    A program of this chapter prints it and ends with status 2 (`lab.program`);
    every other exception is a bug and keeps its traceback.
    """
