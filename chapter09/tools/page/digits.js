// Part 1: digits on demand, sliders along directions of noise, and a walk.

const MOST_HANDS = 8, WALK = 9, ANY = 10;

class Digits {
  constructor(page) {
    this.page = page;
    this.draw = soon(() => this.drawNow());
    this.drawFirst = soon(() => this.drawFirstNow());
    this.drawWalk = soon(() => this.drawWalkNow());
    at('asked').oninput = () => {
      const input = at('asked'), kept = input.value.replace(/\D/g, ''), caret = input.selectionStart - (input.value.length - kept.length);
      const isWhole = kept && kept === input.value;
      if (kept !== input.value) {
        input.value = kept;
        input.setSelectionRange(caret, caret);
      }
      at('asked_word').textContent = isWhole ? '' : say('asked_word');
      this.draw();
    };
    this.hands = new Box('hands', this.draw);
    at('new_noise').onclick = () => { this.drawNoise(); this.place(); this.draw(); };
    this.walk = ['walk_from', 'walk_to'].map(id => new Box(id, this.drawWalk));
    at('walk_share').oninput = this.drawWalk;
    at('walk_noise').onclick = () => { this.ends = this.newEnds(); this.drawWalk(); };
    const drag = event => {
      if (event.type === 'pointerdown') at('walk_strip').setPointerCapture(event.pointerId);
      if (!(event.buttons & 1)) return;
      const box = at('walk_strip').getBoundingClientRect();
      at('walk_share').value = Math.round(100 * Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)));
      this.drawWalk();
    };
    at('walk_strip').onpointerdown = at('walk_strip').onpointermove = drag;
    this.sliders = Array.from({length: 12}, (_, k) => {
      const input = make('input', {type: 'range', step: 'any'});
      input.oninput = () => this.slide(k);
      at('sliders').append(make('label', {}, make('span', {}, String(k + 1)), input, make('span')));
      return input;
    });
  }

  // Takes another run, `page.own` are its networks; drawn it is by `Page.show`.
  take() {
    const {own} = this.page;
    this.drawNoise();
    this.ends = this.newEnds();
    // A noise vector goes so far along a direction: three standard deviations of what the listing draws.
    const many = noiseOf(own, 200, randomOf(1));
    this.directions = Array.from({length: own.directions.length / own.n_noise},
      (_, k) => own.directions.subarray(k * own.n_noise, (k + 1) * own.n_noise));
    this.sliders.forEach((slider, k) => {
      slider.parentNode.hidden = k >= this.directions.length;
      if (k >= this.directions.length) return;
      const found = Array.from({length: 200}, (_, n) => along(many.subarray(n * own.n_noise, (n + 1) * own.n_noise), this.directions[k]));
      const centre = mean(found), reach = 3 * Math.sqrt(mean(found.map(value => (value - centre) ** 2)));
      Object.assign(slider, {min: centre - reach, max: centre + reach});
    });
    this.place();
  }

  drawNoise() {
    const {own} = this.page;
    this.noise = noiseOf(own, own.labelled ? MOST_HANDS : MOST_HANDS * ANY, this.page.random);
  }

  newEnds() {
    return [0, 1].map(() => noiseOf(this.page.own, 1, this.page.random));
  }

  // Sets the sliders to where the first noise vector is.
  place() {
    this.directions.forEach((direction, k) => {
      this.sliders[k].value = along(this.noise.subarray(0, this.page.own.n_noise), direction);
      this.tell(k);
    });
  }

  // Says where a slider is.
  tell(k) {
    const told = Number(this.sliders[k].value).toFixed(2).replace('-', '−');
    this.sliders[k].nextSibling.textContent = told;
    this.sliders[k].setAttribute('aria-valuetext', told);
  }

  slide(k) {
    const {n_noise} = this.page.own;
    this.noise.set(moved(this.noise.slice(0, n_noise), this.directions[k], Number(this.sliders[k].value)), 0);
    this.tell(k);
    this.drawFirst();
  }

  // What is to be drawn: noise and labels of all tiles, row after row.
  asked() {
    const {own} = this.page, rows = this.hands.value;
    const digits = own.labelled ? Array.from(at('asked').value, Number) : Array(ANY).fill(0);
    const n = rows * digits.length, noise = new Float32Array(n * own.n_noise);
    for (let tile = 0; tile < n; tile++) {
      const vector = own.labelled ? Math.floor(tile / digits.length) : tile;
      noise.set(this.noise.subarray(vector * own.n_noise, (vector + 1) * own.n_noise), tile * own.n_noise);
    }
    return {rows, digits, n, noise, labels: Array.from({length: n}, (_, tile) => digits[tile % digits.length])};
  }

  drawNow() {
    const {own} = this.page, {rows, digits, n, noise, labels} = this.asked();
    this.images = n ? draw(own, noise, labels, n) : new Float32Array(0);
    at('asked_sheet').style.maxWidth = `${Math.min(46, 5.5 * Math.max(1, digits.length))}rem`;
    this.showImages(digits);
    this.speak(rows, digits, n);
  }

  // Draws anew what the first noise vector is for: a row, or a digit.
  drawFirstNow() {
    const {own} = this.page, {digits, noise, labels} = this.asked(), n = own.labelled ? digits.length : 1;
    if (n) this.images.set(draw(own, noise.subarray(0, n * own.n_noise), labels, n));
    this.showImages(digits);
  }

  showImages(digits) {
    sheet(at('asked_sheet'), this.images, Math.max(1, digits.length));
    sheet(at('first'), this.images.subarray(0, 784), 1);
  }

  speak(rows, digits, n) {
    const {own} = this.page;
    const told = own.labelled ? say('sheet_of', {digits: digits.join(' '), rows}) : say('sheet_any', {n});
    at('asked_sheet').setAttribute('aria-label', told);
    at('first').setAttribute('aria-label',
      own.labelled ? say('sheet_of', {digits: digits[0] ?? '', rows: 1}) : say('sheet_any', {n: 1}));
    at('each').textContent = say(own.labelled ? 'each_row' : 'each_digit');
    at('walk_lead').textContent = say(own.labelled ? 'walk_labelled' : 'walk_plain');
    at('sliders_lead').textContent = say('sliders_lead', {n: own.n_noise, what: say(own.labelled ? 'what_row' : 'what_digit')});
    this.sliders.forEach((slider, k) => slider.setAttribute('aria-label', say('direction', {k: k + 1})));
    for (const element of document.querySelectorAll('#digits .asked, #digits .of_label')) element.hidden = !own.labelled;
  }

  drawWalkNow() {
    const {own} = this.page, [a, b] = this.ends, share = at('walk_share').value / 100;
    const shares = [share, ...Array.from({length: WALK}, (_, k) => k / (WALK - 1))];
    const [from, to] = this.walk.map(({value}) => Array.from({length: 10}, (_, k) => k === value ? 1 : 0));
    const noise = new Float32Array(shares.length * own.n_noise);
    shares.forEach((each, k) => noise.set(between(a, b, each), k * own.n_noise));
    const images = draw(own, noise, shares.map(each => between(from, to, each)), shares.length);
    sheet(at('walk_now'), images.subarray(0, 784), 1);
    sheet(at('walk_strip'), images.subarray(784), WALK);
    const told = say('walk_at', {share: at('walk_share').value});
    at('walk_at').textContent = told;
    at('walk_now').setAttribute('aria-label', told);
    at('walk_share').setAttribute('aria-valuetext', told);
  }
}
