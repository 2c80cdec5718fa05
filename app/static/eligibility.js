// Who is taken in where, and in which order places are named: the rules of geo/spaces/eligibility.py and
// next_steps.py, for what a phone knows. It knows no way there: distances are straight, which is the least.
import { makeMarch } from './marching.js';
import { nightOf } from './nights.js';
import { dayNumber } from './phrases.js';
import { zoneOffsetMs } from './roads.js';
import { admits, distanceM, openness } from './spaces.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NIGHT_SERVICE = 'overnight';
const GUIDING_SERVICE = 'information';
const NIGHT_TO_H = 5; // as geo/hours/space_hours.py
const ADULT_AGE = 18;
// As geo/spaces/next_steps.py and freshness.py.
const ALPHA_PER_H = 0.1;
const EVEN_ODDS = 0.5;
const UNMET_WISH = 0.8;
const TAU_DAYS = { service: 30, capacity: 2 };
// As app/journeys/matching.py.
const REACHES_M = [100_000, 500_000];
const MOST_STEPS = 5;
const MOST_FALLBACKS = 3;

const ORDER = [
  'expired', 'not_active', 'no_service', 'closed_on_arrival', 'hours_not_known', 'after_last_entry', 'age', 'gender',
  'families_only', 'children_alone', 'documents', 'full', 'referral_only',
];
const OF_HOURS = new Set(['closed_on_arrival', 'hours_not_known', 'after_last_entry']);

/** Whether people come with others; null where they did not say. */
const isFamily = ({ isAlone, children }) => (isAlone ? false : children > 0 ? true : null);

const isForNight = ({ services }) => services.includes(NIGHT_SERVICE);

/** Every reason why a space cannot serve a need, in the order in which reasons are told. */
export function refusals(need, space, arrivalMs) {
  const found = new Set([...personal(need, space.details), ...lasting(need, space)]);
  if (dayNumber(arrivalMs, space.timezone) > space.expires) found.add('expired');
  if (!space.isReferralOnly) {
    const reason = hoursRefusal(need, space, arrivalMs);
    if (reason) found.add(reason);
  }
  return ORDER.filter((one) => found.has(one));
}

function lasting(need, { status, services, isFull, isReferralOnly }) {
  return [
    status === 'active' || status === 'full' ? null : 'not_active',
    need.services.every((code) => services.includes(code)) ? null : 'no_service',
    status === 'full' || isFull ? 'full' : null,
    isReferralOnly ? 'referral_only' : null,
  ].filter(Boolean);
}

function personal(need, { genders = null, families_only: isForFamilies, children_alone: alone, documents_required: asked = null, ...ages }) {
  const misses = (codes) => need.documents !== null && (codes ?? []).some((code) => !need.documents.includes(code));
  return [
    isWrongAge(need, ages) ? 'age' : null,
    genders !== null && need.gender !== null && !genders.includes(need.gender) ? 'gender' : null,
    isForFamilies && isFamily(need) === false ? 'families_only' : null,
    need.isAlone && alone === 'no' ? 'children_alone' : null,
    misses(asked) ? 'documents' : null,
  ].filter(Boolean);
}

function isWrongAge({ age, children }, { minimum_age: youngest = null, maximum_age: oldest = null }) {
  const hasChildren = children > 0;
  if (hasChildren && youngest !== null && youngest >= ADULT_AGE) return true;
  if (age === null) return false;
  if (youngest !== null && age < youngest) return true;
  const isForThem = hasChildren && oldest !== null && oldest < ADULT_AGE;
  return oldest !== null && age > oldest && !isForThem;
}

function hoursRefusal(need, space, arrivalMs) {
  const { state } = openness(space, arrivalMs);
  const isLate = state === 'open' && !admits(space, arrivalMs);
  if (!isForNight(need)) {
    if (admits(space, arrivalMs)) return null;
    if (isLate) return 'after_last_entry';
    return state === 'not_known' ? 'hours_not_known' : 'closed_on_arrival';
  }
  const night = nightDay(space, arrivalMs);
  if (nightOf(space, night) !== null) return isLate ? 'after_last_entry' : null;
  return isDoubtful(space, night) ? 'hours_not_known' : 'closed_on_arrival';
}

