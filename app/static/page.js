// What the page adds when scripts run: the map, what is near, the planner when somebody needs it.
// Nothing asked is stored, and nothing is asked of another origin.
import { element, makeCards, offerListening } from './cards.js';
import { locate, startNearby } from './nearby.js';
import { fill, makePhrases } from './phrases.js';
import { startSheet } from './sheet.js';
import { fits, isDated, readSpaces } from './spaces.js';
import { asSent, offerInstall, register } from './worker.js';

const data = JSON.parse(document.getElementById('page-data').textContent);
const byId = (id) => document.getElementById(id);
// Of lists the whole ones alone are kept, not what somebody looked for, and no word of reports that wait
// (P37). As in sw.js.
const KEPT = ['/', '/crossings', '/hazards'];
const isWhole = KEPT.includes(location.pathname) && data.near === null && [...new URLSearchParams(location.search).keys()].every((name) => name === 'lang');
const here = isWhole && byId('waiting').hidden ? { address: `${location.pathname}?lang=${data.lang}`, text: asSent() } : null;

// A place that was looked for came by POST and is in no address. Going back to its list, or loading
// it again, asks for it anew, without the browser's question whether to send a form twice: the tab
// remembers it beside the page, and forgets it when it is closed.
if (data.near !== null) history.replaceState({ ...history.state, near: data.near }, '');
else if (history.state?.near && navigator.onLine) {
  const again = byId('near-form');
  const choice = document.createElement('input');
  Object.assign(choice, { type: 'hidden', name: 'place_choice', value: history.state.near });
  again.append(choice);
  // Before the page is complete: in the place of this one.
  again.action = location.href;
  again.submit();
}

// The map: when the device is idle, or on a tap where data are dear.

const IN_VIEW = 5; // How many of a list the map of a place has to show [A], as in nearby.js
const isFramed = document.body.dataset.section === 'embed';
const sheet = startSheet(byId('map-box'), byId('grip'));
let mapPromise;
let shownMap = null;

function loadMap() {
  mapPromise ??= startMap().catch((error) => {
    say(byId('map-wait').querySelector('p'), data.texts.failed);
    byId('map-wait').hidden = false;
    byId('map-show').hidden = true;
    throw error;
  });
  return mapPromise;
}

async function startMap() {
  const wait = byId('map-wait');
  byId('map-show').hidden = true;
  say(wait.querySelector('p'), data.texts.loading);
  const css = document.createElement('link');
  css.rel = 'stylesheet';
  css.href = data.olCss;
  // Before the page's own style, which adapts it.
  document.head.prepend(css);
  const [{ makeMap }, style, ol] = await Promise.all([import(data.map), import(data.style), import(data.ol)]);
  const read = { spaces: shownSpaces, crossings: () => collection('crossings'), hazards: heldHazards };
  const map = await makeMap(byId('map'), { data, ol, style, read, describe, chosen: showCard });
  byId('map').tabIndex = 0;
  byId('map').dataset.ready = 'true';
  wait.hidden = true;
  shownMap = map;
  // Among the map's own buttons, below what signs say.
  const own = byId('map-box').querySelector('.locate');
  if (own) map.takeButton(own);
  if (data.placeAt) map.lookAt(data.placeAt, { ids: listed, name: data.placeName });
  planner?.then((started) => started.draw(), () => {});
  return map;
}

// Every space, in one small file: for the map, and for who asks what is near.

const SLOW_MS = 10_000; // [A]: on 2G it takes that long; whoever waits is told what is kept
let file = null;
let filePromise;

function loadSpaces() {
  filePromise ??= readFile();
  filePromise.catch(() => { filePromise = undefined; });
  return filePromise;
}

