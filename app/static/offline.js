// The page that works without a network: lists, finds ways and draws from packs on the phone.
import { askWays } from './because.js';
import { digitsOf, element, makeCards, offerListening } from './cards.js';
import { makeNames } from './names.js';
import { locate } from './nearby.js';
import { isBed, withNights } from './nights.js';
import { basemapFile, forget, forgetAll, newest, offered, take, taken } from './packs.js';
import { fill, makePhrases } from './phrases.js';
import { reading } from './reading.js';
import { longestGap, nearestTown, readRoads, spacesAlong, zoneOf } from './roads.js';
import { distanceM, fits, isUsable, nearest, readSpaces } from './spaces.js';
import { holdsAt, stateAt } from './states.js';
import { offerInstall, register, startWorker } from './worker.js';

const data = JSON.parse(document.getElementById('page-data').textContent);
const { texts, names } = data;
const byId = (id) => document.getElementById(id);
const say = (id, text) => { byId(id).textContent = text; };
const phrases = makePhrases(texts);
const { card, opening } = makeCards(texts, phrases, names);
offerListening();
const day = (iso) => {
  const [year, month, date] = iso.slice(0, 10).split('-').map(Number);
  return `${date} ${texts.months[month - 1]} ${year}`;
};

offerInstall(byId('install'));

// What the phone has: read once, and again whenever a pack comes or goes. The list is what somebody
// waits for: the rest is read when it can be seen.

let packs = [];
let readMs = 0;
let network = null;
let townNames = null;
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
  townNames = network ? makeNames(network, texts.sounds) : null;
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
  for (const place of document.querySelectorAll('[data-hotline]')) showHotline(place, pack, isNewer, current);
}

/** What stands where somebody is told to call: the hotline, else lines of the area (P38, P45). */
function showHotline(place, pack, isNewer, current) {
  const shown = place.nextElementSibling?.matches('.numbers') ? place.nextElementSibling : null;
  if (isNewer) place.textContent = pack.hotline ? fill(texts.callHotline, { number: pack.hotline }) : '';
  const lines = place.textContent ? [] : numbersOf(current, texts.helpKinds);
  if (lines.length === 0 && !place.textContent) return;
  shown?.remove();
  if (lines.length > 0) place.after(element('span', { class: 'numbers' }, ' ', ...lines.flatMap(numberPart)));
}

/** The lines of some kinds that have a number, one of each kind of a country. */
function numbersOf(current, kinds, countries = null) {
  return current.filter((one) => countries === null || countries.includes(one.country)).flatMap((one) => kinds.flatMap(
    (kind) => one.contacts.filter((line) => line.kind === kind && (line.phone || line.whatsapp))
      // One of the whole country rather than one of a unit.
      .sort((a, b) => Boolean(a.admin1) - Boolean(b.admin1)).slice(0, 1),
  ).map((line) => ({ ...line, country: one.country })));
}

const numberPart = (line) => [
  `${areaOf(line)}, `, wordOf('contact', line.kind), demoMark(line), ' ', callLink(line), '. ',
];

/** A number to tap. */
function callLink({ phone, whatsapp }) {
  return phone ? element('a', { class: 'phone', href: `tel:${digitsOf(phone)}` }, phone)
    : element('a', { class: 'phone', href: `https://wa.me/${digitsOf(whatsapp).replace('+', '')}`, rel: 'noreferrer' }, `WhatsApp ${whatsapp}`);
}

/** Resolves when what was shown is painted, or soon where nobody looks at the page. */
function painted() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, 200);
  });
}

function showLines(current) {
  byId('lines').replaceChildren(...lineItems(current.flatMap(
    ({ contacts, country: code }) => contacts.map((line) => ({ ...line, country: code })),
  )));
}

/** Lines to call; of whom each is where they are of several countries, or of a part of one. */
function lineItems(lines) {
  const areMixed = new Set(lines.map((line) => line.country)).size > 1;
  return lines.map((line) => lineItem(line, areMixed || line.admin1 ? areaOf(line) : null));
}

/** The unit of which a line is, where it is none of the whole country, and the country's name. */
const areaOf = (line) => [line.admin1, names.countries[line.country] ?? line.country].filter(Boolean).join(', ');

