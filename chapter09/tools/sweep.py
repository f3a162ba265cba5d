"""What several seeds of a listing came to: their figures, with mean and standard deviation, and their epochs."""

import contextlib
import csv
import io
import os

import numpy as np
from matplotlib import image

from lab import files, frames, records, told
from lab.errors import BadInput
from tools import drawing, generator, results, verdicts
from tools.judge import accuracy, of_mnist, variety

FIGURES = ['accuracy', 'frechet', 'nearest', 'variety', 'evenness']  # of the judge's, those in the table
DRAWN = 100  # seeds in sweep.png, at most


def report(runs, failed, folder=None):
    """The lines of the table.

    runs    {seed: the run's folder}
    failed  {seed: why it has no figures}, for those that have none
    folder  where sweep.csv and sweep.png are to have the same, with the last strips; None for nowhere
    """
    judge, rows, lost = of_mnist(), {}, {}
    for seed, run in runs.items():
        try:
            if seed in failed:
                rows[seed] = 'failed: ' + failed[seed]
                continue
            rows[seed], since = _figures(judge, run)
            if since is not None:
                lost[seed] = since
        except BadInput as error:
            rows[seed] = 'not judged: %s' % error
    lines = list(_table(rows, lost))
    if folder:
        table, picture = (_free(os.path.join(folder, name)) for name in ('sweep.csv', 'sweep.png'))
        _write_table(rows, lost, table)
        with files.whole(picture) as part:
            drawing.table(lines[0], [(line, _last_strip(run)) for line, run in zip(lines[1:DRAWN + 1], runs.values())],
                          part)
    return lines


def _free(path):
    """A path, from where what is there, be it an earlier sweep's, moves to a free name, PATH.1, PATH.2, …"""
    if os.path.lexists(path):
        told.say('output moved', path, files.put_by(path))
    return path


def _write_table(rows, lost, path):
    names = _columns(rows)
    with files.whole(path) as part, open(part, 'w', encoding='utf-8', newline='') as file:
        table = csv.writer(file, lineterminator='\n')
        table.writerow(['seed', *names, 'lost since', 'note'])
        for seed, row in rows.items():
            of_row, why = ({}, row) if isinstance(row, str) else (row, '')
            table.writerow([seed, *('%.6g' % of_row[name] if name in of_row else '' for name in names),
                            lost.get(seed, ''), why])


def _last_strip(run):
    """The last strip of a run, as an image; None if it has none that can be read."""
    for _, path in sorted(records.strips(os.path.join(run, records.SAMPLES)).items(), reverse=True):
        with contextlib.suppress(OSError, ValueError, SyntaxError):
            return image.imread(io.BytesIO(files.read(path, records.LARGEST_STRIP)), format='png')
    return None


def _columns(rows):
    """The names of the figures, which are the same of all that have some."""
    return list(next((row for row in rows.values() if not isinstance(row, str)), {}))


def write_epochs(runs, path):
    """Writes all epochs of runs, {seed: folder}, as a CSV; a run that has none is left out.

    Losses, D_mean, and of the film's twenty digits how much they differ (`judge.variety`) and, where they were
    asked for, the share that the judge reads rightly; empty of other digits than MNIST's.
    """
    judge = of_mnist()
    with files.whole(path) as part, open(part, 'w', encoding='utf-8', newline='') as file:
        table = csv.writer(file, lineterminator='\n')
        table.writerow(['TensorFlow', 'seed', 'epoch', 'D loss', 'G loss', 'D_real', 'D_gene', 'variety', 'accuracy'])
        for seed, run in runs.items():
            with contextlib.suppress(BadInput):
                trained, record = generator.of_run(run)
                is_readable = trained.labelled and record['data'] == judge.data()
                film = {frame['epoch']: frame for frame in frames.read(run)}
                for epoch, *losses, _ in records.losses(run):
                    if epoch not in film:
                        continue
                    frame = film[epoch]
                    digits = frame['digits'].reshape(frames.DIGITS, -1) / np.float32(255)
                    numbers = [*losses, frame['D_real'], frame['D_gene'], variety(digits)]
                    table.writerow([record['versions'].get('TensorFlow', '?'), seed, epoch,
                                    *('%.3g' % number for number in numbers),
                                    '%g' % accuracy(judge.read(digits)[0], frames.LABELS) if is_readable else ''])


def _figures(judge, run):
    """The last losses of a run, and the judge's figures of fresh images, {column: number}; since when it is lost."""
    found = dict(zip(['D loss', 'G loss'], records.losses(run)[-1][1:3]))
    trained, record = generator.of_run(run)
    if record['data'] == judge.data():  # it can read no other digits
        measured = judge.measure(*trained.fresh(results.FRESH))
        found.update({name: measured[name] for name in FIGURES if name in measured})
    return found, record.get('lost')


def _table(rows, lost):
    """Lines of {seed: {column: number}, or why it has none}; then of mean and standard deviation.

    lost  {seed: since which epoch}, of those that do not count for the two
    """
    whole = {seed: row for seed, row in rows.items() if not isinstance(row, str)}
    names = _columns(rows)
    formats = {name: verdicts.FIGURES.get(name, (0, '%.3g'))[1] for name in names}

    def line(title, row):
        return '%-10s' % title + ''.join('%10s' % (formats[name] % row[name]) for name in names)

    yield 'seed      ' + ''.join('%10s' % name for name in names)
    for seed, row in rows.items():
        marked = '  lost since epoch %d' % lost[seed] if seed in lost else ''
        yield '%-10s  %s' % (seed, row) if isinstance(row, str) else line(seed, row) + marked
    learnt = [row for seed, row in whole.items() if seed not in lost]
    if len(learnt) > 1:
        columns = {name: [row[name] for row in learnt] for name in names}
        yield line('mean of %d' % len(learnt), {name: np.mean(values) for name, values in columns.items()})
        yield line('deviation', {name: np.std(values, ddof=1) for name, values in columns.items()})
