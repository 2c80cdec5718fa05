// The page that works without a network: lists, finds ways and draws from packs on the phone.
import { element, makeCards } from './cards.js';
import { locate } from './nearby.js';
import { isBed } from './nights.js';
import { basemapFile, forget, forgetAll, newest, offered, take, taken } from './packs.js';
import { fill, makePhrases } from './phrases.js';
import { reading } from './reading.js';
import { findWay, longestGap, nearestTown, readRoads, spacesAlong } from './roads.js';
import { fits, isUsable, nearest, readSpaces } from './spaces.js';
import { holdsAt, stateAt } from './states.js';
import { register } from './worker.js';

const data = JSON.parse(document.getElementById('page-data').textContent);
const { texts, names } = data;
const byId = (id) => document.getElementById(id);
const say = (id, text) => { byId(id).textContent = text; };
const phrases = makePhrases(texts);
const { card, opening } = makeCards(texts, phrases, names);
const day = (iso) => {
  const [year, month, date] = iso.slice(0, 10).split('-').map(Number);
  return `${date} ${texts.months[month - 1]} ${year}`;
};

// What the phone has: read once, and again whenever a pack comes or goes. The list is what somebody
// waits for: the rest is read when it can be seen.

let packs = [];
let readMs = 0;
let network = null;
let spaces = [];

async function readPacks(found) {
  packs = await found;
  readMs = Date.now();
  const current = packs.filter((pack) => !pack.isExpired);
  spaces = current.flatMap((pack) => readSpaces(pack));
  say('near-count', current.length ? phrases.number(spaces.length) : '');
  const oldest = current.map((pack) => pack.start).sort()[0];
  say('dated', oldest ? fill(texts.dataOf, { date: day(oldest) }) : texts.noPacks);
  showStated(current);
  showSpaces();
  await painted();
  const around = newest(packs);
  network = around ? readRoads(around) : null;
  const towns = network ? [...network.towns.keys()].sort() : [];
  byId('towns').replaceChildren(...towns.map((name) => element('option', { value: name })));
  showLines(current);
  drawWhenIdle();
  document.documentElement.dataset.packs = current.map((pack) => pack.country).join(' ');
}

const pageIsDemo = !byId('demo').hidden;

/** The page was kept some day: the pack that was made after it knows better (P35, P38). */
function showStated(current) {
  const pack = newest(packs);
  const isNewer = pack !== null && Date.parse(pack.start) > Date.parse(data.made);
  byId('demo').hidden = !(current.some((one) => one.demo) || (pageIsDemo && !isNewer));
  if (!isNewer) return;
  const number = pack.hotline ? fill(texts.callHotline, { number: pack.hotline }) : '';
  for (const place of document.querySelectorAll('[data-hotline]')) place.textContent = number;
}

/** Resolves when what was shown is painted, or soon where nobody looks at the page. */
function painted() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, 200);
  });
}

function showLines(current) {
  const lines = current.flatMap((pack) => pack.contacts);
  byId('lines').replaceChildren(...lines.map((line) => element('li', {},
    wordOf('contact', line.kind), demoMark(line), element('br'), element('span', { lang: 'es' }, line.name), ' ',
    line.phone ? element('a', { class: 'phone', href: `tel:${line.phone.replaceAll(' ', '')}` }, line.phone) : null, ' ',
    line.hours ? element('small', { lang: 'es' }, line.hours) : null)));
}

const demoMark = ({ demo }) => (demo ? element('span', {}, ' ', element('b', { class: 'demo-mark' }, 'DEMO')) : null);

/** A word that a person has to review stays as the server wrote it (P47). */
function wordOf(kind, code) {
  const found = document.querySelector(`#words [data-${kind}="${CSS.escape(code)}"]`);
  const made = element('b');
  made.append(...(found ? [...found.cloneNode(true).childNodes] : [code]));
  return made;
}

// The list.

const wanted = { services: [], openNow: false, families: false };
let position = null;
let country = null;

for (const chip of document.querySelectorAll('[data-service], [data-switch]')) {
  chip.addEventListener('click', () => {
    const isOn = chip.getAttribute('aria-pressed') !== 'true';
    chip.setAttribute('aria-pressed', String(isOn));
    const { service } = chip.dataset;
    if (!service) wanted[chip.dataset.switch] = isOn;
    else wanted.services = isOn ? [...wanted.services, service] : wanted.services.filter((code) => code !== service);
    showSpaces();
  });
}

