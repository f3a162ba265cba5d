"""How fast and how light are the listings? As ratios to others that run in turn with them.

Each round, every contestant (contestants.py) runs an epoch's iterations, a fifth of them at a time, one
contestant after the other; a ratio is taken within a round. PyTorch and JAX take part where they can be
imported, TensorFlow 1.15 where --tf115 names a Python that has it. Prints a table for each listing, with the quartiles
over the rounds, and writes all that was measured as JSON. Let nothing else run meanwhile. For Linux and
macOS, which tell how much memory a process took.
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'chapter09'))
from lab import errors, files, languages, machine, options, outputs  # noqa: E402, first: Ctrl-C may come from here on

import argparse  # noqa: E402
import collections  # noqa: E402
import contextlib  # noqa: E402
import importlib.util  # noqa: E402
import json  # noqa: E402
import platform  # noqa: E402
import statistics  # noqa: E402
import subprocess  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402

from tools import environment  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
LISTINGS = {'basic': '§9.1, gan_basic.py', 'conditional': '§9.2, gan_conditional.py'}
BATCH_SIZE, N_HIDDEN, EXAMPLES = 100, 256, 55000
SLICES = 5  # of a round
PAUSE = 0.15  # seconds before each: threads of numpy's and PyTorch's go on spinning for a while
# At most so much of the others' time, of a bare import's, of a new run's, and so many MB (2 ** 20 bytes).
TARGETS = {'TensorFlow 1.15': 0.75, 'PyTorch': 1.0, 'JAX': 1.0, 'products': 1.75, 'start': 1.5, 'late': 1.05,
           'memory': 700}
SIZES = ([(batch_size, N_HIDDEN) for batch_size in (50, 100, 200, 400, 800)] +
         [(BATCH_SIZE, n_hidden) for n_hidden in (128, 512, 1024, 2048)])
IMPORT = 'import sys, tensorflow.compat.v1; print("ready", flush=True); sys.stdin.read()'


TensorFlow = collections.namedtuple('TensorFlow', ['python', 'version'])


class Process:
    """A process that says `ready`, and then answers numbers of iterations with seconds."""

    def __init__(self, *command):
        began = time.perf_counter()
        self._complaints = tempfile.TemporaryFile()
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=self._complaints, text=True)
        self._answer()
        self.seconds = time.perf_counter() - began  # from its start until it was ready

    def run(self, iterations):
        with contextlib.suppress(BrokenPipeError):  # it has been killed, which the answer tells
            self._process.stdin.write('%d\n' % iterations)
            self._process.stdin.flush()
        return float(self._answer())

    def end(self):
        """Ends the process; returns the most memory that it had, in MB."""
        self._process.stdin.close()
        usage = os.wait4(self._process.pid, 0)[2]
        self._process.returncode = 0
        self._process.stdout.close()
        self._complaints.close()
        return usage.ru_maxrss / (2 ** 20 if sys.platform == 'darwin' else 2 ** 10)

    def _answer(self):
        answer = self._process.stdout.readline()
        if not answer:
            self._complaints.seek(0)
            sys.exit('%s ended before it had answered:\n%s' % (
                ' '.join(self._process.args), self._complaints.read().decode(errors='replace')))
        return answer


def contestant(name, listing, batch_size=BATCH_SIZE, n_hidden=N_HIDDEN, python=sys.executable):
    return Process(python, os.path.join(HERE, 'contestants.py'), name, listing,
                   str(batch_size), str(n_hidden))


def alternate(contestants, rounds, iterations):
    """{name: seconds of each round}, and a round before them to warm up."""
    seconds = {name: [0.0] * (rounds + 1) for name in contestants}
    names = list(contestants)
    for n in range(rounds + 1):
        for part in range(SLICES):
            some = iterations * (part + 1) // SLICES - iterations * part // SLICES
            for name in names:
                time.sleep(PAUSE)
                seconds[name][n] += contestants[name].run(some)
            names.append(names.pop(0))  # none comes always after the same
    return {name: values[1:] for name, values in seconds.items()}


def ratios(measured, name, base):
    return [a / b for a, b in zip(measured[name], measured[base])]


def quartiles(values):
    """The lower quartile, the median and the upper quartile."""
    return statistics.quantiles(values, n=4, method='inclusive') if len(values) > 1 else 3 * values


def verdict(values, target):
    """Whether the median is within the target, and whether the spread lets one tell."""
    low, median, high = quartiles(values)
    if low <= target < high:
        return '≤ %g: too noisy to tell' % target
    return '≤ %g: %s' % (target, 'holds' if median <= target else 'missed')


def speed(listing, rounds, iterations, tf115):
    """Runs the contestants of a listing in turn: {name: seconds of each round}, {name: MB}."""
    contestants = {'this listing': contestant('listing', listing), 'bare loop': contestant('bare', listing)}
    if tf115:
        contestants['TensorFlow 1.15'] = contestant('bare', listing, python=tf115.python)
    if importlib.util.find_spec('torch'):
        contestants['PyTorch'] = contestant('torch', listing)
    if importlib.util.find_spec('jax'):
        contestants['JAX'] = contestant('jax', listing)
    contestants['products'] = contestant('products', listing)
    measured = alternate(contestants, rounds, iterations)
    return measured, {name: process.end() for name, process in contestants.items()}


def start(listing, rounds):
    """{name: seconds until the first iteration is done, or TensorFlow imported}, in turn."""
    seconds = {'this listing': [], 'import': []}
    for _ in range(rounds + 1):  # the first is for the system's file cache
        for name, process in (('this listing', contestant('listing', listing)),
                              ('import', Process(sys.executable, '-c', IMPORT))):
            seconds[name].append(process.seconds)
            process.end()
    return {name: values[1:] for name, values in seconds.items()}


def late(listing, rounds, iterations):
    """A run past its 98th epoch, and a new one, in turn: {name: seconds of each round}, {name: MB}."""
    contestants = {'late': contestant('listing', listing), 'early': contestant('listing', listing)}
    for _ in range(98):
        contestants['late'].run(EXAMPLES // BATCH_SIZE)
    return alternate(contestants, rounds, iterations), {
        name: process.end() for name, process in contestants.items()}


def sizes(listing, rounds):
    """[batch size, hidden size, {name: seconds of each round}, iterations] for all SIZES."""
    table = []
    for batch_size, n_hidden in SIZES:
        contestants = {'this listing': contestant('listing', listing, batch_size, n_hidden),
                       'products': contestant('products', listing, batch_size, n_hidden)}
        iterations = max(SLICES, 200 * BATCH_SIZE * N_HIDDEN // (batch_size * n_hidden))
        table.append([batch_size, n_hidden, alternate(contestants, rounds, iterations), iterations])
        for process in contestants.values():
            process.end()
    return table


def table(listing, found):
    """What was measured of a listing, as lines."""
    def row(title, unit, values, ratio=None, target=None):
        cells = '%-22s%9s  %-14s' % (title, unit % quartiles(values)[1],
                                     '–'.join(unit % values for values in quartiles(values)[::2]))
        if ratio:
            cells += '%6.2f  %-12s' % (quartiles(ratio)[1], '%.2f–%.2f' % tuple(quartiles(ratio)[::2]))
        return (cells + (verdict(ratio or values, target) if target else '')).rstrip()

    measured, n = found['seconds'], found['iterations']
    yield '%s: %s of %s' % (LISTINGS[listing], languages.counted(len(measured['this listing']), 'round'),
                            languages.counted(n, 'iteration'))
    yield '%-22s%9s  %-14s%6s' % ('', 'median', 'quartiles', 'the listing takes of it')
    for name in measured:
        milliseconds = [1000 * seconds / n for seconds in measured[name]]
        yield row(name + ', ms', '%.2f', milliseconds, name != 'this listing' and ratios(
            measured, 'this listing', name), TARGETS.get(name))
    yield row('import, s', '%.2f', found['start']['import'])
    yield row('start to a step, s', '%.2f', found['start']['this listing'], ratios(
        found['start'], 'this listing', 'import'), TARGETS['start'])
    peak = max(found['memory'][name] for name in ('this listing', 'late') if name in found['memory'])
    yield '%-22s%9.0f%38s' % ('peak memory, MB', peak, '') + verdict([peak], TARGETS['memory'])
    if 'late' in found:
        yield row('past epoch 98, ms', '%.2f', [1000 * seconds / n for seconds in found['late']['late']])
        yield row('a new run, ms', '%.2f', [1000 * seconds / n for seconds in found['late']['early']])
        yield row('  late of new', '%.3f', ratios(found['late'], 'late', 'early'), target=TARGETS['late'])
    for batch_size, n_hidden, seconds, iterations in found.get('sizes', []):
        yield row('batch %d, hidden %d, ms' % (batch_size, n_hidden), '%.2f', [
            1000 * value / iterations for value in seconds['this listing']], ratios(
            seconds, 'this listing', 'products'))
    yield ''


def draw(results, path):
    """Draws how the cost grows with the sizes, on top, and what it is of the products alone, below."""
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt
    fig, axes = plt.subplots(2, 2, figsize=(9, 6), sharex='col', sharey='row', constrained_layout=True)
    for column, title in enumerate(['batch size (hidden size 256)', 'hidden size (batch size 100)']):
        fixed = (N_HIDDEN, BATCH_SIZE)[column]
        for listing, marker in ('basic', 'o'), ('conditional', 's'):
            rows = sorted((row for row in results[listing]['sizes'] if row[1 - column] == fixed),
                          key=lambda row: row[:2])
            x = [row[column] for row in rows]
            for name, line in ('this listing', '-'), ('products', '--'):
                axes[0, column].plot(x, [1000 * statistics.median(row[2][name]) / row[3] for row in rows],
                                     line, marker=marker, label='%s: %s' % (listing, name))
            axes[1, column].plot(x, [statistics.median(ratios(row[2], 'this listing', 'products'))
                                     for row in rows], marker=marker, label=listing)
        axes[0, column].set(xscale='log', yscale='log')
        axes[1, column].set_xlabel(title)
        axes[1, column].set_xticks(x, x)
        axes[1, column].minorticks_off()
        axes[1, column].axhline(TARGETS['products'], color='grey', linewidth=1)
    axes[0, 0].set_ylabel('ms per iteration')
    axes[1, 0].set_ylabel('listing / products')
    axes[1, 0].set_ylim(bottom=0)
    axes[0, 0].legend(fontsize='small')
    axes[1, 0].legend(fontsize='small')
    with files.whole(path) as part:
        fig.savefig(part, format='png', dpi=100)


def versions(tf115):
    found = {name: environment.version(name) for name in ('tensorflow', 'numpy')}
    for name in 'torch', 'jax':
        if importlib.util.find_spec(name):
            found[name] = environment.version(name)
    if tf115:
        found['TensorFlow 1.15'] = tf115.version
    return dict(found, Python=platform.python_version())


def main(argv=None):
    parser = options.Parser(description=__doc__)
    parser.add_argument('--rounds', metavar='N', type=options.whole(1, 1000), default=7,
                        help='rounds to be measured (default: 7)')
    parser.add_argument('--iterations', metavar='N', type=options.whole(SLICES, 10 ** 6),
                        default=EXAMPLES // BATCH_SIZE, help='of a round (default: an epoch, 550)')
    parser.add_argument('--tf115', metavar='PYTHON', type=python_with_tf115,
                        help='a Python 3.7 that has TensorFlow 1.15')
    parser.add_argument('--late', action='store_true',
                        help='also: does the hundredth epoch cost as much as the second?')
    parser.add_argument('--sizes', metavar='FILE.png', type=options.file,
                        help='also: other batch and hidden sizes, drawn in FILE.png')
    parser.add_argument('--out', metavar='FILE.json', type=options.file, default='bench.json',
                        help='what was measured (default: bench.json)')
    given = parser.parse_args(argv)
    if importlib.util.find_spec('tensorflow') is None:  # rather than by each contestant
        raise ModuleNotFoundError(name='tensorflow')
    for option, path, ending in ('--out', given.out, '.json'), ('--sizes', given.sizes, '.png'):
        if path:
            outputs.refuse(option, path, ending)
    if given.out == given.sizes:
        parser.error('--out and --sizes are both %s: name another for one of them' % given.out)
    results = {}
    for listing in LISTINGS:
        found = results[listing] = {'iterations': given.iterations}
        found['seconds'], found['memory'] = speed(listing, given.rounds, given.iterations, given.tf115)
        found['start'] = start(listing, given.rounds)
        if given.late:
            found['late'], memory = late(listing, given.rounds, given.iterations)
            found['memory']['late'] = memory['late']
        if given.sizes:
            found['sizes'] = sizes(listing, given.rounds)
        print(*table(listing, found), sep='\n', flush=True)
        with files.whole(given.out) as part, open(part, 'w') as file:
            json.dump({'versions': versions(given.tf115), 'platform': platform.platform(),
                       'processor': machine.processor(), 'cores': machine.cores(),
                       'time': time.strftime('%Y-%m-%dT%H:%M:%S%z'), 'listings': results}, file, indent=1)
    if given.sizes:
        draw(results, given.sizes)


def python_with_tf115(python):
    command = [python, '-c', 'import matplotlib, tensorflow; print(tensorflow.__version__)']
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        raise argparse.ArgumentTypeError(
            '%r is no Python that has TensorFlow and matplotlib' % python) from None
    if not found.startswith('1.15.'):
        raise argparse.ArgumentTypeError('%s has TensorFlow %.30s, not 1.15' % (python, found or 'in no version'))
    return TensorFlow(python, found)


if __name__ == '__main__':
    errors.prepare_streams()
    main()
