// Part 4: one iteration of the training, in slow motion.

const STEPS = ['noise', 'G', 'real', 'gene', 'loss_D', 'train_D', 'loss_G', 'train_G'];
const LINES = {noise: ['noise'], G: ['generator', 'G'], real: ['batch_xs', 'discriminator', 'D_real'], gene: ['D_gene'], loss_D: ['loss_D'],
  train_D: ['train_D', 'run_D'], loss_G: ['loss_G'], train_G: ['train_G', 'run_G']};
const SHOWN = 10;

class Step {
  constructor(page) {
    this.page = page;
    this.now = 0;
    this.diagram = new Diagram(at('diagram'));
    this.buttons = STEPS.map((_, k) => {
      const button = make('button', {type: 'button'});
      button.onclick = () => this.go(k);
      at('steps').append(make('li', {}, button));
      return button;
    });
    at('step_back').onclick = () => this.go(this.now - 1);
    at('step_on').onclick = () => this.go(this.now + 1);
    at('step_again').onclick = () => this.take();
  }

  // Asks for an iteration of the run that is chosen; what was seen of another stands there until it comes.
  take() {
    this.seen = null;
    this.page.workshop.say({look: true});
  }

  hear(looked) {
    this.seen = looked;
    this.show();
  }

  go(to) {
    this.now = Math.max(0, Math.min(STEPS.length - 1, to));
    this.show();
  }

  show() {
    const name = STEPS[this.now];
    this.buttons.forEach((button, k) => {
      button.textContent = {noise: 'Z', real: 'D_real', gene: 'D_gene'}[STEPS[k]] || STEPS[k];
      button.setAttribute('aria-label', say('s_' + STEPS[k]));
      if (k === this.now) button.setAttribute('aria-current', 'step');
      else button.removeAttribute('aria-current');
    });
    // A button that is disabled would lose the keyboard's focus.
    at('step_back').setAttribute('aria-disabled', this.now === 0);
    at('step_on').setAttribute('aria-disabled', this.now === STEPS.length - 1);
    at('step_now').textContent = say('step_of', {k: this.now + 1, n: STEPS.length});
    if (!this.seen) return;
    this.diagram.show(this.page.own, name, this.seen, step => STEPS.indexOf(step) <= this.now);
    at('stage').replaceChildren(make('h3', {}, say('s_' + name)), ...this.stage(name), this.code(LINES[name]));
  }

  stage(name) {
    const {own} = this.page, {batch, D, G, after} = this.seen, text = (key, fills) => make('p', {}, say(key, fills));
    const canvas = make('canvas', {class: name === 'noise' ? 'noise' : 'digits wide', role: 'img', 'aria-label': say('s_' + name)});
    const ten = images => images.subarray(0, SHOWN * 784);
    const values = answers => make('div', {class: 'values'}, ...Array.from(answers.subarray(0, SHOWN), value => make('span', {}, value < 0.001 ? short(Number(value.toPrecision(2))) : value.toFixed(2))));
    const told = (key, more) => [text(this.sense(own.training[key]), {value: short(more.loss), step: key.replace('loss', 'train')})];
    if (name === 'noise') {
      bars(canvas, Array.from(batch.noise.subarray(0, own.n_noise)));
      return [text('t_noise', {n: own.n_noise}), canvas];
    }
    if (name === 'loss_D') return told(name, D);
    if (name === 'loss_G') return [...told(name, G), text('t_loss_G', {gene: chance(mean(G.gene))})];
    if (name === 'train_D') return [text('t_train', {who: say('who_G')}), text('t_adam', {rate: short(own.training[name].learning_rate)}), this.table(D, 'discriminator')];
    if (name === 'train_G') {
      const both = new Float32Array(2 * SHOWN * 784);
      both.set(ten(G.fakes), 0);
      both.set(ten(after), SHOWN * 784);
      sheet(canvas, both, SHOWN);
      return [text('t_train', {who: say('who_D')}), text('t_adam', {rate: short(own.training[name].learning_rate)}), this.table(G, 'generator'), text('t_after'), canvas];
    }
    sheet(canvas, ten(name === 'real' ? batch.real : D.fakes), SHOWN);
    if (name === 'G') return [text('t_G'), canvas];
    return [text('t_' + name, {value: chance(mean(D[name]))}), canvas, values(D[name])];
  }

  // Whether a step makes its loss smaller or larger, and whether that is towards 0.
  sense({k, by}) {
    return (by > 0 ? 't_min' : 't_max') + (by * k > 0 ? '' : '_away');
  }

  // All variables, which of them have moved and how far.
  table({sizes, moves}, network) {
    const rows = ['generator', 'discriminator'].flatMap(each => this.page.own[each].flatMap((layer, k) => ['W', 'b'].filter(part => layer['name_' + part]).map(part => {
      const still = each !== network, cells = [make('td', {}, broken(layer['name_' + part]))];
      cells.push(make('td', {}, still ? '' : short(sizes[part][k])),
        make('td', {class: still ? '' : 'moves'}, still ? '= ' + say('stands') : '→ ' + short(moves[k][part])));
      return make('tr', {}, ...cells);
    })));
    const head = make('tr', {}, ...['variable', 'gradient', 'moved_by'].map(key => make('th', {scope: 'col'}, say(key))));
    return make('table', {}, head, ...rows);
  }

  code(names) {
    const lines = new Map(names.flatMap(name => this.page.run.lines[name] || []));
    if (!lines.size) return '';
    const code = make('div', {class: 'code', role: 'group', 'aria-label': say('listing')});
    for (const [number, line] of [...lines].sort((a, b) => a[0] - b[0])) code.append(make('span', {}, make('b', {}, String(number)), broken(line), '\n'));
    return code;
  }
}
