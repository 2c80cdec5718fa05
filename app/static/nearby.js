// "Use my location": the phone sorts the spaces itself, and no position leaves it (P9, P48).
import { makeCards, element } from './cards.js';
import { fill, makePhrases } from './phrases.js';
import { isDated, nearest, readSpaces } from './spaces.js';

const byId = (id) => document.getElementById(id);

/**
 * Prepare the button of the list.
 *
 * @param {object} data the page's
 * @param {() => Promise<object>} load gives the file of spaces, loaded before anybody asks
 */
export function startNearby(data, load) {
  const button = byId('locate');
  if (!button || !('geolocation' in navigator)) return;
  const phrases = makePhrases(data.texts);
  const { card } = makeCards(data.texts, phrases, data.names);
  const status = byId('locate-status');
  const box = byId('nearby');
  button.hidden = false;

  let file;
  let position;

  button.addEventListener('click', async () => {
    status.textContent = data.texts.locating;
    try {
      [position, file] = await Promise.all([locate(), load()]);
    } catch (error) {
      status.textContent = error.code === 1 ? data.texts.locationRefused : data.texts.locationFailed;
      return;
    }
    show(null);
  });

  function show(country) {
    const spaces = readSpaces(file);
    const sides = nearest(spaces, position, data.narrowed, { country, crossings: file.crossings });
    const count = sides.reduce((sum, { items }) => sum + items.length, 0);
    status.textContent = count ? phrases.plural(data.texts.found, count) : data.texts.nothingFits;
    box.replaceChildren(
      element('h3', { tabindex: '-1', id: 'nearby-title' }, data.texts.nearYou),
      isDated(file) ? element('p', { class: 'notice' }, fill(data.texts.dataOf, { date: phrases.ownMoment(Date.parse(file.start)) })) : '',
      element('p', { class: 'fine' }, data.texts.nearYouHow),
      ...sides.flatMap((side, index) => part(side, index > 0)),
    );
    box.hidden = false;
    byId('nearby-title').focus({ preventScroll: true });
    byId('nearby-title').scrollIntoView({ block: 'start' });
  }

  /** One country's spaces; of another than the first it can be said that one is there (P33). */
  function part({ country, items }, isAbroad) {
    const name = data.names.countries[country] ?? country;
    const here = element('button', { type: 'button', class: 'link' }, fill(data.texts.iAmIn, { country: name }));
    here.addEventListener('click', () => show(country));
    return [
      element('h3', {}, name),
      ...(isAbroad ? [here] : []),
      element('ol', { class: 'list' }, ...items.map(({ space, ...near }) => card(space, { ...near, isAbroad }))),
    ];
  }
}

/** Where the phone is: lon, lat in degrees, rounded to some hundred metres (P9). */
export function locate() {
  return new Promise((resolve, reject) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve([coords.longitude, coords.latitude].map((v) => Math.round(v * 1000) / 1000)),
      reject,
      { enableHighAccuracy: false, timeout: 15_000, maximumAge: 300_000 },
    );
  });
}