byId('locate').addEventListener('click', async () => {
  say('near-status', texts.locating);
  try {
    position = await locate();
    country = null;
    showSpaces();
  } catch (error) {
    say('near-status', error.code === 1 ? texts.locationRefused : texts.locationFailed);
  }
});

byId('near-go').addEventListener('click', () => {
  const node = network?.towns.get(byId('near-place').value.trim());
  if (node === undefined) {
    say('near-status', texts.locationFailed);
    return;
  }
  position = network.positionOf(node);
  country = network.nodes.country[node];
  showSpaces();
});

// Four screens of a phone; the others come when these are painted.
const FIRST_CARDS = 12;
let drawing;

async function showSpaces() {
  const crossings = newest(packs)?.around.crossings ?? [];
  const sides = position === null
    ? byCountry(spaces.filter((space) => fits(space, wanted)))
    : nearest(spaces, position, wanted, { country, crossings, limit: 30 });
  const count = sides.reduce((sum, { items }) => sum + items.length, 0);
  if (position !== null && spaces.length) say('near-status', count ? phrases.plural(texts.found, count) : texts.nothingFits);
  byId('near-list').replaceChildren();
  const cards = drawCards(sides);
  drawing = cards;
  for (let drawn = 0; drawn < FIRST_CARDS && !cards.next().done;) drawn += 1;
  await painted();
  // Somebody may have asked for others meanwhile.
  while (drawing === cards && !cards.next().done);
}

function* drawCards(sides) {
  for (const [index, side] of sides.entries()) {
    const list = element(position === null ? 'ul' : 'ol', { class: 'list' });
    byId('near-list').append(element('h3', {}, names.countries[side.country] ?? side.country), list);
    for (const { space, ...near } of side.items) {
      list.append(card(space, { ...near, isAbroad: position !== null && index > 0 }));
      yield;
    }
  }
}

function byCountry(listed) {
  const sides = new Map();
  for (const space of listed.slice(0, 200)) {
    if (!sides.has(space.country)) sides.set(space.country, []);
    sides.get(space.country).push({ space });
  }
  return [...sides].map(([side, items]) => ({ country: side, items }));
}

// A way.

byId('way-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const ends = ['way-start', 'way-end'].map((id) => network?.towns.get(byId(id).value.trim()));
  byId('way-result').hidden = true;
  byId('closure').hidden = true;
  if (ends.includes(undefined) || ends[0] === ends[1]) {
    say('way-status', network ? texts.chooseEnds : texts.noPacks);
    return;
  }
  const nowMs = Date.now();
  const way = findWay(network, ends[0], ends[1], nowMs);
  if (way === null) {
    say('way-status', texts.noWay);
    byId('closure').hidden = false;
    return;
  }
  say('way-status', texts.done);
  showWay(way, nowMs);
});

function showWay(way, nowMs) {
  const along = spacesAlong(way, spaces.filter(isUsable));
  const beds = along.filter(({ space }) => isBed(space, nowMs));
  const gap = longestGap(way, beds.map(({ atM }) => atM));
  // Where the phone has no spaces, it cannot say how far one is.
  const unknown = [...new Set(way.nodes.map((node) => network.nodes.country[node]))]
    .filter((code) => code && !packs.some((pack) => pack.country === code && !pack.isExpired))
    .map((code) => names.countries[code] ?? code);
  const heading = way.slowDays > way.days
    ? fill(texts.daysRange, { low: phrases.number(way.days), high: phrases.number(way.slowDays) })
    : phrases.plural(texts.days, way.days);
  const facts = [
    [phrases.km(way.lengthM), texts.wayLength],
    [`${phrases.number(Math.round(way.climbM))} m`, texts.climb],
    ...(way.highestM === null ? [] : [[`${phrases.number(way.highestM)} m`, texts.highest]]),
  ];
  byId('way-answer').replaceChildren(element('article', { class: 'card route' },
    element('h2', { tabindex: '-1', id: 'way-days' }, heading),
    element('ul', { class: 'facts' }, ...facts.map(([value, what]) => element('li', {}, element('b', {}, value), ` ${what}`))),
    unknown.length > 0 ? element('p', { class: 'unknown' }, fill(texts.noSpacesOf, { countries: unknown.join(', ') }))
      : way.days > 1 ? gapPart(way, gap) : null,
    way.hazards.length === 0 ? null : element('div', { class: 'known' },
      element('h3', {}, texts.knownHazards),
      element('ul', {}, ...way.hazards.map(({ hazard }) => element('li', {}, wordOf('hazard', hazard.kind), ': ', ...titleOf(hazard))))),
    way.crossings.length === 0 ? null : element('div', {},
      element('h3', {}, texts.crossingsInOrder),
      element('ol', { class: 'crossings-in-order' }, ...way.crossings.map((one) => crossingItem(one, nowMs)))),
    element('h3', {}, texts.onTheWay),
    element('ol', { class: 'itinerary' },
      stop('stop-end', 0, nameOf(way.nodes[0])),
      ...along.map((one) => spaceStop(one, beds.includes(one), nowMs)),
      stop('stop-end', way.lengthM, nameOf(way.nodes.at(-1))))));
  byId('way-no-hazards').hidden = way.hazards.length > 0;
  byId('way-result').hidden = false;
  mapPromise?.then((map) => map.drawLine(way.line), () => {});
  byId('way-days').focus({ preventScroll: true });
  byId('way-days').scrollIntoView({ block: 'start' });
}

