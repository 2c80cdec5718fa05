// Spaces as a phone keeps them (`/nearby.json`, packs): which are open, which are near.
// No question leaves the phone. The columns are explained in app/packs/spaces.py.
import { dayNumber } from './phrases.js';

const DEGREE_PARTS = 100_000;
const MINUTE_MS = 60_000;
const DATED_MS = 75 * MINUTE_MS; // [A]: its hour, and the quarter after which pages are dated
const FORMAT = 1;

/** Bits of the column `flags`, as app/packs/spaces.py has them. */
export const FLAG = { demo: 1, referralOnly: 2, overnight: 4, families: 8, full: 16 };

/** The country that the reader's language names, if any: nobody is asked for it. */
export const namedCountry = () =>
  navigator.languages.map((tag) => tag.match(/-([A-Z]{2})(?:-|$)/)?.[1]).find(Boolean);

/**
 * Read a file of spaces.
 *
 * @param {object} file `/nearby.json`, or a pack
 * @returns {object[]} spaces that are shown on this day: what has expired is forgotten (P49)
 */
export function readSpaces(file, nowMs = Date.now()) {
  if (file.format !== FORMAT || isExpired(file, nowMs)) return [];
  const { lists, columns, details = [] } = file.spaces;
  const startMs = Date.parse(file.start);
  const endMs = startMs + file.horizon_days * 86_400_000;
  // Everywhere it is this day, the one before or the one after: a calendar, which takes a slow phone
  // ten milliseconds for each time zone, is asked only where that matters.
  const utcDay = Math.floor(nowMs / 86_400_000);
  const isShown = ({ expires, timezone }) => expires > utcDay
    || (expires >= utcDay - 1 && expires >= dayNumber(nowMs, timezone));
  return columns.id.map((id, i) => {
    const flags = columns.flags[i];
    const place = columns.hours[i];
    return {
      id,
      name: columns.name[i],
      kind: lists.kinds[columns.kind[i]],
      locality: columns.locality[i],
      country: lists.countries[columns.country[i]],
      timezone: lists.timezones[columns.timezone[i]],
      status: lists.statuses[columns.status[i]],
      lon: columns.lon[i] / DEGREE_PARTS,
      lat: columns.lat[i] / DEGREE_PARTS,
      services: lists.services[columns.services[i]],
      languages: lists.languages[columns.languages[i]],
      hours: place < 0 ? null : lists.hours[place],
      confirmed: columns.confirmed[i],
      callFrom: columns.call_from[i],
      expires: columns.expires[i],
      phone: columns.phone[i],
      whatsapp: columns.whatsapp?.[i] ?? null, // packs of before have none
      referral: columns.referral[i],
      isDemo: Boolean(flags & FLAG.demo),
      isReferralOnly: Boolean(flags & FLAG.referralOnly),
      isOvernight: Boolean(flags & FLAG.overnight),
      takesFamilies: Boolean(flags & FLAG.families),
      isFull: Boolean(flags & FLAG.full),
      details: Object.fromEntries(details.map((name) => [name, columns[name][i]])),
      startMs,
      endMs,
    };
  }).filter(isShown);
}

/** Whether a file is past the day until which it may be shown (P49). */
export const isExpired = (file, nowMs = Date.now()) =>
  nowMs >= Date.parse(`${file.expires_on}T00:00:00Z`) + 86_400_000;

/** Whether a file is so old that its date is told: it begins with the hour that it is made in. */
export const isDated = (file, nowMs = Date.now()) => nowMs - Date.parse(file.start) >= DATED_MS;

/**
 * Tell what the schedule says of a moment, which is not what the door says (P43).
 *
 * @returns {{state: 'open'|'closed'|'not_known', doubt?: 'holiday', closesMs?: number|null,
 *           opensMs?: number|null, lastEntryMs?: number|null}}
 *          null where it is not known, or not within the file's days
 */
