# %% [markdown]
# # §9.2 of the chapter: a GAN that draws the digit it is asked for

# %% 9.2-1  libraries, hyperparameters, placeholders
import lab  # not the page's: options, seed, checkpoints

import tensorflow.compat.v1 as tf
import matplotlib.pyplot as plt
import numpy as np

import input_data  # the page's reader, which TensorFlow 2 lost
import layers  # dense() as tf.layers had it

tf.disable_v2_behavior()  # TensorFlow 1, as on the page

# hyperparameters
total_epoch = 100
batch_size = 100
learning_rate = 0.001  # Adam's default, which the page leaves unsaid
n_hidden = 256
n_input = 28 * 28
n_noise = 128
n_class = 10

run = lab.Run(globals())  # --epochs 3, --n-hidden 64, … change the numbers above
mnist = input_data.read_data_sets(run.data, one_hot=True)

# placeholders: Y is no target here but a hint, to the generator and to the discriminator
X = tf.placeholder(tf.float32, [None, n_input])
Y = tf.placeholder(tf.float32, [None, n_class])
Z = tf.placeholder(tf.float32, [None, n_noise])


# %% 9.2-2  generator: noise [batch, 128] and labels [batch, 10] -> images [batch, 784] in [0, 1].
# The scope, not a list of variables, will tell the two networks' variables apart.
def generator(noise, labels):
    with tf.variable_scope('generator'):
        inputs = tf.concat([noise, labels], 1)
        hidden = layers.dense(inputs, n_hidden, activation=tf.nn.relu)
        output = layers.dense(hidden, n_input, activation=tf.nn.sigmoid)

    return output


# %% 9.2-3  discriminator: images [batch, 784] and labels [batch, 10] -> logits [batch, 1].
# Called a second time it must find its variables again, or real and generated images would be judged
# by two networks. No activation: the losses want logits, from which they stay finite.
def discriminator(inputs, labels, reuse=None):
    with tf.variable_scope('discriminator') as scope:
        if reuse:
            scope.reuse_variables()
        inputs = tf.concat([inputs, labels], 1)
        hidden = layers.dense(inputs, n_hidden, activation=tf.nn.relu)
        output = layers.dense(hidden, 1, activation=None)

    return output


# %% 9.2-4  noise, uniform in [-1, 1)
def get_noise(batch_size, n_noise):
    return np.random.uniform(-1., 1., size=[batch_size, n_noise])


# %% 9.2-5  fakes for the labels, and what the discriminator thinks of real images and of fakes
G = generator(Z, Y)
D_real = discriminator(X, Y)
D_gene = discriminator(G, Y, True)

# %% 9.2-6  loss of the discriminator: real images are to give 1, fakes 0
loss_D_real = tf.reduce_mean(
    tf.nn.sigmoid_cross_entropy_with_logits(logits=D_real, labels=tf.ones_like(D_real)))
loss_D_gene = tf.reduce_mean(
    tf.nn.sigmoid_cross_entropy_with_logits(logits=D_gene, labels=tf.zeros_like(D_gene)))
loss_D = loss_D_real + loss_D_gene

# %% 9.2-7  loss of the generator: its fakes are to give 1
loss_G = tf.reduce_mean(
    tf.nn.sigmoid_cross_entropy_with_logits(logits=D_gene, labels=tf.ones_like(D_gene)))

# %% 9.2-8  each loss trains its own network, whose variables are collected by scope
vars_D = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope='discriminator')
vars_G = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope='generator')

train_D = tf.train.AdamOptimizer(learning_rate).minimize(loss_D, var_list=vars_D)
train_G = tf.train.AdamOptimizer(learning_rate).minimize(loss_G, var_list=vars_G)

# %% 9.2-9  training, as in §9.1 but with the batch's labels for real images and fakes alike
sess = run.session()
sess.run(tf.global_variables_initializer())

total_batch = int(mnist.train.num_examples / batch_size)
loss_val_D, loss_val_G = 0, 0

for epoch in run.epochs(total_epoch):
    for i in range(total_batch):
        batch_xs, batch_ys = mnist.train.next_batch(batch_size)
        noise = get_noise(batch_size, n_noise)

        _, loss_val_D = sess.run([train_D, loss_D],
                                 feed_dict={X: batch_xs, Y: batch_ys, Z: noise})
        _, loss_val_G = sess.run([train_G, loss_G], feed_dict={Y: batch_ys, Z: noise})

    print('Epoch:', '%04d' % epoch,
          'D loss: {:.4}'.format(loss_val_D), 'G loss: {:.4}'.format(loss_val_G))

    # 9.2-10  a strip after the first epoch and every tenth: test digits above, generated ones below
    if epoch == 0 or (epoch + 1) % 10 == 0:
        sample_size = 10
        noise = get_noise(sample_size, n_noise)
        samples = sess.run(G, feed_dict={Y: mnist.test.labels[:sample_size], Z: noise})

        fig, ax = plt.subplots(2, sample_size, figsize=(sample_size, 2))

        for i in range(sample_size):
            ax[0][i].set_axis_off()
            ax[1][i].set_axis_off()

            ax[0][i].imshow(np.reshape(mnist.test.images[i], (28, 28)))
            ax[1][i].imshow(np.reshape(samples[i], (28, 28)))

        run.save_strip(fig, epoch)  # samples2/000.png, 009.png, …
        plt.close(fig)

print('최적화 완료!')