async function readFile() {
  const asked = fetch(data.nearby).then(async (answer) => {
    if (!answer.ok) throw new Error(`spaces: ${answer.status}`);
    file = await answer.json();
    return file;
  });
  // An answer may break off, or take long; it is for the next who ask then.
  const late = new Promise((resolve) => { setTimeout(resolve, SLOW_MS); });
  const found = await Promise.race([asked.catch(keptFile), late.then(keptFile)]);
  if (!found) return asked;
  asked.then((read) => { filePromise = Promise.resolve(read); }, () => {});
  return found;
}

/** What was read before, or what the service worker keeps. */
async function keptFile() {
  file ??= await (await window.caches?.match(data.nearby))?.json() ?? null;
  return file;
}

const shownSpaces = async () => readSpaces(await loadSpaces()).filter((space) => fits(space, data.narrowed));
const phrases = makePhrases(data.texts);
const { card: spaceCard } = makeCards(data.texts, phrases, data.names);
startNearby(data, loadSpaces, (at, { accuracyM, ids }) => {
  scrollTo(0, 0);
  byId('main').scrollTop = 0;
  loadMap().then((map) => map.lookAt(at, { accuracyM, ids }), () => {});
}, refresh, offerMap);

async function collection(name) {
  const { items } = data.layers.find((layer) => layer.id === name);
  // Of crossings the map needs no more than these.
  const only = name === 'crossings' ? '&properties=name,state' : '';
  const answer = await fetch(`${items}?limit=1000${only}`, { headers: { Accept: 'application/geo+json' } });
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer.json();
}

// The collection has what begins later too; a map is read as today's.
async function heldHazards() {
  const known = await collection('hazards');
  const begun = ({ properties }) => Date.parse(properties.valid_from) <= Date.now();
  return { ...known, features: known.features.filter(begun) };
}

/** A card of what is near, which has no id, stands before the list's. */
const cardOf = (kind, id) => (kind === 'spaces' && document.querySelector(`#nearby [data-space="${CSS.escape(id)}"]`)) || byId(`${{ spaces: 'space', crossings: 'crossing', hazards: 'hazard' }[kind]}-${id}`);

// A popup says the head of the list's card, in the page's language.
function describe(kind, features) {
  const content = document.createElement('div');
  for (const { id, name, space, state } of features) {
    const card = cardOf(kind, id) ?? (space ? spaceCard(space) : null) ?? (state ? crossingHead(name, state) : null);
    const link = document.createElement('a');
    link.href = kind === 'spaces' ? `/spaces/${encodeURIComponent(id)}?lang=${data.lang}`
      : `/${kind}?lang=${data.lang}#${{ crossings: 'crossing', hazards: 'hazard' }[kind]}-${id}`;
    if (features.length > 1 || !card) {
      link.textContent = name;
      const line = document.createElement('p');
      line.append(link);
      content.append(line);
      continue;
    }
    const pieces = card.querySelectorAll(':scope > h2, :scope > h3, :scope > h4, :scope > .where, :scope > .opening, :scope > .seen, :scope > p > .badge');
    for (const piece of pieces) content.append(piece.cloneNode(true));
    link.textContent = kind === 'spaces' ? data.texts.more : data.texts.inList;
    content.append(link);
    if (kind === 'spaces') content.append(' ', goButton(id, name));
  }
  return content;
}

/** Name and state of a crossing whose card is on another page, in the words of the legend (P32, P47). */
function crossingHead(name, state) {
  const words = document.querySelector(`#legend [data-crossings="${state}"]`).cloneNode(true).childNodes;
  return element('div', {}, element('h3', {}, name), element('p', {}, element('span', { class: 'badge' }, ...words)));
}

/**
 * The first spaces of the list, at which the map of a typed place looks. Not what is near the phone: the map
 * would ask for tiles of it (P9, P48).
 */
const listed = [...document.querySelectorAll('#spaces > .list [data-space]')].slice(0, IN_VIEW)
  .map((card) => card.dataset.space);