/** The local day on whose evening the night begins that somebody needs who arrives at a moment. */
function nightDay({ timezone }, ms) {
  return Math.floor((ms + zoneOffsetMs(timezone, ms) - NIGHT_TO_H * HOUR_MS) / DAY_MS);
}

/** Whether it is not known if a space is open at some time of a night: no hours, or a holiday (P32). */
function isDoubtful({ hours, startMs, endMs, timezone }, night) {
  if (hours === null || night * DAY_MS >= endMs - DAY_MS) return true;
  for (let i = 0; i < hours.length; i += 4) {
    const [from, until, , isCertain] = hours.slice(i, i + 4);
    const days = [from, until].map((minute) => dayNumber(startMs + minute * 60_000, timezone));
    if (!isCertain && days[0] <= night && days[1] >= night) return true;
  }
  return false;
}

/** What is not known of a space that has passed all filters, and is worth a call. */
export function doubts(need, { languages, details }) {
  const { minimum_age: youngest = null, maximum_age: oldest = null, genders = null } = details;
  const { families_only: isForFamilies, children_alone: alone, documents_required: asked = null } = details;
  const isMaybeAlone = need.age !== null && need.age < ADULT_AGE && !need.isAlone;
  return [
    (youngest !== null || oldest !== null) && need.age === null ? 'age' : null,
    need.children > 0 && ((youngest ?? 0) > 0 || (oldest !== null && oldest < ADULT_AGE)) ? 'children_age' : null,
    genders !== null && need.gender === null ? 'gender' : null,
    isForFamilies && isFamily(need) === null ? 'families_only' : null,
    need.isAlone && alone !== 'yes' ? 'children_alone' : null,
    isMaybeAlone && alone !== 'yes' ? 'company' : null,
    (asked === null ? need.documents !== null : asked.length > 0 && need.documents === null) ? 'documents' : null,
    need.languages.length > 0 && !need.languages.some((code) => languages.includes(code)) ? 'language' : null,
  ].filter(Boolean);
}

/**
 * Where somebody can go, the best first, of the country that they are in (P33).
 *
 * @param {object} need `services`, `age`, `gender`, `children`, `isAlone`, `documents`, `languages`;
 *        null, or none of a list, where it is not said
 * @param {object[]} spaces of the packs
 * @param {{position: number[], country: string, nowMs: number, walker: object}} where
 * @returns {{steps: object[], instead: object[], leftOut: Map<string, number>}} `instead` where there
 *          are no steps: who serves at another hour, or knows where help is
 */
export function matched(need, spaces, { position, country, nowMs, walker }) {
  const near = spaces.filter((space) => space.country === country)
    .map((space) => ({ space, distanceM: distanceM(position, [space.lon, space.lat]) }));
  // The hours of walking are those of the clock at the place, which is that of the nearest space.
  const { space: nearest } = near.reduce((a, b) => (b.distanceM < a.distanceM ? b : a), near[0] ?? {});
  const arrivalMs = nearest && arrivalsFrom(nowMs, nearest.timezone, walker);
  const own = near.map((one) => (
    { ...one, durationS: one.distanceM / walker.speed_m_s, arrivalMs: arrivalMs(one.distanceM) }
  ));
  let judged = [];
  let steps = [];
  for (const reachM of REACHES_M) {
    judged = own.filter((one) => one.distanceM <= reachM && need.services.every((code) => one.space.services.includes(code)))
      .map((one) => ({ ...one, reasons: refusals(need, one.space, one.arrivalMs) }));
    steps = stepsOf(need, judged, own);
    if (steps.length > 0) break;
  }
  const leftOut = new Map();
  for (const { reasons: [first] } of judged) if (first) leftOut.set(first, (leftOut.get(first) ?? 0) + 1);
  const rank = (one) => chance(need, one, nowMs) - ALPHA_PER_H * (one.durationS / 3600);
  const ranked = steps.map((one) => ({ ...one, rank: rank(one) }))
    .sort((a, b) => b.rank - a.rank || a.distanceM - b.distanceM || (a.space.id < b.space.id ? -1 : 1));
  return { steps: ranked.slice(0, MOST_STEPS), instead: steps.length > 0 ? [] : insteadOf(need, judged, own), leftOut };
}

