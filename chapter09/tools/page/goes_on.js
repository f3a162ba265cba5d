// Part 4, below: training that goes on in the page.

const KEPT = 400;  // iterations in the curves
const WHO = {both: 'who_both', D: 'who_only_D', G: 'who_only_G'};
const VANISHED = 1e-3;  // a gradient of G this small, in all, moves nothing that could be seen

class GoesOn {
  constructor(page) {
    this.page = page;
    Object.assign(this, {goes: false, history: [], marks: [], picture: null, number: 0});
    this.show = soon(() => this.showNow());
    at('train').onclick = () => this.train(this.goes ? 0 : Infinity);
    at('train_one').onclick = () => this.train(1);
    at('who').onchange = at('loss_of_G').onchange = () => { if (this.goes) this.train(Infinity); };
    at('train_reset').onclick = at('begin').onchange = () => this.take();
  }

  // Begins anew, with the run that is chosen.
  take() {
    const {own, random} = this.page;
    this.number += 1;
    this.page.workshop.say({begin: own, fresh: at('begin').value === 'new', seed: Math.floor(2 ** 32 * random()), number: this.number});
    Object.assign(this, {goes: false, history: [], marks: [], chosen: {who: 'both', kind: 'page'}});
    this.show();
  }

  train(times) {
    this.goes = times === Infinity;
    this.page.workshop.say({times, who: at('who').value, kind: at('loss_of_G').value});
    this.show();
  }

  hear({seen, picture}) {
    if (seen) {
      this.mark(seen);
      this.history.push(seen);
    }
    if (this.history.length > KEPT) this.history.shift();
    if (picture) this.picture = picture;
    this.show();
  }

  // Keeps the iteration from which on something else is trained, or by another loss.
  mark({n, who, kind}) {
    const changes = [who !== this.chosen.who && ['who', WHO[who]], kind !== this.chosen.kind && ['loss_of_G', `loss_${kind}`]].filter(Boolean);
    if (changes.length) this.marks.push({n, k: this.marks.length + 1, changes});
    this.chosen = {who, kind};
  }

  showNow() {
    const {history, picture} = this, last = history[history.length - 1];
    const {k, truth, by} = this.page.own.training.loss_G, same = truth === 1 && k * by > 0 ? 'steep' : truth === 0 && k * by < 0 ? 'flat' : '';
    for (const option of at('loss_of_G').options) {
      option.hidden = option.disabled = option.value === same;
      if (option.value === 'page') option.textContent = same ? `${say('loss_page')} ${say('loss_' + same)}` : say('loss_page');
    }
    at('goes_on_lead').textContent = say('goes_on_lead', {n: this.page.labels.length});
    at('train').textContent = say(this.goes ? 'pause' : 'train');
    if (picture) {
      sheet(at('fixed'), picture, 10);
      this.picture = null;
      this.page.workshop.say({shown: true});
    }
    at('trained').textContent = last ? say('status', {n: last.n, loss_D: short(last.loss_D), loss_G: short(last.loss_G),
      real: chance(last.D_real), gene: chance(last.D_gene), size: short(last.size_G)}) : '';
    at('vanishes').textContent = last && last.size_G < VANISHED ? say('vanishes') : '';
    const x = history.map(({n}) => n), known = history.flatMap(({loss_D, loss_G}) => [loss_D, loss_G]).filter(Number.isFinite);
    const marks = this.marks.filter(({n}) => n >= x[0]), places = {from: x[0] || 0, to: x[x.length - 1] || 1, marks};
    at('marks').replaceChildren(...marks.map(({n, k, changes}) =>
      make('li', {}, say('mark', {k, n, changes: changes.map(([what, to]) => `${say(what)}: ${say(to)}`).join('; ')}))));
    chart(at('live_losses'), [{x, y: history.map(each => each.loss_D), name: 'loss_D'}, {x, y: history.map(each => each.loss_G), name: 'loss_G', dash: '5 3'}],
      {...places, low: Math.min(0, ...known), high: Math.max(known.length ? 0 : 1, ...known), name: say('losses')});
    const sizes = history.map(({size_G}) => Math.log10(Math.max(size_G, 1e-12)));
    chart(at('live_size'), [{x, y: sizes, name: 'G'}],
      {...places, low: Math.floor(Math.min(-2, ...sizes)), high: Math.ceil(Math.max(1, ...sizes)), power: true, name: say('log10')});
  }
}
