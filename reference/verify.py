"""Replays the first epoch of both listings from TensorFlow 1.15.5's initial weights and compares.

    python reference/verify.py [--json]

Prints one line for each listing, or one JSON object for each, and ends with status 1 if a figure is
beyond its limit: the largest relative error of the losses over the first 10, 100 and 550 iterations,
and the mean difference of strip 000's pixels. Rounding grows from step to step, so the limits do too.
"""

import argparse
import contextlib
import io
import json
import os
import sys
import tempfile

REFERENCE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(REFERENCE), 'chapter09'))
import lab  # noqa: E402  first: it keeps TensorFlow quiet
import gan_basic  # noqa: E402
import gan_conditional  # noqa: E402
import matplotlib  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow.compat.v1 as tf  # noqa: E402

import figures  # noqa: E402

LISTINGS = {'basic': gan_basic, 'conditional': gan_conditional}
LIMITS = {10: 1e-6, 100: 1e-3, 550: 5e-2}  # iterations: largest relative error of either loss
PIXELS = 0.01  # mean difference of strip 000's pixels, which are in [0, 1]


def replay(listing):
    """Runs one epoch of a listing; returns its figures as {iterations: error, …, 'pixels': difference}."""
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, 'trace.csv')
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            LISTINGS[listing].main([
                '--epochs', '1', '--seed', '7', '--init', _recorded(listing, 'init.npz'),
                '--trace', trace, '--samples', folder, '--run', os.path.join(folder, 'run')])
        losses = _losses(trace)
        strip = figures.read(os.path.join(folder, '000.png')).digits[-1].reshape(10, 784)
    expected = _losses(_recorded(listing, 'trace.csv'))[:max(LIMITS)]
    errors = np.abs(losses - expected) / np.abs(expected)
    measured = {n: float(errors[:n].max()) for n in LIMITS}
    with np.load(_recorded(listing, 'strips.npz')) as recorded:
        measured['pixels'] = float(np.abs(strip - recorded['samples'][0]).mean())
    return measured


def holds(measured):
    """Whether every figure of `replay` is within its limit (one that is no number is not)."""
    return all(measured[key] <= limit for key, limit in list(LIMITS.items()) + [('pixels', PIXELS)])


def _recorded(listing, ending):
    return os.path.join(REFERENCE, '%s-%s' % (listing, ending))


def _losses(path):
    return np.loadtxt(path, delimiter=',', skiprows=1)[:, 1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--json', action='store_true', help='print the figures as JSON')
    options = parser.parse_args()
    good = True
    for listing in LISTINGS:
        measured = replay(listing)
        good &= holds(measured)
        if options.json:
            print(json.dumps({'listing': listing, 'holds': holds(measured), 'tensorflow': tf.__version__,
                              'numpy': np.__version__, 'matplotlib': matplotlib.__version__,
                              'figures': {str(key): value for key, value in measured.items()}}))
        else:
            print('%s: TensorFlow %s %s TensorFlow 1.15.5: losses within %.1e over 10 iterations, %.1e over '
                  '100, %.1e over 550; strip 000 within %.4f' % (
                      listing, tf.__version__, 'reproduces' if holds(measured) else 'DOES NOT REPRODUCE',
                      measured[10], measured[100], measured[550], measured['pixels']))
    sys.exit(0 if good else 1)


if __name__ == '__main__':
    lab.program(main)
