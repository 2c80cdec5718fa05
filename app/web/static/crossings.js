// The cards of official crossings on a page that has grown old: what holds at this moment, as the
// file of spaces tells it (app/packs/whole.py). No crossing is called open because it was (P32).
import { element } from './cards.js';
import { fill } from './phrases.js';
import { distanceM, isExpired, isUsable } from './spaces.js';

const MINUTE_MS = 60_000;

/** What is published for a moment; not known where the file does not tell of it. */
export function stateOf({ changes }, file, nowMs = Date.now()) {
  const startMs = Date.parse(file.start);
  if (isExpired(file, nowMs) || nowMs >= startMs + file.horizon_days * 86_400_000) return 'not_known';
  return changes.filter(([minute]) => startMs + minute * MINUTE_MS <= nowMs).at(-1)?.[1] ?? 'not_known';
}

/**
 * Bring the list's cards up to date; what the file has no more is forgotten (P49).
 *
 * @param {object} file `/nearby.json`
 * @param {object[]} spaces its spaces, as `readSpaces` gives them
 */
export function refreshCrossings(file, spaces, { texts, names, phrases }, nowMs = Date.now()) {
  const usable = spaces.filter(isUsable);
  const known = new Map(file.crossings.map((crossing) => [`crossing-${crossing.id}`, crossing]));
  for (const card of document.querySelectorAll('#crossings .crossing')) {
    const crossing = known.get(card.id);
    card.hidden = crossing === undefined;
    if (!crossing) continue;
    const state = stateOf(crossing, file, nowMs);
    // The signs' words are these: a person has reviewed them, and no script writes them (P47).
    const words = document.querySelector(`#legend [data-crossings="${state}"]`);
    card.querySelector('.badge').replaceChildren(...words.cloneNode(true).childNodes);
    card.querySelector('.ahead').replaceChildren(...(state === 'open' ? [] : [...opening(crossing), ...beside(crossing)]));
  }

  // None in the file's days is not to say that none is known.
  function opening({ changes, timezone }) {
    const openMs = changes.filter(([, state]) => state === 'open')
      .map(([minute]) => Date.parse(file.start) + minute * MINUTE_MS).find((ms) => ms > nowMs);
    return openMs === undefined ? []
      : [element('p', {}, fill(texts.nextOpening, { time: phrases.moment(openMs, nowMs, timezone) }))];
  }

  /** The nearest space on each side, the nearer one first. */
  function beside({ countries, lon, lat }) {
    const nearest = usable.filter(({ country }) => countries.includes(country))
      .map((space) => ({ space, far: distanceM([lon, lat], [space.lon, space.lat]) }))
      .sort((a, b) => a.far - b.far);
    return countries.map((code) => nearest.find(({ space }) => space.country === code)).filter(Boolean)
      .sort((a, b) => a.far - b.far)
      .map(({ space, far }) => {
        const country = names.countries[space.country] ?? space.country;
        return element('p', {}, fill(texts.onTheSideOf, { country }), ' ',
          element('a', { href: `/?lang=${texts.lang}#space-${space.id}` }, space.name),
          `, ${space.locality}, ${country} (${fill(texts.straight, { km: phrases.km(far) })})`);
      });
  }
}
