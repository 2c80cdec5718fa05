// The service worker: opens the page without a network, and keeps as little as that takes.
// GIVEN, with what to keep, and `sendUnseen` of outbox.js come before this file (app/http/service_worker.py).
//
// It keeps the page's own files, the pages of the list, of crossings and of hazards, the file of spaces,
// `/offline` and the empty form of `/report`, in the languages that are read here: who pays by the megabyte pays for no other. It
// keeps no page of one space, no search and no answer: what somebody looked for is nobody's to find
// on a phone. Who takes spaces along to visit them keeps that page too, without a name or a token
// (visit-page.js); it goes with the sign-in.
//
// Without a network every other address is answered with the document of `/offline`, whose script
// draws the page of that address from packs (offline.js). What a form asked is written into that one
// answer, and kept nowhere.

const SHELL = `amparo-shell-${GIVEN.release}`;
const PAGES = 'amparo-pages';
const VISITS = 'amparo-visits'; // as in visit-page.js and page-exit.js
const REPORTS = 'amparo-reports'; // as in outbox.js
const DATED = ['/', '/crossings', '/hazards']; // as in page.js; they hold records, and are forgotten (P49)
const WAIT_MS = 3_000; // webmap.md, "Offline": then what is kept is shown
const FORM_WAIT_MS = 10_000; // [A]: a search takes the server two seconds at most
const PACKS = 'amparo-packs'; // as in packs.js
// The pages that packs draw, as offline.js has them, and the forms among them, which only read.
const DRAWN = /^\/(?:crossings|hazards|plan|match|advice|(?:spaces|s|lists)\/[^/]+)?$/;
const FORMS = ['/', '/plan', '/match'];
const ASKED = 'id="asked">null<'; // as in offline.html
// What is kept is the same for every Origin and Accept: module scripts ask with other headers.
const ANY = { ignoreVary: true };
const KEPT_DAYS = 7; // as packs (app/packs/timespan.py); what is older is not shown (P49)

self.addEventListener('install', (event) => {
  event.waitUntil((async () => {
    const shell = await caches.open(SHELL);
    await shell.addAll([...GIVEN.files, ...pagesOf(await languagesRead())]);
    await self.skipWaiting();
  })());
});

self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    const names = await caches.keys();
    const old = names.filter((name) => name.startsWith('amparo-shell-') && name !== SHELL);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method === 'POST' && address.pathname === '/network/sign-out') event.waitUntil(caches.delete(VISITS));
  if (address.origin !== self.location.origin) return;
  if (request.method === 'POST' && request.mode === 'navigate') event.respondWith(sent(request, address));
  if (request.method !== 'GET') return;
  if (address.pathname.startsWith('/static/')) event.respondWith(kept(request));
  else if (address.pathname === '/nearby.json') event.respondWith(newest(event, '/nearby.json'));
  else if (request.mode === 'navigate') {
    event.respondWith(page(event, address));
    event.waitUntil(keepPages(address.searchParams.get('lang')));
  }
});

// The network is back, and no page may be open. Reports alone: what is seen at a visit goes with a
// token of the sign-in, which is kept nowhere. Where something is left the browser wakes us again.
self.addEventListener('sync', (event) => {
  if (event.tag === REPORTS) event.waitUntil(sendReports());
});

async function sendReports() {
  if (await sendUnseen() > 0) throw new Error('some reports wait');
}

const pagesOf = (languages) => languages.flatMap((lang) => GIVEN.pages.map((path) => `${path}?lang=${lang}`));

/** The languages of pages that are open, or were kept by the release before; else the browser's. */
async function languagesRead() {
  const open = await self.clients.matchAll({ includeUncontrolled: true, type: 'window' });
  const names = (await caches.keys()).filter((name) => name.startsWith('amparo-shell-'));
  const before = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  const stated = [...open, ...before.flat()].map(({ url }) => new URL(url).searchParams.get('lang'));
  const own = [...navigator.languages.map((tag) => tag.split('-')[0]), GIVEN.languages[0]];
  const [read, known] = [stated, own].map((all) => all.filter((lang) => GIVEN.languages.includes(lang)));
  return read.length > 0 ? [...new Set(read)] : known.slice(0, 1);
}

/** Keep the pages of a language that somebody begins to read, and those anew that grew old. */
async function keepPages(lang) {
  if (!GIVEN.languages.includes(lang)) return;
  const shell = await caches.open(SHELL);
  await Promise.all(pagesOf([lang]).map(async (path) => {
    const found = await shell.match(path, ANY);
    if (!found || !isFresh(found)) await renew(new URL(path, self.location.origin), await fetch(path));
  })).catch(() => {}); // without a network they are kept another time
}

/** A file whose address carries its digest never changes. */
async function kept(request) {
  const shell = await caches.open(SHELL);
  const found = await shell.match(request, ANY) ?? await caches.match(request, ANY);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok && answer.status === 200) await shell.put(request, answer.clone());
  return answer;
}

