// What is drawn: sheets of digits on canvases, curves as SVG, and elements by a short hand.

const at = id => document.getElementById(id);

// An element with attributes, and children or text in it.
function make(name, attributes = {}, ...children) {
  const svg = ['svg', 'path', 'line', 'text', 'rect', 'circle', 'g', 'title'].includes(name);
  const element = svg ? document.createElementNS('http://www.w3.org/2000/svg', name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// Draws images [n, 784] of 0 to `one` on a canvas, so many in a row, in the ink of the page (its CSS turns it for the dark).
function sheet(canvas, images, columns, one = 1, gap = 3) {
  const n = images.length / 784, rows = Math.ceil(n / columns), step = 28 + gap;
  canvas.width = columns * step - gap;
  canvas.height = Math.max(1, rows) * step - gap;
  const context = canvas.getContext('2d'), {width} = canvas, drawn = context.createImageData(width, canvas.height);
  const pixels = new Uint32Array(drawn.data.buffer);
  for (let each = 0; each < n; each++) {
    const from = Math.floor(each / columns) * step * width + each % columns * step;
    for (let k = 0; k < 784; k++) {
      const grey = Math.round(255 * (1 - images[784 * each + k] / one));
      pixels[from + Math.floor(k / 28) * width + k % 28] = 0xff000000 | grey * 0x10101;
    }
  }
  context.putImageData(drawn, 0, 0);
}

// Draws a vector as a row of bars, up and down from the middle.
function bars(canvas, vector) {
  const height = 40, context = canvas.getContext('2d'), most = Math.max(1e-9, ...vector.map(Math.abs));
  canvas.width = 3 * vector.length;
  canvas.height = height;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, height);
  context.fillStyle = '#000';
  vector.forEach((value, k) => {
    const length = Math.max(1, Math.abs(value) / most * (height / 2 - 1));
    context.fillRect(3 * k, value > 0 ? height / 2 - length : height / 2, 2, length);
  });
}

// An image of 28×28 with marks of what would make D surer: + where more ink would, − where less. The strength is the size.
function marked(canvas, image, gradient) {
  const side = 12, context = canvas.getContext('2d');
  canvas.width = canvas.height = 28 * side;
  for (let k = 0; k < 784; k++) {
    const grey = Math.round(255 * (1 - image[k]));
    context.fillStyle = `rgb(${grey},${grey},${grey})`;
    context.fillRect(k % 28 * side, Math.floor(k / 28) * side, side, side);
  }
  if (!gradient) return;
  // Ink cannot be more than all, nor less than none: there a gradient asks for nothing.
  const asked = Array.from(gradient, (value, k) => value > 0 ? (image[k] < 0.98 ? value : 0) : (image[k] > 0.02 ? value : 0));
  const most = Math.max(1e-12, ...asked.map(Math.abs));
  asked.forEach((value, k) => {
    const length = side * Math.sqrt(Math.abs(value) / most), x = (k % 28 + 0.5) * side, y = (Math.floor(k / 28) + 0.5) * side;
    if (length < 3) return;
    context.fillStyle = value > 0 ? '#0b7a4b' : '#d4380d';
    context.fillRect(x - length / 2, y - 1, length, 2);
    if (value > 0) context.fillRect(x - 1, y - length / 2, 2, length);
  });
}

// A chart. lines: [{x, y, name, dash}], of which null is a gap; at: an x to stand at; marks: [{n, k}], k is written above n;
// power: whether y are powers of ten.
function chart(svg, lines, {low, high, at: marker = null, from, to, lost = null, marks = [], power = false, name}) {
  const ticks = [low, power ? Math.round((low + high) / 2) : (low + high) / 2, high].map(value => [value, short(power ? 10 ** value : value)]);
  const width = 420, height = 150, [right, top, bottom] = [84, 14, 22], left = Math.max(44, ...ticks.map(([, text]) => 10 + 8 * text.length));
  const X = x => left + (to === from ? 0.5 : (x - from) / (to - from)) * (width - left - right);
  const Y = y => top + (1 - (Math.max(low, Math.min(high, y)) - low) / (high - low || 1)) * (height - top - bottom);
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', name);
  svg.replaceChildren();
  for (const [value, text] of ticks) {
    svg.append(make('line', {x1: left, x2: width - right, y1: Y(value), y2: Y(value), class: 'grid'}),
               make('text', {x: left - 6, y: Y(value) + 4, class: 'tick end'}, text));
  }
  for (const x of from === to ? [from] : [from, to]) svg.append(make('text', {x: X(x), y: height - 6, class: 'tick middle'}, String(x)));
  if (lost !== null) {
    svg.append(make('rect', {x: X(lost), y: top, width: Math.max(0, X(to) - X(lost)), height: height - top - bottom, class: 'lost'}),
               make('text', {x: X(lost), y: top - 1, class: 'tick middle'}, '▲'));
  }
  for (const {n, k} of marks) {
    svg.append(make('line', {x1: X(n), x2: X(n), y1: top, y2: height - bottom, class: 'mark'}),
               make('text', {x: X(n), y: top - 3, class: 'label middle'}, String(k)));
  }
  const labels = [];
  lines.forEach(({x, y, name: label, dash}) => {
    let path = '';
    const has = k => Number.isFinite(y[k]);
    y.forEach((value, k) => {
      if (!has(k)) return;
      path += `${has(k - 1) ? 'L' : 'M'}${X(x[k]).toFixed(1)} ${Y(value).toFixed(1)}`;
      if (!has(k - 1) && !has(k + 1)) svg.append(make('circle', {cx: X(x[k]), cy: Y(value), r: 3, class: `dot${dash ? ' hollow' : ''}`}));
    });
    const end = y.findLastIndex((_, k) => has(k));
    svg.append(make('path', {d: path, class: 'curve', 'stroke-dasharray': dash || 'none'}));
    if (end >= 0) labels.push({label, y: Y(y[end])});
  });
  labels.sort((a, b) => a.y - b.y);
  labels.forEach((each, k) => { if (k) each.y = Math.max(each.y, labels[k - 1].y + 14); });
  const over = labels.length ? Math.max(0, labels[labels.length - 1].y - (height - bottom)) : 0;
  for (const {label, y} of labels) svg.append(make('text', {x: width - right + 6, y: y + 4 - over, class: 'label'}, label));
  if (marker !== null) svg.append(make('line', {x1: X(marker), x2: X(marker), y1: top, y2: height - bottom, class: 'here'}));
}

// A number in few letters.
function short(value) {
  if (value === null || Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  const text = size === 0 ? '0' : size < 0.0001 || size >= 1e5 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
  return text.replace(/-/g, '−');
}

// A probability: three places, or powers of ten where they would be none.
const chance = value => value < 0.001 ? short(value) : value.toFixed(3);

// Calls a function once before the next frame, however often it is asked for.
function soon(work) {
  let waits = false;
  return () => {
    if (waits) return;
    waits = true;
    requestAnimationFrame(() => { waits = false; work(); });
  };
}
