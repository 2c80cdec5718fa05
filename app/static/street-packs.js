// Streets on the phone: taken along on purpose, under a code that names no place, and forgotten when
// old. The streets last 90 days, what is known along them 7 (P49): after that nothing is known.
import { isExpired } from './spaces.js';

const STORE = 'amparo-streets';
const addressOf = (code) => `/packs/streets/${code}`;
const open = () => caches.open(STORE);

/** The towns of which streets can be taken along; needs the network. Nothing of it is kept. */
export async function offeredStreets() {
  const answer = await fetch('/packs/streets', { cache: 'no-store' });
  if (!answer.ok) throw new Error(`streets: ${answer.status}`);
  return (await answer.json()).streets;
}

/**
 * The streets on this phone, in the order in which they were taken. What is past its day is deleted.
 *
 * @returns {{code: string, size_bytes: number, made_on: string, expires_on: string, known: ?object}[]}
 */
export async function takenStreets(nowMs = Date.now()) {
  if (!await caches.has(STORE)) return [];
  const store = await open();
  const found = [];
  for (const request of await store.keys()) {
    if (!new URL(request.url).pathname.endsWith('/about')) continue;
    const about = await (await store.match(request)).json();
    if (isExpired(about, nowMs)) await forgetStreets(about.code);
    else found.push({ ...about, known: await knownOf(store, about.code, nowMs) });
  }
  return found.sort((a, b) => a.taken - b.taken);
}

/** What is known along streets; past its day it is deleted, and nothing is known (P10, P12). */
async function knownOf(store, code, nowMs) {
  const address = `${addressOf(code)}/known`;
  const known = await (await store.match(address))?.json() ?? null;
  if (known === null || !isExpired(known, nowMs)) return known;
  await store.delete(address);
  return null;
}

/** A file of streets with what is known along them, or null where there is none to be used. */
export async function storedStreets(code, nowMs) {
  const [about] = (await takenStreets(nowMs)).filter((one) => one.code === code);
  if (!about) return null;
  const file = await (await open()).match(addressOf(code));
  return file ? { buffer: await file.arrayBuffer(), known: about.known } : null;
}

/**
 * Take streets along, or bring what is known along them up to date. Streets of another edition than
 * what is known are loaded anew: some may have been closed since.
 *
 * @param {string} code
 * @param {string[]} files modules to keep as well
 * @param {(buffer: ArrayBuffer) => object} headOf reads what a file says of itself
 */
export async function takeStreets(code, { files, headOf, nowMs = Date.now() }) {
  const store = await open();
  const load = async (address) => {
    const answer = await fetch(address, { cache: 'no-cache' });
    if (!answer.ok) throw new Error(`streets: ${answer.status}`);
    return answer;
  };
  const known = await (await load(`${addressOf(code)}/known`)).json();
  const before = await (await store.match(`${addressOf(code)}/about`))?.json() ?? null;
  if (before?.digest !== known.digest || isHalfOld(before, nowMs)) {
    const buffer = await (await load(addressOf(code))).arrayBuffer();
    const { digest, made_on, expires_on } = headOf(buffer);
    if (digest !== known.digest) throw new Error('streets: changed meanwhile');
    await store.put(addressOf(code), new Response(buffer));
    const about = { code, digest, made_on, expires_on, size_bytes: buffer.byteLength, taken: before?.taken ?? nowMs };
    await store.put(`${addressOf(code)}/about`, Response.json(about));
  }
  await store.put(`${addressOf(code)}/known`, Response.json(known));
  for (const file of files) await fetch(file); // the service worker keeps them
}

/** Streets past half their days are renewed with what is known. */
const isHalfOld = ({ made_on: made, expires_on: ends }, nowMs) => nowMs > (Date.parse(made) + Date.parse(ends)) / 2;

/** Delete streets, and with the last of them the store. */
export async function forgetStreets(code) {
  const store = await open();
  for (const part of ['', '/known', '/about']) await store.delete(addressOf(code) + part);
  if ((await store.keys()).length === 0) await caches.delete(STORE);
}
