// Puts the page together: its data, the run that is chosen, the language.

class Page {
  constructor(data, bytes) {
    this.random = randomOf(7);
    this.images = Float32Array.from(arrayAt(bytes, data.images), level => level / 255);
    this.labels = Array.from(arrayAt(bytes, data.labels));
    this.runs = data.runs.map(run => ({...run, film: run.film && {...run.film, digits: arrayAt(bytes, run.film.digits)},
      networks: run.networks && networksOf(run.networks, bytes)}));
    this.workshop = new Workshop(message => this.hear(message));
    this.workshop.say({images: this.images, labels: this.labels});
    this.showChoice();
    at('language').onclick = () => { language = 1 - language; this.speak(); this.epochs.showNow(); this.show(); };
    this.digits = new Digits(this);
    this.epochs = new Epochs(this);
    this.thinks = new Thinks(this);
    this.step = new Step(this);
    this.goesOn = new GoesOn(this);
    // The first with networks; of both listings §9.2's, which can be asked for digits.
    const first = this.runs.find(run => run.networks && run.networks.labelled) || this.runs.find(run => run.networks) || this.runs[0];
    this.speak();
    this.choose(this.runs.indexOf(first));
  }

  nameOf(run) {
    return say(run.section ? 'run_name' : 'run_plain', run);
  }

  showChoice() {
    this.choices = this.runs.map((run, k) => {
      const input = make('input', {type: 'radio', name: 'run', value: k}), name = make('span');
      input.onchange = () => this.choose(k);
      at('runs').append(make('label', {}, input, name));
      return {input, name};
    });
  }

  choose(k) {
    this.run = this.runs[k];
    this.own = this.run.networks;
    this.choices[k].input.checked = true;
    const has = {digits: this.own, thinks: this.own && this.own.discriminator, step: this.own && this.own.training};
    for (const [part, there] of Object.entries(has)) at(part).querySelector('.content').hidden = !there;
    at('to_goes_on').hidden = !has.step;
    if (has.digits) this.digits.take();
    if (has.step) {
      this.goesOn.take();
      this.step.take();
    }
    this.show();
  }

  // What has come of training; of a run that is no longer chosen it is nothing to anybody.
  hear(message) {
    if (message.number !== this.goesOn.number) return;
    if (message.looked) this.step.hear(message.looked);
    else this.goesOn.hear(message);
  }

  // What does not depend on the run that is chosen.
  speak() {
    speak();
    this.choices.forEach(({name}, k) => { name.textContent = this.nameOf(this.runs[k]); });
  }

  show() {
    const {run, own} = this;
    for (const word of document.querySelectorAll('.word')) word.textContent = '';
    at('facts').replaceChildren(say(run.epochs === 1 ? 'run_facts_of_one' : 'run_facts', {...run, version: run.TensorFlow}), ...run.lost ? [' ', make('strong', {}, say('astray', run.lost))] : []);
    at('digits').querySelector('.missing').textContent = own ? '' : say('only_film', {why: run.why ? run.why[language] : say('no_room')});
    at('thinks').querySelector('.missing').textContent = own && !own.discriminator ? say('no_D', {why: own.why_no_discriminator[language]}) : '';
    at('step').querySelector('.missing').textContent = own && !own.training
      ? say('no_training', {why: (own.why_no_training || own.why_no_discriminator)[language]}) : '';
    for (const element of document.querySelectorAll('.other_data')) element.textContent = run.is_of_mnist ? '' : say('other_data');
    if (own) { this.digits.drawNow(); this.digits.drawWalkNow(); }
    if (own && own.discriminator) this.thinks.showNow();
    if (own && own.training) { this.step.show(); this.goesOn.showNow(); }
  }
}

// The networks of a run, as part of the data, with their arrays. D answers with logits here: a sigmoid at its end is left out.
function networksOf(packed, bytes) {
  const layersOf = layers => layers && layers.map(layer => {
    const [W, b] = [arrayAt(bytes, layer.W), arrayAt(bytes, layer.b)];
    return {...layer, W, b, inputs: layer.W.shape[0], outputs: layer.W.shape[1]};
  });
  const discriminator = layersOf(packed.discriminator), answers = discriminator ? last(discriminator).activation : '';
  if (answers === 'sigmoid') last(discriminator).activation = '';
  return {...packed, generator: layersOf(packed.generator), discriminator, answers: answers === 'sigmoid' ? answers : '', directions: arrayAt(bytes, packed.directions),
    noise: typeof packed.noise === 'string' ? packed.noise : arrayAt(bytes, packed.noise)};
}

let page = null;
if (self.document) begin();
else {
  const trainer = new Trainer(message => postMessage(message));
  self.onmessage = ({data}) => trainer.hear(data);
}

async function begin() {
  if (!window.DecompressionStream) return;  // an old browser: its sentence stands there
  const data = JSON.parse(at('data').textContent);
  const bytes = await unpack(data.bytes);
  at('page').hidden = false;
  page = new Page(data, bytes);
  at('old').hidden = true;
}
