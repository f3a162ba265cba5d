// Training beside the page: in a Worker, so that the page moves on meanwhile; where none can be had, in the page itself.

const FIXED = 20;  // digits that are watched
const SCRIPT = self.document ? document.currentScript.textContent : '';  // the whole page's, which a worker runs too

// Trains, and tells what has come of it; does as it is told, by messages of one of these:
//   {images, labels}                what is trained with; once, for it is large
//   {begin: own, fresh, seed, number}  anew, from the run's weights or new ones; answers bear the number
//   {look: true}                    answers {looked}: one iteration from the run's weights
//   {times, who, kind}              so many iterations, also Infinity or 0: each answers {seen}
//   {shown: true}                   the last picture has been shown: the next may come
class Trainer {
  constructor(tell) {
    Object.assign(this, {tell, times: 0, timer: null, wanted: true, number: 0});
  }

  hear(message) {
    if (message.images) Object.assign(this, message);
    else if (message.begin) this.begin(message);
    else if (message.look) this.answer({looked: looked(this, this.random)});
    else if (message.shown) this.wanted = true;
    else {
      Object.assign(this, message);
      this.go();
    }
  }

  answer(found) {
    this.tell({...found, number: this.number});
  }

  begin({begin: own, fresh: anew, seed, number}) {
    clearTimeout(this.timer);  // of what was trained before
    Object.assign(this, {number, own, random: randomOf(seed), times: 0, wanted: false});
    this.training = new Training(own, this.images, this.labels, this.random, anew ? fresh : copied);
    this.noise = noiseOf(own, FIXED, this.random);
    this.answer({picture: this.picture()});
  }

  picture() {
    return draw(this.training.own, this.noise, Array.from({length: FIXED}, (_, k) => k % 10), FIXED);
  }

  // Goes on after what has been said meanwhile.
  go() {
    clearTimeout(this.timer);
    if (this.times > 0) this.timer = setTimeout(() => this.iterate());
  }

  iterate() {
    this.times -= 1;
    const {training} = this, seen = training.iterate(training.batch(), this.who, this.kind);
    const picture = this.wanted ? this.picture() : null;
    if (picture) this.wanted = false;
    this.answer({seen: {...seen, n: training.iterations, who: this.who, kind: this.kind}, picture});
    this.go();
  }
}

// Where a Trainer is: `say` takes a message to it, `tell` gets its answers.
class Workshop {
  constructor(tell) {
    this.tell = tell;
    this.said = [];  // what a worker has been told that has not answered yet
    try {
      this.worker = new Worker(URL.createObjectURL(new Blob([SCRIPT], {type: 'text/javascript'})));
      this.worker.onmessage = ({data}) => {
        this.said = null;
        tell(data);
      };
      this.worker.onerror = event => {
        if (!this.said) return;
        event.preventDefault();
        this.stay();
      };
    } catch {
      this.stay();
    }
  }

  // No worker can be had here.
  stay() {
    const {said} = this;
    Object.assign(this, {worker: null, said: null, trainer: new Trainer(this.tell)});
    for (const message of said) this.trainer.hear(message);
  }

  say(message) {
    if (this.trainer) {
      this.trainer.hear(message);
      return;
    }
    if (this.said) this.said.push(message);
    this.worker.postMessage(message);
  }
}
