"""What a run needs and the page leaves out: a listing says `import lab` and `run = lab.Run(globals())`, no more.

To import it costs next to nothing. What it does to the program: from here on TensorFlow is quiet while it is
imported, wherever that is (`lab.quiet`), and bad input ends the program with one line (`lab.errors`).
"""

from lab import errors, quiet

errors.watch()
quiet.watch()


def __getattr__(name):  # so that what needs no TensorFlow does not wait for it
    if name == 'Run':
        from lab.run import Run
        return Run
    raise AttributeError('module %r has no attribute %r' % (__name__, name))
