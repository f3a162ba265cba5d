// Drawing as MNIST's digits are drawn: scaled to 20×20, in one width of stroke, and centred by mass in 28×28.

const PEN = {core: 0.9, edge: 2.1};  // px from a stroke's middle: as dark as can be, and white; MNIST's 1s are so on average

// Lays ink of strokes, [[[x, y], …], …] in pixels, on an image [784]; an eraser takes it away.
function ink(image, strokes, erase = false) {
  for (let k = 0; k < 784; k++) {
    const x = k % 28 + 0.5, y = Math.floor(k / 28) + 0.5;
    let nearest = Infinity;
    for (const stroke of strokes) nearest = Math.min(nearest, distance(stroke, x, y));
    const dark = Math.max(0, Math.min(1, (PEN.edge - nearest) / (PEN.edge - PEN.core)));
    image[k] = erase ? Math.min(image[k], 1 - dark) : Math.max(image[k], dark);
  }
  return image;
}

// How far a point is from a stroke.
function distance(stroke, x, y) {
  let nearest = Math.hypot(stroke[0][0] - x, stroke[0][1] - y);
  for (let k = 1; k < stroke.length; k++) {
    const [ax, ay] = stroke[k - 1], dx = stroke[k][0] - ax, dy = stroke[k][1] - ay, length = dx * dx + dy * dy;
    const share = length ? Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
    nearest = Math.min(nearest, Math.hypot(ax + share * dx - x, ay + share * dy - y));
  }
  return nearest;
}

// The image [784] of strokes, scaled and centred.
function asMnist(strokes) {
  const points = strokes.flat();
  if (!points.length) return new Float32Array(784);
  const [xs, ys] = [0, 1].map(axis => points.map(point => point[axis]));
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const length = 20 - 2 * PEN.core, scale = length / Math.max(right - left, bottom - top, length / 2);  // a dot stays one
  let at = [14 - scale * (left + right) / 2, 14 - scale * (top + bottom) / 2];
  const placed = () => strokes.map(stroke => stroke.map(([x, y]) => [scale * x + at[0], scale * y + at[1]]));
  for (let times = 0; times < 2; times++) {  // once more, for what was cut off at the margin
    const [x, y] = massOf(ink(new Float32Array(784), placed()));
    at = [at[0] + 14 - x, at[1] + 14 - y];
  }
  return ink(new Float32Array(784), placed());
}

// Whether there is nothing to be seen on an image [784].
const isBlank = image => image.every(dark => dark < 0.02);

// Where the middle of an image's ink is, [x, y] in pixels.
function massOf(image) {
  let sum = 0, x = 0, y = 0;
  image.forEach((dark, k) => {
    sum += dark;
    x += dark * (k % 28 + 0.5);
    y += dark * (Math.floor(k / 28) + 0.5);
  });
  return sum ? [x / sum, y / sum] : [14, 14];
}
