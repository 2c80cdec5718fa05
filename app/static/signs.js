// Signs of support spaces, drawn once each: a house is a place to sleep, a disc is any other; full is
// open by its schedule, hollow with a cross is closed, hollow with a question mark is not known.
// What is drawn in them is the catalogue's (tiles/catalogue/glyphs.py).

const SIZE_PX = 30;
const GLYPH_BOX = 20; // the box that the catalogue's paths are drawn in
const GREY = '#33434a';

const HOUSE = 'M15 1.6 28 12.2V28.4H2V12.2Z';

/** Return the tool that draws a square picture of so many pixels of the page. */
function penOf(sizePx) {
  const ratio = Math.min(3, Math.max(1, Math.ceil(window.devicePixelRatio ?? 1)));
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [sizePx * ratio, sizePx * ratio];
  const pen = canvas.getContext('2d');
  pen.scale(ratio, ratio);
  return pen;
}

/** Return the picture of some spaces that stand together: how many, in a disc. */
export function pictureOfMany(count, { radius, fill, rim, rimWidth, ink }) {
  const middle = Math.ceil(radius + rimWidth / 2);
  const pen = penOf(2 * middle);
  const disc = new Path2D();
  disc.arc(middle, middle, radius, 0, 2 * Math.PI);
  paint(pen, disc, { fill, stroke: rim, width: rimWidth });
  pen.fillStyle = ink;
  pen.font = '700 13px system-ui, "Noto Sans", sans-serif';
  [pen.textAlign, pen.textBaseline] = ['center', 'middle'];
  pen.fillText(count, middle, middle + 0.5);
  return { img: pen.canvas, sizePx: 2 * middle };
}

/**
 * Make what gives the picture of a sign.
 *
 * @param {{colour: string, glyphs: Record<string, string>, kinds: Record<string, string>}} style of
 *        the catalogue's layer of spaces
 * @returns {(space: object, state: 'open'|'closed'|'not_known') => {key: string, draw: () => {img: HTMLCanvasElement, sizePx: number}}}
 */
export function makeSigns({ colour, glyphs, kinds }) {
  function draw(isHouse, state, glyph) {
    const pen = penOf(SIZE_PX);
    pen.lineJoin = 'round';
    const isOpen = state === 'open';
    const outline = new Path2D(isHouse ? HOUSE : undefined);
    if (!isHouse) outline.arc(15, 15, 12.5, 0, 2 * Math.PI);
    // A rim of the other kind keeps the sign apart from whatever lies under it.
    paint(pen, outline, { stroke: isOpen ? '#fff' : GREY, width: 3 });
    paint(pen, outline, { fill: isOpen ? colour : '#fff' });
    if (state === 'not_known') pen.setLineDash([3, 3]);
    paint(pen, outline, { stroke: isOpen ? colour : GREY, width: 1.2 });
    pen.setLineDash([]);
    pen.save();
    pen.translate(7, isHouse ? 9.5 : 7);
    pen.scale(16 / GLYPH_BOX, 16 / GLYPH_BOX);
    paint(pen, new Path2D(glyphs[glyph]), { fill: isOpen ? '#fff' : GREY });
    pen.restore();
    if (!isOpen) badge(pen, state);
    return { img: pen.canvas, sizePx: SIZE_PX };
  }

  return (space, state) => {
    const glyph = space.isOvernight ? 'overnight' : kinds[space.kind] ?? 'support';
    const key = `${space.isOvernight} ${state} ${glyph}`;
    return { key, draw: () => draw(space.isOvernight, state, glyph) };
  };
}

/** In the corner: a cross is closed, a question mark is not known. */
function badge(pen, state) {
  const [x, y] = [23.5, 6.5];
  const disc = new Path2D();
  disc.arc(x, y, 6, 0, 2 * Math.PI);
  paint(pen, disc, { fill: state === 'closed' ? GREY : '#fff', stroke: state === 'closed' ? '#fff' : GREY, width: 1.2 });
  if (state === 'closed') {
    return paint(pen, new Path2D(`M${x - 2.6} ${y - 2.6}l5.2 5.2m0-5.2l-5.2 5.2`), { stroke: '#fff', width: 2 });
  }
  pen.fillStyle = GREY;
  pen.font = '800 10px system-ui, sans-serif';
  pen.textAlign = 'center';
  return pen.fillText('?', x, y + 3.6);
}

function paint(pen, path, { fill, stroke, width }) {
  if (fill) {
    pen.fillStyle = fill;
    pen.fill(path, 'evenodd');
  }
  if (!stroke) return;
  pen.strokeStyle = stroke;
  pen.lineWidth = width;
  pen.stroke(path);
}