const lineItem = (line, area) => element('li', {},
  wordOf('contact', line.kind), area === null ? null : ` (${area})`, demoMark(line), element('br'),
  element('span', { lang: 'es' }, line.name), ' ',
  line.phone || line.whatsapp ? callLink(line) : null, ' ',
  line.hours ? element('small', { lang: 'es' }, line.hours) : null);

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
let town = null;

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
    [position, country, town] = [await locate(), null, null];
    showSpaces();
  } catch (error) {
    say('near-status', error.code === 1 ? texts.locationRefused : texts.locationFailed);
  }
});

byId('near-go').addEventListener('click', () => {
  const node = townOf('near-place', 'near-choices', () => byId('near-go').click());
  if (node === null) {
    say('near-status', byId('near-choices').hidden ? texts.locationFailed : texts.severalPlaces);
    return;
  }
  position = network.positionOf(node);
  country = network.nodes.country[node];
  // It may have been found by its sound alone: somebody has to see which one it is.
  town = network.fullLabelOf(node);
  showSpaces();
});

/** The town that a field means, or null: of several each can be tapped, and the search goes on. */
function townOf(field, list, goOn) {
  const { node, choices } = townNames?.find(byId(field).value) ?? { node: null, choices: [] };
  byId(list).hidden = node !== null || choices.length === 0;
  byId(list).replaceChildren(...choices.map((choice) => {
    const button = element('button', { type: 'button', class: 'button quiet' }, choice.label);
    button.addEventListener('click', () => {
      byId(field).value = choice.label;
      goOn();
    });
    return element('li', {}, button);
  }));
  return node;
}

// Four screens of a phone; the others come when these are painted.
const FIRST_CARDS = 12;
let drawing;

async function showSpaces() {
  const crossings = newest(packs)?.around.crossings ?? [];
  const sides = position === null
    ? byCountry(spaces.filter((space) => fits(space, wanted)))
    : nearest(spaces, position, wanted, { country, crossings, limit: 30 });
  const count = sides.reduce((sum, { items }) => sum + items.length, 0);
  if (position !== null && spaces.length) {
    const taken = town === null ? '' : `${fill(texts.picked, { name: town })} `;
    say('near-status', `${taken}${count ? phrases.plural(texts.found, count) : texts.nothingFits}`);
  }
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

byId('way-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  if (byId('way-form').hasAttribute('aria-busy')) return;
  const goOn = () => byId('way-form').requestSubmit();
  byId('way-result').hidden = true;
  byId('closure').hidden = true;
  if (network === null) {
    say('way-status', texts.noPacks);
    return;
  }
  const ends = ['way-start', 'way-end'].map((id) => townOf(id, `${id}-choices`, goOn));
  if (ends.includes(null) || ends[0] === ends[1]) {
    const isChoice = ['way-start', 'way-end'].some((id) => !byId(`${id}-choices`).hidden);
    say('way-status', isChoice ? texts.severalPlaces : texts.chooseEnds);
    return;
  }
  say('way-status', texts.searching);
  byId('way-form').setAttribute('aria-busy', 'true');
  // It takes a while, all at once: that it is under way is to be seen first.
  const searched = network;
  await painted();
  byId('way-form').removeAttribute('aria-busy');
  if (network !== searched) { // packs came or went meanwhile
    byId('way-form').requestSubmit();
    return;
  }
  const nowMs = Date.now();
  const found = { ...askWays(network, ...ends, nowMs), ends };
  say('way-status', found.refusal === 'none' ? texts.noWay : texts.done);
  if (found.refusal === null) showWays(found, nowMs);
  else showRefusal(found, nowMs);
});

function showWays(found, nowMs) {
  const order = found.ways.map((way, index) => wayPart(way, found.because[index], found.beyond[index], nowMs));
  byId('way-answer').replaceChildren(...order);
  byId('way-no-hazards').hidden = found.ways.some((way) => way.hazards.length > 0);
  mapPromise?.then((map) => map.drawLine(found.ways[0].line), () => {});
  showAnswer();
}

