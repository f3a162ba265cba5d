"""Runs the replay (python chapter09 verify) under every Python found here, each with TensorFlows of its time.

    python reference/matrix.py

Makes a virtual environment for each pair in .matrix/ (about 2 GB each, kept for the next time) and
prints a table; ends with status 1 if a replay ran and did not hold.
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'chapter09'))
from lab import errors, options  # noqa: E402, first: Ctrl-C may come from here on

import contextlib  # noqa: E402
import glob  # noqa: E402
import json  # noqa: E402
import re  # noqa: E402
import shutil  # noqa: E402
import signal  # noqa: E402
import subprocess  # noqa: E402

from tools.environment import Environment, Refused, others_waiting, run  # noqa: E402

# Python, TensorFlow, and what its requirements leave open but it cannot bear.
PAIRS = [
    ('3.7', '1.15.5', ['protobuf<3.21', 'numpy<1.19', 'matplotlib<3.6']),
    ('3.8', '2.4.4', ['protobuf<3.21']),
    ('3.9', '2.11.1', ['numpy<2']),
    ('3.10', '2.15.1', []),
    ('3.10', '2.21.0', []),
    ('3.11', '2.18.1', []),
    ('3.11', '2.21.0', []),
    ('3.12', '2.16.2', []),
    ('3.12', '2.21.0', []),
    ('3.13', '2.21.0', []),
]


def interpreter(version):
    """A Python of that version: from PATH if it starts there, or pyenv's newest; None if there is none."""
    pyenv = os.environ.get('PYENV_ROOT', os.path.expanduser('~/.pyenv'))
    found = glob.glob(os.path.join(glob.escape(pyenv), 'versions', version + '.*', 'bin', 'python'))
    for python in filter(None, [shutil.which('python' + version)] + sorted(found, key=numbers, reverse=True)):
        # A shim of pyenv's can stand on PATH for a version that is not switched on.
        with contextlib.suppress(OSError):
            if not subprocess.run([python, '-V'], capture_output=True).returncode:
                return python
    return None


def numbers(path):
    return [int(number) for number in re.findall(r'\d+', path)]


def environment(python, version, tensorflow, others):
    """The Python of a virtual environment that has that TensorFlow, numpy and matplotlib."""
    folder = os.path.join(ROOT, '.matrix', '%s-%s' % (version, tensorflow))
    made = Environment(folder)
    inside = str(made.python)
    ready = os.path.join(folder, 'ready')

    def is_ready():
        return os.path.exists(ready) and made.has_python()

    if not is_ready():
        with others_waiting():
            if not is_ready():
                if not made.is_ours():
                    raise Refused('%s was not made by the matrix: move it away' % folder)
                made.make(python)
                run([inside, '-m', 'pip', 'install', '-qq', 'tensorflow==' + tensorflow, 'matplotlib', *others],
                    'pip failed')
                open(ready, 'w').close()
    return inside


def row(version, tensorflow, others):
    """The cells of one row, and whether all is well."""
    python = interpreter(version)
    if python is None:
        return [version, tensorflow, 'no such Python here'], True
    try:
        python = environment(python, version, tensorflow, others)
    except (OSError, Refused) as error:
        return [version, tensorflow, 'not installed (%s)' % errors.reason(error)], True
    print('Replaying under Python %s, TensorFlow %s' % (version, tensorflow), file=sys.stderr)
    return replayed(python, [version, tensorflow])


def replayed(python, cells):
    """The cells of a row, those given and what a replay under a Python comes to, and whether all is well."""
    verified = subprocess.Popen([python, os.path.join(ROOT, 'chapter09'), 'verify', '--json'],
                                stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        said, _ = verified.communicate()
    except BaseException:  # Ctrl-C, which the training that it has started is to get as well
        os.killpg(verified.pid, signal.SIGINT)
        verified.wait()
        raise
    listings = [json.loads(line) for line in said.splitlines()]
    if len(listings) != 2:
        return cells + ['failed with status %d' % verified.returncode], False
    cells = cells + [listings[0]['numpy'], listings[0]['matplotlib']]
    for listing in listings:
        cells.append('%s / %s / %s / %s' % tuple(
            '%.1g' % listing['figures'][key] for key in ('10', '100', '550', 'pixels')))
    cells.append('yes' if verified.returncode == 0 else 'NO')
    return cells, verified.returncode == 0


def main():
    options.Parser(description=__doc__).parse_args()
    rows = [row(*pair) for pair in PAIRS]
    print('| Python | TensorFlow | numpy | matplotlib | basic: error over 10 / 100 / 550, strip '
          '| conditional: the same | holds |')
    print('|---|---|---|---|---|---|---|')
    for cells, _ in rows:
        print('| %s |' % ' | '.join(cells))
    sys.exit(0 if all(good for _, good in rows) else 1)


if __name__ == '__main__':
    errors.watch()
    main()