export function openness(space, nowMs = Date.now()) {
  if (space.hours === null || nowMs >= space.endMs || nowMs < space.startMs) return { state: 'not_known' };
  const at = (minute) => (minute === null ? null : space.startMs + minute * MINUTE_MS);
  let opensMs = null;
  for (let i = 0; i < space.hours.length; i += 4) {
    const [from, until, entry, isCertain] = space.hours.slice(i, i + 4);
    if (at(from) <= nowMs && nowMs < at(until)) {
      if (!isCertain) return { state: 'not_known', doubt: 'holiday' };
      return {
        state: 'open',
        closesMs: at(until) >= space.endMs ? null : at(until),
        lastEntryMs: at(entry),
      };
    }
    if (opensMs === null && isCertain && at(from) > nowMs) opensMs = at(from);
  }
  return { state: 'closed', opensMs };
}

/** Whether people can be sent there at a moment (P15). */
export function admits(space, nowMs = Date.now()) {
  const { state, lastEntryMs } = openness(space, nowMs);
  return state === 'open' && (lastEntryMs === null || nowMs <= lastEntryMs);
}

/** Whether it is of use to who comes on their own: not full, not closed, no referral (P15). */
export const isUsable = (space) =>
  space.status === 'active' && !space.isFull && !space.isReferralOnly;

/** Whether a space has all that is asked for. */
export function fits(space, {
  services = [], language = null, families = false, openNow = false, country = null,
}, nowMs) {
  return (country === null || space.country === country)
    && services.every((code) => space.services.includes(code))
    && (language === null || space.languages.includes(language))
    && (!families || space.takesFamilies)
    && (!openNow || admits(space, nowMs));
}

const EARTH_RADIUS_M = 6_371_008.8; // IUGG mean radius, as routing/geometry/geodesy.py

/** Metres between two points, as the crow flies. */
export function distanceM([lon, lat], [otherLon, otherLat]) {
  const [a, b] = [lat, otherLat].map((degrees) => (degrees * Math.PI) / 180);
  const half = Math.sin((b - a) / 2) ** 2
    + Math.cos(a) * Math.cos(b) * Math.sin(((otherLon - lon) * Math.PI) / 360) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(half)));
}

/**
 * Return the nearest spaces that people can be sent to, by country (P15, P33).
 *
 * The country of the nearest space goes first unless `country` says where the asker is: a phone
 * between two banks does not know. Of every other country the official crossing on the way is named,
 * and what lies farther than `abroadM` is left out, unless it is nearer than all at home.
 *
 * @returns {{country: string, items: {space: object, distanceM: number, crossing: object|null}[]}[]}
 */
export function nearest(spaces, position, wanted, {
  country = null, crossings = [], limit = 15, abroad = 5, abroadM = Infinity, nowMs = Date.now(),
} = {}) {
  const measured = spaces
    .filter((space) => isUsable(space) && fits(space, wanted, nowMs))
    .map((space) => ({ space, distanceM: distanceM(position, [space.lon, space.lat]), crossing: null }))
    .sort((a, b) => a.distanceM - b.distanceM);
  if (measured.length === 0) return [];
  const home = country ?? measured[0].space.country;
  const sides = new Map([[home, []]]);
  const nearestM = measured.find(({ space }) => space.country === home)?.distanceM ?? Infinity;
  const farthestM = Math.max(abroadM, nearestM);
  for (const one of measured) {
    const side = one.space.country;
    if (side !== home && one.distanceM > farthestM) continue;
    if (!sides.has(side)) sides.set(side, []);
    const items = sides.get(side);
    if (items.length >= (side === home ? limit : abroad)) continue;
    if (side !== home) one.crossing = onTheWay(crossings, [home, side], position, one.space);
    items.push(one);
  }
  return [...sides].filter(([, items]) => items.length > 0).map(([side, items]) => ({ country: side, items }));
}

function onTheWay(crossings, pair, position, space) {
  const detour = ({ lon, lat }) => distanceM(position, [lon, lat]) + distanceM([lon, lat], [space.lon, space.lat]);
  return crossings
    .filter(({ countries }) => pair.every((code) => countries.includes(code)))
    .reduce((best, one) => (best === null || detour(one) < detour(best) ? one : best), null);
}
