// Part 4: one iteration of the training, in slow motion.

const STEPS = ['noise', 'G', 'real', 'gene', 'loss_D', 'train_D', 'loss_G', 'train_G'];
const LINES = {noise: ['noise'], G: ['generator', 'G'], real: ['batch_xs', 'discriminator', 'D_real'], gene: ['D_gene'], loss_D: ['loss_D'],
  train_D: ['train_D', 'run_D'], loss_G: ['loss_G'], train_G: ['train_G', 'run_G']};
const BATCH = 100, SHOWN = 10;

class Step {
  constructor(page) {
    this.page = page;
    this.now = 0;
    this.buttons = STEPS.map((_, k) => {
      const button = make('button', {type: 'button'});
      button.onclick = () => this.go(k);
      at('steps').append(make('li', {}, button));
      return button;
    });
    at('step_back').onclick = () => this.go(this.now - 1);
    at('step_on').onclick = () => this.go(this.now + 1);
    at('step_again').onclick = () => { this.look(); this.show(); };
  }

  take() {
    this.look();
    this.show();
  }

  // One iteration from the run's weights, with all that there is to be seen of it.
  look() {
    const {own, images, labels, random} = this.page;
    const training = new Training(own, images, labels, random), batch = training.batch(BATCH);
    const D = training.stepD(batch), G = training.stepG(batch);
    const after = draw(training.own, batch.noise, batch.labels, BATCH);
    this.seen = {batch, D, G, after};
  }

  go(to) {
    this.now = Math.max(0, Math.min(STEPS.length - 1, to));
    this.show();
  }

  show() {
    if (!this.seen) return;
    const name = STEPS[this.now];
    this.buttons.forEach((button, k) => {
      button.textContent = {noise: 'Z', real: 'D_real', gene: 'D_gene'}[STEPS[k]] || STEPS[k];
      button.setAttribute('aria-label', say('s_' + STEPS[k]));
      if (k === this.now) button.setAttribute('aria-current', 'step');
      else button.removeAttribute('aria-current');
    });
    at('step_back').disabled = this.now === 0;
    at('step_on').disabled = this.now === STEPS.length - 1;
    at('step_now').textContent = say('step_of', {k: this.now + 1, n: STEPS.length});
    at('stage').replaceChildren(make('h3', {}, say('s_' + name)), ...this.stage(name), this.code(LINES[name]));
  }

  stage(name) {
    const {own} = this.page, {batch, D, G, after} = this.seen, text = (key, fills) => make('p', {}, say(key, fills));
    const canvas = make('canvas', {class: name === 'noise' ? 'noise' : 'digits wide', role: 'img', 'aria-label': say('s_' + name)});
    const ten = images => images.subarray(0, SHOWN * 784);
    const values = answers => make('div', {class: 'values'}, ...Array.from(answers.subarray(0, SHOWN), value => make('span', {}, value < 0.001 ? short(Number(value.toPrecision(2))) : value.toFixed(2))));
    const formula = line => make('p', {class: 'formula'}, line);
    if (name === 'noise') {
      bars(canvas, Array.from(batch.noise.subarray(0, own.n_noise)));
      return [formula(`Z  [${BATCH}, ${own.n_noise}]`), text('t_noise', {n: own.n_noise}), canvas];
    }
    if (name === 'loss_D') {
      const {k, real, gene} = own.training.loss_D;
      return [formula(this.formulaD()), formula(`${short(D.loss)} = ${this.sum(k, [[D.real, real], [D.gene, gene]])}`),
        text(k < 0 ? 't_max' : 't_min', {value: short(D.loss)})];
    }
    if (name === 'loss_G') {
      const {k, truth} = own.training.loss_G;
      return [formula(this.formulaG()), formula(`${short(G.loss)} = ${this.sum(k, [[G.gene, truth]])}`),
        text((k < 0) === (truth > 0) ? 't_max' : 't_min', {value: short(G.loss)}), text('t_loss_G', {gene: chance(mean(G.gene))})];
    }
    if (name === 'train_D') return [formula(this.adam('train_D')), text('t_train', {who: say('who_G')}), this.table(D, 'discriminator')];
    if (name === 'train_G') {
      const both = new Float32Array(2 * SHOWN * 784);
      both.set(ten(G.fakes), 0);
      both.set(ten(after), SHOWN * 784);
      sheet(canvas, both, SHOWN);
      return [formula(this.adam('train_G')), text('t_train', {who: say('who_D')}), this.table(G, 'generator'), text('t_after'), canvas];
    }
    sheet(canvas, ten(name === 'real' ? batch.real : D.fakes), SHOWN);
    const arguments_ = own.labelled ? {G: '(Z, Y)', real: '(X, Y)', gene: '(G, Y)'} : {G: '(Z)', real: '(X)', gene: '(G)'};
    if (name === 'G') return [formula(`G = generator${arguments_.G}   Z → ${this.widths(own.generator)}`), text('t_G'), canvas];
    const answers = D[name];
    return [formula(`D_${name} = discriminator${arguments_[name]}   → ${this.widths(own.discriminator)}`), text('t_' + name, {value: chance(mean(answers))}), canvas, values(answers)];
  }

