// A box for a whole number. What cannot be is put right as one leaves it, and said.

class Box {
  constructor(id, changed) {
    const input = at(id), word = make('output', {class: 'word'});
    Object.assign(this, {input, word, last: input.valueAsNumber});
    input.closest('.controls').append(word);
    input.oninput = () => { word.textContent = ''; changed(); };
    input.onchange = () => {
      const {value} = this, {min, max} = input;
      if (input.valueAsNumber === value) return;
      this.value = value;
      word.textContent = say('from_to', {min, max, value});
    };
  }

  // The nearest number that can be; of none what was there before.
  get value() {
    const {min, max, valueAsNumber} = this.input;
    if (!Number.isNaN(valueAsNumber)) this.last = Math.max(min, Math.min(max, Math.round(valueAsNumber)));
    return this.last;
  }

  set value(value) {
    this.input.value = value;
    this.word.textContent = '';
  }
}
