// Part 2: all runs through their epochs, together.

const TOLD = 20;  // epochs by which a run that goes astray has been told so, by docs/lost.md before its 18th
const WHOLE = 15000, SLOWEST = 500;  // ms for all images, and at most for one

class Epochs {
  constructor(page) {
    this.page = page;
    this.timer = null;
    this.hasMeans = page.runs.some(run => run.D_mean[0].length);
    // The epochs at which any of the films has a frame, so that a step always shows something new.
    this.epochs = [...new Set(page.runs.flatMap(run => run.film ? run.film.epochs : run.losses[0]))].sort((a, b) => a - b);
    at('epoch').value = at('epoch').max = this.epochs.length - 1;
    this.show = soon(() => this.showNow());
    at('epoch').oninput = () => { this.stop(); this.show(); };
    at('play').onclick = () => this.timer ? this.stop() : this.play();
    at('epoch_back').onclick = () => this.go(-1);
    at('epoch_on').onclick = () => this.go(1);
    this.cards = page.runs.map(() => {
      const card = {root: make('article', {class: 'film'}), title: make('h3'), verdict: make('p', {class: 'verdict'}),
        canvas: make('canvas', {class: 'digits wide', role: 'img'}), note: make('p', {class: 'note'}),
        losses: make('svg'), means: make('svg'), heads: [make('p', {class: 'note'}), make('p', {class: 'note'})]};
      card.root.append(card.title, card.verdict, card.canvas, card.note, card.heads[0], card.losses, card.heads[1], card.means);
      at('films').append(card.root);
      return card;
    });
    this.showNow();
  }

  go(by) {
    this.stop();
    at('epoch').value = Number(at('epoch').value) + by;
  }

  isAtEnd() {
    return at('epoch').value === at('epoch').max;
  }

  play() {
    if (this.isAtEnd()) at('epoch').value = 0;
    this.timer = setInterval(() => {
      at('epoch').value = Number(at('epoch').value) + 1;
      if (this.isAtEnd()) this.stop();
      this.show();
    }, Math.min(SLOWEST, WHOLE / this.epochs.length));
    this.show();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.show();
  }

  showNow() {
    const epoch = this.epochs[at('epoch').value], told = say('epoch_of', {epoch});
    at('play').textContent = say(this.timer ? 'pause' : 'play');
    at('epoch_now').textContent = told;
    at('epoch').setAttribute('aria-valuetext', told);
    at('epochs_lead').textContent = say('epochs_lead') + (this.hasMeans ? ` ${say('means_lead')}` : '');
    at('epoch_back').setAttribute('aria-disabled', at('epoch').value === '0');
    at('epoch_on').setAttribute('aria-disabled', this.isAtEnd());
    this.page.runs.forEach((run, k) => this.showRun(run, this.cards[k], epoch));
  }

  showRun(run, card, epoch) {
    const {film, losses, D_mean} = run, name = this.page.nameOf(run);
    card.title.textContent = name;
    card.root.classList.toggle('astray', Boolean(run.lost));
    card.verdict.textContent = run.lost ? say('went_astray', run.lost) : D_mean[0].length ? say(run.epochs < TOLD ? 'too_early' : 'not_astray') : '';
    card.canvas.hidden = !film;
    card.note.textContent = film ? '' : say('no_film');
    if (film) {
      const frame = Math.max(0, film.epochs.findLastIndex(each => each <= epoch)), n = film.digits.length / film.epochs.length;
      if (film.epochs.length < run.epochs) card.note.textContent = say('some_epochs', {epoch: film.epochs[frame], n: film.epochs.length, epochs: run.epochs});
      if (film.real) card.note.append(' ', say('real_above'));
      sheet(card.canvas, film.digits.subarray(frame * n, (frame + 1) * n), 10, 255);
      card.canvas.setAttribute('aria-label', say('film_of', {name, epoch: film.epochs[frame]}));
    }
    const places = {from: 0, to: Math.max(1, run.epochs - 1), at: Math.min(epoch, run.epochs - 1), lost: run.lost ? run.lost.from : null};
    const known = [...losses[1], ...losses[2]].filter(Number.isFinite);
    card.heads[0].textContent = say('losses');
    chart(card.losses, [{x: losses[0], y: losses[1], name: 'loss_D'}, {x: losses[0], y: losses[2], name: 'loss_G', dash: '5 3'}],
      {...places, low: known.reduce((a, b) => Math.min(a, b), 0), high: known.reduce((a, b) => Math.max(a, b), 0), name: `${say('losses')}: ${name}`});
    card.means.style.display = D_mean[0].length ? '' : 'none';
    card.heads[1].textContent = this.hasMeans ? say(D_mean[0].length ? 'means' : 'no_means') : '';
    chart(card.means, [{x: D_mean[0], y: D_mean[1], name: say('of_real')}, {x: D_mean[0], y: D_mean[2], name: say('of_gene'), dash: '5 3'}],
      {...places, low: 0, high: 1, name: `D_mean: ${name}`});
  }
}
