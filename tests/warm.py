"""What the tests' server of processes does once before it forks the first: a figure and a graph, slow at first."""

import gc
import io

import matplotlib.pyplot as plt
import page
import tensorflow.compat.v1 as tf

plt.switch_backend('Agg')
figure, axes = plt.subplots(1, 2)
axes[0].imshow([[0, 1]])
figure.savefig(io.BytesIO())
plt.close(figure)
page.built(page.text('tiny'))
tf.reset_default_graph()
# The garbage collections of those that are forked leave alone what is there by now: they would copy all of it.
gc.collect()
gc.freeze()
