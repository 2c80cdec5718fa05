// What the packs of this phone hold, read once for a page and anew when a pack comes, goes or expires.
import { makeNames } from './names.js';
import { newest } from './packs.js';
import { readRoads } from './roads.js';
import { readSpaces } from './spaces.js';

/**
 * Read packs.
 *
 * @param {object[]} packs as `taken` of packs.js gives them
 * @param {[string, string][]} sounds by which names of towns are found (names.js)
 * @returns {object} `packs`, with those past their day; `current`; `newest`, that says what is
 *          around, or null; `spaces`; and, read when they are first asked for, `network` and
 *          `towns`, null where there are no roads
 */
export function readContents(packs, sounds) {
  const current = packs.filter((pack) => !pack.isExpired);
  const around = newest(packs);
  let network;
  let towns;
  return {
    packs,
    current,
    newest: around,
    spaces: current.flatMap((pack) => readSpaces(pack)),
    get network() {
      network ??= around ? readRoads(around) : null;
      return network;
    },
    get towns() {
      towns ??= this.network ? makeNames(this.network, sounds) : null;
      return towns;
    },
    /** Whether the phone has spaces of a country. */
    covers: (code) => current.some((pack) => pack.country === code),
  };
}

/** Lines to call of some kinds that have a number, one of each kind of a country (P45). */
export function numbersOf({ current }, kinds, countries = null) {
  return current.filter((one) => countries === null || countries.includes(one.country)).flatMap((one) => kinds.flatMap(
    (kind) => one.contacts.filter((line) => line.kind === kind && (line.phone || line.whatsapp))
      // One of the whole country rather than one of a unit.
      .sort((a, b) => Boolean(a.admin1) - Boolean(b.admin1)).slice(0, 1),
  ).map((line) => ({ ...line, country: one.country })));
}

/** All lines of the packs, or of some countries. */
export const linesOf = ({ current }, countries = null) => current
  .filter((one) => countries === null || countries.includes(one.country))
  .flatMap(({ contacts, country }) => contacts.map((line) => ({ ...line, country })));
