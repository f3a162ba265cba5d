// Training as the listing does it: two losses, two Adams.
//
// Of D's logits x a loss is the mean of k (softplus(x) − t x), the cross-entropy where t is the truth, times k. A step makes
// `by` times its loss smaller. §9.1 writes the same with logarithms and maximises it: there both k and `by` are −1.

const mean = array => array.reduce((sum, value) => sum + value, 0) / array.length;
const BATCH = 100;
const last = arrays => arrays[arrays.length - 1];
const norm = arrays => Math.sqrt(arrays.reduce((sum, array) => {
  for (let k = 0; k < array.length; k++) sum += array[k] * array[k];
  return sum;
}, 0));

function crossEntropy(logits, truth) {
  return mean(Float64Array.from(logits, x => softplus(x) - truth * x));
}

// Its gradient by the logits, so many times.
function slopeOf(logits, truth, times) {
  return Float32Array.from(logits, x => times * (sigmoid(x) - truth) / logits.length);
}

// Adam as TensorFlow's ApplyAdam has it: epsilon outside of the correction for the first steps.
class Adam {
  constructor(layers, {learning_rate, beta1, beta2, epsilon}) {
    Object.assign(this, {layers, learning_rate, beta1, beta2, epsilon, t: 0});
    this.m = layers.map(({W, b}) => ({W: new Float32Array(W.length), b: new Float32Array(b.length)}));
    this.v = layers.map(({W, b}) => ({W: new Float32Array(W.length), b: new Float32Array(b.length)}));
  }

  // Changes the layers by gradients {W, b}; returns how far each moved, [{W, b}].
  step(gradients) {
    this.t += 1;
    const rate = this.learning_rate * Math.sqrt(1 - this.beta2 ** this.t) / (1 - this.beta1 ** this.t);
    return this.layers.map((layer, at) => ({
      W: this.change(layer.W, gradients.W[at], this.m[at].W, this.v[at].W, rate),
      b: layer.name_b ? this.change(layer.b, gradients.b[at], this.m[at].b, this.v[at].b, rate) : 0}));
  }

  change(variable, gradient, m, v, rate) {
    const {beta1, beta2, epsilon} = this;
    let square = 0;
    for (let k = 0; k < variable.length; k++) {
      m[k] += (1 - beta1) * (gradient[k] - m[k]);
      v[k] += (1 - beta2) * (gradient[k] * gradient[k] - v[k]);
      const by = rate * m[k] / (Math.sqrt(v[k]) + epsilon);
      variable[k] -= by;
      square += by * by;
    }
    return Math.sqrt(square);
  }
}

const copied = layers => layers.map(layer => ({...layer, W: layer.W.slice(), b: layer.b.slice()}));

// Layers as the listing begins with them; what cannot be told of a variable is 0.
function fresh(layers, random) {
  const begun = (array, begins) => {
    const [kind, spread] = begins || ['normal', 0];
    return array.map(() => spread && spread * (kind === 'normal' ? normal(random) : Math.sqrt(3) * (2 * random() - 1)));
  };
  return layers.map(layer => ({...layer, W: begun(layer.W, layer.begins[0]), b: begun(layer.b, layer.begins[1])}));
}

// A training that goes on from layers of its own.
//
// own     the networks of a run
// images  Float32Array [m, 784], and labels [m]: what is trained with
class Training {
  constructor(own, images, labels, random, begin = copied) {
    this.own = {...own, generator: begin(own.generator, random), discriminator: begin(own.discriminator, random)};
    Object.assign(this, {images, labels, random, iterations: 0});
    this.adam_D = new Adam(this.own.discriminator, own.training.train_D);
    this.adam_G = new Adam(this.own.generator, own.training.train_G);
  }

