# %% [markdown]
# # §9.1 of the chapter: a GAN that learns to draw handwritten digits from noise

# %% 9.1-1  libraries
import lab  # not the page's: options, seed, checkpoints

import tensorflow.compat.v1 as tf
import matplotlib.pyplot as plt
import numpy as np

import input_data  # the page's reader, which TensorFlow 2 lost

tf.disable_v2_behavior()  # TensorFlow 1, as on the page

# %% 9.1-2  hyperparameters
total_epoch = 100
batch_size = 100
learning_rate = 0.0002
n_hidden = 256
n_input = 28 * 28
n_noise = 128  # size of the noise vector that becomes an image

run = lab.Run(globals())  # --epochs 3, --n-hidden 64, … change the numbers above
mnist = input_data.read_data_sets(run.data, one_hot=True)

# %% 9.1-3  placeholders: no Y, a GAN learns without labels
X = tf.placeholder(tf.float32, [None, n_input])
Z = tf.placeholder(tf.float32, [None, n_noise])

# %% 9.1-4  variables of the generator
G_W1 = tf.Variable(tf.random_normal([n_noise, n_hidden], stddev=0.01))
G_b1 = tf.Variable(tf.zeros([n_hidden]))
G_W2 = tf.Variable(tf.random_normal([n_hidden, n_input], stddev=0.01))
G_b2 = tf.Variable(tf.zeros([n_input]))

# %% 9.1-5  variables of the discriminator, one set for real and generated images alike:
# with two it could not learn to tell one from the other
D_W1 = tf.Variable(tf.random_normal([n_input, n_hidden], stddev=0.01))
D_b1 = tf.Variable(tf.zeros([n_hidden]))
D_W2 = tf.Variable(tf.random_normal([n_hidden, 1], stddev=0.01))
D_b2 = tf.Variable(tf.zeros([1]))


# %% 9.1-6  generator: noise [batch, 128] -> images [batch, 784]
def generator(noise_z):
    hidden = tf.nn.relu(tf.matmul(noise_z, G_W1) + G_b1)
    output = tf.nn.sigmoid(tf.matmul(hidden, G_W2) + G_b2)
    return output


# %% 9.1-7  discriminator: images [batch, 784] -> probability of being real [batch, 1]
def discriminator(inputs):
    hidden = tf.nn.relu(tf.matmul(inputs, D_W1) + D_b1)
    output = tf.nn.sigmoid(tf.matmul(hidden, D_W2) + D_b2)
    return output


# %% 9.1-8  noise
def get_noise(batch_size, n_noise):
    return np.random.normal(size=(batch_size, n_noise))


# %% 9.1-9  fakes, and what the discriminator thinks of fakes and of real images
G = generator(Z)
D_gene = discriminator(G)
D_real = discriminator(X)

# %% 9.1-10  losses, both to be maximised. A logarithm is minus infinity once float32 rounds D_real or
# D_gene to 0, or D_gene to 1; §9.2 avoids that by computing its losses from logits.
loss_D = tf.reduce_mean(tf.log(D_real) + tf.log(1 - D_gene))
loss_G = tf.reduce_mean(tf.log(D_gene))

# %% 9.1-11  each loss trains its own network: with all variables in both, train_G would
# also teach the discriminator to be fooled. The minus sign: Adam can only minimise.
D_var_list = [D_W1, D_b1, D_W2, D_b2]
G_var_list = [G_W1, G_b1, G_W2, G_b2]

train_D = tf.train.AdamOptimizer(learning_rate).minimize(-loss_D, var_list=D_var_list)
train_G = tf.train.AdamOptimizer(learning_rate).minimize(-loss_G, var_list=G_var_list)

# %% 9.1-12  training: the discriminator first, then the generator on the same noise
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
          'D loss: {:.4}'.format(loss_val_D), 'G loss: {:.4}'.format(loss_val_G))

    # 9.1-13  a strip of ten digits after the first epoch and every tenth
    if epoch == 0 or (epoch + 1) % 10 == 0:
        sample_size = 10
        noise = get_noise(sample_size, n_noise)
        samples = sess.run(G, feed_dict={Z: noise})

        fig, ax = plt.subplots(1, sample_size, figsize=(sample_size, 1))

        for i in range(sample_size):
            ax[i].set_axis_off()
            ax[i].imshow(np.reshape(samples[i], (28, 28)))

        run.save_strip(fig, epoch)  # samples/000.png, 009.png, …
        plt.close(fig)

print('최적화 완료!')
