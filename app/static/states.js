// What is known of official crossings and of hazards at a moment, as packs and the file of spaces
// tell it (app/packs/pack.py): where that ends, nothing is known (P10, P32). Whoever worked out the
// changes knew the clocks of every place: a phone's own calendar may be years old.

const MINUTE_MS = 60_000;
const WEEK_MS = 7 * 86_400_000;

/** Tell what is known of a crossing at a moment: `open`, `closed` or `not_known` (P32). */
export const stateAt = (crossing, pack, ms) => stateOf(toldOf(crossing, pack), ms);

function stateOf(weeks, ms) {
  const week = weeks.find(({ untilMs }) => ms < untilMs);
  if (!week) return 'not_known';
  const { fromMs, toldMs, changes } = week;
  const told = ms < toldMs ? ms : ms - (Math.floor((ms - toldMs) / WEEK_MS) + 1) * WEEK_MS;
  return changes.filter(([from]) => from <= Math.max(told, fromMs)).pop()?.[1] ?? 'not_known';
}

/** When a crossing that is not open at a moment is next known to be, or null (P10). */
export function nextOpening(crossing, pack, atMs) {
  for (const { untilMs, toldMs, changes } of toldOf(crossing, pack)) {
    const opens = changes.filter(([, state]) => state === 'open').map(([from]) => from);
    // What opened in the last week that is told opens in each week after it.
    const repeated = opens.filter((from) => from >= toldMs - WEEK_MS)
      .map((from) => from + Math.max(1, Math.floor((atMs - from) / WEEK_MS) + 1) * WEEK_MS);
    const next = Math.min(...opens.filter((from) => from > atMs), ...repeated);
    if (next < untilMs) return next;
  }
  return null;
}

/** When somebody is past a crossing who is there at a moment, or null where none is known (P10). */
export const passableFrom = (crossing, pack, atMs) =>
  (stateAt(crossing, pack, atMs) === 'open' ? atMs : nextOpening(crossing, pack, atMs));

/** Whether a hazard holds at a moment: packs name those of two weeks, from which and to which minute. */
export function holdsAt({ from_minute: from = null, until_minute: until = null }, pack, ms) {
  const minute = (ms - Date.parse(pack.start)) / MINUTE_MS;
  return (from === null || from <= minute) && (until === null || minute < until);
}

/**
 * What is told of a crossing, from one time to the next: changes, the last week of which repeats
 * until `untilMs`. A pack of before those of later were told knows nothing beyond its days.
 */
function toldOf({ changes, known_until: until, later = [] }, pack) {
  const startMs = Date.parse(pack.start);
  const at = (minute) => startMs + minute * MINUTE_MS;
  const days = pack.horizon_days * 1440;
  return [{ until: until === undefined ? days : until, changes }, ...later].map((one, index) => {
    const told = one.changes.map(([minute, state]) => [at(minute), state]);
    const fromMs = told[0]?.[0] ?? startMs;
    return {
      fromMs,
      untilMs: one.until === null ? Infinity : at(one.until),
      toldMs: index === 0 ? at(days) : fromMs + WEEK_MS,
      changes: told,
    };
  });
}
