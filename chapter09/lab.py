"""What a run needs and the chapter leaves out: options, the seed, its folder, progress, going on.

Import it before TensorFlow, which it keeps from chattering on stderr. Set TF_CPP_MIN_LOG_LEVEL (to 0,
say) to hear everything TensorFlow has to say.
"""

import contextlib
import datetime
import gc
import itertools
import json
import math
import os
import platform
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import uuid

import errors
import files
import options
from errors import BadInput, Stopped

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TRACE = 'iteration,D loss,G loss\n'


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


@contextlib.contextmanager
def _keras_left_out():
    """Keeps TensorFlow 2 from loading Keras 3 with it, so that a run starts sooner and takes less memory.

    It leaves that out if told that an older Keras, a package of its own, is wanted. Whoever asks for tf.keras
    later gets Keras 3 all the same.
    """
    name = 'TF_USE_LEGACY_KERAS'
    chosen = os.environ.get(name)
    os.environ.setdefault(name, '1')
    yield
    if chosen is None:
        del os.environ[name]


with _keras_left_out():
    if os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3') == '3':
        with _stderr_held_back():
            import matplotlib
            import numpy as np
            import tensorflow.compat.v1 as tf
        tf.logging.set_verbosity(tf.logging.ERROR)
    else:
        import matplotlib
        import numpy as np
        import tensorflow.compat.v1 as tf

import board  # noqa: E402  after TensorFlow has been kept quiet
import checkpoints  # noqa: E402
import film  # noqa: E402
import input_data  # noqa: E402
import machine  # noqa: E402
import prefetch  # noqa: E402
import records  # noqa: E402


def program(main):
    """Runs a script's `main()` as a program (`errors.program`) that opens no window."""
    matplotlib.use('Agg')  # needs no display
    errors.program(main)