function showAnswer() {
  byId('way-result').hidden = false;
  const heading = byId('way-answer').querySelector('h2');
  heading.focus({ preventScroll: true });
  heading.scrollIntoView({ block: 'start' });
}

function daysOf(way) {
  return way.slowDays > way.days
    ? fill(texts.daysRange, { low: phrases.number(way.days), high: phrases.number(way.slowDays) })
    : phrases.plural(texts.days, way.days);
}

/** Countries on a way of which the phone has no spaces: it cannot say how far one is. */
const unknownOf = (way) => [...new Set(way.nodes.map((node) => network.nodes.country[node]))]
  .filter((code) => code && !packs.some((pack) => pack.country === code && !pack.isExpired))
  .map((code) => names.countries[code] ?? code);

const alongOf = (way) => spacesAlong(way, spaces.filter(isUsable), network);

/** A way by the days of its stages, where the phone knows the spaces on it. */
const byNights = (way, nowMs) => (unknownOf(way).length > 0 ? way : withNights(way, alongOf(way), network, nowMs));

function wayPart(found, because, beyond, nowMs) {
  const way = byNights(found, nowMs);
  const along = alongOf(way);
  const unknown = unknownOf(way);
  const nightly = new Set((way.stages ?? []).map(({ space }) => space));
  const beds = along.filter(({ space }) => isBed(space, nowMs) || nightly.has(space));
  const gap = longestGap(way, along.filter(({ space }) => isBed(space, nowMs)).map(({ atM }) => atM));
  const facts = [
    [phrases.km(way.lengthM), texts.wayLength],
    [`${phrases.number(Math.round(way.climbM))} m`, texts.climb],
    ...(way.highestM === null ? [] : [[`${phrases.number(way.highestM)} m`, texts.highest]]),
  ];
  return element('article', { class: 'card route' },
    element('h2', { tabindex: '-1' }, daysOf(way)),
    beyond === null ? null : element('p', { class: 'notice' }, ...said(beyond, {})),
    element('ul', { class: 'facts' }, ...facts.map(([value, what]) => element('li', {}, element('b', {}, value), ` ${what}`))),
    because.length === 0 ? null : reasonsPart(because, way.nodes[0], nowMs),
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
      stop('stop-end', way.lengthM, nameOf(way.nodes[way.nodes.length - 1]))),
    way.stages ? stagesPart(way) : null);
}

function stagesPart(way) {
  let first = 1;
  const items = way.stages.map((stage) => {
    const [low, high] = [first, first + stage.days - 1];
    first = high + 1;
    const named = low === high ? fill(texts.dayOf, { num: phrases.number(low) })
      : fill(texts.daysFromTo, { low: phrases.number(low), high: phrases.number(high) });
    const on = new Date(stage.date * DAY_S * 1000);
    const { space } = stage;
    return element('li', {}, element('b', {}, named), `, ${on.getUTCDate()} ${texts.months[on.getUTCMonth()]}: `,
      fill(texts.upTo, { km: phrases.km(stage.toM - stage.fromM) }), ' ',
      space ? `${space.name}, ${space.locality}` : nameOf(way.nodes[way.nodes.length - 1]), '. ',
      ...stageWords(stage).map((words) => element('b', {}, ...words)));
  });
  return element('details', { class: 'stages' },
    element('summary', {}, texts.byDays),
    element('ol', {}, ...items),
    way.stages[0].day > 0 ? element('p', { class: 'fine' }, ...said('stage_start', {})) : null,
    way.isKnown ? null : element('p', { class: 'unknown' }, texts.nightsNotKnown),
    element('p', { class: 'fine' }, ...said('stage_beds', {})));
}

/** What forbids a stage, what is shut on it, and what helps: as app/texts/stage_text.py. */
function stageWords({ fails, days, shut }) {
  if (fails.length === 0) return [];
  const named = fails.filter((one) => ['height', 'crossing', 'hours'].includes(one) || (one === 'daylight' && days === 1));
  return [
    ...(days > 1 ? [said('stage_no_bed', {})] : []),
    ...named.map((one) => said(`stage_${one}`, {})),
    ...shut.slice(0, 3).map((space) => said('stage_closed', { name: space.name })),
    said('stage_vehicle', {}),
  ];
}

