// Part 4's drawing: how noise, images, answers and losses go through the two networks, with the listing's names.
//
// Boxes stand in a grid, G's lane on the left, that of real images on the right, and D across both; arrows are drawn
// behind them, and what is computed on its way stands on the arrow.

// By step, what is at work: boxes, labels and arrows.
const AT_WORK = {
  noise: ['Z'], G: ['Z', 'Y', 'generator', 'G', 'Z>G', 'Y>G'], real: ['X', 'Y', 'discriminator', 'D_real', 'X>D', 'Y>D', 'D>real'],
  gene: ['G', 'Y', 'discriminator', 'D_gene', 'G>D', 'Y>D', 'D>gene'], loss_D: ['D_real', 'D_gene', 'real>D', 'gene>D', 'loss_D'],
  train_D: ['loss_D', 'train_D', 'discriminator'], loss_G: ['D_gene', 'gene>G', 'loss_G'], train_G: ['loss_G', 'train_G', 'generator']};
const TENSORFLOW = {leaky: 'leaky_relu'};  // activations that it calls otherwise

class Diagram {
  constructor(root) {
    this.root = root;
    this.arrows = make('svg', {'aria-hidden': 'true'});
    this.parts = {};
    new ResizeObserver(() => this.drawArrows()).observe(root);
  }

  // own: networks; step: its name; seen: what `looked` found; known(step): whether it is computed yet.
  show(own, step, seen, known) {
    const work = new Set(AT_WORK[step]), {batch, D, G, after} = seen;
    this.own = own;
    this.work = work;
    this.parts = {};
    this.root.replaceChildren(this.arrows);
    this.root.setAttribute('aria-label', say('diagram'));
    const part = (name, where, ...children) => {
      const element = make('div', {class: `${where}${work.has(name) ? ' works' : ''}`}, ...children);
      this.parts[name] = element;
      this.root.append(element);
    };
    const box = (name, where, ...children) => part(name, `box ${where}`, make('b', {}, name), ...children);
    const value = (at, text) => make('span', {class: 'number'}, known(at) ? text() : '…');
    const thumbs = (at, images) => known(at) ? thumbnails(images) : make('span', {class: 'number'}, '…');
    box('Z', own.labelled ? 'z' : 'lane_G', value('noise', () => `[${batch.n}, ${own.n_noise}]`));
    if (own.labelled) box('Y', 'y', value('noise', () => `[${batch.n}, 10]`));
    box('X', own.labelled ? 'x' : 'lane_D', thumbs('real', batch.real));
    part('generator', 'frame lane_G', make('b', {}, 'generator'), this.state('train_G', 'train_D', step, G),
      ...this.formulas(own.generator, own.labelled ? '[Z, Y]' : 'Z', 'G'));
    box('G', 'lane_G', thumbs('G', step === 'train_G' ? after : D.fakes));
    part('discriminator', 'frame both', make('b', {}, 'discriminator'), this.state('train_D', 'train_G', step, D),
      ...this.formulas(own.discriminator, own.labelled ? '[x, Y]' : 'x', 'D', own.answers));
    const average = answers => `${own.answers ? 'mean' : 'mean(sigmoid)'} ${chance(mean(answers))}`;
    box('D_gene', 'lane_G', value('gene', () => average(known('loss_G') ? G.gene : D.gene)));
    box('D_real', 'lane_D', value('real', () => average(D.real)));
    const {loss_D, loss_G} = own.training;
    part('gene>G', 'label first', broken(lossPart(loss_G.k, loss_G.truth, 'D_gene')));
    part('gene>D', 'label second', broken(lossPart(loss_D.k, loss_D.gene, 'D_gene')), value('loss_D', () => ` =\u00a0${short(D.ofFakes)}`));
    part('real>D', 'label third', broken(lossPart(loss_D.k, loss_D.real, 'D_real')), value('loss_D', () => ` =\u00a0${short(D.ofReal)}`));
    box('loss_G', 'lane_G', value('loss_G', () => short(G.loss)));
    box('loss_D', 'lane_D', value('loss_D', () => short(D.loss)));
    part('train_G', 'update', this.update('train_G', loss_G));
    part('train_D', 'update', this.update('train_D', loss_D));
    this.drawArrows();
  }

  // Of a network: that it moves or stands still, where a step of training is shown.
  state(own, other, step, {size}) {
    if (step === own) return make('span', {class: 'state'}, `▲ ${say('moves')}`);
    return step === other ? make('span', {class: 'state'}, `= ${say('stands')}`) : '';
  }

  update(step, {by}) {
    return `${step}: minimize(${by === 1 ? '' : by === -1 ? '−' : `${short(by)} · `}${step.replace('train', 'loss')})`;
  }

  // What each layer computes, of names; `answers` is the activation that a logit is left without here.
  formulas(layers, input, output, answers = '') {
    return layers.map(({activation, name_W, name_b, alpha}, k) => {
      const last = k === layers.length - 1, act = TENSORFLOW[activation] || (last && answers) || activation;
      const from = k === 0 ? input : `h${k}`, sum = `${from} · ${name_W}${name_b ? ` + ${name_b}` : ''}`;
      const of = act ? `${act}(${sum}${activation === 'leaky' ? `, ${short(alpha)}` : ''})` : sum;
      return make('span', {class: 'formula'}, broken(`${last ? output : `h${k + 1}`} = ${of}`));
    });
  }

