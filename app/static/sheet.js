// The list as a sheet over the map, on a phone. It has three stops: half of each, the map alone, and
// the list alone, to which it is scrolled. The grip takes a finger that drags, a tap and a keyboard.

const NARROW = matchMedia('(max-width: 899px)');
const DRAGGED_PX = 24; // Less is a tap [A].

/**
 * Make the grip work.
 *
 * @param {HTMLElement} box what holds the map
 * @param {?HTMLButtonElement} grip
 * @returns {{reveal: (behavior?: ScrollBehavior) => void}} `reveal` shows the map, where a sheet lies over
 *          it, and lets "back" return to where the person was
 */
export function startSheet(box, grip) {
  const { body } = document;
  const isLarge = () => body.dataset.sheet === 'map';

  function stop(name) {
    body.dataset.sheet = name;
    box.style.height = '';
    grip.firstElementChild.textContent = isLarge() ? grip.dataset.smaller : grip.dataset.larger;
  }

  /** Which stop is the nearer one, of a map of this height. */
  function nearer(height) {
    box.style.height = '';
    const now = body.dataset.sheet ?? 'half';
    const [half, whole] = ['half', 'map'].map((name) => {
      body.dataset.sheet = name;
      return box.offsetHeight;
    });
    body.dataset.sheet = now;
    return height > (half + whole) / 2 ? 'map' : 'half';
  }

  if (grip) {
    grip.hidden = false;
    let from = null;
    let isDragged = false;
    grip.addEventListener('pointerdown', ({ clientY, pointerId }) => {
      from = { clientY, height: box.offsetHeight };
      isDragged = false;
      grip.setPointerCapture(pointerId);
    });
    grip.addEventListener('pointermove', ({ clientY }) => {
      if (from === null) return;
      isDragged ||= Math.abs(clientY - from.clientY) > DRAGGED_PX;
      if (isDragged) box.style.height = `${Math.max(0, from.height + clientY - from.clientY)}px`;
    });
    grip.addEventListener('pointerup', ({ clientY }) => {
      if (from !== null && isDragged) {
        const up = from.clientY - clientY;
        stop(nearer(box.offsetHeight));
        if (up > DRAGGED_PX && !isLarge()) scrollTo({ top: box.offsetHeight, behavior: 'instant' });
      }
      from = null;
    });
    grip.addEventListener('pointercancel', () => {
      from = null;
      stop(body.dataset.sheet ?? 'half');
    });
    // A drag ends in a click as well.
    grip.addEventListener('click', () => { if (!isDragged) stop(isLarge() ? 'half' : 'map'); isDragged = false; });
  }

  return {
    reveal() {
      if (!NARROW.matches || scrollY === 0) return;
      history.pushState(history.state, '');
      scrollTo({ top: 0, behavior: 'instant' });
    },
  };
}
