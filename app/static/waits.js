// The clock of a departure, and who waits at a crossing: one rule for ways over the sketch and over
// streets, as routing/router/search.py has it.
import { zoneOffsetMs } from './roads.js';
import { passableFrom } from './states.js';

const DAY_MS = 86_400_000;

/**
 * Make the clock of a departure: seconds after the midnight before it, local.
 *
 * @param {object} pack what says of crossings when they open
 * @param {string} zone of where somebody sets out
 * @param {(kind: string, index: number) => boolean} isOpened whether a crossing is taken to be open
 */
export function makeClock(pack, zone, startMs, isOpened) {
  const offsetMs = zoneOffsetMs(zone, startMs);
  const midnightMs = Math.floor((startMs + offsetMs) / DAY_MS) * DAY_MS - offsetMs;
  const msOf = (clockS) => midnightMs + clockS * 1000;
  const passMs = (post, ms) => (isOpened('crossing', post) ? ms : passableFrom(pack.around.crossings[post], pack, ms));
  return {
    startMs,
    startS: (startMs - midnightMs) / 1000,
    msOf,
    /** When somebody is past all posts of a gate who is there at some clock, or null. */
    throughS(posts, clockS) {
      let ms = msOf(clockS);
      for (const post of posts) {
        ms = passMs(post, ms);
        if (ms === null) return null;
      }
      return (ms - midnightMs) / 1000;
    },
  };
}

/**
 * Whether the way of who can wait is shown beside the best: it waits at a crossing that the best goes
 * round, and moves so much less that it is worth the wait. A pack of before told no share: any saving
 * counts.
 */
export function isWorthWaiting(best, patient, { limits }) {
  const { worth_waiting: share = 1 } = limits ?? {};
  if (patient === null || patient.movingS >= best.movingS || patient.movingS > share * best.movingS) return false;
  const passed = best.crossings.map(({ post }) => post);
  return patient.crossings.some(({ post, thereMs, passMs }) => passMs > thereMs && !passed.includes(post));
}
