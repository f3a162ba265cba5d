"""The numbers and pictures of docs/lost.md, from the epochs that are recorded in docs/lost/.

    python bench/lost.py               # prints the tables, draws docs/lost.png and docs/lost-gradients.png
    python bench/lost.py --listings    # writes §9.2 as it was edited for some of them, chapter09/lost_NAME.py

docs/lost.md has the commands by which they were recorded.
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'chapter09'))
from lab import errors, files, listings, lost, options  # noqa: E402, first: Ctrl-C may come from here on

import collections  # noqa: E402
import csv  # noqa: E402
import itertools  # noqa: E402
import math  # noqa: E402

import numpy as np  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

DOCS = os.path.join(ROOT, 'docs')
VERSIONS = '1.15.5', '2.21.0'
SETS = '1.15.5', '1.15.5-100', '2.21.0', '2.21.0-100', 'weights', 'rounding'
HELPS, HELPED = ('rate', 'smooth', 'wide'), range(101, 121)  # what was tried, on which seeds
ASTRAY_SEED, LEARNING_SEED = 117, 101  # whose gradients were recorded, with TensorFlow 2.21.0
ASTRAY = {'color': '#a02020', 'linewidth': 1.4, 'linestyle': '--'}
LEARNS = {'color': '#777777', 'linewidth': 0.7}

# §9.2 edited, {name: [(its text, what stands there instead)]}.
EDITS = {
    'smooth': [('logits=D_real, labels=tf.ones_like(D_real)', 'logits=D_real, labels=0.9 * tf.ones_like(D_real)')],
    'wide': [('np.random.uniform(-1., 1.,', 'np.random.uniform(-3., 3.,')],
    'cut': [('activation=tf.nn.sigmoid', 'activation=cut'), ('# %% 9.2-2 ', '''def cut(x):
    return tf.where(x < -17.9, tf.zeros_like(x), tf.nn.sigmoid(x))  # as TensorFlow 1.15's is


# %% 9.2-2 ''')],
    'tail': [('activation=tf.nn.sigmoid', 'activation=tail'), ('# %% 9.2-2 ', '''def tail(x):
    e = tf.exp(tf.minimum(x, 30.))
    return e / (1 + e)  # as TensorFlow 2's is


# %% 9.2-2 ''')],
    'weights': [('n_class = 10', 'seed = 7\nn_class = 10'), ('total_batch = int(', '''np.savez(
    'weights-%d.npz' % seed, **dict(zip([v.op.name for v in vars_D + vars_G], sess.run(vars_D + vars_G))))

total_batch = int(''')],
    # What reaches the generator, at each epoch's end: of 500 test digits and noise that is always the same.
    'gradients': [('n_class = 10', 'seed = 7\nn_class = 10'), ('# %% 9.2-9 ', '''probe = {
    X: mnist.test.images[:500], Y: mnist.test.labels[:500],
    Z: np.random.RandomState(0).uniform(-1., 1., size=[500, n_noise])}
of_pixels, of_sums = tf.gradients(loss_G, [G, G.op.inputs[0]])
seen = [loss_G, tf.global_norm(tf.gradients(loss_G, vars_G)), tf.reduce_mean(tf.norm(500 * of_pixels, axis=1)),
        tf.reduce_mean(tf.norm(500 * of_sums, axis=1)), tf.reduce_mean(tf.to_float(G * (1 - G) < 0.01))]
table = open('docs/lost/gradients-%d.csv' % seed, 'w')
print('epoch,loss_G,weights,pixels,sums,saturated', file=table)

# %% 9.2-9 '''), ('    # 9.2-10 ', '''    values = ['%.4g' % value for value in sess.run(seen, probe)]
    print(epoch, *values, sep=',', file=table, flush=True)

    # 9.2-10 ''')]}


def write_listings():
    """Writes §9.2 as each of EDITS has it, chapter09/lost_NAME.py."""
    page = listings.read(os.path.join(listings.CHAPTER09, listings.CHAPTER['conditional'].file))
    for name, edits in EDITS.items():
        text = page
        for old, new in edits:
            if text.count(old) != 1:
                raise errors.BadInput('%s has been edited: %r is to stand in it once'
                                      % (listings.CHAPTER['conditional'].file, old))
            text = text.replace(old, new)
        path = os.path.join(listings.CHAPTER09, 'lost_%s.py' % name)
        if os.path.lexists(path):
            errors.say('what was in %s is now in %s' % (path, files.put_by(path)))
        files.write(path, text)


def read(name):
    """The runs of a file in docs/lost/: {seed: {'D_gene' and 'accuracy': array of each epoch}}."""
    runs = collections.defaultdict(lambda: {'D_gene': [], 'accuracy': []})
    path = os.path.join(DOCS, 'lost', name + '.csv')
    try:
        with open(path, newline='') as file:
            for row in csv.DictReader(file):
                for column, values in runs[int(row['seed'])].items():
                    values.append(float(row[column]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise errors.BadInput('%s cannot be read (%s): fetch the project anew' % (path, errors.reason(error))) from None
    return {seed: {column: np.array(values) for column, values in run.items()} for seed, run in runs.items()}


def draws_digits(run):
    """Whether a run draws the digits that are asked for: half of the film's, over its last five epochs."""
    return run['accuracy'][-5:].mean() >= 0.5