/**
 * When somebody arrives who leaves now, by metres: at once where the way fits into a day, else within
 * the hours of walking, a longest day at a time.
 */
export function arrivalsFrom(nowMs, timezone, walker) {
  const march = makeMarch(walker);
  const sinceMidnightMs = (nowMs + zoneOffsetMs(timezone, nowMs)) % DAY_MS;
  const start = march.start(sinceMidnightMs / 1000);
  return (lengthM) => {
    const movingS = lengthM / walker.speed_m_s;
    const isOfOneDay = lengthM <= walker.day_max_m && movingS <= walker.window_s;
    const afterS = isOfOneDay ? movingS : march.walk(start, lengthM).clockS - start.clockS;
    return nowMs + 1000 * afterS;
  };
}

function stepsOf(need, judged, own) {
  const steps = judged.filter(({ reasons }) => reasons.length === 0)
    .map((one) => ({ ...one, doubts: doubts(need, one.space), refersTo: null }));
  const taken = new Set(steps.map(({ space }) => space.id));
  const visit = { ...need, services: [], documents: null };
  for (const target of judged.filter(({ reasons }) => reasons.join() === 'referral_only')) {
    for (const id of target.space.details.referral_points ?? []) {
      const point = own.find(({ space }) => space.id === id);
      if (!point || taken.has(id) || refusals(visit, point.space, point.arrivalMs).length > 0) continue;
      taken.add(id);
      steps.push({ ...point, doubts: doubts(need, target.space), refersTo: target.space });
    }
  }
  return steps;
}

const decay = (days, tau) => Math.exp(-Math.max(0, days) / tau);

/** The chance to be served, for ranking alone (P46). */
function chance(need, { space, refersTo, arrivalMs, doubts: unknown }, nowMs) {
  const ageOf = ({ confirmed, timezone }) => (confirmed === null ? 0 : dayNumber(nowMs, timezone) - confirmed);
  const server = refersTo ?? space;
  let odds = decay(ageOf(space), TAU_DAYS.service);
  if (refersTo) odds *= EVEN_ODDS * decay(ageOf(refersTo), TAU_DAYS.service);
  if (isForNight(need)) odds *= bedChance(server.details, arrivalMs);
  const wishes = unknown.filter((one) => one === 'language').length;
  return odds * EVEN_ODDS ** (unknown.length - wishes) * UNMET_WISH ** wishes;
}

function bedChance({ capacity, capacity_updated: updated = null }, arrivalMs) {
  if (capacity !== 'places' || updated === null) return EVEN_ODDS;
  return EVEN_ODDS + (1 - EVEN_ODDS) * decay((arrivalMs - Date.parse(updated)) / DAY_MS, TAU_DAYS.capacity);
}

function insteadOf(need, judged, own) {
  const isOfHours = (reasons) => reasons.every((one) => OF_HOURS.has(one));
  const byDistance = (a, b) => a.distanceM - b.distanceM;
  const later = judged.filter(({ reasons }) => isOfHours(reasons)).sort(byDistance)
    .map((one) => ({ ...one, role: 'later' }));
  const visit = { ...need, services: [], documents: null };
  const guides = own.filter(({ space, distanceM: far }) => space.services.includes(GUIDING_SERVICE) && far <= REACHES_M[1]
    && !later.some((one) => one.space === space))
    .map((one) => ({ ...one, role: 'guide', reasons: refusals(visit, one.space, one.arrivalMs) }))
    .filter(({ reasons }) => isOfHours(reasons))
    .sort((a, b) => Boolean(a.reasons.length) - Boolean(b.reasons.length) || byDistance(a, b));
  return [...later.slice(0, MOST_FALLBACKS), ...guides.slice(0, MOST_FALLBACKS)];
}
