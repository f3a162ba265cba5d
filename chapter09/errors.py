"""How a program of this chapter ends early: with one line that says why, and a status."""


class BadInput(ValueError):
    """Something that the user, not the program, has to mend: an option, a file, a folder, a full disk.

    The message is one line that says what is wrong, where, and what to do. A program of this chapter
    prints it and ends with its status (`lab.program`); every other exception is a bug and keeps its
    traceback.
    """

    status = 2


class Stopped(BaseException):
    """A run that cannot go on now: asked to stop (status 130 or 143), or its numbers gave out (3).

    Like KeyboardInterrupt it is no Exception, so that nothing on its way takes it for an error.
    """

    def __init__(self, message, status):
        super().__init__(message)
        self.status = status
