// The arrays that tools/page.py has packed into the file.

// base64 text of zlib's bytes -> Uint8Array
async function unpack(text) {
  const packed = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// An array of `place`, {kind, at, shape}: its numbers' first bytes stand together, then the second ones.
function arrayAt(bytes, place) {
  const n = place.shape.reduce((product, size) => product * size, 1);
  if (place.kind === 'u1') return bytes.subarray(place.at, place.at + n);
  const size = place.kind === 'f2' ? 2 : 4;
  const whole = new Uint8Array(n * size);
  for (let each = 0; each < n; each++) {
    for (let byte = 0; byte < size; byte++) whole[each * size + byte] = bytes[place.at + byte * n + each];
  }
  return size === 4 ? new Float32Array(whole.buffer) : Float32Array.from(new Uint16Array(whole.buffer), ofHalf);
}

// A number of IEEE 754's binary16, of its bits.
function ofHalf(bits) {
  const sign = bits >> 15 ? -1 : 1, exponent = bits >> 10 & 31, fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