  widths(layers) {
    return layers.map(({outputs, activation, name_W}) => `${name_W} [${outputs}] ${activation}`.trim()).join(' → ');
  }

  formulaD() {
    const {k, real, gene} = this.page.own.training.loss_D;
    if (k === -1 && real === 1 && gene === 0) return 'loss_D = mean(log(D_real) + log(1 − D_gene))';
    const both = `cross_entropy(D_real, ${real}) + cross_entropy(D_gene, ${gene})`;
    return `loss_D = ${k === 1 ? both : `${short(k)} · (${both})`}`;
  }

  formulaG() {
    const {k, truth} = this.page.own.training.loss_G;
    if (k === -1) return truth === 1 ? 'loss_G = mean(log(D_gene))' : 'loss_G = mean(log(1 − D_gene))';
    return `loss_G = ${k === 1 ? '' : short(k) + ' · '}cross_entropy(D_gene, ${truth})`;
  }

  // The parts of a loss in numbers, each the mean over the batch.
  sum(k, parts) {
    const cross = (answers, truth) => k * mean(Array.from(answers, p => -truth * Math.log(Math.max(p, 1e-38)) - (1 - truth) * Math.log(Math.max(1 - p, 1e-38))));
    return parts.map(([answers, truth]) => short(cross(answers, truth))).join(' + ').replace(/\+ −/g, '− ');
  }

  adam(step) {
    return `${step} = Adam(${short(this.page.own.training[step].learning_rate)}): w ← w − rate · m / (√v + ε)`;
  }

  // All variables, which of them have moved and how far.
  table({gradients, moves}, network) {
    const rows = ['generator', 'discriminator'].flatMap(each => this.page.own[each].flatMap((layer, k) => ['W', 'b'].filter(part => layer['name_' + part]).map(part => {
      const still = each !== network, cells = [make('td', {}, layer['name_' + part])];
      cells.push(make('td', {}, still ? '' : short(norm([gradients[part][k]]))),
        make('td', {class: still ? '' : 'moves'}, still ? '= ' + say('stands') : '→ ' + short(moves[k][part])));
      return make('tr', {}, ...cells);
    })));
    const head = make('tr', {}, ...['variable', 'gradient', 'moved_by'].map(key => make('th', {scope: 'col'}, say(key))));
    return make('div', {class: 'scroll'}, make('table', {}, head, ...rows));
  }

  code(names) {
    const lines = new Map(names.flatMap(name => this.page.run.lines[name] || []));
    if (!lines.size) return '';
    const code = make('div', {class: 'code', role: 'group', 'aria-label': say('listing')});
    for (const [number, line] of [...lines].sort((a, b) => a[0] - b[0])) code.append(make('b', {}, String(number)), line + '\n');
    return code;
  }
}