const nameOf = (node) => network.nodes.name[node];
const stop = (kind, atM, text) => element('li', { class: `stop ${kind}` },
  element('span', { class: 'at' }, atM ? phrases.km(atM) : '0 km'), ' ', element('span', {}, text));

/** A space on the way: that it is for sleeping where it counts, else what its hours say. */
const spaceStop = ({ space, atM }, isForNight, nowMs) => stop(`stop-space${isForNight ? ' stop-night' : ''}`, atM,
  `${space.locality}: ${space.name} · ${isForNight ? texts.forSleeping : opening(space, nowMs)[1]}`);

function gapPart(way, gap) {
  const nameAt = (metres) => nameOf(nearestTown(network, positionAt(way, metres)));
  return element('div', { class: 'gap' },
    element('h3', {}, fill(texts.gap, { km: phrases.km(gap.lengthM) })),
    element('p', {}, fill(texts.fromTo, { start: nameAt(gap.fromM), end: nameAt(gap.fromM + gap.lengthM) })));
}

function positionAt(way, metres) {
  const index = Math.max(0, way.at.findIndex((at) => at >= metres));
  return way.line[index];
}

const titleOf = (hazard) => [element('span', { lang: 'es' }, hazard.title), demoMark(hazard)];
const crossingName = ({ name, countries }) =>
  `${name} (${countries.map((code) => names.countries[code] ?? code).join(' – ')})`;

/** A crossing as it is when somebody gets there, and when it opens for who has to wait (P32). */
function crossingItem({ crossing, state, thereMs, passMs }, nowMs) {
  return element('li', {}, `${crossingName(crossing)} `, wordOf('crossing', state),
    passMs > thereMs ? ` ${fill(texts.waitFor, { time: phrases.moment(passMs, nowMs, crossing.timezone) })}` : null);
}

// The map: from the pack, when it is asked for or the list is done.

let mapPromise;
const sayOnMap = (text) => { byId('map-wait').querySelector('p').textContent = text; };

function loadMap() {
  mapPromise ??= startMap().catch((error) => {
    console.warn(error);
    sayOnMap(texts.failed);
    byId('map-wait').hidden = false;
    mapPromise = undefined;
    throw error;
  });
  return mapPromise;
}

async function startMap() {
  byId('map-show').hidden = true;
  const css = element('link', { rel: 'stylesheet', href: data.olCss });
  document.head.prepend(css);
  const [{ makeMap }, style, ol, file] = await Promise.all([
    import(data.map), import(data.style), import(data.ol), basemapFile(),
  ]);
  const pack = newest(packs);
  const map = await makeMap(byId('map'), {
    data, ol, style, basemap: file ? await readBasemap(file) : null,
    read: {
      spaces: async () => spaces,
      crossings: async () => collection(pack?.around.crossings ?? [], (one) => ({ type: 'Point', coordinates: [one.lon, one.lat] }), (one) => ({ ...one, state: stateAt(one, pack, Date.now()) })),
      hazards: async () => collection((pack?.around.hazards ?? []).filter((one) => holdsAt(one, pack, Date.now())), (one) => one.geometry, (one) => one),
    },
    describe: (kind, features) => element('div', {}, ...features.flatMap(({ id, space }) => (space
      ? card(space).firstElementChild : saidOf(kind, id, pack)))),
  });
  byId('map').tabIndex = 0;
  byId('map').dataset.ready = 'true';
  byId('map-wait').hidden = true;
  return map;
}

/** What a sign of the map stands for, now. */
function saidOf(kind, id, pack) {
  const one = pack.around[kind].find((row) => String(row.id) === id);
  const [name, words] = kind === 'hazards' ? [wordOf('hazard', one.kind), titleOf(one)]
    : [crossingName(one), [wordOf('crossing', stateAt(one, pack, Date.now()))]];
  return [element('h3', {}, name), element('p', {}, ...words)];
}

