"""What a run needs and the page leaves out: a listing says `import lab` and `run = lab.Run(globals())`, no more.

To import it costs next to nothing. What it does to the program: from here on TensorFlow is quiet while it is
imported, wherever that is (`lab.quiet`), and bad input ends the program with one line (`lab.errors`). A file that
hides one of Python's modules ends it at once, and where there is no prompt MPLBACKEND is dropped.
"""

import os
import sys


def _end_at_ctrl_c(kind, error, traceback):
    """Stands in for lab.errors while that is being imported, which is when Ctrl-C may come too."""
    if issubclass(kind, KeyboardInterrupt):
        raise SystemExit(130)
    sys.__excepthook__(kind, error, traceback)


if sys.excepthook is sys.__excepthook__ and 'IPython' not in sys.modules:
    sys.excepthook = _end_at_ctrl_c


def _refuse_what_hides_others():
    """Ends the program if what lies beside the listings has the name of a module that Python or TensorFlow needs."""
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    needed = {'tensorflow', 'numpy', 'matplotlib', 'keras', 'PIL', *getattr(sys, 'stdlib_module_names', ())}
    for name in sorted(os.listdir(folder)):
        module = name[:-3] if name.endswith('.py') else name
        if module in needed and (module != name or os.path.isfile(os.path.join(folder, name, '__init__.py'))):
            print('error: %s hides the module %s, which others need: give it another name'
                  % (os.path.join(folder, name), module), file=sys.stderr)
            sys.exit(2)


_refuse_what_hides_others()  # before anything else is imported, which might be it

from lab import errors  # noqa: E402

errors.watch()  # before what takes longer: Ctrl-C may come at any time


def _drop_the_backend():
    """A program shows no window, so MPLBACKEND does not matter, which may name what matplotlib does not have."""
    if not errors.at_a_prompt():
        os.environ.pop('MPLBACKEND', None)


_drop_the_backend()

from lab import quiet  # noqa: E402

quiet.watch()


def __getattr__(name):  # so that what needs no TensorFlow does not wait for it
    if name == 'Run':
        from lab.run import Run
        return Run
    raise AttributeError('module %r has no attribute %r' % (__name__, name))