/** Mark the card of what is chosen on the map, and on a desk bring it into view. */
function showCard(kind, id) {
  const shown = id === null ? null : cardOf(kind, id);
  for (const card of document.querySelectorAll('.card.shown')) card.classList.toggle('shown', card === shown);
  shown?.classList.add('shown');
  // On a phone the list lies over the map that somebody looks at.
  if (matchMedia('(min-width: 900px)').matches) shown?.scrollIntoView({ block: 'nearest' });
}

/** The button "how to get here", as the list's cards have it. */
function goButton(id, name) {
  const go = document.createElement('button');
  go.className = 'link';
  go.setAttribute('form', 'go');
  go.name = 'end_choice';
  go.value = `space:${id}`;
  go.dataset.label = name;
  go.textContent = data.texts.goHere;
  return go;
}

offerInstall(byId('install'));

const connection = navigator.connection;
const isDear = Boolean(connection?.saveData) || /2g$/.test(connection?.effectiveType ?? '');
// Where data are dear, another page is kept once somebody opens it (sw.js).
const toKeep = isDear ? KEPT.filter((path) => path === location.pathname) : KEPT;
byId('map-show').addEventListener('click', () => loadMap().catch(() => {}));
const idle = window.requestIdleCallback ?? ((callback) => setTimeout(callback, 300));
const begin = () => {
  // Before anybody asks what is near, so that asking sends nothing.
  loadSpaces().catch(() => {});
  if (byId('lines')) loadPlanner().catch(() => {});
  // What is kept for later comes after what is to be seen now.
  Promise.resolve(isDear ? null : loadMap().catch(() => {}))
    // A frame in somebody's page keeps nothing.
    .then(() => !isFramed && register([...toKeep.map((path) => `${path}?lang=${data.lang}`), data.nearby], here));
  refresh();
  if (byId('listen')) offerListening();
};
const whenIdle = () => idle(begin, { timeout: 4000 });
if (document.readyState === 'complete') whenIdle();
else window.addEventListener('load', whenIdle, { once: true });

function offerMap(card) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'link';
  button.textContent = data.texts.onMap;
  const name = document.createElement('span');
  name.className = 'unseen';
  name.textContent = `: ${card.querySelector('h2, h3, h4').textContent}`;
  button.append(name);
  button.addEventListener('click', async () => {
    const map = await loadMap();
    sheet.reveal();
    map.show(card.dataset.space);
    byId('map').focus({ preventScroll: true });
  });
  let actions = card.querySelector('.actions');
  if (!actions) {
    actions = document.createElement('div');
    actions.className = 'actions';
    card.append(actions);
  }
  actions.append(button);
}

document.querySelectorAll('[data-space]').forEach(offerMap);

// A tap on a card shows its sign; the page stays where it is.
byId('main').addEventListener('click', ({ target }) => {
  const card = target.closest('[data-space]');
  if (card && !target.closest('a, button, summary, input')) shownMap?.show(card.dataset.space);
});

// A page from the phone's memory, or one left open, says what is open now and of when that is known.

const OLD_MS = 15 * 60_000;
const madeMs = Date.parse(data.made);
const isKept = Date.now() - madeMs >= OLD_MS;
let renewedMs = Date.now();

async function refresh() {
  if (Date.now() - madeMs < OLD_MS) return;
  sayAge();
  const read = await loadSpaces().catch(() => null);
  sayAge();
  if (!read) return;
  const spaces = readSpaces(read);
  const known = new Map(spaces.map((space) => [space.id, space]));
  for (const card of document.querySelectorAll('#spaces [data-space]')) {
    const space = known.get(card.dataset.space);
    card.hidden = space === undefined;
    if (!space) continue;
    const now = spaceCard(space);
    for (const part of ['.opening', '.seen']) card.querySelector(part)?.replaceWith(now.querySelector(part));
  }
  // A page that does not grow old needs none of it; the service worker has it at hand.
  const crossings = await import(data.crossings).catch(() => null);
  if (crossings) crossings.refreshCrossings(read, spaces, { texts: data.texts, names: data.names, phrases });
  // A state that cannot be told anew is not told (P32).
  else for (const badge of document.querySelectorAll('#crossings .badge')) badge.replaceChildren();
}

