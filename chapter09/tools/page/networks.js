// Chains of dense layers on typed arrays. A layer is {W [inputs, outputs], b [outputs], inputs, outputs, activation,
// alpha}; a batch of n is one array, row after row.

const sigmoid = x => 1 / (1 + Math.exp(-x));
const softplus = x => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const ACTIVATIONS = {
  '': x => x, relu: x => x > 0 ? x : 0, sigmoid, tanh: Math.tanh, softplus,
  leaky: (x, alpha) => x > 0 ? x : alpha * x, elu: x => x > 0 ? x : Math.expm1(x),
};
// Their derivatives, by what came out of them.
const SLOPES = {
  '': () => 1, relu: a => a > 0 ? 1 : 0, sigmoid: a => a * (1 - a), tanh: a => 1 - a * a,
  softplus: a => -Math.expm1(-a), leaky: (a, alpha) => a > 0 ? 1 : alpha, elu: a => a > 0 ? 1 : a + 1,
};

// What a network takes most of its time for: a × B, where a has `rows` of `inner` numbers, `across` and `down` apart in
// it, and B is [inner, columns]. Two rows at a time, of which most numbers of an image and half of those behind a relu
// are 0 and are left out, and four of B's rows at a time: so each number that is loaded is used as often as can be.
function product(a, rows, inner, down, across, B, columns) {
  const found = new Float32Array(rows * columns), one = new Float64Array(columns), two = new Float64Array(columns);
  const from = new Int32Array(inner + 3), x = new Float64Array(inner + 3), y = new Float64Array(inner + 3);
  for (let row = 0; row < rows; row += 2) {
    const next = Math.min(row + 1, rows - 1);  // an odd last one is done twice
    let n = 0;
    for (let k = 0; k < inner; k++) {
      const p = a[row * down + k * across], q = a[next * down + k * across];
      if (p === 0 && q === 0) continue;
      from[n] = k * columns;
      x[n] = p;
      y[n] = q;
      n += 1;
    }
    for (let k = n; k % 4; k++) from[k] = x[k] = y[k] = 0;
    one.fill(0);
    two.fill(0);
    for (let k = 0; k < n; k += 4) {
      const [k0, k1, k2, k3] = [from[k], from[k + 1], from[k + 2], from[k + 3]];
      const [x0, x1, x2, x3] = [x[k], x[k + 1], x[k + 2], x[k + 3]], [y0, y1, y2, y3] = [y[k], y[k + 1], y[k + 2], y[k + 3]];
      for (let j = 0; j < columns; j++) {
        const b0 = B[k0 + j], b1 = B[k1 + j], b2 = B[k2 + j], b3 = B[k3 + j];
        one[j] += x0 * b0 + x1 * b1 + x2 * b2 + x3 * b3;
        two[j] += y0 * b0 + y1 * b1 + y2 * b2 + y3 * b3;
      }
    }
    found.set(one, row * columns);
    found.set(two, next * columns);
  }
  return found;
}

function transposed(array, rows, columns) {
  const found = new Float32Array(array.length);
  for (let row = 0; row < rows; row++) for (let k = 0; k < columns; k++) found[k * rows + row] = array[row * columns + k];
  return found;
}

// What each layer gives for inputs of n rows, the inputs first.
function forward(layers, inputs, n) {
  const found = [inputs];
  for (const layer of layers) found.push(dense(layer, found[found.length - 1], n));
  return found;
}

function dense({W, b, inputs, outputs, activation, alpha}, x, n) {
  const y = product(x, n, inputs, inputs, 1, W, outputs), act = ACTIVATIONS[activation];
  for (let row = 0, k = 0; row < n; row++) for (let j = 0; j < outputs; j++, k++) y[k] = act(y[k] + b[j], alpha);
  return y;
}

