"""What a run needs and the chapter leaves out: options, the seed, its folder, progress, going on.

Import it before TensorFlow, which it keeps from chattering on stderr. Set TF_CPP_MIN_LOG_LEVEL (to 0,
say) to hear everything TensorFlow has to say.
"""

import contextlib
import datetime
import hashlib
import itertools
import json
import math
import os
import platform
import random
import re
import signal
import sys
import tempfile
import threading
import time

import matplotlib
import numpy as np

import files
import options
from errors import BadInput, Stopped

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FORMAT = 1  # of the run folder; to be raised when an older version could no longer read it
CHAPTER = ['batch_size', 'learning_rate', 'n_hidden', 'n_noise']  # the chapter's settings
STRIP = re.compile(r'\d{3,}\.png')
TRACE = 'iteration,D loss,G loss\n'
OWNER = 'run.txt'  # in a folder of strips: names the folder of the run that draws there
RUN = ['run.json', 'losses.csv', 'checkpoints']


@contextlib.contextmanager
def _stderr_held_back():
    """Keeps what is written to stderr, even by C++, from showing, unless the block fails.

    TensorFlow logs while it is imported, before it has read any log level.
    """
    try:
        stderr = os.dup(2)
    except OSError:  # no console at all, as under IDLE
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        except BaseException:
            held.seek(0)
            os.write(stderr, held.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


if os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3') == '3':
    with _stderr_held_back():
        import tensorflow.compat.v1 as tf
    tf.logging.set_verbosity(tf.logging.ERROR)
else:
    import tensorflow.compat.v1 as tf

import checkpoints  # noqa: E402  after TensorFlow has been kept quiet


def program(main):
    """Runs a script's `main()` as a program: bad input ends it with one line and status 2."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, 'reconfigure'):  # IDLE's streams lack it
            # A console without Korean gets question marks, a pipe gets each line as it comes.
            stream.reconfigure(errors='replace', line_buffering=True)
    matplotlib.use('Agg')  # needs no display and opens no window
    try:
        main()
    except (BadInput, Stopped) as end:
        kind = 'error: ' if isinstance(end, BadInput) else ''
        print('%s: %s%s' % (os.path.basename(sys.argv[0]), kind, end), file=sys.stderr)
        sys.exit(end.status)
    except KeyboardInterrupt:  # before the first epoch, with nothing to save yet
        sys.exit(130)
    except BrokenPipeError:  # the reader of our lines has gone, as in `… | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


class Run:
    """One run of a listing as its options describe it, on a fresh default graph that has the seed.

    listing      'basic' or 'conditional': the run's folder is runs/LISTING unless --run says otherwise
    description  the script's docstring, for --help
    argv         the options, or None for the command line's
    samples      the folder in the repository where the listing draws
    chapter      the chapter's epochs, batch_size, learning_rate, n_hidden and n_noise

    Attributes: `batch_size`, `learning_rate`, `n_hidden`, `n_noise`, and `data`, the folder of the digits.
    Ends the program with status 2 if an option cannot be used.

    The run's folder holds run.json (what the run is, and which strips are its own), losses.csv, and
    checkpoints/. One process at a time uses it, and one at a time draws into the folder of the strips.
    """

    def __init__(self, listing, description, argv, samples, **chapter):
        defaults = dict(chapter, seed=7, data=os.path.join(ROOT, 'mnist', 'data'), init=None, trace=None,
                        samples=os.path.join(ROOT, samples), run=os.path.join(ROOT, 'runs', listing))
        given = options.parse(description, argv, defaults)
        self._resume = given.pop('resume')
        self._folder = os.path.abspath(given.pop('run', defaults.pop('run')))
        self._record = _read_record(self._folder) if self._resume else None
        recorded = dict(self._record['identity'], **self._record['options']) if self._record else {}
        if given.get('seed') == 'random':
            given['seed'] = recorded.get('seed', random.SystemRandom().randrange(options.SEEDS))
        chosen = {name: given.get(name, recorded.get(name, default)) for name, default in defaults.items()}
        # What makes two runs one; `begin` adds the digests of the data and of the initial weights.
        self._identity = dict({name: chosen.pop(name) for name in ('seed', *CHAPTER)}, listing=listing)
        self._options = chosen
        self._init_given = 'init' in given
        for name in CHAPTER:
            setattr(self, name, self._identity[name])
        self.data = chosen['data']
        tf.reset_default_graph()
        tf.set_random_seed(self._identity['seed'])

    def begin(self, sess, weights, mnist, total_batch):
        """To be called when the variables have been initialised, before the first epoch.

        weights      {name: variable}, what `--init` replaces
        mnist        the data sets of `input_data`, from which no batch has been taken yet
        total_batch  batches in an epoch

        Goes back to the newest checkpoint if the run is to be resumed. Raises BadInput before anything is
        written, unless it is the system that refuses to write.
        """
        self._sess, self._mnist, self._total_batch = sess, mnist, total_batch
        if not total_batch:
            raise BadInput('%s holds %d training images, too few for a batch of %d: lower --batch-size'
                           % (self.data, mnist.train.num_examples, self.batch_size))
        if mnist.test.num_examples < 10:
            raise BadInput('%s holds %d test images, too few for a strip of ten: put the right files there'
                           % (self.data, mnist.test.num_examples))
        samples = self._options['samples']
        arrays = self._initial(weights)
        self._identity['data'] = hashlib.sha256(''.join(part.digest() for part in mnist).encode()).hexdigest()
        if self._record:
            self._check_identity()
        else:
            _check_folder(self._folder)
        self._check_trace()

        with files.refusals(self._folder):
            os.makedirs(os.path.dirname(self._folder), exist_ok=True)
        with files.refusals(samples):
            os.makedirs(samples, exist_ok=True)
        self._lock = files.lock(self._folder + '.lock', self._folder)
        self._owner = files.lock(os.path.join(samples, OWNER), samples)

        self._saver = tf.train.Saver(max_to_keep=None)
        self._finite = tf.reduce_all([tf.reduce_all(tf.is_finite(v)) for v in tf.global_variables()])
        self._first, self._losses = 0, []
        found = checkpoints.load(self._path('checkpoints'), sess, self._saver, _say) if self._record else None
        if found:
            self._go_back_to(*found)
        elif self._resume:
            _say('nothing to resume in %s: starting from the beginning' % self._folder)
        if arrays and not found:
            # Through the initializers' own inputs: no operation is added to the chapter's graph.
            sess.run([variable.initializer for variable in weights.values()],
                     {variable.initializer.inputs[1]: arrays[name] for name, variable in weights.items()})
        with files.refusals(self._folder):
            self._take_possession()
        self._write_record(state='running', options=self._options)
        self._write_losses()
        self._trim_trace()
        _say('seed: %d' % self._identity['seed'])

    def epochs(self):
        """The epochs still to be run; at the end of each, its losses and a checkpoint are written."""
        total = self._options['epochs']
        self._progress = _Progress(self._first, total, self._total_batch)
        handlers = {}
        if threading.current_thread() is threading.main_thread():
            for number in signal.SIGINT, signal.SIGTERM:
                handlers[number] = signal.signal(number, self._stop)
        try:
            for epoch in range(self._first, total):
                self._epoch, self._iteration, self._rows, self._strip = epoch, 0, [], None
                began = time.perf_counter()
                yield epoch
                self._end_epoch(time.perf_counter() - began)
            self._write_record(state='finished')
            if sys.stderr.isatty():
                _say('the strips are in %s, the record is in %s' % (self._options['samples'], self._folder))
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            self._lock.close()
            self._owner.close()

    def step(self, loss_D, loss_G):
        """Takes note of the losses of an iteration; ends the run if one of them is no finite number."""
        self._last = loss_D, loss_G
        self._iteration += 1
        if self._options['trace']:
            self._rows.append('%d,%.9g,%.9g\n' % (
                self._epoch * self._total_batch + self._iteration - 1, loss_D, loss_G))
        if not math.isfinite(loss_D):
            self._give_out('the D loss is %s' % loss_D)
        if not math.isfinite(loss_G):
            self._give_out('the G loss is %s' % loss_G)
        self._progress.show(self._epoch, self._iteration, loss_D, loss_G)

    def strip(self, epoch):
        """Where the strip of an epoch is to be drawn: samples/000.png, samples/009.png, …"""
        self._strip = os.path.join(self._options['samples'], str(epoch).zfill(3) + '.png')
        return self._strip

    # --- the beginning

    def _initial(self, weights):
        """The arrays of --init, or None; the run's identity is given their digest."""
        path = self._options['init']
        if self._record and not self._init_given and checkpoints.epochs(self._path('checkpoints')):
            self._identity['init'] = self._record['identity']['init']
            return None  # they have done their work, and may be gone
        arrays = checkpoints.read_weights(path, weights) if path else None
        self._identity['init'] = path and checkpoints.digest_of_weights(path)
        return arrays

    def _check_identity(self):
        """Raises BadInput unless this is the run that the record tells of."""
        for name, value in self._record['identity'].items():
            if value != self._identity[name]:
                begun = {'listing': 'the %s listing' % value, 'data': 'other data', 'init': 'another --init'}
                raise BadInput('%s was begun with %s: go on with that, or begin a new run without --resume'
                               % (self._folder, begun.get(name, '--%s %s' % (name.replace('_', '-'), value))))

    def _go_back_to(self, epoch, state):
        """Takes the run up where the checkpoint of an epoch left it."""
        self._first = epoch + 1
        if self._options['epochs'] < self._first:
            raise BadInput('%s has done %d epochs already, more than --epochs %d'
                           % (self._folder, self._first, self._options['epochs']))
        np.random.set_state(('MT19937', state['random_keys'], int(state['random_position']),
                             int(state['random_has_gauss']), float(state['random_gauss'])))
        self._mnist.train.set_state(state)
        self._losses = list(zip(state['loss_D'], state['loss_G'], state['seconds']))
        _say('going on after epoch %d' % epoch)
        begun, now = self._record['versions'], _versions()
        if begun != now:
            _say('note: begun with %s; now %s. The last digits may differ' % tuple(
                ', '.join('%s %s' % item for item in sorted(versions.items())) for versions in (begun, now)))

    def _take_possession(self):
        """Makes the folders of the run and of the strips its own, without losing what an earlier run left.

        An earlier run's folder moves to a free name beside it, FOLDER.1, FOLDER.2, … Strips of another run
        move into that run's own folder, or into a FOLDER.N if it is not to be found. Those of the run
        itself, if another has meanwhile been given the folder of the strips, come back.
        """
        samples, resumed = self._options['samples'], self._record
        self._owner.seek(0)
        owner = self._owner.read().strip()
        if not resumed:
            if os.path.isdir(self._folder) and any(name in RUN for name in os.listdir(self._folder)):
                moved = self._free_name()
                os.rename(self._folder, moved)
                _say('the run that was in %s is now in %s' % (self._folder, moved))
                owner = moved if owner == self._folder else owner
            elif owner == self._folder:  # which somebody has removed
                owner = ''
            self._record = {
                'format': FORMAT, 'state': 'running', 'identity': self._identity, 'options': self._options,
                'started': datetime.datetime.now().astimezone().isoformat(timespec='seconds'),
                'versions': _versions(), 'machine': _machine(), 'strips': {}}
        if owner != self._folder:
            _move_strips(samples, owner if os.path.isdir(owner) else self._free_name())
        self._owner.truncate(0)
        self._owner.write(self._folder + '\n')
        self._owner.flush()
        os.makedirs(self._folder, exist_ok=True)
        if resumed:
            _move_strips(self._folder, samples)

    def _free_name(self):
        return next(name for name in ('%s.%d' % (self._folder, n) for n in itertools.count(1))
                    if not os.path.exists(name))

    # --- the end of an epoch, and of the run

    def _end_epoch(self, seconds):
        self._losses.append((*self._last, seconds))
        self._append_trace()
        if not self._sess.run(self._finite):
            self._give_out('the weights are no finite numbers after it')
        if self._strip:
            self._record['strips'][os.path.basename(self._strip)] = files.digest(self._strip)
            self._write_record()
        with files.refusals(self._path('losses.csv')), open(self._path('losses.csv'), 'a') as file:
            file.write(self._losses_row(self._epoch))
        keys, position, has_gauss, gauss = np.random.get_state()[1:]
        loss_D, loss_G, seconds = zip(*self._losses)
        checkpoints.save(
            self._path('checkpoints'), self._epoch, self._sess, self._saver,
            dict(self._mnist.train.get_state(), loss_D=loss_D, loss_G=loss_G, seconds=seconds,
                 random_keys=keys, random_position=position, random_has_gauss=has_gauss, random_gauss=gauss))

    def _give_out(self, what):
        """Ends a run whose numbers have stopped being numbers."""
        self._progress.clear()
        self._append_trace()
        self._write_record(state='not finite')
        raise Stopped(
            'epoch %d, iteration %d of %d: %s. A value has left the range of float32: a sigmoid that rounds '
            'to 0 or 1 has an infinite logarithm, and its gradient makes weights that are no numbers; %s'
            % (self._epoch, self._iteration, self._total_batch, what, self._last_checkpoint()), status=3)

    def _stop(self, number, frame):
        """Ends the run on Ctrl-C or SIGTERM."""
        self._progress.clear()
        with contextlib.suppress(BadInput):
            self._write_record(state='stopped')
        raise Stopped(
            'stopped by %s in epoch %d; %s. To go on, give the same command with --resume (make: RESUME=1)'
            % (signal.Signals(number).name, self._epoch, self._last_checkpoint()), status=128 + number)

    def _last_checkpoint(self):
        epochs = checkpoints.epochs(self._path('checkpoints'))
        return ('the checkpoint of epoch %d stays in %s' % (epochs[0], self._folder) if epochs
                else 'there is no checkpoint yet')

    # --- the files

    def _path(self, name):
        return os.path.join(self._folder, name)

    def _write_record(self, **changes):
        self._record.update(changes)
        with files.whole(self._path('run.json')) as part, open(part, 'w') as file:
            json.dump(self._record, file, indent=1)

    def _write_losses(self):
        """Writes losses.csv as it stood before the first epoch to be run."""
        with files.whole(self._path('losses.csv')) as part, open(part, 'w') as file:
            file.write('epoch,D loss,G loss,seconds\n')
            file.writelines(map(self._losses_row, range(self._first)))

    def _losses_row(self, epoch):
        return '%d,%.9g,%.9g,%.3f\n' % (epoch, *self._losses[epoch])

    def _check_trace(self):
        """Raises BadInput if the trace would take the place of a file that is none."""
        path = self._options['trace']
        if path and os.path.exists(path) and os.path.getsize(path):
            with open(path, 'rb') as file:
                if file.readline().rstrip() != TRACE.rstrip().encode():
                    raise BadInput('--trace %s is there already and is no trace: name another' % path)

    def _trim_trace(self):
        """Cuts the trace back to the iterations before the first epoch to be run."""
        path, rows = self._options['trace'], []
        if not path:
            return
        if self._first and os.path.exists(path):
            with open(path) as file:
                rows = file.readlines()[1:1 + self._first * self._total_batch]
        with files.whole(path) as part, open(part, 'w') as file:
            file.write(TRACE)
            file.writelines(rows)

    def _append_trace(self):
        path = self._options['trace']
        if path:
            with files.refusals(path), open(path, 'a') as file:
                file.writelines(self._rows)


class _Progress:
    """A line on stderr that rewrites itself, if stderr is a terminal."""

    INTERVAL = 0.1  # seconds

    def __init__(self, first, total, total_batch):
        self._on = sys.stderr.isatty()
        self._total, self._total_batch = total, total_batch
        self._first = first * total_batch
        self._began = time.monotonic()
        self._next = self._began + self.INTERVAL
        self._length = 0

    def show(self, epoch, iteration, loss_D, loss_G):
        if not self._on:
            return
        now = time.monotonic()
        if iteration == self._total_batch:
            self.clear()  # the book's line comes next
        elif now >= self._next:
            self._next = now + self.INTERVAL
            done = epoch * self._total_batch + iteration
            rate = (done - self._first) / (now - self._began)
            left = int((self._total * self._total_batch - done) / rate)
            line = 'epoch %d/%d  %.0f/s  D loss %.4g  G loss %.4g  %d:%02d:%02d left' % (
                epoch + 1, self._total, rate, loss_D, loss_G, left // 3600, left // 60 % 60, left % 60)
            sys.stderr.write('\r' + line.ljust(self._length))
            sys.stderr.flush()
            self._length = len(line)

    def clear(self):
        if self._length:
            sys.stderr.write('\r' + ' ' * self._length + '\r')
            sys.stderr.flush()
            self._length = 0


def _say(text):
    print(text, file=sys.stderr)


def _versions():
    return {'Python': platform.python_version(), 'TensorFlow': tf.__version__, 'numpy': np.__version__,
            'matplotlib': matplotlib.__version__}


def _machine():
    threads = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    return {'processor': _processor(), 'system': platform.platform(), 'threads': threads}


def _processor():
    with contextlib.suppress(OSError), open('/proc/cpuinfo') as file:
        for line in file:
            if line.startswith('model name'):
                return line.split(':', 1)[1].strip()
    return platform.processor() or platform.machine()


def _check_folder(folder):
    """Raises BadInput if something else than a run stands in the folder, which would have to move."""
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise BadInput('--run %s is a file: name a folder' % folder)
    others = os.path.isdir(folder) and [name for name in os.listdir(folder) if not (
        name in RUN or name.endswith('.part') or STRIP.fullmatch(name))]
    if others:
        raise BadInput('--run %s holds %s, which is no part of a run: name another folder'
                       % (folder, others[0]))


def _read_record(folder):
    """The record of the run in a folder, or None if there is none."""
    path = os.path.join(folder, 'run.json')
    try:
        with open(path) as file:
            record = json.load(file)
        kind = record['format']
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput('%s cannot be read (%s): begin a new run without --resume'
                       % (path, error)) from None
    if kind != FORMAT:
        raise BadInput('%s is of format %s, and this version knows format %d: resume it with the version '
                       'that began it, or begin a new run without --resume' % (path, kind, FORMAT))
    return record


def _move_strips(source, target):
    """Moves the strips of one folder into another, which is made if there are any."""
    for name in sorted(os.listdir(source)):
        if STRIP.fullmatch(name):
            os.makedirs(target, exist_ok=True)
            os.replace(os.path.join(source, name), os.path.join(target, name))
