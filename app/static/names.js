// Towns of a pack by what somebody types: as the server looks for them (app/snapshots/place_names.py, by the
// table of sounds of geo/text/normalize.py that the page brings along). Of several somebody chooses.

const MOST_CHOICES = 8;
const LETTERS_A_MISTAKE = 5; // as app/snapshots/place_names.py

/** A name without accents and case, single-spaced. */
export const folded = (value) =>
  value.toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '').trim().split(/\s+/u).join(' ');

/**
 * Make what finds towns.
 *
 * @param {object} network of `readRoads`; choices name the department, which tells them apart
 * @param {[string, string][]} sounds rewritings of a folded name, in order; `\1` as Python has it
 */
export function makeNames({ towns, nodes, fullLabelOf }, sounds) {
  const rules = sounds.map(([pattern, instead]) => [new RegExp(pattern, 'gu'), instead.replaceAll('\\1', '$1')]);
  const sounded = (name) => rules.reduce(
    (heard, [pattern, instead]) => heard.replace(pattern, instead),
    folded(name.toLowerCase().normalize('NFC').replaceAll('ç', 's')),
  ).trim();
  const known = [...towns].map(([label, node]) => {
    const name = nodes.name[node];
    const full = fullLabelOf(node);
    const keys = [folded(label), folded(full)];
    return { label: full, node, keys, name: folded(name), sound: sounded(name), country: nodes.country[node] };
  });

  /**
   * Find what is meant.
   *
   * @returns {{node: number|null, choices: {label: string, node: number}[]}} a town, or those to
   *          choose from: none of them is meant for certain
   */
  function find(typed) {
    const wanted = folded(typed);
    if (wanted === '') return { node: null, choices: [] };
    const whole = known.find(({ keys }) => keys.includes(wanted));
    if (whole) return { node: whole.node, choices: [] };
    const [, name, code] = /^(.+?),\s*([a-z]{2})$/u.exec(wanted) ?? [null, wanted, null];
    const there = known.filter(({ country }) => code === null || country === code.toUpperCase());
    const sound = sounded(name);
    const going = there.filter((one) => one.name !== name && isBegunBy(one.name, name.split(' ')));
    const exact = there.filter((one) => one.name === name);
    if (exact.length > 0) return chosen([...exact, ...going.filter((one) => one.name.startsWith(`${name} `))]);
    const alike = sound === '' ? [] : there.filter((one) => one.sound === sound);
    if (alike.length > 0) return chosen(alike);
    if (going.length > 0) return { node: null, choices: going.slice(0, MOST_CHOICES) };
    const heard = sound.length < 3 ? [] : there.filter((one) => isBegunBy(one.sound, sound.split(' ')));
    if (heard.length > 0) return { node: null, choices: heard.slice(0, MOST_CHOICES) };
    return { node: null, choices: misspelt(name, there) };
  }

  const chosen = (found) => (found.length === 1 ? { node: found[0].node, choices: [] }
    : { node: null, choices: found.slice(0, MOST_CHOICES) });

  return { find, sounded };
}

/** Whether the words of a name begin like others, in their order. */
function isBegunBy(name, words) {
  let at = 0;
  for (const word of words) {
    at = ` ${name}`.indexOf(` ${word}`, at);
    if (at < 0) return false;
    at += 1 + word.length;
  }
  return true;
}

/** The towns whose name has the fewest letters wrong, of those that have few. */
function misspelt(name, there) {
  const mistakes = there.map((one) => [editsBetween(name, one.name), one])
    .filter(([count]) => count * LETTERS_A_MISTAKE <= name.length);
  return mistakes.sort(([a, one], [b, other]) => a - b || (one.label < other.label ? -1 : 1))
    .slice(0, MOST_CHOICES).map(([, one]) => one);
}

/** Letters to insert, drop, replace or exchange with their neighbour (optimal string alignment). */
export function editsBetween(typed, name) {
  let [before, row] = [[], Array.from({ length: name.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= typed.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= name.length; j += 1) {
      const same = typed[i - 1] === name[j - 1] ? 0 : 1;
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + same);
      const isSwap = i > 1 && j > 1 && typed[i - 1] === name[j - 2] && typed[i - 2] === name[j - 1];
      if (isSwap) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    [before, row] = [row, next];
  }
  return row[name.length];
}
