"""The chapter in the browser: one file of HTML that shows runs, draws with their networks and trains them on.

What it shows is collected here from the runs' folders alone; tools/page/ holds the file's parts.
"""

import base64
import contextlib
import json
import os
import zlib

import numpy as np

from lab import checkpoints, files, frames, languages, listings, lost, outputs, records
from lab.errors import BadInput, say
from tools import chains, generator, reading, steps, trainable
from tools.judge import is_mnist, read_mnist
from tools.unshown import Unshown

PARTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'page')
SCRIPTS = ['bytes.js', 'networks.js', 'training.js', 'workshop.js', 'pen.js', 'words.js', 'drawing.js', 'box.js',
           'digits.js', 'epochs.js', 'thinks.js', 'diagram.js', 'step.js', 'goes_on.js', 'main.js']
LARGEST = 4 * 10 ** 6  # bytes of the file
FRAMES = [100, 50, 25]  # of a film, at most; fewer where there is no room for more
DIGITS = 1000  # of MNIST's training images
DIRECTIONS = 12
KEPT = 500  # noise vectors, of a listing whose noise is neither of the chapter's
LEVEL = 1 / 255
PROBED = 500  # images by which it is settled how weights are written
SECTIONS = {'basic': '9.1', 'conditional': '9.2'}


class Blob:
    """Arrays, one behind the other, in as few bytes as may be."""

    def __init__(self):
        self._bytes = []
        self._at = 0

    def add(self, array, kind):
        """Adds an array as numpy's type `kind`, and returns where it is to be found, for JSON.

        Of each number the first bytes stand together, then the second: so they can be packed tighter.
        """
        array = np.ascontiguousarray(array, '<' + kind)
        self._bytes.append(array.reshape(-1).view('u1').reshape(-1, array.itemsize).T.tobytes())
        place = {'kind': kind, 'at': self._at, 'shape': list(array.shape)}
        self._at += array.nbytes
        return place

    def packed(self):
        return base64.b64encode(zlib.compress(b''.join(self._bytes), 9)).decode('ascii')


class Mnist:
    """The digits that the page draws and trains with: `images` [n, 784] of 0 to 255, `labels` [n]; all in `sets`."""

    def __init__(self):
        self.sets = read_mnist()
        self.images = np.rint(255 * self.sets.train.images[:DIGITS])
        self.labels = self.sets.train.labels[:DIGITS].argmax(axis=1)