  drawArrows() {
    const {root, parts, arrows} = this, whole = root.getBoundingClientRect();
    if (!parts.Z || !whole.width) return;
    const of = name => {
      const box = parts[name].getBoundingClientRect();
      return {left: box.left - whole.left, right: box.right - whole.left, top: box.top - whole.top, bottom: box.bottom - whole.top};
    };
    const share = part => part / 6 * (of('discriminator').right - of('discriminator').left) + of('discriminator').left;
    const drawn = [];
    const arrow = (name, points, back = false) => drawn.push([this.work.has(name), arrowOf(points, this.work.has(name), back)]);
    const down = (name, from, to, x) => arrow(name, [[share(x), of(from).bottom], [share(x), of(to).top]]);
    const through = (name, frame, x) => arrow(name, [[share(x), of(frame).top], [share(x), of(frame).bottom]]);
    const [Z, X] = this.own.labelled ? [1, 5] : [1.5, 4.5];
    down('Z>G', 'Z', 'generator', Z);
    through('Z>G', 'generator', 1.5);
    down('Z>G', 'generator', 'G', 1.5);
    down('G>D', 'G', 'discriminator', 1.5);
    down('X>D', 'X', 'discriminator', X);
    if (this.own.labelled) {
      down('Y>G', 'Y', 'generator', 2.6);
      down('Y>D', 'Y', 'discriminator', 3.5);
    }
    through('G>D', 'discriminator', 1.5);
    through('X>D', 'discriminator', 4.5);
    down('D>gene', 'discriminator', 'D_gene', 1.5);
    down('D>real', 'discriminator', 'D_real', 4.5);
    down('gene>G', 'D_gene', 'loss_G', 1);
    arrow('gene>D', [[share(2.6), of('D_gene').bottom], [share(3), of('gene>D').top], [share(3), of('gene>D').bottom], [share(3.5), of('loss_D').top]]);
    down('real>D', 'D_real', 'loss_D', 5);
    for (const [name, loss, network, side, out] of [['train_D', 'loss_D', 'discriminator', 'right', 1], ['train_G', 'loss_G', 'generator', 'left', -1]]) {
      const from = of(loss), to = of(network), x = share(out < 0 ? 0 : 6) + 11 * out, y = (from.top + from.bottom) / 2, end = to.top + 16;
      arrow(name, [[from[side], y], [x, y], [x, end], [to[side], end]], true);
      // The label stands on its arrow, between the loss and the network that it moves.
      Object.assign(parts[name].style, {top: `${(y + end) / 2}px`, left: `${x}px`});
    }
    arrows.setAttribute('viewBox', `0 0 ${whole.width} ${whole.height}`);
    arrows.replaceChildren(...drawn.sort((a, b) => a[0] - b[0]).map(each => each[1]));
  }
}

// An arrow through points; what is at work is thick, what goes back is dashed.
function arrowOf(points, works, back) {
  const n = points.length, size = works ? 8 : 5.5, [x, y] = points[n - 1], [fromX, fromY] = points[n - 2];
  const length = Math.hypot(x - fromX, y - fromY) || 1, [dx, dy] = [(x - fromX) / length, (y - fromY) / length];
  const base = [x - size * dx, y - size * dy], head = [[x, y], [base[0] - size / 1.8 * dy, base[1] + size / 1.8 * dx], [base[0] + size / 1.8 * dy, base[1] - size / 1.8 * dx]];
  const path = list => `M${list.map(point => point.map(value => value.toFixed(1)).join(' ')).join('L')}`;
  return make('g', {class: `arrow${works ? ' works' : ''}${back ? ' back' : ''}`},
    make('path', {d: path([...points.slice(0, -1), base])}), make('path', {class: 'head', d: `${path(head)}Z`}));
}

// A part of a loss, as one writes it: cross-entropies of 0 and 1 by §9.1 as logarithms.
function lossPart(k, truth, answer) {
  if (k === -1 && truth === 1) return `mean(log(${answer}))`;
  if (k === -1 && truth === 0) return `mean(log(1 − ${answer}))`;
  return `${k === 1 ? '' : k === -1 ? '−' : `${short(k)} · `}cross_entropy(${answer}, ${short(truth)})`;
}

// A text that may be broken behind a / or an opening bracket, before a name's dot, and a long name behind a _.
function broken(text) {
  const found = make('span');
  text.split(/(?<=[/(])|(?=\.[a-z])|(?<=\w{13}_)/).forEach((piece, k) => found.append(...(k ? [make('wbr')] : []), piece));
  return found;
}

function thumbnails(images) {
  const canvas = make('canvas', {class: 'digits small', 'aria-hidden': 'true'});
  sheet(canvas, images.subarray(0, 3 * 784), 3);
  return canvas;
}