  // A batch of n: real images, their labels, noise.
  batch(n = BATCH) {
    const which = Array.from({length: n}, () => Math.floor(this.random() * this.labels.length));
    const real = new Float32Array(n * 784);
    which.forEach((k, row) => real.set(this.images.subarray(784 * k, 784 * k + 784), 784 * row));
    return {n, real, labels: which.map(k => this.labels[k]), noise: noiseOf(this.own, n, this.random)};
  }

  // What G makes of a batch: what its layers give. Both steps use it, for train_D leaves G as it is.
  make({n, labels, noise}) {
    const {own} = this;
    return forward(own.generator, joined(noise, own.n_noise, own.labelled ? labels : null, n), n);
  }

  // What train_D and loss_D come to: the loss before the step, and how far the variables have moved.
  stepD({n, real, labels}, apply, made) {
    const {own} = this, {k, real: truth, gene: lie, by} = own.training.loss_D, fakes = last(made);
    const both = new Float32Array(2 * n * 784);  // one batch, of real images and of fakes
    both.set(real);
    both.set(fakes, n * 784);
    const given = forward(own.discriminator, joined(both, 784, own.labelled ? [...labels, ...labels] : null, 2 * n), 2 * n);
    const [x, y] = [last(given).subarray(0, n), last(given).subarray(n)], slopes = new Float32Array(2 * n);
    slopes.set(slopeOf(x, truth, by * k));
    slopes.set(slopeOf(y, lie, by * k), n);
    const gradients = backward(own.discriminator, given, slopes, 2 * n, true, false);
    const ofReal = k * crossEntropy(x, truth), ofFakes = k * crossEntropy(y, lie);
    return {loss: ofReal + ofFakes, ofReal, ofFakes, fakes, real: x.map(sigmoid), gene: y.map(sigmoid),
      gradients, size: norm([...gradients.W, ...gradients.b]), moves: apply ? this.adam_D.step(gradients) : null};
  }

  // What train_G and loss_G come to. `kind` is 'page' for the listing's loss, 'steep' for −log D, or 'flat' for log(1 − D).
  stepG({n, labels}, kind, apply, made) {
    const {own} = this, fakes = last(made);
    const {k, truth, by} = {page: own.training.loss_G, steep: {k: 1, truth: 1, by: 1}, flat: {k: -1, truth: 0, by: 1}}[kind];
    const given = forward(own.discriminator, joined(fakes, 784, own.labelled ? labels : null, n), n), y = last(given);
    const byInputs = backward(own.discriminator, given, slopeOf(y, truth, by * k), n, false, true).x;
    const width = byInputs.length / n, byPixels = new Float32Array(n * 784);
    for (let row = 0; row < n; row++) byPixels.set(byInputs.subarray(row * width, row * width + 784), row * 784);
    const gradients = backward(own.generator, made, byPixels, n, true, false);
    return {loss: k * crossEntropy(y, truth), fakes, gene: y.map(sigmoid), gradients,
      size: norm([...gradients.W, ...gradients.b]), moves: apply ? this.adam_G.step(gradients) : null};
  }

  // One iteration. `who` is trained, 'both', 'D' or 'G'; the other's gradient is only looked at.
  iterate(batch, who = 'both', kind = 'page') {
    const made = this.make(batch), D = this.stepD(batch, who !== 'G', made), G = this.stepG(batch, kind, who !== 'D', made);
    this.iterations += 1;
    return {loss_D: D.loss, loss_G: G.loss, size_D: D.size, size_G: G.size, D_real: mean(D.real), D_gene: mean(G.gene)};
  }
}

// One iteration from a run's weights, with all that there is to be seen of it; of gradients only how large they are.
function looked({own, images, labels}, random) {
  const training = new Training(own, images, labels, random), batch = training.batch(), made = training.make(batch);
  const sized = ({gradients, ...rest}) => ({...rest, sizes: {W: gradients.W.map(each => norm([each])), b: gradients.b.map(each => norm([each]))}});
  const D = sized(training.stepD(batch, true, made)), G = sized(training.stepG(batch, 'page', true, made));
  return {batch, D, G, after: last(training.make(batch))};
}