async function page(event, address) {
  const { request } = event;
  const [path, lang] = [address.pathname, address.searchParams.get('lang')];
  const isWhole = DATED.includes(path) && [...address.searchParams.keys()].every((name) => name === 'lang');
  // Without a language in the address the browser's decides, which does not change offline.
  const key = isWhole ? `${path}?lang=${lang ?? ''}` : null;
  const isShell = GIVEN.pages.includes(path);
  const isVisits = path === '/network/visits';
  const asked = fetch(request);
  // Also what comes too late to be shown is kept for the next time.
  if (isShell) event.waitUntil(asked.then((answer) => renew(address, answer.clone())).catch(() => {}));
  if (key) event.waitUntil(asked.then((answer) => answer.ok && keep(key, answer.clone())).catch(() => {}));
  // A picture or a text of it (`f`) takes its time: there is no page to draw in its place.
  const isDrawn = DRAWN.test(path) && !address.searchParams.has('f') && await hasPacks();
  const kept = isDrawn ? null : isVisits ? await visitsPage() : key && await keptPage(key);
  try {
    // A list of a town is in the pack of its country alone: others are waited for.
    const waitMs = path.startsWith('/lists/') ? FORM_WAIT_MS : WAIT_MS;
    return await (isShell || isDrawn || kept ? soon(asked, waitMs) : asked);
  } catch {
    return kept ?? (path === '/report' ? shellPage(lang, path) : drawnPage(lang));
  }
}

async function keep(key, answer) {
  await (await caches.open(PAGES)).put(key, answer);
}

/** A page that is kept and not too old, or null; what is too old is forgotten (P49). */
async function keptPage(key) {
  const pages = await caches.open(PAGES);
  const found = await pages.match(key, ANY);
  if (!found || isFresh(found)) return found ?? null;
  await pages.delete(key);
  return null;
}

/** Whether the phone has a pack that was made within the days for which packs are shown. */
async function hasPacks() {
  if (!await caches.has(PACKS)) return false;
  const store = await caches.open(PACKS);
  const ours = (await store.keys()).filter(({ url }) => new URL(url).pathname.startsWith('/packs/'));
  return (await Promise.all(ours.map((one) => store.match(one, ANY)))).some(isFresh);
}

/** The server's answer to a form, or the page of its address with what was asked in it. */
async function sent(request, address) {
  const isRead = FORMS.includes(address.pathname);
  const copy = isRead ? request.clone() : null;
  const asked = fetch(request);
  try {
    return await (isRead && await hasPacks() ? soon(asked, FORM_WAIT_MS) : asked);
  } catch {
    const fields = copy && [...await copy.formData()].filter(([, value]) => typeof value === 'string');
    const lang = address.searchParams.get('lang') ?? new URLSearchParams(fields ?? []).get('lang');
    if (address.pathname === '/report') return shellPage(lang, '/report');
    return drawnPage(lang, { fields, isLost: !isRead });
  }
}

/** The document that draws its page from packs, with what it was asked beside the address. */
async function drawnPage(lang, asked = {}) {
  const document = await shellPage(lang, '/offline');
  if (document.type === 'error') return document;
  const text = (await document.text()).replace(ASKED, () => `id="asked">${JSON.stringify(asked).replace(/</g, '\\u003c')}<`);
  const headers = new Headers(document.headers);
  for (const name of ['content-encoding', 'content-length', 'etag']) headers.delete(name);
  return new Response(text, { headers });
}

/** A page that is kept, in the language asked for or else in one that was read here. */
async function shellPage(lang, path) {
  const shell = await caches.open(SHELL);
  for (const one of [lang, ...GIVEN.languages]) {
    const found = await shell.match(`${path}?lang=${one}`, ANY);
    if (found) return found;
  }
  return Response.error();
}

async function visitsPage() {
  const found = await caches.match('/network/visit-page', ANY);
  if (!found || isFresh(found)) return found;
  await caches.delete(VISITS);
  return null;
}

/** The server's answer if it comes in time; raises where it does not. */
async function soon(asked, waitMs) {
  const late = new Promise((_, reject) => { setTimeout(reject, waitMs, new Error('late')); });
  return Promise.race([asked, late]);
}

/** Keep a shell page as it is now: its hotline and its DEMO change without a release (P35, P38). */
async function renew(address, answer) {
  const names = [...address.searchParams.keys()];
  const lang = address.searchParams.get('lang');
  if (answer.status !== 200 || names.join() !== 'lang' || !GIVEN.languages.includes(lang)) return;
  // Whole before the one that is kept goes: the network may break.
  await answer.clone().blob();
  const [shell, key] = [await caches.open(SHELL), `${address.pathname}?lang=${lang}`];
  await shell.delete(key, ANY);
  await shell.put(key, answer);
}

/** The server's answer if it begins to come in time, else what is kept and not too old. */
async function newest(event, key) {
  const pages = await caches.open(PAGES);
  const asked = fetch(event.request);
  // What is kept of it takes its time beside, also where it comes late and is for the next time: a
  // network that is slow is not to be taken for none because a long answer outlasts the wait.
  event.waitUntil(asked.then((answer) => answer.ok && pages.put(key, answer.clone())).catch(() => {}));
  const late = new Promise((resolve) => { setTimeout(resolve, WAIT_MS, null); });
  const answer = await Promise.race([asked, late]).catch(() => null);
  if (answer) return answer;
  const found = await pages.match(key, ANY);
  if (found && isFresh(found)) return found;
  if (found) await pages.delete(key);
  return asked;
}

function isFresh(answer) {
  const made = Date.parse(answer.headers.get('date') ?? '');
  return Number.isFinite(made) && Date.now() - made < KEPT_DAYS * 86_400_000;
}
