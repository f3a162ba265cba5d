"""A listing as small as one can be, with the page's names and lines, for tests of all that is around the network."""

import lab  # not the page's: options, seed, checkpoints
import tensorflow.compat.v1 as tf
import matplotlib.pyplot as plt
import numpy as np

import input_data

total_epoch = 100
batch_size = 100
learning_rate = 0.1
n_noise = 4

run = lab.Run(globals())  # its options, and what the page leaves out
mnist = input_data.read_data_sets(run.data, one_hot=True)

X = tf.placeholder(tf.float32, [None, 28 * 28])
Z = tf.placeholder(tf.float32, [None, n_noise])

G_W = tf.Variable(tf.random_normal([n_noise, 28 * 28], stddev=0.01))
D_W = tf.Variable(tf.random_normal([28 * 28, 1], stddev=0.01))


# %% 9.1-8  noise
def get_noise(batch_size, n_noise):
    return np.random.normal(size=(batch_size, n_noise))


G = tf.nn.sigmoid(tf.matmul(Z, G_W))
D_gene = tf.nn.sigmoid(tf.matmul(G, D_W))
D_real = tf.nn.sigmoid(tf.matmul(X, D_W))

loss_D = tf.reduce_mean(tf.log(D_real) + tf.log(1 - D_gene))
loss_G = tf.reduce_mean(tf.log(D_gene))

train_D = tf.train.GradientDescentOptimizer(learning_rate).minimize(-loss_D, var_list=[D_W])
train_G = tf.train.GradientDescentOptimizer(learning_rate).minimize(-loss_G, var_list=[G_W])

# %% 9.1-12  training
sess = run.session()
sess.run(tf.global_variables_initializer())

total_batch = int(mnist.train.num_examples / batch_size)
loss_val_D, loss_val_G = 0, 0

for epoch in run.epochs(total_epoch):
    for i in range(total_batch):
        batch_xs, batch_ys = mnist.train.next_batch(batch_size)
        noise = get_noise(batch_size, n_noise)

        _, loss_val_D = sess.run([train_D, loss_D], feed_dict={X: batch_xs, Z: noise})
        _, loss_val_G = sess.run([train_G, loss_G], feed_dict={Z: noise})

    print('Epoch:', '%04d' % epoch,
          'D loss: {:.4}'.format(loss_val_D),
          'G loss: {:.4}'.format(loss_val_G))

    # 9.1-13  a strip
    if epoch == 0 or (epoch + 1) % 10 == 0:
        fig, ax = plt.subplots(figsize=(1, 1))
        ax.set_axis_off()
        ax.imshow(np.reshape(sess.run(G, feed_dict={Z: get_noise(1, n_noise)}), (28, 28)))
        run.save_strip(fig, epoch)
        plt.close(fig)

print('최적화 완료!')
