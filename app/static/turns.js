// Work on the map that comes a piece at a time, each with a frame of its own: a frame draws all that
// has come since the last, and a slow phone answers nobody until it is done (TBT).

// A page that nobody looks at draws no frame: then the next piece comes after this long [A].
const UNSEEN_MS = 500;

// Longest piece of work on what a frame will show, of the 50 ms from which a phone seems deaf (TBT).
export const PIECE_MS = 25;

/** Let the browser answer a tap or paint between two pieces of work. */
export const breathe = (ms = 0) => new Promise((resolve) => { setTimeout(resolve, ms); });

/**
 * Make what does pieces of work in the order in which they come, and draws each.
 *
 * @param {object} map the engine's
 * @returns {(work: () => void) => Promise<void>} ends when the piece is drawn; rejects where it throws
 */
export function makeTurns(map) {
  let last = Promise.resolve();

  async function take(work) {
    await breathe();
    const drawn = new Promise((resolve) => { map.once('postrender', resolve); });
    work();
    map.render();
    await Promise.race([drawn, breathe(UNSEEN_MS)]);
  }

  return (work) => {
    const taken = last.then(() => take(work));
    last = taken.catch(() => {});
    return taken;
  };
}
