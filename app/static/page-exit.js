// Quick exit (P37), on every page: empty it first, then leave without a trace in "back". The
// Escape key pressed three times does the same, for who has no free hand to look for a button.
//
// Who goes back afterwards finds nothing: every page looks, before anything of it is drawn, whether
// its tab was left so since it was first shown, and then makes way for an empty one. The tab
// itself remembers no more than how often that was (sessionStorage), and forgets it when it closes.
//
// Reports that wait to be sent stay: they are of physical hazards alone, and deleting them has a
// button of its own. Leaving has to be instant, and a landslide somebody saw is no danger to carry.
{
  const PRESSES = 3;
  const WITHIN_MS = 2_000;
  const LEFT = 'left';
  const root = document.documentElement;

  // Room is left for what other scripts bring, so that nothing moves when they do (page.css).
  root.dataset.scripts = '';

  // A browser that keeps nothing for a tab throws.
  const timesLeft = () => {
    try { return Number(sessionStorage.getItem(LEFT)); } catch { return 0; }
  };

  const noteLeft = () => {
    try { sessionStorage.setItem(LEFT, timesLeft() + 1); } catch { /* then nothing is noted */ }
  };

  /** Show nothing, and put an empty page in the place of this one. */
  const vanish = (to = 'about:blank') => {
    root.hidden = true;
    document.title = '';
    window.stop();
    root.replaceChildren();
    location.replace(to);
  };

  // Which time in this tab the page belongs to: none is noted before anybody leaves in a hurry.
  const [arrival] = performance.getEntriesByType('navigation');
  const now = timesLeft();
  const isAgain = arrival?.type === 'back_forward' || arrival?.type === 'reload';
  const time = isAgain ? history.state?.[LEFT] ?? 0 : now;
  if (time !== now) vanish();
  else if (now > 0) history.replaceState({ ...history.state, [LEFT]: now }, '');

  // A page that the browser keeps whole for "back" is drawn before it is asked: hidden.
  addEventListener('pagehide', () => { root.hidden = true; });
  addEventListener('pageshow', () => {
    if (time === timesLeft()) root.hidden = false;
    else vanish();
  });

  let pressed = [];

  const leave = () => {
    window.speechSynthesis?.cancel(); // nothing is read aloud any more (listen.js)
    noteLeft();
    endSignIn();
    forget();
    // What stands in the browser's own list of pages.
    document.title = '';
    history.replaceState(null, '', '/');
    vanish(document.getElementById('exit')?.href);
  };

  // Who opens the browser next must not find somebody signed in. Nobody waits for the answer.
  const endSignIn = () => {
    const form = document.querySelector('form.out');
    if (form) send(form.action, new URLSearchParams(new FormData(form)));
  };

  // The page of visits that is kept for when there is no network (visit-page.js), and the files and
  // pages that the browser keeps by itself; packs and what waits are elsewhere, and stay.
  const forget = () => {
    // What a tab remembers of a route that was asked for (planner.js).
    try { sessionStorage.removeItem('amparo-route'); } catch { /* nothing is kept */ }
    if ('caches' in window) caches.delete('amparo-visits').catch(() => {});
    send('/leave');
  };

  const send = (address, body) => {
    fetch(address, { method: 'POST', body, keepalive: true }).catch(() => {});
  };

  addEventListener('click', (event) => {
    if (!event.target.closest?.('#exit')) return;
    event.preventDefault();
    leave();
  }, { capture: true });

  addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.repeat) return;
    const at = performance.now();
    pressed = [...pressed.filter((before) => at - before < WITHIN_MS), at];
    if (pressed.length >= PRESSES) leave();
  }, { capture: true });
}
