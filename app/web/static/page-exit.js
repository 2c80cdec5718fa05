// Quick exit (P37), on every page: empty it first, then leave without a trace in "back". The
// Escape key pressed three times does the same, for who has no free hand to look for a button.
//
// Reports that wait to be sent stay: they are of physical hazards alone, and deleting them has a
// button of its own. Leaving has to be instant, and a landslide somebody saw is no danger to carry.

const PRESSES = 3;
const WITHIN_MS = 2_000;

const exit = document.getElementById('exit');
let pressed = [];

function leave() {
  endSignIn();
  // The page of visits that is kept for when there is no network (visit-page.js).
  if ('caches' in window) caches.delete('amparo-visits');
  document.documentElement.replaceChildren();
  location.replace(exit.href);
}

// Who opens the browser next must not find somebody signed in. Nobody waits for the answer.
function endSignIn() {
  const form = document.querySelector('form.out');
  if (!form) return;
  fetch(form.action, {
    method: 'POST', body: new URLSearchParams(new FormData(form)), keepalive: true,
  }).catch(() => {});
}

exit.addEventListener('click', (event) => {
  event.preventDefault();
  leave();
});

addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || event.repeat) return;
  const now = performance.now();
  pressed = [...pressed.filter((at) => now - at < WITHIN_MS), now];
  if (pressed.length >= PRESSES) leave();
}, { capture: true });
