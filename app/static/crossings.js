// The cards of official crossings on a page that has grown old: what holds at this moment, as the
// file of spaces tells it (app/packs/pack.py). No crossing is called open because it was (P32).
import { element } from './cards.js';
import { fill } from './phrases.js';
import { distanceM, isExpired, isUsable } from './spaces.js';
import { nextOpening, stateAt } from './states.js';

/** What is published for a moment; not known where the file is too old, or of a time to come. */
const stateOf = (crossing, file, nowMs) => (isExpired(file, nowMs) || nowMs < Date.parse(file.start)
  ? 'not_known' : stateAt(crossing, file, nowMs));

/**
 * Put the cards of the nearest crossings first, each with its distance in a straight line.
 *
 * @param {object} file `/nearby.json`
 * @param {number[]} position lon and lat of the phone, which leave it for nobody (P9)
 */
export function sortCrossings(file, position, { texts, phrases }) {
  const list = document.querySelector('#crossings .list');
  const near = file.crossings.map(({ id, lon, lat }) => ({ id, far: distanceM(position, [lon, lat]) }));
  for (const { id, far } of near.sort((a, b) => a.far - b.far)) {
    const card = document.getElementById(`crossing-${id}`);
    if (!card) continue;
    card.querySelector('.far')?.remove();
    card.querySelector('.where').after(element('p', { class: 'far' }, fill(texts.straight, { km: phrases.km(far) })));
    list.append(card);
  }
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

  function opening(crossing) {
    const openMs = nextOpening(crossing, file, nowMs);
    return openMs === null ? []
      : [element('p', {}, fill(texts.nextOpening, { time: phrases.moment(openMs, nowMs, crossing.timezone) }))];
  }

  /** The nearest space on each side, the nearer one first. */
  function beside({ countries, lon, lat }) {
    const nearest = usable.filter(({ country }) => countries.includes(country))
      .map((space) => ({ space, far: distanceM([lon, lat], [space.lon, space.lat]) }))
      // Of several at one place the same as the server names.
      .sort((a, b) => a.far - b.far || (a.space.id < b.space.id ? -1 : 1));
    return countries.map((code) => nearest.find(({ space }) => space.country === code)).filter(Boolean)
      .sort((a, b) => a.far - b.far)
      .map(({ space, far }) => {
        const country = names.countries[space.country] ?? space.country;
        return element('p', {}, fill(texts.onTheSideOf, { country }), ' ',
          element('a', { href: `/spaces/${encodeURIComponent(space.id)}?lang=${texts.lang}` }, space.name),
          `, ${space.locality}, ${country} (${fill(texts.straight, { km: phrases.km(far) })})`);
      });
  }
}
