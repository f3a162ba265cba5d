// Part 3: what D thinks of what is drawn.

const PAD = 28, UP = 0.1;  // pixels of the paper; how far a step along the gradient changes the pixel it changes most

class Thinks {
  constructor(page) {
    this.page = page;
    Object.assign(this, {base: null, strokes: [], pen: [14, 14], draws: false});
    this.show = soon(() => this.showNow());
    const pad = at('pad');
    pad.onpointerdown = event => {
      if (event.button) return;
      pad.setPointerCapture(event.pointerId);
      this.begin(this.pointOf(event));
    };
    pad.onpointermove = event => { if (event.buttons & 1) this.add(this.pointOf(event)); };
    pad.onpointerup = pad.onpointercancel = () => this.show();
    pad.onkeydown = event => this.key(event);
    at('clear').onclick = () => this.start(null);
    at('take_real').onclick = () => this.takeReal();
    at('take_fake').onclick = () => this.takeFake();
    at('heat').onchange = this.show;
    this.label = new Box('heat_label', this.show);
    at('better').onclick = () => this.improve();
    this.takeReal();
  }

  pointOf(event) {
    const box = at('pad').getBoundingClientRect();
    return [(event.clientX - box.left) / box.width * PAD, (event.clientY - box.top) / box.height * PAD];
  }

  rubs() {
    return document.querySelector('input[name=tool]:checked').value === 'rub';
  }

  // A stroke begins. On a clean sheet strokes are kept as lines; on a digit, or with the eraser, they are laid on at once.
  begin(point) {
    if (this.rubs() && !this.base) this.base = this.seen();
    this.strokes.push([point]);
    this.add(point);
  }

  add(point) {
    if (!this.strokes.length) return;
    const stroke = this.strokes[this.strokes.length - 1];
    stroke.push(point);
    if (this.base) ink(this.base, [stroke.slice(-2)], this.rubs());
    this.show();
  }

  key(event) {
    const by = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
    if (event.key === ' ') {
      this.draws = !this.draws;
      if (this.draws) this.begin(this.pen);
    } else if (by) {
      this.pen = this.pen.map((value, axis) => Math.max(1, Math.min(27, value + by[axis])));
      if (this.draws) this.add(this.pen);
    } else return;
    event.preventDefault();
    this.show();
  }

  // Begins anew, with an image [784] or, with null, a clean sheet.
  start(image) {
    Object.assign(this, {base: image, strokes: [], draws: false});
    this.show();
  }

  takeReal() {
    const k = Math.floor(this.page.random() * this.page.labels.length);
    this.label.value = this.page.labels[k];
    this.start(this.page.images.slice(784 * k, 784 * k + 784));
  }

  takeFake() {
    const {own} = this.page, label = Math.floor(10 * this.page.random());
    if (own.labelled) this.label.value = label;
    this.start(draw(own, noiseOf(own, 1, this.page.random), [label], 1));
  }

  // The image [784] that D is asked about.
  seen() {
    return this.base ? this.base.slice() : asMnist(this.strokes);
  }

  improve() {
    const image = this.seen();
    if (isBlank(image)) return;
    const gradient = heat(this.page.own, image, this.label.value);
    const wanted = gradient.map((value, k) => value > 0 ? (image[k] < 1 ? value : 0) : (image[k] > 0 ? value : 0));
    const most = wanted.reduce((found, value) => Math.max(found, Math.abs(value)), 1e-12);
    this.start(image.map((value, k) => Math.max(0, Math.min(1, value + UP * wanted[k] / most))));
  }

  showNow() {
    const {own} = this.page;
    if (!own || !own.discriminator) return;
    const image = this.seen(), label = this.label.value, blank = isBlank(image);
    this.showPad();
    marked(at('seen'), image, at('heat').checked && !blank ? heat(own, image, label) : null);
    for (const element of document.querySelectorAll('#thinks .of_label')) element.hidden = !own.labelled;
    for (const id of ['meter', 'value_note', 'by_label']) at(id).hidden = blank;
    at('better').setAttribute('aria-disabled', blank);
    if (blank) {
      at('value').textContent = say('blank');
      return;
    }
    const n = own.labelled ? 10 : 1, images = new Float32Array(n * 784);
    for (let k = 0; k < n; k++) images.set(image, 784 * k);
    const answers = Array.from(judge(own, images, Array.from({length: n}, (_, k) => k), n), sigmoid);
    const value = answers[own.labelled ? label : 0];
    at('value').textContent = say('value', {value: chance(value)}) + (own.labelled ? ` (${say('as_a', {digit: label})})` : '');
    at('meter').firstChild.style.width = `${100 * value}%`;
    at('by_label').replaceChildren();
    if (!own.labelled) return;
    at('by_label').append(make('p', {class: 'note'}, `${say('by_label')}. ${say('no_classifier')}.`));
    answers.forEach((answer, digit) => {
      const row = make('div', digit === label ? {'data-own': ''} : {}, make('span', {}, String(digit)),
        make('span', {class: 'bar', 'aria-hidden': 'true'}, make('i', {style: `width:${(100 * answer).toFixed(1)}%`})), make('span', {}, chance(answer)));
      at('by_label').append(row);
    });
  }

  // The paper: strokes where they were drawn, or the digit that is being changed.
  showPad() {
    marked(at('pad'), this.base || ink(new Float32Array(784), this.strokes.length ? this.strokes : [[[-9, -9]]]), null);
    if (document.activeElement !== at('pad') || !at('pad').matches(':focus-visible')) return;
    const context = at('pad').getContext('2d'), [x, y] = this.pen.map(value => value * 12);
    context.lineWidth = 2;
    context.strokeStyle = this.draws ? '#d4380d' : '#1f4e79';
    context.strokeRect(x - 9, y - 9, 18, 18);
  }
}