/** Tell the date of what is oldest, where it is old. */
function sayAge() {
  const dates = [
    ...(isKept || !file ? [madeMs] : []),
    ...(file && isDated(file) ? [Date.parse(file.start)] : []),
  ];
  const note = byId('dated');
  note.hidden = dates.length === 0;
  const text = note.hidden ? '' : fill(data.texts.dataOf, { date: phrases.ownMoment(Math.min(...dates)) });
  // Written anew it would be read aloud anew.
  if (note.textContent !== text) say(note, text);
  // Of hazards the file tells nothing.
  const made = byId('hazards-made');
  if (!made) return;
  say(made, fill(data.texts.dataMade, { date: phrases.ownMoment(madeMs) }));
  made.hidden = false;
}

/** Ask again on a page that somebody looks at, or comes back to. */
function renew() {
  if (document.visibilityState !== 'visible' || Date.now() - renewedMs < OLD_MS) return;
  renewedMs = Date.now();
  filePromise = undefined;
  refresh();
}

document.addEventListener('visibilitychange', renew);
window.addEventListener('pageshow', renew);
setInterval(renew, 60_000);

// Names to complete a place from: the same file for everybody, asked for by who begins to type.

document.addEventListener('focusin', async ({ target }) => {
  if (target.getAttribute?.('list') !== 'places' || byId('places')) return;
  const names = element('datalist', { id: 'places' });
  target.after(names);
  const towns = await fetch(data.towns).then((answer) => (answer.ok ? answer.json() : [])).catch(() => []);
  if (towns.length === 0) names.remove(); // it is tried again; a name is understood without it
  names.append(...towns.map((value) => element('option', { value })));
});

// Which crossing is near: the phone sorts the list itself.

const nearFirst = byId('crossings-near');
if (nearFirst && 'geolocation' in navigator) {
  nearFirst.hidden = false;
  nearFirst.addEventListener('click', async () => {
    const status = byId('locate-status');
    say(status, data.texts.locating);
    try {
      const [position, read, { sortCrossings }] = await Promise.all([locate(), loadSpaces(), import(data.crossings)]);
      sortCrossings(read, position, { texts: data.texts, phrases });
      say(status, data.texts.nearYouHow);
    } catch (error) {
      say(status, error.code === 1 ? data.texts.positionRefused : data.texts.positionFailed);
    }
  });
}

// The route form and its answers, on their own page: another module, loaded when somebody begins with
// them. Without it the form just works; a button of another page that names an end sends it there.

const form = byId('plan-form');
let planner;
let isPlain = false;

function loadPlanner() {
  planner ??= import(data.planner).then(({ startPlanner }) => startPlanner({ data, phrases, loadMap, shownMap: () => shownMap, reveal: sheet.reveal }));
  planner.catch(() => { planner = undefined; });
  return planner;
}

// Who looked at a space on the way, or loads the page again, finds the answer there. Not where it
// came with the page itself.
const [arrival] = performance.getEntriesByType('navigation');
if (form && byId('result').childElementCount === 0 && ['back_forward', 'reload'].includes(arrival?.type)) {
  loadPlanner().then((started) => started.recall(), () => {});
}

form?.addEventListener('focusin', () => loadPlanner().catch(() => {}), { once: true });
document.addEventListener('submit', (event) => {
  const { target, submitter } = event;
  if (!form || isPlain || (target !== form && target.id !== 'go')) return;
  event.preventDefault();
  loadPlanner().then((started) => started.submitted(target, submitter), () => {
    isPlain = true;
    target.requestSubmit(submitter);
  });
});
document.addEventListener('click', (event) => {
  const button = event.target.closest('button[type=button][data-plan]');
  if (button) loadPlanner().then((started) => started.pressed(button), () => say(byId('status'), data.texts.unavailable));
});

function say(element, text) {
  element.textContent = text;
}
