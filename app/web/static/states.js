// What is known of official crossings and of hazards at a moment, as packs and the file of spaces
// tell it (app/packs/whole.py): where that ends, nothing is known (P10, P32).

const MINUTE_MS = 60_000;
const WEEK_MS = 7 * 86_400_000;

/**
 * Tell what is known of a crossing at a moment: `open`, `closed` or `not_known` (P32).
 *
 * Beyond the pack's days the last of its weeks repeats, until a statement begins or ends: from
 * `known_until` on nothing is known. A pack of before that was told knows nothing beyond its days.
 */
export const stateAt = (crossing, pack, ms) => stateOf(toldOf(crossing, pack), ms);

function stateOf({ startMs, endMs, knownMs, changes }, ms) {
  if (ms >= knownMs) return 'not_known';
  const told = ms < endMs ? ms : ms - Math.ceil((ms - endMs + 1) / WEEK_MS) * WEEK_MS;
  return changes.filter(([from]) => from <= Math.max(told, startMs)).at(-1)?.[1] ?? 'not_known';
}

/** When somebody is past a crossing who is there at a moment, or null where none is known (P10). */
export function passableFrom(crossing, pack, atMs) {
  const known = toldOf(crossing, pack);
  if (stateOf(known, atMs) === 'open') return atMs;
  const { endMs, knownMs, changes } = known;
  const opens = changes.filter(([, state]) => state === 'open').map(([from]) => from);
  const told = opens.find((from) => from > atMs);
  if (told !== undefined) return told;
  // What opened in the last week opens in each week after it.
  const repeated = opens.filter((from) => from >= endMs - WEEK_MS)
    .map((from) => from + Math.max(1, Math.floor((atMs - from) / WEEK_MS) + 1) * WEEK_MS);
  const next = Math.min(...repeated);
  return next < knownMs ? next : null;
}

/** Whether a hazard holds at a moment: packs name those of two weeks, from which and to which minute. */
export function holdsAt({ from_minute: from = null, until_minute: until = null }, pack, ms) {
  const minute = (ms - Date.parse(pack.start)) / MINUTE_MS;
  return (from === null || from <= minute) && (until === null || minute < until);
}

function toldOf(crossing, pack) {
  const startMs = Date.parse(pack.start);
  const endMs = startMs + pack.horizon_days * 86_400_000;
  const { known_until: until = pack.horizon_days * 1440 } = crossing;
  return {
    startMs,
    endMs,
    knownMs: until === null ? Infinity : startMs + until * MINUTE_MS,
    changes: crossing.changes.map(([minute, state]) => [startMs + minute * MINUTE_MS, state]),
  };
}
