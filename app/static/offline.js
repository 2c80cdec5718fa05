// Every page without a network: drawn under its own address from the packs on the phone, never from
// what somebody visited (P37, P49). The service worker answers with one document (sw.js); this module
// reads which page is asked for and begins it.
import { element, makeCards, offerListening } from './cards.js';
import { linesOf, numbersOf, readContents } from './contents.js';
import { startAdvice } from './pack-advice.js';
import { startCrossings, startHazards } from './pack-borders.js';
import { startList } from './pack-list.js';
import { preparePackMap } from './pack-map.js';
import { startMatch } from './pack-match.js';
import { startShelf } from './pack-shelf.js';
import { startSpace } from './pack-space.js';
import { startTownList } from './pack-town-list.js';
import { startWay } from './pack-way.js';
import { taken } from './packs.js';
import { fill, makePhrases } from './phrases.js';
import { reading } from './reading.js';
import { lineItems, numberParts, saidBy } from './reviewed.js';
import { startSheet } from './sheet.js';
import { offerInstall, register } from './worker.js';

const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId('page-data').textContent);
const { texts, names } = data;

// What there is a page for, by its address; all else is said not to be on the phone.
const PAGES = [
  { path: /^\/$/, id: 'spaces', section: 'spaces', isMapped: true, start: startList },
  { path: /^\/plan$/, id: 'plan', section: 'plan', isMapped: true, start: startWay },
  { path: /^\/crossings$/, id: 'crossings', section: 'crossings', isMapped: true, start: startCrossings },
  { path: /^\/hazards$/, id: 'hazards', section: 'hazards', isMapped: true, start: startHazards },
  { path: /^\/advice$/, id: 'advice', section: '', isMapped: false, start: startAdvice },
  { path: /^\/match$/, id: 'match', section: '', isMapped: false, start: startMatch },
  { path: /^\/(?:spaces|s)\/([^/]+)$/, id: 'space', section: '', isMapped: true, start: startSpace },
  { path: /^\/lists\/([^/]+)$/, id: 'town-list', section: '', isMapped: false, start: startTownList },
  { path: /^\/offline$/, id: 'packs', section: 'offline', isMapped: false, start: startShelf },
];
const AWAY = { path: /^/, id: 'away', section: '', isMapped: false, start: () => ({ show() {} }) };
// On these the lines to call stand at the end of the page; others have those of their answer.
const WITH_LINES = ['packs', 'away', 'space', 'town-list'];

const page = PAGES.find(({ path }) => path.test(location.pathname)) ?? AWAY;
const [, part = null] = page.path.exec(location.pathname);
// What the service worker was asked when there was no network, beside the address: null where the
// page came by one, which `/offline` alone does.
const given = JSON.parse(byId('asked').textContent);
const phrases = makePhrases(texts);
const countryOf = (code) => names.countries[code] ?? code;

const phone = {
  data, texts, names, phrases,
  ...makeCards(texts, phrases, names),
  said: saidBy(phrases),
  asked: { fields: given?.fields ? new URLSearchParams(given.fields) : null },
  contents: readContents([], texts.sounds),
  day(iso) {
    const [year, month, date] = iso.slice(0, 10).split('-').map(Number);
    return `${date} ${texts.months[month - 1]} ${year}`;
  },
  crossingName: ({ name, countries }) => `${name} (${countries.map(countryOf).join(' – ')})`,
  showOwn,
  spaceAddress: (id) => `/spaces/${encodeURIComponent(id)}?lang=${data.lang}`,
  painted,
  read,
};

// The document has all pages: this one alone stays, and is named as it is with a network.

