// The page that takes a report of a hazard: what, where, send. Nothing is in the address, in a
// cookie or in storage, but for physical hazards that could not be sent yet: those wait in the
// outbox, are shown, and go with one tap. What is said of people who threaten is never kept (P37).
import { dayOf, newId, reportsOutbox, sendReport } from './outbox.js';
import { register } from './worker.js';

const data = JSON.parse(document.getElementById('report-data').textContent);
const byId = (id) => document.getElementById(id);
const form = byId('report-form');
const threats = new Set(data.threats);
const DECIMALS = 3;
// A finger covers 40 pixels: about a kilometre at this zoom, a country further out.
const NEAR_ENOUGH = 11;

let place = null;
let pin = null;
let search = null; // for the phone's position; whoever says a place meanwhile has ended it

// A form that the browser brings back after "back" would still say what was chosen.
addEventListener('pageshow', (event) => { if (event.persisted) forget(); });
addEventListener('pagehide', () => form.reset());

const outbox = reportsOutbox({ onChange: showQueue, onEvent });

byId('where-tools').hidden = false;
form.addEventListener('change', showSummary);
form.addEventListener('input', renew);
byId('place').required = false;
byId('place').addEventListener('input', setAside);
byId('locate').addEventListener('click', locate);
byId('queue-clear').addEventListener('click', async () => {
  await outbox.clear();
  say(data.texts.deleted);
});
form.addEventListener('submit', submit);
renew();
form.dataset.ready = 'true';
showQueue();
outbox.watch();
startMapWhenIdle();

// What

const chosen = () => form.elements.kind.value;
// Without the mark that says in which language a name is.
const nameOf = (kind) => {
  const label = byId(`kind-${kind}`)?.labels[0];
  return (label?.querySelector('[lang]') ?? label)?.textContent.trim() ?? kind;
};

function showSummary() {
  const isReady = Boolean(chosen()) && place !== null;
  byId('summary').textContent = isReady ? filled(data.texts.willSend, {
    kind: nameOf(chosen()), lat: place.lat.toFixed(DECIMALS), lon: place.lon.toFixed(DECIMALS),
    day: dayOf(new Date()),
  }) : '';
}

// Where: rounded on the phone, before anything else sees it.

function setPlace(lon, lat) {
  endSearch();
  const rounded = (degrees) => Number(degrees.toFixed(DECIMALS));
  place = { lon: rounded(lon), lat: rounded(lat) };
  byId('place').value = '';
  showSummary();
}

// Who types a place means that one, no longer the phone's own or the tapped one.
function setAside() {
  endSearch();
  place = null;
  pin?.hide();
  showSummary();
}

function locate() {
  say(data.texts.locating);
  if (!navigator.geolocation) {
    say(data.texts.notLocated);
    return;
  }
  const mine = Symbol('search');
  search = mine;
  navigator.geolocation.getCurrentPosition(({ coords }) => {
    if (search !== mine) return;
    setPlace(coords.longitude, coords.latitude);
    pin?.show([place.lon, place.lat]);
    byId('send').focus({ preventScroll: true });
  }, () => {
    if (search !== mine) return;
    endSearch();
    say(data.texts.notLocated);
  }, { timeout: 20_000 });
}

function endSearch() {
  if (search !== null) say('');
  search = null;
}

function startMapWhenIdle() {
  const connection = navigator.connection;
  const isDear = Boolean(connection?.saveData) || /2g$/.test(connection?.effectiveType ?? '');
  const show = byId('map-show');
  show.addEventListener('click', startMap);
  if (isDear || !navigator.onLine) {
    show.hidden = false;
    return;
  }
  const idle = window.requestIdleCallback ?? ((callback) => setTimeout(callback, 300));
  // Who comes straight here has the form without a network too; that comes after what is seen now.
  idle(() => startMap().then(() => register()), { timeout: 4000 });
}

