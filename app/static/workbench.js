// The planners' workbench, beyond what its form does without scripts: each change is answered at once
// (by POST), strip, tables and map mark the same place, and the view stands in the fragment of the
// address, which no server gets.
import { parsed, unpacked } from './answers.js';
import { fill } from './phrases.js';

const data = JSON.parse(document.getElementById('page-data').textContent);
const texts = data.texts.planner;
const byId = (id) => document.getElementById(id);
const form = byId('view-form');
const say = (text) => { byId('status').textContent = text; };

// The view in the fragment: what the form's fields hold, but for what they hold by themselves.

const SINGLE = ['corridor', 'direction', 'profile', 'on', 'compare'];
const USUAL = { direction: 'forward', profile: 'adult' };
const chosenServices = () => [...form.querySelectorAll('[name=service]:checked')].map(({ value }) => value);
const pinInputs = () => [...document.querySelectorAll('input[name=pin]')];

let view = null; // the answer that is shown, measures in the direction of travel
let atM = 0; // the place that is looked at
let isMoved = false; // whether somebody has chosen that place

function fragment() {
  const said = new URLSearchParams();
  for (const name of SINGLE) {
    const { value } = byId(name);
    if (value && value !== USUAL[name]) said.set(name, value);
  }
  for (const code of chosenServices()) said.append('service', code);
  if (byId('nights').checked) said.set('nights', '1');
  for (const { value } of pinInputs()) said.append('pin', value);
  if (view && isMoved) said.set('at', String(Math.round(atM / 1000)));
  return `#${said}`;
}