// One whose address names something stands beside what is said where the phone has no such thing.
for (const section of document.querySelectorAll('[data-page]')) {
  const isFallback = section.id === 'away' && part !== null;
  if (section.id !== page.id && !isFallback) section.remove();
  else section.hidden = isFallback;
}
document.body.dataset.section = page.section;
document.title = byId(page.id).dataset.title;
for (const link of document.querySelectorAll('.bar a')) {
  if (new URL(link.href).pathname === location.pathname) link.setAttribute('aria-current', 'page');
  else link.removeAttribute('aria-current');
}
for (const link of document.querySelectorAll('.languages nav a')) {
  const query = new URLSearchParams(location.search);
  query.set('lang', link.hreflang);
  link.href = `${location.pathname}?${query}`;
}
if (page.isMapped) {
  document.querySelector('.page').classList.remove('page-plain');
  document.querySelector('.page').prepend(byId('map-box'));
  startSheet(byId('map-box'), byId('grip'));
} else byId('grip').remove();
if (page.id === 'packs') byId('street-result').prepend(byId('map-box'));
else if (!page.isMapped) byId('map-box').remove();
byId('help').hidden = !WITH_LINES.includes(page.id);
// A form that came here is not to be sent again by who goes back or loads the page anew.
if (given?.fields) history.replaceState(history.state, '');
if (given?.isLost) byId('not-sent')?.removeAttribute('hidden');
offerInstall(byId('install'));
offerListening();

phone.map = byId('map-box') ? preparePackMap(phone) : { whenLoaded() {} };
const { show } = page.start(phone, part === null ? null : decoded(part));

// What the phone has: read once, and again whenever a pack comes or goes.

let readMs = 0;

async function read(found) {
  const packs = await found;
  readMs = Date.now();
  phone.contents = readContents(packs, texts.sounds);
  const { current } = phone.contents;
  const oldest = current.map((pack) => pack.start).sort()[0];
  const dated = given === null ? texts.takenOf : texts.dataOf;
  const none = given === null ? texts.noPacksHere : texts.noPacks;
  byId('dated').textContent = oldest ? fill(dated, { date: phone.day(oldest) }) : none;
  showStated();
  byId('lines').replaceChildren(...lineItems(linesOf(phone.contents), names.countries));
  for (const place of document.querySelectorAll('[data-countries]')) {
    place.textContent = current.map(({ country }) => countryOf(country)).join(', ');
  }
  document.documentElement.dataset.packs = current.map((pack) => pack.country).join(' ');
  await show();
  if (page.isMapped && current.length > 0) phone.map.drawWhenIdle();
}

/** Show what an address names; where the phone has it not, and no matter why, what that page says. */
function showOwn(isHere) {
  byId(page.id).hidden = !isHere;
  byId('away').hidden = isHere;
}

/** A part of an address as somebody reads it; as it is where it is none. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const pageIsDemo = !byId('demo').hidden;

/** The document was kept some day: the pack that was made after it knows better (P35, P38). */
function showStated() {
  const { current, newest: pack } = phone.contents;
  const isNewer = pack !== null && Date.parse(pack.start) > Date.parse(data.made);
  byId('demo').hidden = !(current.some((one) => one.demo) || (pageIsDemo && !isNewer));
  for (const place of document.querySelectorAll('[data-hotline]')) showHotline(place, pack, isNewer);
}

/** What stands where somebody is told to call: the hotline, else lines of the area (P38, P45). */
function showHotline(place, pack, isNewer) {
  const shown = place.nextElementSibling?.matches('.numbers') ? place.nextElementSibling : null;
  if (isNewer) place.textContent = pack.hotline ? fill(texts.callHotline, { number: pack.hotline }) : '';
  const lines = place.textContent ? [] : numbersOf(phone.contents, texts.helpKinds);
  if (lines.length === 0 && !place.textContent) return;
  shown?.remove();
  if (lines.length > 0) place.after(element('span', { class: 'numbers' }, ' ', ...numberParts(lines, names.countries)));
}

/** Resolves when what was shown is painted, or soon where nobody looks at the page. */
function painted() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, 200);
  });
}

// A page that lies open says what is open now, and forgets what has expired meanwhile (P43, P49).
const STALE_MS = 60_000; // words are of a minute

document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'visible' || readMs === 0 || Date.now() - readMs < STALE_MS) return;
  read(taken());
});

const ready = read(reading);
ready.then(() => register());