def astray(runs):
    """The seeds of the runs that draw no digits in the end."""
    return [seed for seed, run in runs.items() if not draws_digits(run)]


def interval(k, n, level=0.95):
    """The exact interval of a share of which k of n were seen (Clopper and Pearson, Biometrika 26, 1934)."""
    def at_least(p):
        return sum(math.comb(n, i) * p ** i * (1 - p) ** (n - i) for i in range(k, n + 1))

    def at_most(p):
        return sum(math.comb(n, i) * p ** i * (1 - p) ** (n - i) for i in range(k + 1))

    tail = (1 - level) / 2
    return (_where(lambda p: at_least(p) > tail) if k else 0., _where(lambda p: at_most(p) < tail) if k < n else 1.)


def _where(holds):
    """The least p in [0, 1] for which a condition holds that holds for all above."""
    low, high = 0., 1.
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def fisher(a, n, b, m):
    """The two-sided p of a of n and b of m being of one share (Fisher's exact test)."""
    ways = [math.comb(n, i) * math.comb(m, a + b - i) if 0 <= a + b - i <= m else 0 for i in range(min(n, a + b) + 1)]
    return sum(way for way in ways if way <= ways[a]) / sum(ways)


def told(runs):
    """{seed: epoch} of the runs that the rule calls lost, and when."""
    found = {seed: lost.since(run['D_gene']) for seed, run in runs.items()}
    return {seed: epoch for seed, epoch in found.items() if epoch is not None}


def stretch(run):
    """The most epochs in a row of a run that the rule's limit holds for."""
    return max((len(list(group)) for low, group in itertools.groupby(run['D_gene'] < lost.D_GENE) if low), default=0)


def share(k, n):
    return '%d / %d, %.0f %% (%.0f–%.0f %%)' % (k, n, 100 * k / n, *(100 * end for end in interval(k, n)))


def rows():
    """The rows of docs/lost.md's first table, in Markdown."""
    for version in VERSIONS:
        runs = read(version)
        none = astray(runs)
        yield '| %s | %s | %s |' % (version, share(len(none), len(runs)), ', '.join(map(str, none)))


def helped():
    """The numbers of docs/lost.md's second table: {name: (seeds that are lost, of how many, digits of the others)}.

    Of the first thirteen epochs; digits: the share of the film's that are read as asked in the last five of them.
    """
    found = {}
    for name in (VERSIONS[1], *HELPS):
        runs = {seed: {column: values[:13] for column, values in run.items()}
                for seed, run in read(name).items() if seed in HELPED}
        called = told(runs)
        found[name] = list(called), len(runs), np.mean(
            [run['accuracy'][-5:].mean() for seed, run in runs.items() if seed not in called])
    return found