/** Fill the form as a fragment says; its trial spaces are returned, for the answer brings them. */
function take(hash) {
  const said = new URLSearchParams(hash.replace(/^#/, ''));
  for (const name of SINGLE) byId(name).value = said.get(name) ?? USUAL[name] ?? '';
  const wanted = said.getAll('service');
  for (const box of form.querySelectorAll('[name=service]')) {
    box.checked = wanted.length > 0 ? wanted.includes(box.value) : box.value === 'overnight';
  }
  byId('nights').checked = said.get('nights') === '1';
  isMoved = said.has('at');
  atM = 1000 * (Number(said.get('at')) || 0);
  showDay();
  return said.getAll('pin');
}

function note({ isNew }) {
  const there = `${location.pathname}${keptQuery()}${fragment()}`;
  if (fragment() === location.hash) return;
  history[isNew ? 'pushState' : 'replaceState'](history.state, '', there);
  for (const link of document.querySelectorAll('.languages a')) link.hash = location.hash;
}

/** Of the query the language alone: what else it held now stands in the fragment. */
function keptQuery() {
  const lang = new URLSearchParams(location.search).get('lang');
  return lang ? `?lang=${encodeURIComponent(lang)}` : '';
}

// The question and its answer.

let asked = null;

async function ask({ submitter = null, pins = null, isNew = true, goesToAnswer = false } = {}) {
  if (!byId('corridor').value) return;
  asked?.abort();
  asked = new AbortController();
  const { signal } = asked;
  const body = new URLSearchParams(new FormData(form));
  if (pins) {
    body.delete('pin');
    for (const km of pins) body.append('pin', km);
  }
  if (submitter?.name) body.set(submitter.name, submitter.value);
  say(texts.asking);
  form.setAttribute('aria-busy', 'true');
  try {
    const answer = await fetch('/planner', { method: 'POST', body, headers: { Accept: 'text/html' }, signal });
    if (show(parsed(await answer.text()), goesToAnswer) && view) note({ isNew });
  } catch (error) {
    if (error.name === 'AbortError') return;
    console.warn(error);
    say(texts.failed);
  } finally {
    if (!signal.aborted) form.removeAttribute('aria-busy');
  }
}

/** Put an answer in the place of the one before, and the focus where it was; whether there is one. */
function show(page, goesToAnswer) {
  const focused = document.activeElement;
  say('');
  const isReplaced = ['result', 'details'].some((id) => byId(id).contains(focused));
  // What cannot be answered leaves what was answered before.
  const parts = page.getElementById('problem-title') && view ? ['problem'] : ['problem', 'result', 'details', 'services-said'];
  for (const id of parts) {
    const part = page.getElementById(id);
    if (!part) throw new Error(`no ${id} in the answer`);
    byId(id).replaceChildren(...part.childNodes);
  }
  if (!parts.includes('result')) {
    if (goesToAnswer) byId('problem-title').focus();
    return false;
  }
  read();
  byId('spoken').textContent = byId('announced')?.textContent ?? '';
  const title = byId('problem-title') ?? byId('answer-title');
  if (goesToAnswer) title?.focus();
  else if (isReplaced) (byId(focused.id) ?? title)?.focus({ preventScroll: true });
  return true;
}

// What is shown: strip, tables and map.

const turned = (m) => (view.backward ? view.length_m - m : m);
const alongLine = (from, to) => [turned(from), turned(to)].sort((a, b) => a - b);

function read() {
  const block = byId('view-data');
  view = block ? JSON.parse(block.textContent) : null;
  byId('map-box').hidden = view === null;
  if (!view) return;
  view.vertices = unpacked(view.line);
  byId('along-box').hidden = false;
  for (const cell of document.querySelectorAll('#details td.go')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'link';
    button.append(...cell.childNodes);
    cell.append(button);
  }
  draw();
  loadMapOnce();
  look(Math.min(atM, view.length_m), { isQuiet: true });
}

function draw() {
  map?.draw({
    line: view.vertices,
    gaps: view.gaps.map(([from, to]) => alongLine(from, to)),
    spaces: view.spaces.map(([, lon, lat]) => [lon, lat]),
    pins: view.pins.map(turned),
  });
}

/** Look at a place of the corridor: the strip, the tables, the map and the words go there. */
function look(toM, { isQuiet = false, gap = null } = {}) {
  atM = toM;
  const slider = byId('along');
  slider.value = String(Math.round(toM / 1000));
  const around = view.gaps.filter(([from, to]) => from <= toM && toM <= to);
  const words = wordsOf(toM, around);
  slider.setAttribute('aria-valuetext', words);
  byId('along-said').textContent = words;
  byId('try-here').textContent = fill(texts.tryHere, { km: String(Math.round(toM / 1000)) });
  const cursor = document.querySelector('#strip .cursor');
  const share = `${(100 * toM / view.length_m).toFixed(2)}%`;
  for (const end of ['x1', 'x2']) cursor?.setAttribute(end, share);
  cursor?.setAttribute('visibility', isQuiet && toM === 0 ? 'hidden' : 'visible');
  for (const row of document.querySelectorAll('#details tr[data-from]')) {
    const { from, to } = row.dataset;
    const isHere = from === to ? Math.abs(from - toM) < 500 : Number(from) <= toM && toM <= Number(to);
    row.classList.toggle('here', isHere && !(isQuiet && toM === 0));
  }
  const marked = gap ?? around[0] ?? null;
  if (!isQuiet || toM > 0) map?.mark(turned(toM), marked && alongLine(marked[0], marked[1]));
}

function wordsOf(toM, around) {
  const height = view.heights[Math.round(toM / view.length_m * (view.heights.length - 1))] ?? null;
  const near = view.spaces.filter(([at]) => Math.abs(at - toM) < 1500).map((space) => space[3]);
  return [
    fill(texts.at, { km: String(Math.round(toM / 1000)) }),
    ...around.map(([from, to, service]) => fill(texts.gap, { service, km: `${Math.round((to - from) / 1000)} km` })),
    ...(near.length > 0 ? [fill(texts.nearby, { name: near.join(', ') })] : []),
    height === null ? texts.heightUnknown : fill(texts.height, { metres: String(height) }),
  ].join(' · ');
}

/** A place that somebody chose, in contrast to one that an answer begins with. */
function go(toM, gap) {
  isMoved = true;
  look(Math.max(0, Math.min(view.length_m, toM)), { gap });
  note({ isNew: false });
}

function pointed(event) {
  const strip = event.target.closest?.('#strip svg.strip');
  if (!strip || !view || (event.type === 'pointermove' && event.buttons === 0)) return;
  const box = strip.getBoundingClientRect();
  go((event.clientX - box.left) / box.width * view.length_m);
}

byId('result').addEventListener('pointerdown', pointed);
byId('result').addEventListener('pointermove', pointed);
byId('result').addEventListener('input', ({ target }) => { if (target.id === 'along') go(1000 * target.value); });
byId('result').addEventListener('click', ({ target }) => { if (target.id === 'try-here') tryAt(atM); });
byId('details').addEventListener('click', ({ target }) => {
  const row = target.closest('tr[data-from]');
  if (!row || target.closest('a') || !view) return;
  const [from, to] = [Number(row.dataset.from), Number(row.dataset.to)];
  go(from === to ? from : (from + to) / 2, [from, to]);
});

/** Try a space at a place: the server gets kilometres along the corridor's own line. */
const tryAt = (m) => ask({ pins: [...pinInputs().map(({ value }) => value), (turned(m) / 1000).toFixed(1)] });

// The map: when the device is idle, or on a tap where data are dear.

let map = null;
let mapPromise = null;
const connection = navigator.connection;
const isDear = Boolean(connection?.saveData) || /2g$/.test(connection?.effectiveType ?? '');

function loadMapOnce() {
  if (isDear || mapPromise) return;
  (window.requestIdleCallback ?? setTimeout)(() => loadMap());
}

function loadMap() {
  mapPromise ??= startMap().catch((error) => {
    console.warn(error);
    byId('map-wait').hidden = false;
    byId('map-wait').querySelector('p').textContent = data.texts.failed;
  });
  return mapPromise;
}

async function startMap() {
  byId('map-wait').querySelector('p').textContent = data.texts.loading;
  const { makeBenchMap } = await import(byId('map-box').dataset.module);
  map = await makeBenchMap(byId('map'), data, tapped);
  byId('map').tabIndex = 0;
  byId('map').dataset.ready = 'true';
  byId('map-wait').hidden = true;
  if (view) draw();
  if (view && isMoved) look(atM);
}

function tapped([lon, lat]) {
  if (view) go(turned(nearestM(view.vertices, lon, lat)));
}

/** Where along a line a point is nearest to it, metres; degrees are short beside a corridor. */
function nearestM(vertices, lon, lat) {
  const narrow = Math.cos(lat * Math.PI / 180);
  let [best, bestM] = [Infinity, 0];
  for (let i = 1; i < vertices.length; i += 1) {
    const [a, b] = [vertices[i - 1], vertices[i]];
    const [dx, dy] = [(b[0] - a[0]) * narrow, b[1] - a[1]];
    const [px, py] = [(lon - a[0]) * narrow, lat - a[1]];
    const share = Math.max(0, Math.min(1, (px * dx + py * dy) / (dx * dx + dy * dy || 1)));
    const off = (px - share * dx) ** 2 + (py - share * dy) ** 2;
    if (off < best) [best, bestM] = [off, a[2] + share * (b[2] - a[2])];
  }
  return bestM;
}

byId('map-show').addEventListener('click', () => loadMap());

// The slider of days, beside the plain field.

const DAY_MS = 86_400_000;
const FIRST_YEAR = 1970; // as of the server's days
const dayOf = (text) => Math.round(Date.parse(`${text}T00:00:00Z`) / DAY_MS);
const textOf = (day) => new Date(day * DAY_MS).toISOString().slice(0, 10);
const slider = Object.assign(document.createElement('input'), {
  type: 'range', id: 'on-slider', min: dayOf(byId('on').dataset.first), max: dayOf(byId('on').dataset.last), step: 1,
});
slider.setAttribute('aria-label', texts.day);
const todayIs = (Number(slider.min) + Number(slider.max)) / 2;

function showDay() {
  slider.value = byId('on').value ? dayOf(byId('on').value) : todayIs;
  slider.setAttribute('aria-valuetext', textOf(Number(slider.value)));
}

byId('on').after(slider);
showDay();
slider.addEventListener('input', () => {
  const day = Number(slider.value);
  byId('on').value = day === todayIs ? '' : textOf(day);
  slider.setAttribute('aria-valuetext', textOf(day));
});

// What changes the view. A file is the form's own answer.

form.addEventListener('change', ({ target }) => {
  // A year that is still being typed is no day yet.
  if (target.type !== 'date' || !target.value || Number(target.value.slice(0, 4)) >= FIRST_YEAR) ask();
});
form.addEventListener('submit', (event) => {
  if (event.submitter?.name === 'f') return;
  event.preventDefault();
  ask({ submitter: event.submitter, goesToAnswer: event.submitter?.form === form && form.contains(event.submitter) });
});
document.addEventListener('click', (event) => {
  const link = event.target.closest('a[data-view]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const days = { on: byId('on').value, compare: byId('compare').value, profile: byId('profile').value };
  const pins = take(link.hash);
  for (const [name, value] of Object.entries(days)) byId(name).value = value;
  showDay();
  ask({ pins, goesToAnswer: true });
});
addEventListener('popstate', restore);
addEventListener('hashchange', restore);

function restore() {
  if (location.hash === fragment()) return;
  // Back to where no corridor was chosen: the page as it comes.
  if (!location.hash.includes('corridor=')) location.reload();
  else ask({ pins: take(location.hash), isNew: false });
}

if (location.hash.includes('corridor=')) ask({ pins: take(location.hash), isNew: false });
else {
  read();
  if (view) note({ isNew: false });
}
document.documentElement.dataset.bench = 'ready';
