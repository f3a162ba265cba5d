"""What several seeds of a listing came to: their figures, with mean and standard deviation."""

import numpy as np

from lab import records
from lab.errors import BadInput
from tools import generator, results, verdicts
from tools.judge import of_mnist

FIGURES = ['accuracy', 'frechet', 'nearest', 'variety', 'evenness']  # of the judge's, those in the table


def report(runs, failed):
    """The lines of the table.

    runs    {seed: the run's folder}
    failed  {seed: why it has no figures}, for those that have none
    """
    judge, rows = of_mnist(), {}
    for seed, run in runs.items():
        try:
            rows[seed] = 'failed: ' + failed[seed] if seed in failed else _figures(judge, run)
        except BadInput as error:
            rows[seed] = 'not judged: %s' % error
    return _table(rows)


def _figures(judge, run):
    """The last losses of a run, and the judge's figures of fresh images: {column: number}."""
    found = dict(zip(['D loss', 'G loss'], records.losses(run)[-1][1:3]))
    trained, record = generator.of_run(run)
    if record['data'] == judge.data():  # it can read no other digits
        measured = judge.measure(*trained.fresh(results.FRESH))
        found.update({name: measured[name] for name in FIGURES if name in measured})
    return found


def _table(rows):
    """Lines of {seed: {column: number}, or why it has none}; then of mean and standard deviation."""
    whole = {seed: row for seed, row in rows.items() if not isinstance(row, str)}
    names = list(next(iter(whole.values()), {}))
    formats = {name: verdicts.FIGURES.get(name, (0, '%.3g'))[1] for name in names}

    def line(title, row):
        return '%-10s' % title + ''.join('%10s' % (formats[name] % row[name]) for name in names)

    yield 'seed      ' + ''.join('%10s' % name for name in names)
    for seed, row in rows.items():
        yield '%-10s  %s' % (seed, row) if isinstance(row, str) else line(seed, row)
    if len(whole) > 1:
        columns = {name: [row[name] for row in whole.values()] for name in names}
        yield line('mean of %d' % len(whole), {name: np.mean(values) for name, values in columns.items()})
        yield line('deviation', {name: np.std(values, ddof=1) for name, values in columns.items()})
