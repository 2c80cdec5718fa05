// "Use my location": the phone sorts the spaces itself, and no position leaves it (P9, P48).
import { makeCards, element } from './cards.js';
import { fill, makePhrases } from './phrases.js';
import { isDated, nearest, readSpaces } from './spaces.js';

const byId = (id) => document.getElementById(id);

const NEAREST = 10; // What a list begins with, before it goes on by country
const IN_VIEW = 5; // How many of them the map shows with the phone's place [A]

/**
 * Prepare the button of the list.
 *
 * @param {object} data the page's
 * @param {() => Promise<object>} load gives the file of spaces, loaded before anybody asks
 * @param {(at: number[], about: {accuracyM: number, ids: string[]}) => void} follow is told where the phone
 *        is, lon and lat in degrees, and what is near, for the map: nothing of it leaves the page
 * @param {() => void} refresh brings cards up to date that were set aside
 * @param {(card: Element) => void} offerMap gives a card its button for the map
 */
export function startNearby(data, load, follow, refresh, offerMap) {
  const button = byId('locate');
  if (!button || !('geolocation' in navigator)) return;
  const phrases = makePhrases(data.texts);
  const { card } = makeCards(data.texts, phrases, data.names);
  const status = byId('locate-status');
  const box = byId('nearby');
  button.hidden = false;
  byId('map-box').append(onMap(button));

  let file;
  let position;
  let coordinates;
  let aside = []; // the whole list, while what is near stands alone

  button.addEventListener('click', async () => {
    status.textContent = data.texts.locating;
    try {
      [coordinates, file] = await Promise.all([measured(), load()]);
    } catch (error) {
      status.textContent = error.code === 1 ? data.texts.locationRefused : data.texts.locationFailed;
      return;
    }
    position = rounded(coordinates);
    show(null);
  });

  function show(country) {
    const spaces = readSpaces(file);
    const sides = nearest(spaces, position, data.narrowed, {
      country, crossings: file.crossings, limit: NEAREST, abroadM: data.nearM ?? Infinity,
    });
    const count = sides.reduce((sum, { items }) => sum + items.length, 0);
    status.textContent = count ? phrases.plural(data.texts.found, count) : data.texts.nothingFits;
    box.replaceChildren(
      element('h2', { tabindex: '-1', id: 'nearby-title' }, data.texts.nearYou),
      isDated(file) ? element('p', { class: 'notice' }, fill(data.texts.dataOf, { date: phrases.ownMoment(Date.parse(file.start)) })) : '',
      ...sides.flatMap((side, index) => part(side, index > 0)),
      element('p', { class: 'fine' }, data.texts.nearYouHow, ' ', count > 0 ? wholeList() : ''),
    );
    box.hidden = false;
    if (count > 0) setAside();
    else bringBack();
    byId('nearby-title').focus({ preventScroll: true });
    const { longitude, latitude, accuracy } = coordinates;
    const ids = (sides[0]?.items ?? []).slice(0, IN_VIEW).map(({ space }) => space.id);
    follow([longitude, latitude], { accuracyM: accuracy, ids });
  }

  /**
   * Take the whole list out of the page, of which a phone has enough to draw, until it is asked for. Whom
   * to call (`details`) stays.
   */
  function setAside() {
    const whole = document.querySelectorAll('#nearby ~ :not(template):not(details)');
    if (whole.length === 0) return;
    aside = [...whole];
    for (const one of whole) one.remove();
    // Nobody could stop a card being read that is no longer there.
    window.speechSynthesis?.cancel();
  }

  function bringBack() {
    box.after(...aside);
    aside = [];
    refresh();
  }

  function wholeList() {
    const whole = element('button', { type: 'button', class: 'link' }, data.texts.wholeList);
    whole.addEventListener('click', () => {
      whole.remove();
      bringBack();
      const title = byId('spaces-title');
      title.tabIndex = -1;
      title.focus();
    });
    return whole;
  }

  /** The same button where the map is looked at. */
  function onMap({ firstElementChild: sign, textContent }) {
    const own = element('button', { type: 'button', class: 'locate', 'aria-label': textContent.trim() });
    own.append(sign.cloneNode(true));
    own.addEventListener('click', () => button.click());
    return own;
  }

  /** One country's spaces; of another than the first it can be said that one is there (P33). */
  function part({ country, items }, isAbroad) {
    const name = data.names.countries[country] ?? country;
    const here = element('button', { type: 'button', class: 'link' }, fill(data.texts.iAmIn, { country: name }));
    here.addEventListener('click', () => show(country));
    const list = element('ol', { class: 'list' });
    for (const { space, ...near } of items) {
      list.append(card(space, { ...near, isAbroad }));
      offerMap(list.lastChild);
    }
    return [element('h3', {}, name), ...(isAbroad ? [here] : []), list];
  }
}

/** Where the phone is: lon, lat in degrees, rounded to some hundred metres (P9). */
export const locate = async () => rounded(await measured());

const rounded = ({ longitude, latitude }) => [longitude, latitude].map((v) => Math.round(v * 1000) / 1000);

/** The coordinates as the phone measures them, for its own map alone. */
function measured() {
  return new Promise((resolve, reject) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve(coords),
      reject,
      { enableHighAccuracy: false, timeout: 15_000, maximumAge: 300_000 },
    );
  });
}
