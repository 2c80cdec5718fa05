// Puts workers in place. Their addresses are given through a policy, as Trusted Types ask.
const OURS = /^(\/sw\.js|\/static\/street-worker\.js\?v=[0-9a-f]+)$/;
const policy = window.trustedTypes?.createPolicy('amparo-worker', {
  createScriptURL: (url) => {
    if (!OURS.test(url)) throw new TypeError('not our worker');
    return url;
  },
});

/** Start a worker of ours that searches beside the page. */
export const startWorker = (url) => new Worker(policy?.createScriptURL(url) ?? url, { type: 'module' });

/**
 * Offer to put the page among the phone's applications, where the browser can: by a tap alone.
 *
 * @param {?HTMLButtonElement} button hidden until the browser says so
 */
export function offerInstall(button) {
  if (!button) return;
  addEventListener('beforeinstallprompt', (event) => {
    // Not when the browser likes: nobody is asked on a way.
    event.preventDefault();
    button.hidden = false;
    button.addEventListener('click', () => {
      button.hidden = true;
      event.prompt();
    }, { once: true });
  });
}

/** The page as the server sent it; to be asked before any module has changed it. */
export const asSent = () => `<!doctype html>\n${document.documentElement.outerHTML}`;

/**
 * Register the service worker; a browser that has none goes on without.
 *
 * At a first visit no worker has seen the pages to keep. This page is not fetched once more, which
 * would cost whoever pays by the megabyte: its text is here, and only its headers are asked for.
 *
 * @param {string[]} pages what to keep at the first visit
 * @param {{address: string, text: string}|null} here one of them, if it is this page
 */
export async function register(pages = [], here = null) {
  if (!('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register(policy?.createScriptURL('/sw.js') ?? '/sw.js');
    await navigator.serviceWorker.ready;
    const kept = await caches.open('amparo-pages'); // as in sw.js
    for (const page of pages) {
      if (await kept.match(page)) continue;
      const answer = await fetch(page, { method: page === here?.address ? 'HEAD' : 'GET', headers: { Accept: 'text/html,*/*' } });
      if (answer.ok) await kept.put(page, page === here?.address ? whole(answer, here.text) : answer);
    }
  } catch (error) {
    console.warn(error);
  }
}

function whole({ headers }, text) {
  const own = new Headers(headers);
  for (const name of ['content-encoding', 'content-length', 'etag']) own.delete(name);
  return new Response(text, { headers: own });
}
