// Part 4, below: training that goes on in the page.

const FIXED = 20, KEPT = 400;  // digits that are watched, iterations in the curves
const VANISHED = 1e-3;  // a gradient of G this small, in all, moves nothing that could be seen

class GoesOn {
  constructor(page) {
    this.page = page;
    Object.assign(this, {goes: false, history: [], training: null});
    at('train').onclick = () => this.goes ? this.stop() : this.start();
    at('train_one').onclick = () => { this.stop(); this.iterate(); };
    at('train_reset').onclick = at('begin').onchange = () => { this.stop(); this.reset(); };
  }

  take() {
    this.stop();
    this.reset();
  }

  reset() {
    const {own, images, labels, random} = this.page, begin = at('begin').value === 'new' ? fresh : copied;
    this.training = new Training(own, images, labels, random, begin);
    this.history = [];
    this.fixedNoise = noiseOf(own, FIXED, random);
    this.last = null;
    this.show();
  }

  start() {
    this.goes = true;
    at('train').textContent = say('pause');
    const turn = () => {
      if (!this.goes) return;
      this.iterate();
      this.timer = setTimeout(turn);
    };
    turn();
  }

  stop() {
    this.goes = false;
    clearTimeout(this.timer);
    at('train').textContent = say('train');
  }

  iterate() {
    this.last = this.training.iterate(this.training.batch(BATCH), at('who').value, at('loss_of_G').value);
    this.history.push({...this.last, n: this.training.iterations});
    if (this.history.length > KEPT) this.history.shift();
    this.show();
  }

  show() {
    const {training, history, last} = this;
    if (!training) return;
    at('goes_on_lead').textContent = say('goes_on_lead', {n: this.page.labels.length});
    at('train').textContent = say(this.goes ? 'pause' : 'train');
    sheet(at('fixed'), draw(training.own, this.fixedNoise, Array.from({length: FIXED}, (_, k) => k % 10), FIXED), 10);
    at('trained').textContent = last ? say('status', {n: training.iterations, loss_D: short(last.loss_D), loss_G: short(last.loss_G),
      real: chance(last.D_real), gene: chance(last.D_gene), size: short(last.size_G)}) : '';
    at('vanishes').textContent = last && last.size_G < VANISHED ? say('vanishes') : '';
    const x = history.map(({n}) => n), known = history.flatMap(({loss_D, loss_G}) => [loss_D, loss_G]).filter(Number.isFinite);
    const places = {from: x[0] || 0, to: x[x.length - 1] || 1};
    chart(at('live_losses'), [{x, y: history.map(each => each.loss_D), name: 'loss_D'}, {x, y: history.map(each => each.loss_G), name: 'loss_G', dash: '5 3'}],
      {...places, low: Math.min(0, ...known), high: Math.max(known.length ? 0 : 1, ...known), name: say('losses')});
    const sizes = history.map(({size_G}) => Math.log10(Math.max(size_G, 1e-12)));
    chart(at('live_size'), [{x, y: sizes, name: 'G'}],
      {...places, low: Math.floor(Math.min(-2, ...sizes)), high: Math.ceil(Math.max(1, ...sizes)), name: say('log10')});
  }
}