class Shown:
    """What there is to show of a run.

    folder  the run's

    Attribute: `why` its networks cannot be shown, an Unshown; None if they can.
    Raises BadInput, which says what to do, if there is nothing.
    """

    def __init__(self, folder):
        records.need_run(folder, 'another')
        self.folder = os.path.abspath(folder)
        self._record = records.read(folder)
        self._losses = records.losses(folder)
        listing = self._listing()
        self._lines = steps.lines_of(listing)
        film = np.empty(0, frames.EPOCH)
        if os.path.exists(os.path.join(folder, records.FILM)):
            film = frames.read(folder)
        self._D_mean = film if np.isfinite(film['D_gene']).any() else film[:0]
        self._film, self._real = frames_of(folder, film)
        self._networks, self._noise, self._drawn, self.why = None, None, None, None
        try:
            self._open(steps.variables_of(listing))
        except Unshown as error:
            self._networks, self.why = None, error

    @property
    def name(self):
        inside = os.path.relpath(self.folder, listings.ROOT)
        return os.path.basename(self.folder) if inside.startswith('..') else inside.replace(os.sep, '/')

    def _listing(self):
        path = os.path.join(self.folder, records.LISTING)
        known = listings.CHAPTER.get(self._record['listing'])
        if not os.path.exists(path) and known:  # the reference's is the chapter's
            path = os.path.join(listings.CHAPTER09, known.file)
        try:
            return listings.read(path)
        except BadInput:
            return ''

    def _open(self, titles):
        if not checkpoints.epochs(os.path.join(self.folder, records.CHECKPOINTS)):
            raise Unshown('no checkpoint')
        try:
            self._trained, _ = generator.of_run(self.folder)
            self._noise = self._trained.noise(PROBED, generator.SEED)
            if self._noise.ndim != 2:
                raise Unshown('noise')
            self._networks = chains.Networks(self.folder, self._record, self._trained.epoch, titles)
            self._check()
        except Unshown:
            if self._trained and not os.path.exists(os.path.dirname(self._trained.path)):
                return self._open(titles)  # a run that goes on has removed it for a newer one
            raise
        except BadInput as error:
            raise Unshown('not drawn', error) from None

    def _inputs(self, n):
        """Noise, and labels where G takes them, as they are fed to the chain."""
        labels = np.eye(10)[np.arange(n) % 10] if self._networks.labelled else np.empty((n, 0))
        return np.concatenate([self._noise[:n], labels], axis=1)

    def _check(self):
        """Raises Unshown if the chain does not draw as TensorFlow does."""
        labels = np.arange(PROBED) % 10 if self._networks.labelled else None
        drawn = self._trained.draw(self._noise, labels)
        off = np.abs(chains.run(self._networks.generator, self._inputs(PROBED))[-1] - drawn).max()
        if not off <= LEVEL / 4:  # or is no number
            raise Unshown('otherwise')
        self._drawn = drawn

    def collect(self, blob, mnist, most, with_networks=True):
        """What the page is to know of it, for JSON, with the arrays put into a Blob; of the film `most` frames."""
        record = self._record
        found = {
            'name': self.name, 'section': SECTIONS.get(record['listing'], ''), 'title': record['title'],
            'seed': record['seed'], 'epochs': self._losses[-1][0] + 1,
            'TensorFlow': record['versions'].get('TensorFlow'),
            'lines': self._lines, 'film': None, 'why': _both(self.why), 'networks': None,
            'is_of_mnist': is_mnist(record['data'], mnist.sets),
            'losses': [[number(each) for each in column] for column in zip(*[row[:3] for row in self._losses])],
            'D_mean': [[number(each) for each in self._D_mean[name]] for name in ('epoch', 'D_real', 'D_gene')],
            'lost': self._lost()}
        if self._film:
            epochs, digits = (each[np.unique(np.linspace(0, len(each) - 1, most).astype(int))] for each in self._film)
            found['film'] = {'epochs': epochs.tolist(), 'digits': blob.add(digits, 'u1'), 'real': self._real}
        if self._networks and with_networks:
            found['networks'] = self._packed(blob)
        return found

    def _lost(self):
        epoch = lost.since(self._D_mean['D_gene'])
        if epoch is None or not len(self._D_mean):
            return None
        first, last = self._D_mean['epoch'][[epoch + 1 - lost.EPOCHS, epoch]]
        return {'from': int(first), 'epoch': int(last)}

    def _packed(self, blob):
        own = self._networks
        beginnings = own.beginnings()
        kind = 'f2' if self._is_fine(np.float16) else 'f4'
        draw = (self._record['noise'] or {}).get('draw')
        found = {
            'labelled': own.labelled, 'n_noise': self._noise.shape[1],
            'noise': blob.add(self._noise[:KEPT], 'f2') if draw == 'kept' else draw,
            'directions': blob.add(chains.directions(own.generator, self._inputs(60), self._noise.shape[1],
                                                       DIRECTIONS), 'f2'),
            'generator': _layers(own.generator, kind, beginnings, blob), 'discriminator': None,
            'why_no_discriminator': _both(own.why_no_discriminator), 'training': None, 'why_no_training': None}
        if own.discriminator:
            found['discriminator'] = _layers(own.discriminator, kind, beginnings, blob)
            try:
                found['training'] = trainable.training(own)
            except Unshown as error:
                found['why_no_training'] = error.both
        return found

    def _is_fine(self, kind):
        """Whether no pixel changes by more than a level of 255 where the weights are of a smaller type."""
        with np.errstate(over='ignore'):
            rounded = [layer._replace(W=layer.W.astype(kind), b=layer.b.astype(kind))
                       for layer in self._networks.generator]
            images = chains.run(rounded, self._inputs(PROBED))[-1]
        return bool(np.abs(images - self._drawn).max() <= LEVEL)


