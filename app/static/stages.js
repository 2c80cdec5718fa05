// The stages of a way: the best nights that keep to it, by the rule of routing/planning/route_stages.py
// and day_reach.py, for the even pace of a pack.
//
// A day is walked by daylight, is no longer than the longest day, and ends at a bed that is open on
// the night of its date. Where there is none, people walk on to the first that is, and it is said
// what forbids the stage. A phone does not know how many nights a space keeps people: one.
import { sunTimes } from './daylight.js';
import { makeMarch } from './marching.js';

const DAY_S = 86_400;
const RESERVE_S = 1_800; // of daylight, as routing/planning/walking_hours.py
const HIGH_M = 3_000;
const MOST_GAIN_M = 500;
const ROUNDING_S = 1e-3;

/** What forbids a stage, in the order in which the binding one is named (day_reach.py). */
export const FAILS = ['distance', 'daylight', 'height', 'crossing', 'hours', 'closed'];

/**
 * Find the stages of a way, or null where it cannot be walked to its end.
 *
 * Times are seconds after the local midnight of the date of departure.
 *
 * @param {object} walker of a pack
 * @param {object} trip
 * @param {{atM: number, rank: number, lon: number, lat: number, heightM: number|null,
 *          night: (day: number) => [number, number]|null}[]} trip.places start, beds and end, in the
 *        order of the way; `night` gives when a bed's door opens and closes on a day, null where it
 *        is not known to take people in
 * @param {{atM: number, passS: (clockS: number) => number|null}[]} trip.crossings in order
 * @param {number} trip.nights most nights, from the date of departure on
 * @param {number} trip.readyS when people are ready to leave
 * @param {number} trip.day of departure, counted from 1 January 1970
 * @param {number} trip.offsetS of local time
 */
