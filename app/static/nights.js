// Where somebody can sleep on a way, as the server counts it (definitions.md, "Support along a route").
import { zoneOf, zoneOffsetMs } from './roads.js';
import { isUsable } from './spaces.js';
import { findStages } from './stages.js';
import { passableFrom, stateAt } from './states.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MINUTE_MS = 60_000;
const SERVICE = 'overnight';
// As NIGHT_FROM and NIGHT_TO of geo/hours/space_hours.py.
const NIGHT_FROM_H = 21;
const NIGHT_TO_H = 5;
// As app/journeys/route_nights.py: nights beyond twice those of the way's own clock.
const MORE_NIGHTS = 7;
const KNOWN_NIGHTS = 90;

/** Whether a space takes people in for the night who come on their own, on the nights it is open. */
export const hasBeds = (space) => isUsable(space) && space.isOvernight && space.services.includes(SERVICE);

/**
 * Whether people who set out at a moment can count on a place to sleep: of use to who comes on
 * their own, for staying overnight, and open through the night after the local day of setting out.
 */
export const isBed = (space, startMs) => hasBeds(space)
  && nightOf(space, Math.floor((startMs + zoneOffsetMs(space.timezone, startMs)) / DAY_MS)) !== null;

/**
 * When people are let in who stay for the night after a local day, or null where a space is not
 * known to be open without a break through it, and confirmed for it (Hours.check_in of the server).
 *
 * @param {number} day counted from 1 January 1970
 * @returns {[number, number]|null} from when until when, milliseconds
 */
export function nightOf(space, day) {
  if (space.hours === null || day > space.expires) return null;
  const at = (hour) => {
    const localMs = day * DAY_MS + hour * HOUR_MS;
    return localMs - zoneOffsetMs(space.timezone, localMs - zoneOffsetMs(space.timezone, localMs));
  };
  const told = (minute) => space.startMs + minute * MINUTE_MS;
  const endMs = at(24 + NIGHT_TO_H);
  // What was before the file's first moment is not told, and over.
  let reachedMs = Math.max(at(NIGHT_FROM_H), space.startMs);
  let doors = null;
  for (let i = 0; i < space.hours.length; i += 4) {
    const [from, until, entry, isCertain] = space.hours.slice(i, i + 4);
    if (!isCertain || told(from) > reachedMs || reachedMs >= told(until)) continue;
    doors ??= [Math.max(told(from), at(0)), told(entry ?? until)];
    reachedMs = told(until);
  }
  return reachedMs >= endMs ? doors : null;
}

/**
 * A way with its stages, and with the days and the crossings' times of these; as it was where it is
 * of one day, or cannot be walked from bed to bed to its end.
 *
 * @param {{space: object, atM: number}[]} along spaces on the way, as `spacesAlong` gives them
 */
export function withNights(way, along, network, startMs) {
  const { pack, nodes } = network;
  if (way.days <= 1) return way;
  const offsetMs = zoneOffsetMs(zoneOf(pack, nodes.country[way.nodes[0]]), startMs);
  const day = Math.floor((startMs + offsetMs) / DAY_MS);
  const midnightMs = day * DAY_MS - offsetMs;
  const clockS = (ms) => (ms - midnightMs) / 1000;
  const msOf = (s) => midnightMs + s * 1000;
  const nights = Math.min(KNOWN_NIGHTS, 2 * Math.floor((clockS(startMs) + way.elapsedS) / 86_400) + MORE_NIGHTS);
  const end = ([lon, lat], atM, rank) => ({ lon, lat, atM, rank, heightM: heightAt(way, nodes, atM), night: () => null });
  const beds = along.filter(({ space, atM }) => hasBeds(space) && atM > 0 && atM < way.lengthM)
    .map(({ space, atM }) => ({
      space, atM,
      rank: rankOf(space, atM, way, nodes),
      lon: space.lon,
      lat: space.lat,
      heightM: heightAt(way, nodes, atM),
      night: remembered((night) => {
        const doors = night < nights ? nightOf(space, day + night) : null;
        return doors === null ? null : doors.map(clockS);
      }),
    })).sort((a, b) => a.atM - b.atM || a.rank - b.rank || (a.space.id < b.space.id ? -1 : 1));
  const places = [end(way.line[0], 0, -1), ...beds, end(way.line[way.line.length - 1], way.lengthM, 2)];
  const crossings = way.crossings.map(({ crossing, atM }) => ({
    atM,
    passS: (s) => {
      const ms = passableFrom(crossing, pack, msOf(s));
      return ms === null ? null : clockS(ms);
    },
  }));
  const trip = { places, crossings, nights, readyS: clockS(startMs), day, offsetS: offsetMs / 1000 };
  const found = findStages(pack.walker, trip);
  if (found === null) return way;
  // Past it the pack does not say what is open.
  const knownMs = Date.parse(pack.start) + pack.horizon_days * DAY_MS;
  const passed = new Map(found.flatMap((stage) => stage.passed.map((one) => [one.index, one])));
  const days = found.reduce((sum, stage) => sum + stage.days, 0);
  return {
    ...way,
    days,
    slowDays: Math.max(days, way.slowDays),
    crossings: way.crossings.map((one, index) => {
      const { thereS, passS } = passed.get(index);
      return { ...one, thereMs: msOf(thereS), passMs: msOf(passS), state: stateAt(one.crossing, pack, msOf(thereS)) };
    }),
    stages: found.map(({ from, to, ...stage }) => ({
      ...stage,
      date: day + stage.day,
      fromM: places[from].atM,
      toM: places[to].atM,
      space: places[to].space ?? null,
      // What lies on a stage without a bed, and takes nobody in that night, as far as the pack knows.
      shut: stage.fails.length === 0 || msOf((stage.day + 2) * 86_400) > knownMs ? [] : places.slice(from + 1, to).filter((place) => place.night(stage.day) === null)
        .map(({ space }) => space),
    })),
    isKnown: msOf(found[found.length - 1].arrivalS) < knownMs,
  };
}

function remembered(find) {
  const known = new Map();
  return (key) => {
    if (!known.has(key)) known.set(key, find(key));
    return known.get(key);
  };
}

/** The height of a way at some metres, by the nodes around; null where one is not known. */
function heightAt({ at, nodes: own }, { height_m: heights }, atM) {
  const after = Math.max(1, at.findIndex((metres) => metres >= atM));
  const [low, high] = [heights[own[after - 1]], heights[own[after]]];
  const lengthM = at[after] - at[after - 1];
  const share = lengthM > 0 ? (atM - at[after - 1]) / lengthM : 0;
  if (share === 0) return low;
  if (share === 1) return high;
  return low === null || high === null ? null : low + (high - low) * share;
}

/** On which side of the crossings at its place a bed lies: 0 before the posts, 2 behind them. */
function rankOf(space, atM, way, { country: countries }) {
  let country = countries[way.nodes[0]];
  for (const { crossing, atM: postM } of way.crossings) {
    const left = country;
    if (crossing.countries.includes(left)) country = crossing.countries.find((code) => code !== left) ?? left;
    if (postM === atM) return space.country !== left && space.country === country ? 2 : 0;
  }
  return 2;
}
