// The page of visits as a phone keeps it for where there is no network: while spaces go along or
// something waits to be sent, and no longer. It has no name, no token and no space in it; whose
// spaces they are is told by the account's own mark. It goes with "delete everything", with the
// sign-in, with the quick exit, and with the spaces.
import { register } from './worker.js';

const KEPT = 'amparo-visits'; // as in sw.js and page-exit.js
const MARK = '/network/visit-mark'; // no page of the server's

/**
 * Keep the page, anew each time: it may be another with the next release.
 *
 * @param {{me: string, page: string, files: string[]}} data the account's mark, where the empty page
 *        is, and what it needs
 */
export async function keepPage({ me, page, files }) {
  if (!('caches' in window)) return;
  try {
    // Whose sign-in is over is led to another page, which is not to be kept for this one.
    const answer = await fetch(page, { redirect: 'error', cache: 'no-store' });
    if (!answer.ok) return;
    await register();
    const kept = await caches.open(KEPT);
    await kept.addAll(files);
    await kept.put(page, answer);
    await kept.put(MARK, new Response(me));
  } catch (error) {
    console.warn(error);
  }
}

export async function forgetPage() {
  if ('caches' in window) await caches.delete(KEPT);
}

/** The mark of the account whose page is kept, or an empty text. */
export async function keptMark() {
  const found = 'caches' in window ? await caches.match(MARK) : undefined;
  return found ? found.text() : '';
}
