// Packs on the phone: public data of a country, taken along on purpose, dated, forgotten when old.
import { isExpired } from './spaces.js';

const STORE = 'amparo-packs';
const BASEMAP = '/basemap.pmtiles';
const PART_BYTES = 262_144; // a lost connection costs at most 4 s at 512 kb/s [A]

const ANY = { ignoreVary: true };
const open = () => caches.open(STORE);

/** What can be taken along, with what each takes to load; needs the network. */
export async function offered() {
  const answer = await fetch('/packs');
  if (!answer.ok) throw new Error(`packs: ${answer.status}`);
  return answer.json();
}

/**
 * The packs on this phone, by country. Of those past their day the phone forgets what they held
 * (P49); that they were here is still said.
 */
export async function taken(nowMs = Date.now()) {
  if (!await caches.has(STORE)) return [];
  const store = await open();
  const ours = (await store.keys()).filter(({ url }) => new URL(url).pathname.startsWith('/packs/'));
  const packs = await Promise.all(ours.map(async (request) => {
    const pack = await (await store.match(request)).json();
    if (!isExpired(pack, nowMs)) return pack;
    const rest = { country: pack.country, expires_on: pack.expires_on };
    await store.put(request, Response.json(rest));
    return { ...rest, spaces: null, around: null, isExpired: true };
  }));
  return packs.sort((a, b) => (a.country < b.country ? -1 : 1));
}

/** The pack that says what is around: of those that may be shown the one made last, or null. */
export function newest(packs, nowMs = Date.now()) {
  return packs
    .filter((pack) => pack.around && !isExpired(pack, nowMs))
    .reduce((last, pack) => (last !== null && Date.parse(last.start) >= Date.parse(pack.start) ? last : pack), null);
}

/**
 * Take a country along; what was loaded before a break is not loaded again.
 *
 * @param {string} country ISO 3166-1 alpha-2
 * @param {{files: string[], basemap: {size_bytes: number}|null, onShare: (share: number) => void}} options
 *        files of the map to keep as well, the basemap on offer, and who is told how far it is
 */
export async function take(country, { files, basemap, onShare }) {
  const store = await open();
  const answer = await fetch(`/packs/${country}`, { cache: 'no-cache' });
  if (!answer.ok) throw new Error(`pack: ${answer.status}`);
  await store.put(`/packs/${country}`, answer);
  onShare(basemap ? 0.1 : 0.9);
  for (const file of files) await fetch(file); // the service worker keeps them
  if (basemap) await takeBasemap(store, (share) => onShare(0.1 + share * 0.9));
  onShare(1);
}

async function takeBasemap(store, onShare) {
  const head = await fetch(BASEMAP, { method: 'HEAD', cache: 'no-cache' });
  if (!head.ok) throw new Error(`basemap: ${head.status}`);
  const tag = head.headers.get('etag');
  const size = Number(head.headers.get('content-length'));
  const whole = await store.match(BASEMAP, ANY);
  if (whole?.headers.get('etag') === tag) return;
  const parts = [];
  for (let start = 0; start < size; start += PART_BYTES) {
    const key = `${BASEMAP}?tag=${encodeURIComponent(tag)}&start=${start}`;
    let part = await store.match(key, ANY);
    if (!part) {
      const end = Math.min(start + PART_BYTES, size) - 1;
      const answer = await fetch(BASEMAP, { headers: { Range: `bytes=${start}-${end}`, 'If-Range': tag } });
      if (answer.status !== 206) throw new Error(`basemap part: ${answer.status}`);
      // Cache Storage refuses answers in parts: the bytes are put in one of their own.
      part = new Response(await answer.blob());
      await store.put(key, part.clone());
    }
    parts.push(await part.blob());
    onShare(Math.min(1, (start + PART_BYTES) / size));
  }
  await store.put(BASEMAP, new Response(new Blob(parts), { headers: { ETag: tag } }));
  await forgetParts(store);
}

async function forgetParts(store) {
  for (const request of await store.keys()) {
    if (new URL(request.url).search.includes('start=')) await store.delete(request);
  }
}

/** The basemap on this phone as a file, or null. */
export async function basemapFile() {
  const whole = await (await open()).match(BASEMAP, ANY);
  return whole ? new File([await whole.blob()], 'basemap.pmtiles') : null;
}

/** Delete a country's pack, and with the last of them the map. */
export async function forget(country) {
  const store = await open();
  await store.delete(`/packs/${country}`);
  const left = (await store.keys()).some((request) => new URL(request.url).pathname.startsWith('/packs/'));
  if (!left) await caches.delete(STORE);
}

/** Delete everything that this site keeps on the phone, the service worker too (P37). */
export async function forgetAll() {
  const workers = await navigator.serviceWorker?.getRegistrations() ?? [];
  await Promise.all(workers.map((worker) => worker.unregister()));
  await Promise.all((await caches.keys()).map((name) => caches.delete(name)));
  const databases = await indexedDB.databases?.() ?? [];
  for (const { name } of databases) indexedDB.deleteDatabase(name);
}
