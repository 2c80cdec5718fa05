// Where somebody can sleep on a way, as the server counts it (definitions.md, "Support along a route").
import { zoneOffsetMs } from './roads.js';
import { isUsable } from './spaces.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MINUTE_MS = 60_000;
const SERVICE = 'overnight';
// As NIGHT_FROM and NIGHT_TO of geo/hours/space_hours.py.
const NIGHT_FROM_H = 21;
const NIGHT_TO_H = 5;

/**
 * Whether people who set out at a moment can count on a place to sleep: of use to who comes on
 * their own, for staying overnight, and open through the night after the local day of setting out.
 */
export const isBed = (space, startMs) =>
  isUsable(space) && space.isOvernight && space.services.includes(SERVICE) && coversNight(space, startMs);

/** Whether a space is certainly open without a break through the night after a moment's local day. */
export function coversNight(space, ms) {
  if (space.hours === null) return false;
  const localDayMs = Math.floor((ms + zoneOffsetMs(space.timezone, ms)) / DAY_MS) * DAY_MS;
  const at = (hour) => {
    const localMs = localDayMs + hour * HOUR_MS;
    return localMs - zoneOffsetMs(space.timezone, localMs - zoneOffsetMs(space.timezone, localMs));
  };
  const told = (minute) => space.startMs + minute * MINUTE_MS;
  const endMs = at(24 + NIGHT_TO_H);
  // What was before the file's first moment is not told, and over.
  let reachedMs = Math.max(at(NIGHT_FROM_H), space.startMs);
  for (let i = 0; i < space.hours.length; i += 4) {
    const [from, until, , isCertain] = space.hours.slice(i, i + 4);
    if (isCertain && told(from) <= reachedMs && reachedMs < told(until)) reachedMs = told(until);
  }
  return reachedMs >= endMs;
}
