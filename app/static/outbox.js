// What waits on the phone until the server has said yes: in IndexedDB, nowhere else, each thing
// under a number (UUID) of its own, so that sending it twice keeps it once. Without a page: a
// service worker may use it too.

const STORE = 'items';
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;
const PATIENCE_MS = 15_000;

// Statuses that say nothing of what was sent: it stays and is sent again.
const PASSING = new Set([401, 408, 425, 429]);

/** Draw the number of a thing: a UUID of version 4, also where the page came without TLS. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Return a day of the phone's own calendar; never an hour. */
export function dayOf(date) {
  const two = (number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/**
 * Send something once.
 *
 * @returns {Promise<{state: 'taken' | 'refused' | 'later', status: number, said: ?object,
 *          afterMs: number}>} `later` wherever it is not certain that our server has answered: a
 *          captive portal says 200 and 403 too
 */
export async function deliver(url, options) {
  // A timer of its own: signals that time out by themselves are too new for the oldest browsers.
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  try {
    return await answerOf(url, { ...options, signal: patience.signal });
  } finally {
    clearTimeout(timer);
  }
}

async function answerOf(url, options) {
  let response;
  try {
    response = await fetch(url, { ...options, method: 'POST', redirect: 'manual', cache: 'no-store' });
  } catch {
    return { state: 'later', status: 0, said: null, afterMs: 0 };
  }
  // Who is no longer signed in is led to the sign-in; a captive portal leads elsewhere.
  if (response.type === 'opaqueredirect') {
    return { state: 'later', status: 303, said: null, afterMs: 0 };
  }
  const type = response.headers.get('Content-Type') ?? '';
  const said = /\bjson\b|\+json/.test(type) ? await response.json().catch(() => null) : null;
  const { status } = response;
  const isOurs = type.startsWith('application/problem+json') && said !== null;
  const afterMs = 1000 * (Number(response.headers.get('Retry-After')) || 0);
  if (response.ok && said?.received === true) return { state: 'taken', status, said, afterMs };
  const isOfPage = said?.type?.endsWith('forged-request');
  if (isOurs && status >= 400 && status < 500 && !PASSING.has(status) && !isOfPage) {
    return { state: 'refused', status, said, afterMs };
  }
  return { state: 'later', status, said, afterMs };
}

/** Things under their own ids in a database that exists only as long as something is in it. */
export class Store {
  /**
   * @param {object} options
   * @param {string} options.name of the database
   * @param {() => void} [options.onChange] what is in it is another
   */
  constructor({ name, onChange = () => {} }) {
    Object.assign(this, { name, onChange });
  }

  /** Keep an item; it is on the disk when this is done. */
  async add(item) {
    const put = () => worked(this.name, 'readwrite', (store) => asked(store.put(item)));
    await locked(`${this.name} store`, async () => {
      await put();
      // Without locks another page may have dropped the database just after; looking comes behind.
      if (!navigator.locks && !(await this.#has(item.id))) await put();
    });
    this.onChange();
  }

  /** Put the item in the place of the one with its id; where that is gone meanwhile, it stays so. */
  async replace(item) {
    const put = async (store) => {
      if (await asked(store.getKey(item.id)) !== undefined) await asked(store.put(item));
    };
    await locked(`${this.name} store`, async () => {
      if (await this.#exists()) await worked(this.name, 'readwrite', put);
    });
    this.onChange();
  }

  /** Return what is in it. Where nothing was ever kept, no database is made by looking. */
  async all() {
    return locked(`${this.name} store`, async () => {
      if (!(await this.#exists())) return [];
      return worked(this.name, 'readonly', (store) => asked(store.getAll()));
    });
  }

  /** Delete everything, and the database with it. */
  async clear() {
    await locked(`${this.name} store`, async () => {
      if (await this.#exists()) await dropped(this.name);
    });
    this.onChange();
  }

  async remove(id) {
    await locked(`${this.name} store`, async () => {
      if (!(await this.#exists())) return;
      let drop = null;
      await worked(this.name, 'readwrite', async (store) => {
        await asked(store.delete(id));
        // Not even an empty box tells that there was something. Asked for before the transaction
        // ends: what is put after it is either behind the dropping, or looks and puts again.
        if (await asked(store.count()) === 0) drop = dropped(this.name);
      });
      await drop;
    });
    this.onChange();
  }

  async #has(id) {
    return await worked(this.name, 'readonly', (store) => asked(store.getKey(id))) !== undefined;
  }

  async #exists() {
    if (!indexedDB.databases) return true;
    return (await indexedDB.databases()).some(({ name }) => name === this.name);
  }
}

/** What waits to be sent; an item that is `held` waits for a person instead. */
export class Outbox extends Store {
  /**
   * @param {object} options as of `Store`, and
   * @param {(item: object) => ReturnType<typeof deliver>} options.post sends one item
   * @param {(item: object) => boolean} [options.isOld] it is no longer worth sending
   * @param {(event: 'taken' | 'refused' | 'expired' | 'later' | 'held' | 'left', item: object,
   *        answer: ?object) => void} [options.onEvent] what became of an item; it is gone by then,
   *        but for `later`, `held` and `left`; the next one waits until this is done
   * @param {boolean} [options.wakes] the service worker can send it: it is woken for that (sw.js)
   */
  constructor({ name, post, isOld = () => false, onEvent = () => {}, onChange, wakes = false }) {
    super({ name, onChange });
    Object.assign(this, { post, isOld, onEvent, wakes });
    this.waitMs = FIRST_WAIT_MS;
    this.timer = undefined;
  }

  /** Keep an item behind those that wait already: they leave in the order they were made. */
  async add(item) {
    const turns = (await this.all()).map(({ turn }) => turn);
    await super.add({ ...item, turn: 1 + Math.max(0, ...turns) });
  }

  /**
   * Let the service worker send what waits, though the page is closed. Not sooner than it waits:
   * the browser writes down what is to be woken, and what is sent at once leaves nothing.
   */
  wake() {
    if (this.wakes) askForSync(this.name);
  }

  async all() {
    const items = (await super.all()).sort((one, other) => one.turn - other.turn);
    this.known = items.length;
    return items;
  }

  async clear() {
    clearTimeout(this.timer);
    await super.clear();
  }

  /** Send what waits, now and again until nothing does. */
  async flush() {
    clearTimeout(this.timer);
    const pauseMs = await this.attempt();
    if (pauseMs === 0) {
      this.waitMs = FIRST_WAIT_MS;
      return;
    }
    this.timer = setTimeout(() => this.flush(), Math.max(pauseMs, this.waitMs));
    this.waitMs = Math.min(2 * this.waitMs, LONGEST_WAIT_MS);
  }

  /**
   * Send what waits, one after the other, once; who is at it already, here or elsewhere, does it all.
   *
   * @returns {Promise<number>} 0 when there is nothing left to send, else milliseconds to wait
   */
  async attempt() {
    const work = async (lock) => (lock === null ? FIRST_WAIT_MS : this.#sendAll());
    return navigator.locks
      ? navigator.locks.request(`${this.name} sending`, { ifAvailable: true }, work)
      : this.#alone(work);
  }

  /**
   * Send at once whenever the page opens, comes back, or the network does. Who turns away from the
   * page may not come back: the service worker is to go on.
   */
  watch() {
    const start = () => {
      this.waitMs = FIRST_WAIT_MS;
      this.flush();
    };
    addEventListener('online', start);
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') start();
      else if (this.known > 0) this.wake();
    });
    start();
  }

  // Returns 0 when nothing waits any longer, else the milliseconds that the server asks for.
  async #sendAll() {
    const { known } = this;
    // Another page, or the service worker, has sent something meanwhile and tells nobody.
    if ((await this.all()).length !== known) this.onChange();
    const left = new Set();
    for (;;) {
      const item = (await this.all()).find((one) => !one.held && !left.has(one.id));
      if (!item) return 0;
      if (this.isOld(item)) {
        await this.remove(item.id);
        await this.onEvent('expired', item, null);
        continue;
      }
      const answer = await this.post(item);
      if (answer.state === 'later') {
        this.onEvent('later', item, answer);
        return Math.max(1, answer.afterMs);
      }
      if (answer.state === 'left') {
        left.add(item.id);
        this.onEvent('left', item, answer);
        continue;
      }
      if (answer.state === 'held') {
        await this.replace({ ...item, held: true });
        await this.onEvent('held', item, answer);
        continue;
      }
      await this.remove(item.id);
      await this.onEvent(answer.state, item, answer);
    }
  }

  // Without locks (a page without TLS) one page at least does not overtake itself.
  async #alone(work) {
    if (this.isSending) return FIRST_WAIT_MS;
    this.isSending = true;
    try {
      return await work();
    } finally {
      this.isSending = false;
    }
  }
}

// Days for which a report of a hazard may wait (geo/proposals/idempotency.py): a road a week later is another.
export const REPORT_DAYS = 7;

/** The reports of physical hazards that wait; those of people who threaten are never kept. */
export function reportsOutbox(listeners = {}) {
  return new Outbox({
    name: 'amparo-reports',
    post: ({ turn, ...report }) => sendReport(report),
    isOld: ({ seen_on }) => seen_on < dayOf(new Date(Date.now() - REPORT_DAYS * 86_400_000)),
    wakes: true,
    ...listeners,
  });
}

/**
 * The same where nobody can be told what became of one: what was refused, or is too old, is left
 * for `/report`, which says so.
 */
export function untoldReports(listeners = {}) {
  return reportsOutbox({
    isOld: () => false,
    post: async ({ turn, ...report }) => {
      const answer = await sendReport(report);
      return answer.state === 'refused' ? { ...answer, state: 'left' } : answer;
    },
    ...listeners,
  });
}

/**
 * Send the reports that wait from where nobody looks.
 *
 * @returns {Promise<number>} as of `Outbox.attempt`
 */
export function sendUnseen() {
  return untoldReports().attempt();
}

export function sendReport(report) {
  return deliver('/reports', {
    body: JSON.stringify(report), headers: { 'Content-Type': 'application/json' },
    credentials: 'omit',
  });
}

const asked = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

function locked(name, work) {
  return navigator.locks ? navigator.locks.request(name, work) : work();
}

async function worked(name, mode, work) {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: 'id' });
  const database = await asked(opening);
  try {
    // Strict: what is said to wait survives a battery that dies the moment after.
    const transaction = database.transaction(STORE, mode, { durability: 'strict' });
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    const result = await work(transaction.objectStore(STORE));
    await done;
    return result;
  } finally {
    database.close();
  }
}

function dropped(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = resolve;
    request.onerror = () => reject(request.error);
  });
}

async function askForSync(name) {
  try {
    const registration = await navigator.serviceWorker?.getRegistration();
    await registration?.sync?.register(name);
  } catch {
    // Not allowed here: the page sends when it is open.
  }
}