// Gradients by the chain rule, of the gradient by what `forward` gave last.
// Returns {W, b}, a list of each layer's, if `ofWeights`, and x, the gradient by the inputs, if `ofInputs`.
function backward(layers, given, last, n, ofWeights, ofInputs) {
  const W = [], b = [];
  let gradient = last;
  for (let at = layers.length - 1; at >= 0; at--) {
    const {inputs, outputs, activation, alpha} = layers[at], slope = SLOPES[activation];
    const delta = new Float32Array(n * outputs);
    for (let k = 0; k < delta.length; k++) {
      if (gradient[k] !== 0) delta[k] = gradient[k] * slope(given[at + 1][k], alpha);
    }
    if (ofWeights) {
      W[at] = product(given[at], inputs, n, 1, inputs, delta, outputs);
      b[at] = product(ONES, 1, n, 0, 0, delta, outputs);
    }
    if (at > 0 || ofInputs) gradient = product(delta, n, outputs, outputs, 1, transposed(layers[at].W, inputs, outputs), inputs);
  }
  return {W, b, x: ofInputs ? gradient : null};
}

const ONES = new Float32Array([1]);

// Rows of `width` with ten more for the label, one-hot or, between two digits, shares; without labels as they are.
function joined(rows, width, labels, n) {
  if (!labels) return rows;
  const found = new Float32Array(n * (width + 10));
  for (let row = 0; row < n; row++) {
    found.set(rows.subarray(row * width, (row + 1) * width), row * (width + 10));
    if (typeof labels[row] === 'number') found[row * (width + 10) + width + labels[row]] = 1;
    else found.set(labels[row], row * (width + 10) + width);
  }
  return found;
}

// Images [n, 784] that a generator draws of noise [n, n_noise] and labels.
function draw(own, noise, labels, n) {
  const given = forward(own.generator, joined(noise, own.n_noise, own.labelled ? labels : null, n), n);
  return given[given.length - 1];
}

// D's logits [n] for images [n, 784] and labels.
function judge(own, images, labels, n) {
  const given = forward(own.discriminator, joined(images, 784, own.labelled ? labels : null, n), n);
  return given[given.length - 1];
}

// The gradient of D's logit by the pixels of an image [784].
function heat(own, image, label) {
  const given = forward(own.discriminator, joined(image, 784, own.labelled ? [label] : null, 1), 1);
  return backward(own.discriminator, given, [1], 1, false, true).x.subarray(0, 784);
}

// A generator of numbers in [0, 1) with a seed: mulberry32, by Tommy Ettinger.
function randomOf(seed) {
  return () => {
    seed = seed + 0x6D2B79F5 | 0;
    let bits = Math.imul(seed ^ seed >>> 15, seed | 1);
    bits ^= bits + Math.imul(bits ^ bits >>> 7, bits | 61);
    return ((bits ^ bits >>> 14) >>> 0) / 2 ** 32;
  };
}

const normal = random => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

// Noise [n, n_noise] as the listing's get_noise draws it, or of what the run has kept of it.
function noiseOf(own, n, random) {
  if (own.noise === 'normal') return Float32Array.from({length: n * own.n_noise}, () => normal(random));
  if (own.noise === 'uniform') return Float32Array.from({length: n * own.n_noise}, () => 2 * random() - 1);
  const found = new Float32Array(n * own.n_noise), kept = own.noise.length / own.n_noise;
  for (let row = 0; row < n; row++) {
    const from = Math.floor(kept * random()) * own.n_noise;
    found.set(own.noise.subarray(from, from + own.n_noise), row * own.n_noise);
  }
  return found;
}

// How far noise [n_noise] goes along a direction [n_noise] of length 1, and the same noise that goes `to` there.
function along(noise, direction) {
  let sum = 0;
  for (let k = 0; k < noise.length; k++) sum += noise[k] * direction[k];
  return sum;
}

function moved(noise, direction, to) {
  const by = to - along(noise, direction);
  return noise.map((value, k) => value + by * direction[k]);
}

// The way from a to b, of two arrays or labels.
const between = (a, b, share) => a.map((value, k) => (1 - share) * value + share * b[k]);