export function findStages(walker, { places, crossings, nights, readyS, day: firstDay, offsetS }) {
  const march = makeMarch(walker);
  const end = places.length - 1;
  const opensS = walker.window_start_h * 3600;
  const light = new Map();

  /** From when until when people are on the road at a place on a day. */
  function hours(place, day) {
    const key = place * 1000 + day;
    if (!light.has(key)) {
      const { lon, lat } = places[place];
      const { riseS, setS } = sunTimes(lon, lat, firstDay + day);
      const shiftS = day * DAY_S + offsetS;
      light.set(key, [
        Math.max(riseS + shiftS, day * DAY_S + opensS),
        Math.min(setS + shiftS - RESERVE_S, day * DAY_S + opensS + walker.window_s),
      ]);
    }
    return light.get(key);
  }

  /** The time of day from which it is light at a place on every date. */
  const walkable = new Map();
  function walkableS(place) {
    if (!walkable.has(place)) {
      const begins = Array.from({ length: nights + 1 }, (_, day) => hours(place, day)[0] - day * DAY_S);
      walkable.set(place, Math.max(...begins));
    }
    return walkable.get(place);
  }

  const isAhead = (from, to) => places[from].atM < places[to].atM
    || (places[from].atM === places[to].atM && places[from].rank < places[to].rank);
  // Ranks: a place before the posts of a crossing 0, behind them 2, the start -1.
  const isBefore = (place, atM) => places[place].atM < atM || (places[place].atM === atM && places[place].rank < 1);
  const posts = (from, to) => crossings.map((crossing, index) => ({ ...crossing, index }))
    .filter(({ atM }) => isBefore(from, atM) && !isBefore(to, atM));

  function isTooHigh(from, to) {
    const [low, high] = [places[from].heightM, places[to].heightM];
    // What is not known is not judged.
    return high !== null && high > HIGH_M && high - Math.max(low ?? HIGH_M, HIGH_M) > MOST_GAIN_M;
  }

  /** A leg walked within a day: when, and everything that forbids it. */
  function reach(day, from, to) {
    const [[fromS, untilS], [otherS, endS]] = [hours(from, day), hours(to, day)];
    const lengthM = places[to].atM - places[from].atM;
    const departureS = Math.max(fromS, otherS, readyS);
    const duskS = Math.min(untilS, endS);
    const passed = [];
    let lateS = 0;
    for (const { atM, passS, index } of posts(from, to)) {
      const thereS = departureS + lateS + (atM - places[from].atM) / march.speed;
      const through = Number.isFinite(lateS) ? passS(thereS) : null;
      if (through !== null) passed.push({ index, thereS, passS: through });
      lateS = through === null ? Infinity : lateS + through - thereS;
    }
    const unhinderedS = departureS + lengthM / march.speed;
    const arrivalS = unhinderedS + lateS;
    const isDark = unhinderedS > duskS;
    const night = to === end ? [-Infinity, Infinity] : places[to].night(day);
    const entryS = night === null ? arrivalS : Math.max(arrivalS, night[0]);
    const fails = {
      distance: lengthM > walker.day_max_m,
      daylight: isDark,
      height: isTooHigh(from, to),
      crossing: lateS === Infinity || (!isDark && arrivalS > duskS),
      hours: night !== null && ((Number.isFinite(arrivalS) && entryS > night[1]) || (arrivalS <= duskS && entryS > duskS)),
      closed: night === null,
    };
    return { departureS, arrivalS, passed, days: 1, arrivalDay: day, fails: FAILS.filter((one) => fails[one]) };
  }

  /** A leg walked by the clock of ways, without a bed ahead; null where a crossing stays shut. */
  function walk(day, from, to) {
    const departureS = Math.max(day * DAY_S + walkableS(from), readyS);
    if (day === 0 && departureS >= hours(from, 0)[1]) return null;
    let state = march.until(march.start(readyS), departureS);
    let atM = places[from].atM;
    const passed = [];
    for (const post of posts(from, to)) {
      state = march.walk(state, post.atM - atM);
      const thereS = state.clockS;
      const through = post.passS(thereS);
      if (through === null) return null;
      if (through > thereS) state = march.until(state, through);
      passed.push({ index: post.index, thereS, passS: through });
      ({ atM } = post);
    }
    state = march.walk(state, places[to].atM - atM);
    const arrivalDay = Math.floor((state.clockS + ROUNDING_S) / DAY_S);
    return { departureS, arrivalS: state.clockS, passed, days: Math.max(1, state.days), arrivalDay };
  }
  const takesIn = (place, day) => place === end || places[place].night(day) !== null;

  // The search: fewest nights without a bed, then the earliest date, then the least hardest day.
  const queue = [];
  const settled = new Map();
  const push = (lacking, day, hardestS, place, before, stage, isWithoutBed = false) => {
    queue.push({ lacking, day, hardestS, place, before, stage, isWithoutBed });
  };
  const isLess = (a, b) => a.lacking - b.lacking || a.day - b.day || a.hardestS - b.hardestS
    || a.isWithoutBed - b.isWithoutBed || a.place - b.place || (b.before?.place ?? -1) - (a.before?.place ?? -1);

  function goOn(one) {
    const { lacking, day, hardestS, place } = one;
    if (day > nights) return;
    for (let to = place + 1; to <= end; to += 1) {
      if (!isAhead(place, to)) continue;
      const lengthM = places[to].atM - places[place].atM;
      if (lengthM > walker.day_max_m) break;
      const leg = reach(day, place, to);
      if (leg.fails.length > 0) continue;
      push(lacking, day + 1, Math.max(hardestS, lengthM / march.speed), to, one, { ...leg, from: place, to, day });
    }
    if (place === 0 && day === 0) push(lacking, 1, hardestS, 0, one, null);
    push(lacking + 1, day, hardestS, place, one, null, true);
  }

  function goWithoutBed({ lacking, day, hardestS, place, before }) {
    let latest = null;
    for (let to = place + 1; to <= end; to += 1) {
      if (!isAhead(place, to)) continue;
      const leg = walk(day, place, to);
      if (leg === null || (latest !== null && leg.arrivalDay > latest)) return;
      if (!takesIn(to, leg.arrivalDay)) continue;
      latest = leg.arrivalDay;
      const { fails } = reach(day, place, to);
      if (fails.length === 0) continue;
      const own = leg.arrivalDay > day ? fails.filter((one) => one !== 'hours' && one !== 'closed') : fails;
      const stage = { ...leg, from: place, to, day, fails: own.length > 0 ? own : ['crossing'] };
      const dayS = (places[to].atM - places[place].atM) / march.speed / leg.days;
      push(lacking - 1 + Math.max(1, leg.arrivalDay - day), leg.arrivalDay + 1, Math.max(hardestS, dayS), to, before, stage);
    }
  }

  push(0, 0, 0, 0, null, null);
  while (queue.length > 0) {
    const next = queue.reduce((best, one, index) => (isLess(one, queue[best]) < 0 ? index : best), 0);
    const [one] = queue.splice(next, 1);
    if (one.isWithoutBed) {
      goWithoutBed(one);
      continue;
    }
    const key = one.day * 1000 + one.place;
    if (settled.has(key)) continue;
    settled.set(key, one);
    if (one.place !== end) {
      goOn(one);
      continue;
    }
    const stages = [];
    for (let at = one; at !== null; at = at.before) if (at.stage) stages.unshift(at.stage);
    return stages;
  }
  return null;
}
