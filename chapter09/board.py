"""What TensorBoard shows of a run: losses, strips, and the graph under the chapter's headings."""

import os

import tensorflow.compat.v1 as tf


class Board:
    """Writes a run's events.

    folder  where the event file is written; it is made if need be
    gan     the listing's graph, as its `build` returns it
    first   the first epoch to be run: later ones, of a run that was killed, are no longer shown
    """

    def __init__(self, folder, gan, first):
        # TensorFlow names the file by the second, and would write over that of a run begun in the same one.
        self._writer = tf.summary.FileWriter(folder, filename_suffix='.%04d.%d' % (first, os.getpid()))
        if first:
            self._writer.add_session_log(tf.SessionLog(status=tf.SessionLog.START), first)
        self._writer.add_graph(None, graph_def=under_headings(gan))

    def add(self, epoch, loss_D, loss_G, strip):
        """Adds the losses of an epoch's end, and its strip, the path of a PNG or None."""
        values = [tf.Summary.Value(tag='D loss', simple_value=loss_D),
                  tf.Summary.Value(tag='G loss', simple_value=loss_G)]
        if strip:
            with open(strip, 'rb') as file:
                picture = tf.Summary.Image(encoded_image_string=file.read())
            values.append(tf.Summary.Value(tag=os.path.basename(os.path.dirname(strip)), image=picture))
        self._writer.add_summary(tf.Summary(value=values), epoch)
        self._writer.flush()


def under_headings(gan):
    """The graph as a GraphDef in which each operation stands in the scope of the step that it serves.

    generator, discriminator, losses or training, by what is computed from it first; the placeholders are
    X, Y and Z. What serves none of them, such as the variables' first values, is left out. The graph itself
    keeps its names.
    """
    names = {getattr(gan, name).op.name: name for name in ('X', 'Y', 'Z') if hasattr(gan, name)}
    for heading, ends in [('generator', [gan.G]), ('discriminator', [gan.D_real, gan.D_gene]),
                          ('losses', [gan.loss_D, gan.loss_G]), ('training', [gan.train_D, gan.train_G])]:
        reached = [getattr(end, 'op', end) for end in ends]
        while reached:
            operation = reached.pop()
            if operation.name not in names:
                given = operation.name.startswith(heading)
                names[operation.name] = operation.name if given else heading + '/' + operation.name
                reached += [tensor.op for tensor in operation.inputs] + list(operation.control_inputs)
    shown = tf.GraphDef()
    for node in gan.G.graph.as_graph_def().node:
        if node.name in names:
            copy = shown.node.add()
            copy.CopyFrom(node)
            copy.name = names[node.name]
            copy.attr.pop('_class', None)  # it names operations that stand elsewhere now
            for n, given in enumerate(node.input):
                name, *output = given.lstrip('^').split(':')
                copy.input[n] = '^' * given.startswith('^') + ':'.join([names[name], *output])
    return shown