class Run:
    """One run of a listing as its options describe it, on a fresh default graph that has the seed.

    listing      'basic' or 'conditional': the run's folder is runs/LISTING unless --run says otherwise
    description  the script's docstring, for --help
    argv         the options, or None for the command line's
    samples      the folder in the repository where the listing draws
    chapter      the chapter's epochs, batch_size, learning_rate, n_hidden and n_noise

    Attributes: `batch_size`, `learning_rate`, `n_hidden`, `n_noise`, and `data`, the folder of the digits.
    Ends the program with status 2 if an option cannot be used.

    The run's folder holds run.json (what the run is, and which strips are its own), losses.csv, film.bin
    and checkpoints/. One process at a time uses it, and one at a time draws into the folder of the strips.
    """

    def __init__(self, listing, description, argv, samples, **chapter):
        defaults = dict(chapter, seed=7, data=os.path.join(ROOT, 'mnist', 'data'), init=None, trace=None,
                        logdir=None, samples=os.path.join(ROOT, samples),
                        run=os.path.join(ROOT, 'runs', listing))
        given = options.parse(description, argv, defaults)
        self._resume = given.pop('resume')
        self._folder = os.path.realpath(given.pop('run', defaults.pop('run')))
        self._lock = self._record = self._epoch = None
        self._writing = False
        recorded = {}
        if self._resume and os.path.exists(self._path('run.json')):
            self._lock = files.lock(self._folder + '.lock', self._folder)
            self._record = records.read(self._path('run.json'))
            recorded = dict(self._record['identity'], **self._record['options'])
            for name in 'data', 'samples', 'init', 'trace':
                if recorded[name] and not os.path.exists(recorded[name]):
                    gone = recorded.pop(name)
                    if name not in given:
                        _say('%s is gone: --%s is taken as not given' % (gone, name))
        if given.get('seed') == 'random':
            given['seed'] = recorded.get('seed', random.SystemRandom().randrange(options.SEEDS))
        chosen = {name: given.get(name, recorded.get(name, default)) for name, default in defaults.items()}
        # What makes two runs one; `begin` adds the digests of the data and of the initial weights.
        self._identity = {name: chosen.pop(name) for name in ('seed', *records.CHAPTER)}
        self._identity['listing'] = listing
        self._options = chosen
        self._init_given = 'init' in given
        for name in records.CHAPTER:
            setattr(self, name, self._identity[name])
        self.data = chosen['data']
        if recorded.get('samples', chosen['samples']) != chosen['samples']:
            raise BadInput('%s draws in %s: leave --samples out to go on'
                           % (self._folder, recorded['samples']))
        if (chosen['samples'] + os.sep).startswith(self._folder + os.sep):
            raise BadInput('--samples %s lies in --run %s: name another' % (chosen['samples'], self._folder))
        machine.spare_threads(self.batch_size, self.n_hidden, self.n_noise)
        tf.reset_default_graph()
        tf.set_random_seed(self._identity['seed'])

    def begin(self, sess, gan, get_noise, mnist, total_batch):
        """To be called when the variables have been initialised, before the first epoch.

        gan          the listing's graph, as its `build` returns it
        get_noise    the listing's
        mnist        the data sets of `input_data`, from which no batch has been taken yet
        total_batch  batches in an epoch

        Goes back to the newest checkpoint if the run is to be resumed. Raises BadInput before anything is
        written, unless it is the system that refuses to write.
        """
        self._sess, self._gan, self._mnist, self._total_batch = sess, gan, mnist, total_batch
        self._calls = [(input_data.DataSet.next_batch, (mnist.train, self.batch_size)),
                       (get_noise, (self.batch_size, self.n_noise))]
        self._board = None
        self._progress = _Progress(self._options['epochs'], total_batch)
        self._film = film.Film(self._path('film.bin'), gan, get_noise, self.n_noise, mnist.test,
                               self._identity['seed'])
        with self._listening():
            self._begin(gan.weights, mnist, total_batch)

    def _begin(self, weights, mnist, total_batch):
        if not total_batch:
            raise BadInput('%s holds %d training images, too few for a batch of %d: lower --batch-size'
                           % (self.data, mnist.train.num_examples, self.batch_size))
        if mnist.test.num_examples < 10:
            raise BadInput('%s holds %d test images, too few for a strip of ten: put the right files there'
                           % (self.data, mnist.test.num_examples))
        samples = self._options['samples']
        arrays = self._initial(weights)
        self._identity['data'] = input_data.digest(mnist)
        self._first, self._losses = 0, []
        if self._record:
            self._check_identity()
        else:
            _check_folder(self._folder)
            self._check_trace()

        with files.refusals(self._folder):
            os.makedirs(os.path.dirname(self._folder), exist_ok=True)
        with files.refusals(samples):
            os.makedirs(samples, exist_ok=True)
        self._lock = self._lock or files.lock(self._folder + '.lock', self._folder)
        self._owner = files.lock(os.path.join(samples, records.OWNER), samples)

        self._saver = tf.train.Saver(max_to_keep=None)
        self._finite = tf.reduce_all([tf.reduce_all(tf.is_finite(v)) for v in tf.global_variables()])
        found = self._record and checkpoints.load(self._path('checkpoints'), self._sess, self._saver, _say)
        if found:
            self._go_back_to(*found)
        elif self._resume:
            _say('nothing to resume in %s: starting from the beginning' % self._folder)
        if arrays and not found:
            checkpoints.assign(self._sess, weights, arrays)
        if self._record:
            self._check_trace()  # only now are the losses known that it must hold
        self._take_possession()
        self._write_record(state='running', options=self._options)
        self._write_losses()
        self._film.begin(self._first)
        self._trim_trace()
        if self._options['logdir']:
            self._board = board.Board(self._options['logdir'], self._gan, self._first)
        _say('seed: %d' % self._identity['seed'])

    def epochs(self):
        """The epochs still to be run; at the end of each, its losses and a checkpoint are written."""
        with self._lock, self._owner, self._listening():
            for epoch in range(self._first, self._options['epochs']):
                self._epoch, self._iteration, self._rows, self._strip = epoch, 0, [], None
                began = time.perf_counter()
                with prefetch.Epoch(self._calls, self._total_batch):
                    yield epoch
                self._end_epoch(time.perf_counter() - began)
            self._write_record(state='finished')
            if sys.stderr.isatty():
                _say('the strips are in %s, the record is in %s' % (self._options['samples'], self._folder))

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
        try:
            arrays = checkpoints.read_weights(path, weights) if path else None
        except BadInput as error:
            raise BadInput('--init %s' % error) from None
        self._identity['init'] = path and checkpoints.digest_of_weights(path)
        return arrays

    def _check_identity(self):
        """Raises BadInput unless this is the run that the record tells of."""
        for name, value in self._record['identity'].items():
            if value != self._identity[name]:
                begun = {'listing': 'the %s listing' % value, 'data': 'other data', 'init': 'another --init'}
                raise BadInput('%s was begun with %s: go on with that, or begin a new run without --resume'
                               % (self._folder, begun.get(name, '--%s %s' % (name.replace('_', '-'), value))))
        for epoch in checkpoints.epochs(self._path('checkpoints'))[:1]:
            if self._options['epochs'] <= epoch:
                raise BadInput('%s has done %d epochs already, more than --epochs %d'
                               % (self._folder, epoch + 1, self._options['epochs']))

    def _go_back_to(self, epoch, state):
        """Takes the run up where the checkpoint of an epoch left it."""
        self._first = epoch + 1
        np.random.set_state(('MT19937', state['random_keys'], int(state['random_position']),
                             int(state['random_has_gauss']), float(state['random_gauss'])))
        self._mnist.train.set_state(state)
        self._losses = list(zip(state['loss_D'], state['loss_G'], state['seconds']))
        _say('going on after epoch %d' % epoch)
        begun, now = self._record['versions'], _versions()
        self._record['resumed'].append(dict(now, after_epoch=epoch, time=_now()))
        if begun != now:
            _say('note: begun with %s; now %s. The last digits may differ' % tuple(
                ', '.join('%s %s' % item for item in sorted(versions.items())) for versions in (begun, now)))

    def _take_possession(self):
        """Makes the folders of the run and of the strips its own, without losing what an earlier run left.

        An earlier run's folder moves to a free name beside it, FOLDER.1, FOLDER.2, … Strips of another run
        move into that run's folder, or into a FOLDER.N if it is not to be found. Those of the run itself,
        if another has meanwhile drawn in the folder of the strips, come back.
        """
        samples, resumed = self._options['samples'], self._record
        if not resumed:
            with files.refusals(self._folder):
                if os.path.exists(self._path('run.json')):
                    moved = self._free_name()
                    os.rename(self._folder, moved)
                    _say('the run that was in %s is now in %s' % (self._folder, moved))
                os.makedirs(self._folder, exist_ok=True)
            self._record = {
                'format': records.FORMAT, 'id': uuid.uuid4().hex, 'state': 'running',
                'identity': self._identity, 'options': self._options, 'started': _now(), 'resumed': [],
                'versions': _versions(), 'strips': {},
                'machine': {'processor': machine.processor(), 'system': platform.platform(),
                            'threads': machine.threads()}}
        self._owner.seek(0)
        owner, name = records.owner(self._owner)
        if name != self._record['id']:
            _move_strips(samples, records.home(owner, name) or self._free_name())
            with files.refusals(samples):
                self._owner.seek(0)
                self._owner.write('%s\n%s\n' % (self._folder, self._record['id']))
                self._owner.flush()  # in one piece: two lines count, whatever may still follow them
                self._owner.truncate()
        if resumed:
            _move_strips(self._folder, samples)

    def _free_name(self):
        return next(name for name in ('%s.%d' % (self._folder, n) for n in itertools.count(1))
                    if not os.path.exists(name))

    # --- the end of an epoch, and of the run

    def _end_epoch(self, seconds):
        if not self._sess.run(self._finite):
            self._give_out('the weights are no finite numbers after it')
        self._losses.append((*self._last, seconds))
        self._append_trace()
        if self._strip:
            self._record['strips'][os.path.basename(self._strip)] = files.digest(self._strip)
            self._write_record()
            gc.collect()  # closed figures refer to themselves, and Python alone lets several of them gather
        with files.refusals(self._path('losses.csv')), open(self._path('losses.csv'), 'a') as file:
            file.write(self._losses_row(self._epoch))
        self._film.append(self._sess, self._epoch)
        if self._board:
            self._board.add(self._epoch, *self._last, self._strip)
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
        if self._epoch is not None and not self._writing:
            with contextlib.suppress(BadInput):
                self._write_record(state='stopped')
        when = 'before the first epoch' if self._epoch is None else 'in epoch %d' % self._epoch
        raise Stopped(
            'stopped by %s %s; %s. To go on, give the same command with --resume (make: RESUME=1)'
            % (signal.Signals(number).name, when, self._last_checkpoint()), status=128 + number)

    @contextlib.contextmanager
    def _listening(self):
        """Has Ctrl-C and SIGTERM end the run in order, unless they are being ignored."""
        handlers = {}
        if threading.current_thread() is threading.main_thread():
            for number in signal.SIGINT, signal.SIGTERM:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    handlers[number] = signal.signal(number, self._stop)
        try:
            yield
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _last_checkpoint(self):
        epochs = checkpoints.epochs(self._path('checkpoints'))
        return ('the checkpoint of epoch %d stays in %s' % (epochs[0], self._folder) if epochs
                else 'there is no checkpoint yet')

    # --- the files

    def _path(self, name):
        return os.path.join(self._folder, name)

    def _write_record(self, **changes):
        self._record.update(changes)
        self._writing = True  # a signal that comes now must not write the same file
        with files.whole(self._path('run.json')) as part, open(part, 'w') as file:
            json.dump(self._record, file, indent=1)
        self._writing = False

    def _write_losses(self):
        """Writes losses.csv as it stood before the first epoch to be run."""
        with files.whole(self._path('losses.csv')) as part, open(part, 'w') as file:
            file.write('epoch,D loss,G loss,seconds\n')
            file.writelines(map(self._losses_row, range(self._first)))

    def _losses_row(self, epoch):
        return '%d,%.9g,%.9g,%.3f\n' % (epoch, *self._losses[epoch])

    def _check_trace(self):
        """Raises BadInput if the trace is some other file, or not that of the epochs already done."""
        path = self._options['trace']
        if not path or not (self._first or os.path.exists(path) and os.path.getsize(path)):
            return
        rows = []
        with contextlib.suppress(OSError, ValueError), open(path, encoding='utf-8') as file:
            rows = file.readlines()
        if rows[:1] != [TRACE]:
            raise BadInput('--trace %s is no trace%s: name another' % (
                path, ' of the epochs already done' if self._first else ', and is there already'))
        ends = rows[self._total_batch::self._total_batch][:self._first]
        if [row.rstrip().split(',')[1:] for row in ends] != [
                ['%.9g' % loss for loss in losses[:2]] for losses in self._losses]:
            raise BadInput('--trace %s is the trace of another run: name another' % path)

    def _trim_trace(self):
        """Cuts the trace back to the iterations before the first epoch to be run."""
        path, rows = self._options['trace'], []
        if not path:
            return
        if self._first:
            with open(path, encoding='utf-8') as file:
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

    def __init__(self, total, total_batch):
        self._on = sys.stderr.isatty() or options.PROGRESS in os.environ
        self._total, self._total_batch = total, total_batch
        self._done = self._next = self._length = 0
        self._began = None

    def show(self, epoch, iteration, loss_D, loss_G):
        if not self._on:
            return
        now = time.monotonic()
        self._began = self._began or now
        self._done += 1
        if iteration == self._total_batch:
            self.clear()  # the book's line comes next
        elif now >= self._next and now > self._began:
            self._next = now + self.INTERVAL
            rate = (self._done - 1) / (now - self._began)
            left = int(((self._total - epoch) * self._total_batch - iteration) / rate)
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


def _now():
    return datetime.datetime.now().astimezone().isoformat(timespec='seconds')


def _check_folder(folder):
    """Raises BadInput if something else than a run stands in the folder, which would have to move."""
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise BadInput('--run %s is a file: name a folder' % folder)
    names = os.listdir(folder) if os.path.isdir(folder) else []
    others = [name for name in names if not name.endswith('.part')]
    if others and 'run.json' not in names:
        raise BadInput('--run %s holds %s, but no run: name another folder' % (folder, others[0]))


def _move_strips(source, target):
    """Moves the strips of one folder into another, be it on another disk; it is made if there are any."""
    strips = [name for name in sorted(os.listdir(source)) if records.STRIP.fullmatch(name)]
    if not strips:
        return
    with files.refusals(target):
        os.makedirs(target, exist_ok=True)
    for name in strips:
        with files.whole(os.path.join(target, name)) as part:
            shutil.copyfile(os.path.join(source, name), part)
        with files.refusals(source):
            os.remove(os.path.join(source, name))
    _say('the strips that were in %s are now in %s' % (source, target))
