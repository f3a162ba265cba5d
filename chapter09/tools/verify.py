"""Replays the first epoch of both listings from TensorFlow 1.15.5's initial weights and compares.

Prints one line for each listing, or one JSON object for each, and ends with status 1 if a figure is
beyond its limit: the largest relative error of the losses over the first 10, 100 and 550 iterations,
and the mean difference of strip 000's pixels. Rounding grows from step to step, so the limits do too.
"""

import json
import os
import subprocess
import sys
import tempfile
import warnings

import numpy as np

from lab import checkpoints, listings, records
from lab.errors import BadInput, reason
from tools import jobs, reading

REFERENCE = os.path.join(listings.ROOT, 'reference')
LIMITS = {10: 1e-6, 100: 1e-3, 550: 5e-2}  # iterations: largest relative error of either loss
PIXELS = 0.01  # mean difference of strip 000's pixels, which are in [0, 1]


def replay(path, reference):
    """Runs one epoch of a listing; returns its figures as {iterations: error, …, 'pixels': difference}.

    path       of the listing
    reference  folder of what TensorFlow 1.15.5 gave for it
    """
    expected, images = _recorded(reference)
    with tempfile.TemporaryDirectory() as folder:
        trace, run = os.path.join(folder, 'trace.csv'), os.path.join(folder, 'run')
        command = [sys.executable, path, '--epochs', '1', '--seed', '7', '--trace', trace, '--run', run,
                   '--samples', os.path.join(run, records.SAMPLES), '--init', os.path.join(reference, 'init.npz')]
        ended = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=jobs.of_listings())
        if ended.returncode:
            last = ended.stderr.decode('utf-8', 'replace').strip().split('\n')[-1]
            raise BadInput('%s ended with status %d: %s' % (path, ended.returncode, last))
        losses, record = _losses(trace), records.read(run)
        strip = reading.read(os.path.join(run, records.SAMPLES, '000.png')).digits[-1].reshape(10, 784)
    if losses.shape != expected.shape:
        raise BadInput('%s had %d iterations in its epoch, not %d' % (path, len(losses), len(expected)))
    errors = np.abs(losses - expected) / np.abs(expected)
    measured = {n: float(errors[:n].max()) for n in LIMITS}
    measured['pixels'] = float(np.abs(strip - images).mean())
    return measured, record['versions']


def holds(measured):
    """Whether every figure of `replay` is within its limit (one that is no number is not)."""
    return all(measured[key] <= limit for key, limit in list(LIMITS.items()) + [('pixels', PIXELS)])


def _losses(path):
    with warnings.catch_warnings():
        warnings.simplefilter('error')  # numpy only warns of a file without rows
        return np.loadtxt(path, delimiter=',', skiprows=1, ndmin=2)[:, 1:]


def _recorded(folder):
    """The losses of `max(LIMITS)` iterations, [n, 2], and the first strip's images, [10, 784], of a reference."""
    try:
        losses = _losses(os.path.join(folder, 'trace.csv'))[:max(LIMITS)]
        images = checkpoints.read_arrays(os.path.join(folder, 'strips.npz'))['samples'][0]
        if losses.shape != (max(LIMITS), 2) or images.shape != (10, 784):
            raise ValueError('it has other shapes')
        return losses, images
    except (OSError, ValueError, LookupError, UserWarning) as error:
        raise BadInput('%s is damaged (%s): fetch the project anew' % (folder, reason(error))) from None


def main(chosen):
    """Verifies as `tools.commands.verify` has parsed it; returns the status."""
    good = True
    for listing in listings.CHAPTER.values():
        measured, versions = replay(os.path.join(listings.CHAPTER09, listing.file),
                                    os.path.join(REFERENCE, listing.name))
        good &= holds(measured)
        if chosen.json:
            print(json.dumps({'listing': listing.name, 'holds': holds(measured),
                              'tensorflow': versions['TensorFlow'], 'numpy': versions['numpy'],
                              'matplotlib': versions['matplotlib'],
                              'figures': {str(key): value for key, value in measured.items()}}))
        else:
            print('%s: TensorFlow %s %s TensorFlow 1.15.5: losses within %.1e over 10 iterations, %.1e over '
                  '100, %.1e over 550; strip 000 within %.4f' % (
                      listing.name, versions['TensorFlow'], 'reproduces' if holds(measured) else 'DOES NOT REPRODUCE',
                      measured[10], measured[100], measured[550], measured['pixels']))
    return 0 if good else 1