/** Why no way is shown, until when, where to stay meanwhile and whom to call (P32, P54). */
function showRefusal({ ways, because, beyond, refusal, ends }, nowMs) {
  const [start, end] = ends.map((node) => network.nodes.country[node]);
  // The way of which the refusal speaks.
  const row = Math.max(0, beyond.indexOf(refusal));
  const reasons = because[row];
  const lines = numbersOf(packs.filter((pack) => !pack.isExpired), texts.lineKinds, [start, end]);
  byId('way-answer').replaceChildren(element('article', { class: 'card route refused' },
    element('h2', { tabindex: '-1' }, ...(refusal === 'none' ? [texts.noWay] : said(`refused_${refusal}`, {}))),
    reasons.length === 0 ? null : reasonsPart(reasons, ends[0], nowMs),
    nearestPart(ends[0], start, nowMs),
    lines.length === 0 ? null : element('ul', { class: 'lines' }, ...lineItems(lines)),
    ways.length === 0 ? null : element('p', { class: 'fine' }, `${phrases.km(ways[row].lengthM)} · ${daysOf(byNights(ways[row], nowMs))}`),
    ways.length === 0 ? null : longWayButton({ ways, because, beyond }, nowMs)));
  byId('closure').hidden = false;
  byId('way-no-hazards').hidden = true;
  showAnswer();
}

function longWayButton(found, nowMs) {
  const button = element('button', { type: 'button', class: 'button quiet', id: 'long-way' }, texts.longWay);
  button.addEventListener('click', () => showWays(found, nowMs));
  return element('p', { class: 'need' }, button);
}

/** The nearest space on the side that somebody is on, with its phone. */
function nearestPart(node, side, nowMs) {
  const here = network.positionOf(node);
  const [near] = spaces.filter((space) => space.country === side && isUsable(space))
    .map((space) => ({ space, far: distanceM(here, [space.lon, space.lat]) })).sort((a, b) => a.far - b.far);
  if (!near) return null;
  const { space, far } = near;
  return element('p', { class: 'nearest' }, fill(texts.onTheSideOf, { country: names.countries[side] ?? side }), ' ',
    element('b', {}, space.name), demoMark({ demo: space.isDemo }), `, ${space.locality} (${fill(texts.straight, { km: phrases.km(far) })}). `,
    opening(space, nowMs)[1], ' ', space.phone ? callLink({ phone: space.phone }) : null);
}

const DAY_S = 86_400;
const SHORT_M = 50; // of less more nothing is said

function reasonsPart(because, from, nowMs) {
  return element('ul', { class: 'because' }, ...because.map((one) => element('li', {}, ...reasonWords(one, from, nowMs))));
}

/** What is closed, until when, and what that costs: words that a person has to review (P47). */
function reasonWords({ kind, state, record, untilMs, extraS, extraM, isChoice, isOpenAtStart }, from, nowMs) {
  const demo = record.demo ? ' (DEMO)' : '';
  const isCrossing = kind === 'crossing';
  const zone = isCrossing ? record.timezone : typeof from === 'string' ? from : zoneOf(network.pack, network.nodes.country[from]);
  const time = untilMs === null ? null : phrases.moment(untilMs, nowMs, zone);
  // One that is open now is never called closed (P32).
  const what = isCrossing ? said(isOpenAtStart ? `${state}_then` : state, { name: `${record.name}${demo}` })
    : said(isChoice ? 'chosen' : 'barred', { kind: `${hazardWord(record.kind)}${demo}` });
  const until = time !== null ? said(isCrossing ? 'next' : 'ends', { time }) : isCrossing ? said('no_next', {}) : [];
  const isLonger = extraM >= SHORT_M;
  const cost = extraS === null ? [] : said(isLonger ? 'longer' : 'slower', { time: extraS, km: phrases.km(Math.max(0, extraM)) });
  return [...what, ...until, ...cost];
}

const hazardWord = (kind) => {
  const word = document.querySelector(`#words [data-hazard="${CSS.escape(kind)}"]`);
  const text = (word?.querySelector('[lang=es]') ?? word)?.textContent.trim() ?? kind;
  return text.charAt(0).toLowerCase() + text.slice(1);
};

