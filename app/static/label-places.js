// Where names stand on the map: beside the signs, which are drawn whatever is there and would hide them.

const SIGN_PX = 17; // half of a sign with its rim and badge (signs.js)
const CLEAR_PX = [6, 4]; // what a name keeps free beside it and above: its padding and halo (style.js)
const [ASIDE_PX, BELOW_PX] = CLEAR_PX.map((clear) => SIGN_PX + clear);
// Width of letters in sizes of the font, and height of a line [A].
const [LETTER, CAPITAL, LINE] = [0.6, 0.75, 1.25];
const LONG = 20; // letters from which a name is told in two lines [A]

/** How far around a point signs can be in the way of its name, pixels. */
export const REACH_PX = 160;

const sizeOf = (text, size) => {
  const lines = text.split('\n');
  const letter = text === text.toLocaleUpperCase() ? CAPITAL : LETTER;
  return [Math.max(...lines.map((line) => line.length)) * size * letter, lines.length * size * LINE];
};

/** Whether no sign covers a name there. */
function isFree({ offsetX = 0, offsetY = 0, textAlign = 'center' }, [width, height], signs) {
  const middle = offsetX + { left: width / 2, center: 0, right: -width / 2 }[textAlign];
  return signs.every(([right, down]) => Math.abs(right - middle) >= width / 2 + ASIDE_PX
    || Math.abs(down - offsetY) >= height / 2 + BELOW_PX);
}

/**
 * Return where the name of a point stands: on it if no sign does, else below, beside or above.
 *
 * @param {string} text its lines
 * @param {number} size of its letters, pixels
 * @param {number[][]} signs around, pixels right of the point and down
 * @returns {{offsetX?: number, offsetY?: number, textAlign?: string}} options of the engine's text
 */
export function placeOfName(text, size, signs) {
  const measures = sizeOf(text, size);
  const down = Math.ceil(measures[1] / 2) + BELOW_PX;
  const offers = [
    {}, { offsetY: down },
    ...[0, 12, -12].flatMap((offsetY) => [
      { offsetX: ASIDE_PX, offsetY, textAlign: 'left' }, { offsetX: -ASIDE_PX, offsetY, textAlign: 'right' },
    ]),
    { offsetY: -down },
  ];
  return offers.find((one) => isFree(one, measures, signs)) ?? offers[1];
}

/**
 * Return where the name of an area may stand, the best place first: in its middle, or some lines and a
 * name from it. Any two of them meet, so that it stands at one.
 */
export function placesWithin(text, size, signs) {
  const measures = sizeOf(text, size);
  const offers = [0, 1, -1, 2, -2, 3, -3].flatMap((lines) => [0, 0.3, -0.3, 0.6, -0.6, 0.9, -0.9].map((widths) => ({
    offsetX: widths * measures[0], offsetY: lines * size,
  })));
  const far = ({ offsetX, offsetY }) => Math.hypot(offsetX, offsetY);
  offers.sort((one, other) => far(one) - far(other));
  const meets = (one, other) => Math.abs(one.offsetX - other.offsetX) < measures[0] * 0.75
    && Math.abs(one.offsetY - other.offsetY) <= size;
  const first = offers.find((one) => isFree(one, measures, signs)) ?? offers[0];
  // The engine draws none over a sign, whose own size it knows, or below a button of the map.
  const fits = (one, places) => places.every((other) => one !== other && meets(one, other));
  return offers.reduce((places, one) => (fits(one, places) ? [...places, one] : places), [first]);
}

/** A long name in two lines of like length. */
export function inLines(name) {
  const spaces = [...name.matchAll(/ /g)].map(({ index }) => index);
  if (name.length < LONG || spaces.length === 0) return name;
  const far = (at) => Math.abs(at - name.length / 2);
  const at = spaces.reduce((best, one) => (far(one) < far(best) ? one : best));
  return `${name.slice(0, at)}\n${name.slice(at + 1)}`;
}