def tables():
    """What docs/lost.md says of the runs, as lines of Markdown."""
    yield from rows()
    yield ''
    for name, (lost_seeds, n, digits) in helped().items():
        yield '| %s | %s | %.2f |' % (name, share(len(lost_seeds), n), digits)
    yield ''
    sets = {name: read(name) for name in SETS}
    yield '| runs | epochs | draw no digits in the end | called lost, at epoch | of them drew none | not called |'
    yield '|---|---|---|---|---|---|'
    for name, runs in sets.items():
        none, called = astray(runs), told(runs)
        yield '| %s | %d | %s: %s | %s | %d of %d | %s |' % (
            name, len(next(iter(runs.values()))['D_gene']), share(len(none), len(runs)),
            ', '.join(map(str, none)) or '-', ', '.join('%d (%d)' % item for item in called.items()) or '-',
            len(set(none) & set(called)), len(called), ', '.join(map(str, sorted(set(none) - set(called)))) or '-')
    yield ''
    counts = [(len(astray(sets[name])), len(sets[name])) for name in VERSIONS]
    yield "Fisher's p of the two versions: %.2f" % fisher(*counts[0], *counts[1])
    yield 'the longest stretch below %g of a run that draws digits: %d epochs' % (lost.D_GENE, max(
        stretch(run) for name in VERSIONS for run in sets[name].values() if draws_digits(run)))


def draw_runs():
    """docs/lost.png: D_gene of each run by epoch."""
    fig = Figure(figsize=(9, 3.6))
    for axes, version in zip(fig.subplots(1, 2, sharey=True), VERSIONS):
        for run in sorted(read(version).values(), key=draws_digits, reverse=True):
            axes.semilogy(run['D_gene'], **(LEARNS if draws_digits(run) else ASTRAY))
        axes.axhline(lost.D_GENE, color='black', linewidth=0.7, linestyle=':')
        axes.set(title='TensorFlow ' + version, ylim=(1e-10, 1))
    fig.axes[0].set_ylabel('D_gene')
    _save(fig, 'lost.png')


def draw_gradients():
    """docs/lost-gradients.png: what reaches the generator of a run that learns and of one that does not."""
    fig = Figure(figsize=(9, 3.6))
    panels = list(zip(fig.subplots(1, 4), [('loss_G', 'loss_G'), ('pixels', "its gradient at G's pixels"),
                                           ('sums', "before G's sigmoid"), ('saturated', 'pixels at 0 or 1')]))
    for seed, style in (ASTRAY_SEED, ASTRAY), (LEARNING_SEED, LEARNS):
        table = np.genfromtxt(os.path.join(DOCS, 'lost', 'gradients-%d.csv' % seed), delimiter=',', names=True)
        for axes, (column, title) in panels:
            axes.plot(table['epoch'], table[column], label='seed %d' % seed, **dict(style, linewidth=1.6))
            axes.set_title(title, fontsize=10)
    panels[2][0].set_yscale('log')
    panels[0][0].legend(loc='upper left')
    _save(fig, 'lost-gradients.png')


def _save(fig, name):
    for axes in fig.axes:
        axes.set_xlabel('epoch')
        axes.grid(alpha=0.3)
    fig.tight_layout()
    with files.whole(os.path.join(DOCS, name)) as part:
        fig.savefig(part, format='png', dpi=100, metadata={'Software': None})


def main():
    parser = options.Parser(prog='bench/lost.py', description=__doc__)
    parser.add_argument('--listings', action='store_true', help='write the edited listings, and nothing else')
    if parser.parse_args().listings:
        write_listings()
        return
    print(*tables(), sep='\n')
    draw_runs()
    draw_gradients()


if __name__ == '__main__':
    errors.watch()
    main()
