"""What TensorBoard shows of a run: losses, strips, and the graph under the chapter's headings."""

import os
import platform
import time

import tensorflow.compat.v1 as tf

from lab import files
from lab.errors import BadInput, reason
from lab.page import ancestors


class Board:
    """Writes a run's events.

    folder  where the event file is written; it is made if need be
    page    the listing's parts (`lab.page.Page`)
    first   the first epoch to be run: later ones, of a run that was killed, are no longer shown

    Raises BadInput if nothing can be written there.
    """

    def __init__(self, folder, page, first):
        self._folder = folder
        with files.refusals(folder):
            os.makedirs(folder, exist_ok=True)
        with self._refusals():
            # Not by tf.summary.FileWriter, whose thread prints a traceback of its own when the disk is full.
            self._writer = tf.python_io.TFRecordWriter(os.path.join(folder, 'events.out.tfevents.%010d.%s.%04d.%d' % (
                time.time(), platform.node(), first, os.getpid())))
            self._write(file_version='brain.Event:2')
            if first:
                self._write(step=first, session_log=tf.SessionLog(status=tf.SessionLog.START))
            graph = under_headings(page.parts)
            if graph:
                self._write(graph_def=graph.SerializeToString())

    def add(self, epoch, loss_D, loss_G, strip):
        """Adds the losses of an epoch's end, and its strip, the path of a PNG or None."""
        values = [tf.Summary.Value(tag='D loss', simple_value=loss_D),
                  tf.Summary.Value(tag='G loss', simple_value=loss_G)]
        if strip:
            with open(strip, 'rb') as file:
                picture = tf.Summary.Image(encoded_image_string=file.read())
            values.append(tf.Summary.Value(tag='samples', image=picture))
        with self._refusals():
            self._write(step=epoch, summary=tf.Summary(value=values))

    def _write(self, **event):
        self._writer.write(tf.Event(wall_time=time.time(), **event).SerializeToString())
        self._writer.flush()

    def _refusals(self):
        return _Refusals(self._folder)


class _Refusals:
    """Makes of TensorFlow's errors while it writes a BadInput that names the folder."""

    def __init__(self, folder):
        self._folder = folder

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if isinstance(error, (OSError, RuntimeError, tf.errors.OpError)):  # by the version
            raise BadInput('--logdir %s cannot be written (%s): make room, or name another place'
                           % (self._folder, reason(error))) from None


def under_headings(parts):
    """The graph as a GraphDef in which each operation stands in the scope of the step that it serves.

    parts  {name: tensor or operation} by the page's names

    generator, discriminator, losses or training, by what is computed from it first; the placeholders are
    X, Y and Z. What serves none of them, such as the variables' first values, is left out. The graph itself
    keeps its names. None if there are no such parts.
    """
    names = {parts[name].op.name: name for name in ('X', 'Y', 'Z') if name in parts}
    for heading, ends in [('generator', ['G']), ('discriminator', ['D_real', 'D_gene']),
                          ('losses', ['loss_D', 'loss_G']), ('training', ['train_D', 'train_G'])]:
        ends = [getattr(parts[name], 'op', parts[name]) for name in ends if name in parts]
        for operation in sorted(ancestors(ends), key=lambda operation: operation.name):
            if operation.name not in names:
                given = operation.name.startswith(heading)
                names[operation.name] = operation.name if given else heading + '/' + operation.name
    if not parts:
        return None
    shown = tf.GraphDef()
    for node in next(iter(parts.values())).graph.as_graph_def().node:
        if node.name in names:
            copy = shown.node.add()
            copy.CopyFrom(node)
            copy.name = names[node.name]
            copy.attr.pop('_class', None)  # it names operations that stand elsewhere now
            for n, given in enumerate(node.input):
                name, *output = given.lstrip('^').split(':')
                copy.input[n] = '^' * given.startswith('^') + ':'.join([names[name], *output])
    return shown