def frames_of(folder, film):
    """Epochs and digits [n, rows, 10, 28, 28] of a run's film (`frames.read`) or, where that has none, of its strips.

    Returns (epochs, digits), or None if there are neither, and whether the upper row is of real digits, as in §9.2's
    strips.
    """
    if film['digits'].any():
        return (film['epoch'], film['digits']), False
    digits = {}
    for epoch, path in records.strips(os.path.join(folder, records.SAMPLES)).items():
        with contextlib.suppress(BadInput):  # a strip that is none
            digits[epoch] = np.rint(255 * np.nan_to_num(reading.read(path).digits)).astype('u1')
    shapes = {array.shape for array in digits.values()}
    if len(shapes) != 1:
        return None, False
    return (np.array(list(digits)), np.array(list(digits.values()))), shapes.pop()[0] == 2


def _layers(layers, kind, beginnings, blob):
    return [{'W': blob.add(layer.W, kind), 'b': blob.add(layer.b, kind), 'name_W': layer.name_W, 'name_b': layer.name_b,
             'activation': layer.activation, 'alpha': layer.alpha,
             'begins': [beginnings.get(name) for name in (layer.name_W, layer.name_b)]} for layer in layers]


def _both(why):
    return why and why.both


def number(value):
    """A float with six digits; None, which JSON knows, for what is none."""
    return float('%.6g' % value) if np.isfinite(value) else None


def last_runs():
    """The last runs here; of a listing without one the reference's."""
    for name in listings.CHAPTER:
        run = os.path.join(listings.ROOT, 'runs', name)
        yield run if records.is_run(run) else os.path.join(listings.ROOT, 'reference', name)


def write(runs, path):
    """Writes the page of some runs' folders."""
    outputs.refuse('--out', path, '.html', *runs)
    seen = [Shown(run) for run in runs]
    html, told = _fitting(seen, Mnist())
    for line in told:
        say(line)
    files.write(path, html)
    say(path)


def _fitting(seen, mnist):
    """The page as text, with as much as there is room for, and what is to be said of it."""
    plans = [(most, len(seen)) for most in FRAMES] + [(FRAMES[-1], n) for n in range(len(seen) - 1, -1, -1)]
    told = ['%s is shown without its networks: %s' % (each.name, each.why) for each in seen if each.why]
    for most, with_networks in plans:
        html = assemble(seen, mnist, most, with_networks)
        if len(html.encode('utf-8')) <= LARGEST:
            left = [each.name for each in seen[with_networks:] if not each.why]
            if left:
                told.append('the networks of %s find no room in %d MB: name it first, or fewer runs'
                            % (', '.join(left), LARGEST / 1e6))
            return html, told
    raise BadInput('there is no room for %s in %d MB: name fewer, or of fewer epochs'
                   % (languages.counted(len(seen), 'run'), LARGEST / 1e6))


def assemble(seen, mnist, most=FRAMES[0], with_networks=None):
    """The page as text, of some Shown, with `most` frames of each film and the networks of the first ones."""
    blob = Blob()
    data = {'images': blob.add(mnist.images, 'u1'), 'labels': blob.add(mnist.labels, 'u1'),
            'runs': [each.collect(blob, mnist, most, with_networks is None or n < with_networks)
                     for n, each in enumerate(seen)]}
    data['bytes'] = blob.packed()
    parts = {'style': part('page.css'), 'script': ''.join(map(part, SCRIPTS)),
             'data': json.dumps(data, separators=(',', ':')).replace('<', '\\u003c')}
    html = part('template.html')
    for name, text in parts.items():
        before, after = html.split('{{%s}}' % name)
        html = before + text + after
    return html


def part(name):
    with open(os.path.join(PARTS, name), encoding='utf-8') as file:
        return file.read()