/** A reviewed sentence with values in it; spans of time are worded in its own language. */
function said(code, values) {
  const found = document.querySelector(`#words [data-said="${CSS.escape(code)}"]`);
  const made = found.cloneNode(true);
  const texted = document.createTreeWalker(made, NodeFilter.SHOW_TEXT);
  let first = texted.nextNode();
  while (first.data.trim() === '') first = texted.nextNode();
  const time = typeof values.time === 'number' ? spanOf(values.time, found.dataset) : values.time;
  const text = fill(first.data.trim(), { ...values, time });
  first.data = `${text.charAt(0).toUpperCase()}${text.slice(1)}. `;
  return [...made.childNodes];
}

/** A span of time: days from one day on, never hours then (P46). */
function spanOf(seconds, { day, days }) {
  const count = Math.round(seconds / DAY_S);
  if (seconds >= DAY_S) return fill(count === 1 ? day : days, { num: phrases.number(count) });
  return seconds >= 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.max(1, Math.round(seconds / 60))} min`;
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
  if (streetsPromise) await (await streetsPromise).refresh();
}

// Streets of a city: their code is loaded where there are some, or somebody asks for them.

let streetsPromise;

function loadStreets() {
  streetsPromise ??= import(texts.streetCode.page).then(async ({ startStreets }) => {
    const streets = startStreets({
      texts, phrases, names, element, byId, day, size, locate, startWorker, show: showStreetWays,
      spaces: () => spaces.filter(isUsable),
    });
    await streets.refresh();
    return streets;
  });
  return streetsPromise;
}

byId('streets-show').addEventListener('click', async () => (await loadStreets()).offer());

/** What was found over streets: as a way over the sketch, without its towns and nights. */
function showStreetWays({ ways, because, beyond, refusal, zone }, nowMs) {
  const row = Math.max(0, beyond.indexOf(refusal));
  const shown = refusal === null ? ways.map((way, index) => streetPart(way, because[index], beyond[index], zone, nowMs))
    : [element('article', { class: 'card route refused' },
      element('h2', { tabindex: '-1' }, ...(refusal === 'none' ? [texts.noWay] : said(`refused_${refusal}`, {}))),
      because[row].length === 0 ? null : reasonsPart(because[row], zone, nowMs))];
  byId('way-answer').replaceChildren(...shown);
  byId('closure').hidden = refusal === null;
  byId('way-no-hazards').hidden = ways.length === 0 || ways.some((way) => way.hazards.length > 0);
  if (ways.length > 0) mapPromise?.then((map) => map.drawLine(ways[0].line), () => {});
  showAnswer();
}

function streetPart(way, because, beyond, zone, nowMs) {
  const minutes = Math.round(way.elapsedS / 60);
  const time = minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return element('article', { class: 'card route' },
    element('h2', { tabindex: '-1' }, `${phrases.km(way.lengthM)} · ${way.days > 1 ? daysOf(way) : time}`),
    beyond === null ? null : element('p', { class: 'notice' }, ...said(beyond, {})),
    because.length === 0 ? null : reasonsPart(because, zone, nowMs),
    way.hazards.length === 0 ? null : element('div', { class: 'known' },
      element('h3', {}, texts.knownHazards),
      element('ul', {}, ...way.hazards.map(({ hazard }) => element('li', {}, wordOf('hazard', hazard.kind), ': ', ...titleOf(hazard))))),
    way.crossings.length === 0 ? null : element('div', {},
      element('h3', {}, texts.crossingsInOrder),
      element('ol', { class: 'crossings-in-order' }, ...way.crossings.map((one) => crossingItem(one, nowMs)))),
    element('h3', {}, texts.streets.along),
    element('ol', { class: 'itinerary' }, ...way.streets.map(({ name, lengthM }) => (
      element('li', {}, `${name ?? texts.streets.unnamed} · ${phrases.km(lengthM)}`)))));
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
ready.then(async () => { if (await caches.has('amparo-streets')) await loadStreets(); });
ready.then(register);