async function startMap() {
  byId('map-show').hidden = true;
  const box = byId('map-box');
  box.hidden = false;
  try {
    const { loadEngine, baseMap, pinOn } = await import(data.pinMap);
    const engine = await loadEngine(data);
    const map = baseMap(box.querySelector('.canvas'), engine, data);
    pin = pinOn(map, engine, {
      label: data.texts.pin, nearEnough: NEAR_ENOUGH, onMove: ([lon, lat]) => setPlace(lon, lat),
    });
    if (place) pin.show([place.lon, place.lat]);
    box.dataset.ready = 'true';
  } catch (error) {
    console.warn(error);
    box.hidden = true;
    say(data.texts.failedMap);
  }
}

// Send

async function submit(event) {
  const kind = chosen();
  if (kind && place === null && byId('place').value.trim() && navigator.onLine) return;
  event.preventDefault();
  if (!kind || place === null) {
    say(kind ? data.texts.needPlace : data.texts.needKind);
    return;
  }
  const report = { id: newId(), kind, ...place, seen_on: dayOf(new Date()) };
  forget();
  say(data.texts.sending);
  form.setAttribute('aria-busy', 'true');
  try {
    await (threats.has(kind) ? sendNow : sendOrKeep)(report);
  } finally {
    form.removeAttribute('aria-busy');
  }
}

// The number of what the form itself sends (the name of a place). The page may be one that the phone
// has kept, with a number long used: whatever is chosen is a report of its own. What is sent twice
// unchanged, by two taps, stays one.
function renew() {
  form.elements.id.value = newId();
}

// Only while connected, from memory alone: if it does not arrive it is gone, and that is said.
async function sendNow(report) {
  const answer = navigator.onLine ? await sendReport(report) : { state: 'later' };
  if (answer.state === 'later') say(data.texts.threatFailed);
  else onEvent(answer.state, report, answer);
}

// Kept before it is sent: who leaves meanwhile has not lost it. With the answer it is gone.
async function sendOrKeep(report) {
  try {
    await outbox.add(report);
  } catch (error) {
    console.warn(error);
    await sendUnkept(report);
    return;
  }
  // Behind others, or without a network, it waits in any case.
  const isNext = navigator.onLine && (await outbox.all())[0]?.id === report.id;
  const sending = outbox.flush();
  if (isNext) await sending;
  if ((await outbox.all()).some(({ id }) => id === report.id)) {
    say(data.texts.queued);
    outbox.wake();
  }
}

// A browser that keeps nothing (a private window): as long as the page is open.
async function sendUnkept(report) {
  const answer = await sendReport(report);
  if (answer.state !== 'later') {
    onEvent(answer.state, report, answer);
    return;
  }
  say(data.texts.unkept);
  addEventListener('online', () => sendUnkept(report), { once: true });
}

function forget() {
  form.reset();
  renew();
  setAside();
}

// What became of it

function onEvent(event, _report, answer) {
  if (event === 'taken') say(data.texts.sent);
  if (event === 'expired') say(data.texts.expired);
  if (event === 'refused') {
    const reason = answer.said?.errors?.[0]?.reason ?? answer.said?.title ?? data.texts.refusedPlain;
    say(filled(data.texts.refused, { reason }));
  }
}

async function showQueue() {
  const waiting = await outbox.all().catch(() => []);
  // Sent, or deleted, by another page or the service worker, which told nobody.
  if (waiting.length === 0 && byId('status').textContent === data.texts.queued) say('');
  byId('queue').hidden = waiting.length === 0;
  byId('queue').dataset.count = waiting.length;
  byId('queue-title').textContent = filled(data.texts.waiting, { num: waiting.length });
  byId('queue-list').replaceChildren(...waiting.map(({ kind, lat, lon, seen_on }) => {
    const line = document.createElement('li');
    line.textContent = `${nameOf(kind)} · ${lat.toFixed(DECIMALS)}, ${lon.toFixed(DECIMALS)} · ${seen_on}`;
    return line;
  }));
}

function filled(text, values) {
  return text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
}

function say(text) {
  byId('status').textContent = text;
}
