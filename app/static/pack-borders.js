// The pages of official crossings and of hazards, drawn from the pack made last: what holds now.
import { element } from './cards.js';
import { refreshCrossings, sortCrossings } from './crossings.js';
import { locate } from './nearby.js';
import { fill } from './phrases.js';
import { demoMark, wordOf } from './reviewed.js';
import { holdsAt } from './states.js';

const byId = (id) => document.getElementById(id);
const MINUTE_MS = 60_000;

/** Show what an address names within its page, which was not there yet when the browser looked. */
function showNamed() {
  const named = location.hash.length > 1 ? byId(decodeURIComponent(location.hash.slice(1))) : null;
  named?.scrollIntoView({ block: 'start' });
}

/** Begin the page of crossings; `show` is called with whatever the packs hold. */
export function startCrossings(phone) {
  const { texts, names, phrases } = phone;
  const countryOf = (code) => names.countries[code] ?? code;

  /** The buttons that make a crossing's side an end of a way. */
  function ends(crossing, code) {
    const label = fill(texts.sideOf, { name: crossing.name, country: countryOf(code) });
    const value = `crossing:${crossing.id}:${code}`;
    const button = (name, text) => element('button', { class: 'link', form: 'go', name, value, 'data-label': label },
      fill(text, { country: countryOf(code) }));
    return element('p', {}, button('end_choice', texts.goToSide), ' ', button('start_choice', texts.leaveFromSide));
  }

  const cardOf = (crossing) => element('li', { class: 'card crossing', id: `crossing-${crossing.id}` },
    element('h2', {}, crossing.name),
    element('p', { class: 'where' }, crossing.countries.map(countryOf).join(' – ')),
    element('p', {}, element('span', { class: 'badge' })),
    crossing.demo ? element('p', { class: 'seen seen-demo' }, texts.demoState) : null,
    element('div', { class: 'ahead' }),
    element('details', {}, element('summary', {}, texts.thisCrossing), ...crossing.countries.map((code) => ends(crossing, code))));

  let position = null;
  byId('crossings-near').addEventListener('click', async () => {
    const say = (text) => { byId('crossings-status').textContent = text; };
    say(texts.locating);
    try {
      position = await locate();
      draw();
      say(texts.nearYouHow);
    } catch (error) {
      say(error.code === 1 ? texts.positionRefused : texts.positionFailed);
    }
  });

  function draw() {
    const { newest, spaces } = phone.contents;
    // Those of the phone's countries come first, as the server puts those of the reader's.
    const isOwn = ({ countries }) => countries.some(phone.contents.covers);
    const crossings = [...newest?.around.crossings ?? []].sort((a, b) => isOwn(b) - isOwn(a));
    byId('crossings-count').textContent = newest ? phrases.number(crossings.length) : '';
    byId('crossings-list').replaceChildren(...crossings.map(cardOf));
    if (!newest) return;
    const file = { ...newest, crossings };
    refreshCrossings(file, spaces, { texts, names, phrases });
    if (position !== null) sortCrossings(file, position, { texts, phrases });
  }

  return {
    show() {
      draw();
      showNamed();
    },
  };
}

/** Begin the page of hazards; `show` is called with whatever the packs hold. */
export function startHazards(phone) {
  const { texts, phrases, day } = phone;

  function cardOf(hazard, pack) {
    const endMs = hazard.until_minute === null ? null : Date.parse(pack.start) + hazard.until_minute * MINUTE_MS;
    const dates = [
      hazard.published_on ? fill(texts.publishedOn, { date: day(hazard.published_on) }) : null,
      endMs === null ? null : fill(texts.untilDay, { date: day(new Date(endMs).toISOString()) }),
      hazard.source ? fill(texts.sourceOf, { source: hazard.source }) : null,
    ].filter(Boolean);
    return element('li', { class: 'card hazard', id: `hazard-${hazard.id}` },
      element('h2', {}, wordOf('hazard', hazard.kind), demoMark(hazard.demo)),
      element('p', {}, element('span', { lang: 'es' }, hazard.title)),
      hazard.effect === 'exclusion' ? element('p', {}, ...phone.said('no_way_there', {})) : null,
      hazard.night_only ? element('p', {}, texts.atNight) : null,
      dates.length === 0 ? null : element('p', { class: 'fine' }, dates.join(' ')));
  }

  return {
    show() {
      const { newest } = phone.contents;
      const held = (newest?.around.hazards ?? []).filter((one) => holdsAt(one, newest, Date.now()));
      byId('hazards-count').textContent = newest ? phrases.number(held.length) : '';
      byId('hazards-list').replaceChildren(...held.map((one) => cardOf(one, newest)));
      showNamed();
    },
  };
}
