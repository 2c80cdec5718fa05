// A municipality's list, drawn from its pack: its spaces, the nearest beyond it, the lines of its area.
import { element } from './cards.js';
import { linesOf } from './contents.js';
import { dayNumber, fill } from './phrases.js';
import { lineItems } from './reviewed.js';
import { fits, nearest } from './spaces.js';

const byId = (id) => document.getElementById(id);
const DAY_MS = 86_400_000;
const DEGREE_PARTS = 100_000; // as app/packs/spaces.py
const MOST_NEAR = 5; // as app/journeys/municipal_lists.py
const REACH_M = 100_000; // as app/journeys/sms.py
const CODE = /^[Gg]?0*([0-9]{1,9})$/; // as geo/geography/municipalities.py

/** Begin the page; `show` is called with whatever the packs hold. */
export function startTownList(phone, stated) {
  const { texts, names } = phone;
  const [, code = ''] = CODE.exec(stated) ?? [];
  const service = new URLSearchParams(location.search).get('service') || null;

  /** The municipality with its pack, or null: none of that code, or a service that is in no list (P38). */
  function townOf({ current }) {
    const pack = current.find(({ spaces }) => spaces.municipalities?.[code]);
    if (!pack || (service !== null && !names.order.includes(service))) return null;
    const [name, admin1, lon, lat] = pack.spaces.municipalities[code];
    return { name, admin1, pack, country: pack.country, at: [lon / DEGREE_PARTS, lat / DEGREE_PARTS] };
  }

  /** Its spaces by name, and those that are near; of its own country alone: no list leads abroad (P33). */
  function placesOf({ country, at }) {
    const wanted = { services: service === null ? [] : [service], country };
    const isOwn = ({ details }) => details.municipality === code;
    const own = phone.contents.spaces
      .filter((space) => isOwn(space) && space.status !== 'closed' && fits(space, wanted))
      .sort((a, b) => (a.name === b.name ? compare(a.id, b.id) : compare(a.name, b.name)));
    const others = phone.contents.spaces.filter((space) => !isOwn(space));
    const near = nearest(others, at, wanted, { country, limit: MOST_NEAR }).flatMap(({ items }) => items);
    return { own, near: near.filter(({ distanceM }) => distanceM <= REACH_M) };
  }

  function sheet(town, { own, near }) {
    const area = [town.admin1, names.countries[town.country] ?? town.country].filter(Boolean).join(', ');
    const only = service === null ? '' : `. ${texts.only} ${names.services[service]}`;
    const ends = [town.pack.expires_on, ...[...own, ...near.map(({ space }) => space)].map(({ expires }) => isoDay(expires))].sort()[0];
    // The day there on which the pack was made, as the server says it.
    const [{ timezone }] = [...own, ...near.map(({ space }) => space), { timezone: 'UTC' }];
    const made = isoDay(dayNumber(Date.parse(town.pack.start), timezone));
    const dated = (text, day) => element('p', {}, element('b', {}, fill(text, { date: phone.day(day) })));
    return [
      element('h1', { tabindex: '-1' }, fill(texts.listTitle, { place: town.name })),
      element('p', { class: 'where' }, `${area}${only}`),
      dated(texts.listMade, made), dated(texts.listEnds, ends),
      element('h2', {}, fill(texts.inTown, { place: town.name })),
      own.length === 0 ? element('p', { class: 'not-known' }, texts.nothingKnown)
        : element('ul', { class: 'list' }, ...own.map((space) => phone.card(space))),
      ...(near.length === 0 ? [] : [
        element('h2', {}, texts.nearTown),
        element('ol', { class: 'list' }, ...near.map(({ space, distanceM }) => phone.card(space, { distanceM }))),
      ]),
      element('p', { class: 'fine' }, fill(texts.newestList, { address: `${location.origin}/lists/${code}` })),
    ];
  }

  return {
    show() {
      const town = townOf(phone.contents);
      phone.showOwn(town !== null);
      // Nothing of a pack that ended meanwhile (P49).
      byId('town-sheet').replaceChildren(...(town === null ? [] : sheet(town, placesOf(town))));
      if (town === null) return;
      const lines = linesOf(phone.contents, [town.country])
        .filter(({ admin1 }) => !admin1 || isSame(admin1, town.admin1));
      byId('lines').replaceChildren(...lineItems(lines, names.countries));
    },
  };
}

/** Without accents and case, as `geo.guidance.contacts` compares units. */
const isSame = (name, other) => other !== null && name.localeCompare(other, 'es', { sensitivity: 'base' }) === 0;

const compare = (a, b) => (a < b ? -1 : Number(a > b));

const isoDay = (day) => new Date(day * DAY_MS).toISOString();
