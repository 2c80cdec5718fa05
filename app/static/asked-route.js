// The route that was asked for last, for who goes back from a space on the way: in this tab alone, for
// half an hour at most, never of a position, and gone with a quick exit (page-exit.js).

const ASKED = 'amparo-route'; // as in page-exit.js
const ASKED_MS = 30 * 60_000; // issue 17: half an hour at most

/** Keep the fields of the form; a browser that keeps nothing for a tab throws. */
export function rememberRoute(fields) {
  const isOfAPosition = ['start_ref', 'end_ref'].some((name) => /^(here|point):/.test(fields.get(name)));
  try {
    sessionStorage.removeItem(ASKED);
    if (!isOfAPosition) sessionStorage.setItem(ASKED, JSON.stringify([Date.now(), fields.toString()]));
  } catch { /* then it is asked anew */ }
}

/** What was asked last in this tab, if that is not long ago; else null. */
export function recalledRoute() {
  let kept = null;
  try { kept = JSON.parse(sessionStorage.getItem(ASKED)); } catch { /* nothing is kept */ }
  if (!kept) return null;
  const [askedMs, fields] = kept;
  if (Date.now() - askedMs <= ASKED_MS && Date.now() >= askedMs) return new URLSearchParams(fields);
  sessionStorage.removeItem(ASKED);
  return null;
}
