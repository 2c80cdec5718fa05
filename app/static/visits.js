// Visits without a network: spaces that go along, and what was seen there until it is sent. Both
// are in IndexedDB, under the account's own mark, and go with one tap. What the server does with
// a visit is its own: the same rules as at a desk.
//
// The page is that of somebody who is signed in, or the empty one that a phone keeps (visit-page.js).
// Either asks for a form's token when there is something to send, and only then.
import { dayOf, deliver, newId, Outbox, Store } from './outbox.js';
import { forgetPage, keepPage, keptMark } from './visit-page.js';

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const data = read('visit-data');
const byId = (id) => document.getElementById(id);
const offered = new Map(read('visit-spaces').map((space) => [space.id, space]));

const CONFLICT = 412;
const SIGNED_OUT = 303;
// Of what waits, what is for the phone alone.
const NOT_SENT = new Set(['name', 'held', 'turn']);

let me = null;
let taken = null;
let outbox = null;
let token = null;
let isKept = false;

// In a function: the oldest browsers wait for nothing at the top of a module.
async function start() {
  me = data.me ?? await keptMark();
  taken = new Store({ name: `amparo-taken-${me}`, onChange: showTaken });
  outbox = new Outbox({
    name: `amparo-visits-${me}`,
    post: send,
    isOld: ({ seen_on }) => seen_on < dayOf(new Date(Date.now() - data.keptDays * 86_400_000)),
    onEvent,
    onChange: showQueue,
  });
  for (const button of document.querySelectorAll('[data-take]')) {
    button.hidden = false;
    button.addEventListener('click', async () => {
      const space = offered.get(button.dataset.take);
      await kept(() => taken.add(space), filled(data.texts.taken, { name: space.name }));
    });
  }
  byId('clear').addEventListener('click', clearAll);
  await showTaken();
  await showQueue();
  outbox.watch();
  byId('taken').dataset.ready = 'true';
}

start();

// Everything of every account: who hands the phone on wants nothing left on it.
async function clearAll() {
  await outbox.clear();
  await taken.clear();
  for (const { name } of (await indexedDB.databases?.()) ?? []) {
    if (/^amparo-(visits|taken)-/.test(name)) await new Store({ name }).clear();
  }
  await forgetPage();
  say(data.texts.deleted);
}

// What goes along

async function showTaken() {
  const spaces = await taken.all().catch(() => []);
  const cards = new Map([...byId('taken-list').children].map((card) => [card.dataset.space, card]));
  // A card that stays keeps what is being typed into it.
  byId('taken-list').replaceChildren(...spaces.map((space) => {
    const card = cards.get(space.id);
    return card?.dataset.revision === String(space.revision) ? card : cardOf(space);
  }));
  await showSections();
}

function cardOf(space) {
  const card = byId('taken-card').content.cloneNode(true).firstElementChild;
  card.dataset.space = space.id;
  card.dataset.revision = space.revision;
  card.querySelector('h3').textContent = space.demo ? `${space.name} (DEMO)` : space.name;
  card.querySelector('.where').textContent = space.place;
  card.querySelector('dl').replaceChildren(...linesOf(space));
  for (const button of card.querySelectorAll('[data-answer]')) {
    button.addEventListener('click', () => keep(space, { answer: button.dataset.answer }));
  }
  card.querySelector('[data-leave]').addEventListener('click', async () => {
    await taken.remove(space.id);
    say(filled(data.texts.left, { name: space.name }));
  });
  card.querySelector('form').addEventListener('submit', (event) => keepChange(event, space));
  return card;
}

function linesOf(space) {
  return space.lines.flatMap(([label, text]) => {
    const name = document.createElement('dt');
    name.textContent = label;
    const value = document.createElement('dd');
    value.textContent = text;
    return [name, value];
  });
}

// What was seen

async function keepChange(event, space) {
  event.preventDefault();
  const form = event.target;
  const fields = new FormData(form);
  const said = Object.fromEntries(
    ['opens_at', 'closes_at', 'address', 'landmark', 'because', 'notice', 'reason']
      .map((name) => [name, fields.get(name).trim()]).filter(([, value]) => value),
  );
  const day = fields.getAll('day');
  const hours = [day.length > 0, 'opens_at' in said, 'closes_at' in said];
  if (hours.includes(true) && hours.includes(false)) return say(data.texts.incomplete);
  if (!hours[0] && !['address', 'landmark', 'because', 'notice'].some((name) => name in said)) {
    return say(data.texts.nothing);
  }
  await keep(space, { answer: 'changed', ...said, ...(day.length > 0 ? { day } : {}) });
  form.reset();
  form.closest('details').open = false;
}

async function keep(space, said) {
  const visit = {
    id: newId(), space: space.id, name: space.name, revision: space.revision,
    seen_on: dayOf(new Date()), ...said,
  };
  if (await kept(() => outbox.add(visit), data.texts.kept)) outbox.flush();
}

async function kept(work, text) {
  try {
    await work();
    say(text);
    return true;
  } catch (error) {
    console.warn(error);
    say(data.texts.unkept);
    return false;
  }
}