async function readBasemap(file) {
  const { FileSource, PMTiles } = await import(data.pmtiles);
  const archive = new PMTiles(new FileSource(file));
  const { maxZoom } = await archive.getHeader();
  return { maxZoom, tile: async (z, x, y) => (await archive.getZxy(z, x, y))?.data };
}

// A property of that name would take the place of what OpenLayers has read of the geometry.
const collection = (rows, geometryOf, propertiesOf) => ({
  type: 'FeatureCollection',
  features: rows.map((row) => {
    const { geometry, ...properties } = propertiesOf(row);
    return { type: 'Feature', id: row.id, geometry: geometryOf(row), properties };
  }),
});

byId('map-show').addEventListener('click', () => loadMap().catch(() => {}));

// Packs.

async function showPacks() {
  let offer = { packs: packs.map(({ country: code }) => ({ country: code, spaces: null })), basemap: null };
  try {
    offer = await offered();
  } catch {
    // Without a network what is on the phone can still be deleted.
  }
  const codes = new Set([...offer.packs.map((one) => one.country), ...packs.map((pack) => pack.country)]);
  byId('pack-list').replaceChildren(...[...codes].map((code) => packItem(
    code, offer.packs.find((one) => one.country === code), packs.find((pack) => pack.country === code), offer.basemap,
  )));
}

const size = (bytes) => (bytes >= 1_000_000 ? `${phrases.number(bytes / 1e6, 1)} MB` : `${phrases.number(Math.ceil(bytes / 1000))} kB`);

function packItem(code, offer, pack, basemap) {
  const name = names.countries[code] ?? code;
  const status = element('p', { class: 'fine', role: 'status' });
  if (pack) {
    status.textContent = pack.isExpired
      ? fill(texts.expired, { date: day(pack.expires_on) })
      : `${fill(texts.takenOf, { date: day(pack.start) })} ${fill(texts.taken, { date: day(pack.expires_on) })}`;
  } else if (offer) {
    const bytes = offer.size_bytes + (packs.length === 0 ? basemap?.size_bytes ?? 0 : 0);
    const text = packs.length === 0 && basemap ? texts.sizeWithMap : texts.size;
    status.textContent = fill(text, { spaces: phrases.number(offer.spaces), size: size(bytes) });
  }
  const get = element('button', { type: 'button', class: 'button quiet' }, pack ? texts.renew : texts.take,
    element('span', { class: 'unseen' }, `: ${name}`));
  get.addEventListener('click', async () => {
    get.disabled = true;
    try {
      await take(code, {
        files: data.mapFiles,
        basemap,
        onShare: (share) => { status.textContent = fill(texts.taking, { share: Math.round(share * 100) }).replace('%%', '%'); },
      });
      await refresh();
    } catch (error) {
      console.warn(error);
      status.textContent = texts.notTaken;
    } finally {
      get.disabled = false;
    }
  });
  const drop = element('button', { type: 'button', class: 'button quiet' }, texts.forget,
    element('span', { class: 'unseen' }, `: ${name}`));
  drop.addEventListener('click', async () => {
    await forget(code);
    await refresh();
    say('pack-status', texts.forgotten);
  });
  return element('li', { class: 'card pack', 'data-pack': code },
    element('h3', {}, name), status,
    element('p', { class: 'need' }, offer ? get : null, pack ? drop : null));
}

byId('forget-all').addEventListener('click', async () => {
  await forgetAll();
  await refresh();
  say('pack-status', texts.forgotten);
});

async function refresh() {
  await readPacks(taken());
  await showPacks();
}

// A page that lies open says what is open now, and forgets what has expired meanwhile (P43, P49).
const STALE_MS = 60_000; // words are of a minute

document.addEventListener('visibilitychange', async () => {
  if (document.visibilityState !== 'visible' || readMs === 0 || Date.now() - readMs < STALE_MS) return;
  const countShown = packs.filter((pack) => !pack.isExpired).length;
  await readPacks(taken());
  if (packs.filter((pack) => !pack.isExpired).length < countShown) await showPacks();
  if (network === null) byId('way-result').hidden = true;
});

const idle = window.requestIdleCallback ?? ((callback) => setTimeout(callback, 300));
const drawWhenIdle = () => idle(() => { if (spaces.length) loadMap().catch(() => {}); }, { timeout: 2000 });

const ready = readPacks(reading);
ready.then(showPacks);
ready.then(register);