async function send(visit) {
  const asked = token === null ? await askForToken() : { token };
  token = asked.token ?? null;
  if (token === null) return { state: 'later', status: asked.status, said: null, afterMs: 0 };
  const body = new URLSearchParams({ csrf: token });
  for (const [name, value] of Object.entries(visit)) {
    if (NOT_SENT.has(name)) continue;
    for (const one of [value].flat()) body.append(name, one);
  }
  const answer = await deliver('/network/visits', { body, headers: { Accept: 'application/json' } });
  // Perhaps of a sign-in that is over: the next one has another.
  if (answer.state === 'later') token = null;
  return answer.status === CONFLICT ? { ...answer, state: 'held' } : answer;
}

/** The token of whoever is signed in, if it is the account whose visits these are; else a status. */
async function askForToken() {
  try {
    const answer = await fetch(data.tokenAt, {
      headers: { Accept: 'application/json' }, redirect: 'manual', cache: 'no-store',
    });
    if (!answer.ok) return { status: answer.status || SIGNED_OUT };
    const said = await answer.json();
    return said.me === me ? { token: said.csrf } : { status: SIGNED_OUT };
  } catch {
    return { status: 0 };
  }
}

async function onEvent(event, visit, answer) {
  const { name } = visit;
  if (event === 'taken') {
    say(filled(answer.said.waits ? data.texts.waits : data.texts.sent, { name }));
    await follow(visit, answer.said.revision);
    await renew(visit.space);
  }
  if (event === 'expired') say(data.texts.expired);
  if (event === 'held') say(data.texts.held);
  if (event === 'later' && [303, 401, 403].includes(answer.status)) say(data.texts.signIn);
  if (event === 'refused') {
    const reason = answer.said.errors?.[0]?.reason ?? answer.said.title;
    say(filled(data.texts.refused, { reason }));
  }
}

// What else was seen there is about the record with this change: nobody else's lies between.
async function follow(visit, revision) {
  if (revision === undefined) return;
  const others = (await outbox.all()).filter(
    (other) => other.space === visit.space && other.revision === visit.revision && !other.held,
  );
  for (const other of others) await outbox.replace({ ...other, revision });
}

// The record as it is now, for who stays with the phone at the same place.
async function renew(id) {
  const known = (await taken.all()).find((space) => space.id === id);
  const now = known && (await current(id));
  if (now) await taken.replace(now);
}

async function current(id) {
  try {
    const answer = await fetch(`/network/visits/${encodeURIComponent(id)}`, {
      headers: { Accept: 'application/json' }, redirect: 'manual', cache: 'no-store',
    });
    return answer.ok ? (await answer.json()).space : undefined;
  } catch {
    return undefined;
  }
}

async function showQueue() {
  const waiting = await outbox.all().catch(() => []);
  byId('queue').dataset.count = waiting.length;
  byId('queue-title').textContent = filled(data.texts.waiting, { num: waiting.length });
  byId('queue-list').replaceChildren(...waiting.map(lineOf));
  await showSections();
}

function lineOf(visit) {
  const line = document.createElement('li');
  line.dataset.visit = visit.id;
  const title = document.createElement('b');
  title.className = 'row-title';
  title.textContent = `${visit.name}: ${data.texts[visit.answer]}`;
  const note = document.createElement('span');
  note.className = 'row-note';
  note.textContent = visit.seen_on;
  const buttons = document.createElement('p');
  buttons.className = 'buttons';
  if (visit.held) {
    note.textContent = `${visit.seen_on} · ${data.texts.held}`;
    buttons.append(
      buttonOf(data.texts.now, () => compare(visit, line)),
    );
  }
  buttons.append(buttonOf(data.texts.drop, () => outbox.remove(visit.id)));
  line.append(title, note, buttons);
  return line;
}

async function compare(visit, line) {
  const now = await current(visit.space);
  if (now === undefined) return say(data.texts.signIn);
  if (now === null) return say(data.texts.gone);
  const lines = document.createElement('dl');
  lines.replaceChildren(...linesOf(now));
  const again = buttonOf(data.texts.resend, async () => {
    // Another number: what it is about is another record.
    await outbox.add({ ...visit, id: newId(), revision: now.revision, held: false });
    await outbox.remove(visit.id);
    outbox.flush();
  });
  line.querySelector('.buttons button').replaceWith(again);
  line.querySelector('.buttons').before(lines);
  again.focus();
}

function buttonOf(text, work) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'button quiet';
  button.textContent = text;
  button.addEventListener('click', work);
  return button;
}

async function showSections() {
  const counts = await Promise.all([taken, outbox].map((one) => one.all().catch(() => [])));
  byId('queue').hidden = counts[1].length === 0;
  byId('taken').hidden = counts[0].length + counts[1].length === 0;
  keepOrForget(counts[0].length + counts[1].length > 0);
}

async function keepOrForget(isNeeded) {
  const wasKept = isKept;
  isKept = isNeeded;
  if (isNeeded && data.me && !wasKept) await keepPage(data);
  // Also if everything was deleted while the page was on its way here.
  if (!isKept) await forgetPage();
}

function filled(text, values) {
  return text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
}

function say(text) {
  byId('status').textContent = text;
}
