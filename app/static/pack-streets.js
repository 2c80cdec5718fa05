// Streets on the page of packs: taken along by the town, and ways over them, with their own map. Their
// code is loaded where the phone has some, or somebody asks for them.
import { element } from './cards.js';
import { locate } from './nearby.js';
import { makeWayCards } from './pack-way-cards.js';
import { isUsable } from './spaces.js';
import { startWorker } from './worker.js';

const byId = (id) => document.getElementById(id);

/**
 * Begin with the streets.
 *
 * @param {object} phone the page's data, words and contents of packs (offline.js)
 * @param {(bytes: number) => string} size writes a size
 * @returns {{show: () => Promise<void>}} `show` is called with whatever the phone has
 */
export function startPackStreets(phone, size) {
  const { texts, phrases, names, said } = phone;
  const { parts } = makeWayCards(phone);
  let loading;

  function load() {
    loading ??= import(texts.streetCode.page).then(({ startStreets }) => startStreets({
      texts, phrases, names, element, byId, size, locate, startWorker, show: showWays, day: phone.day,
      spaces: () => phone.contents.spaces.filter(isUsable),
    }));
    return loading;
  }

  byId('streets-show').addEventListener('click', async () => (await load()).offer());

  /** What was found over streets: as a way over the sketch, without its towns and nights. */
  function showWays({ ways, because, beyond, refusal, zone }, nowMs) {
    const answer = { nowMs, zone };
    const row = Math.max(0, beyond.indexOf(refusal));
    const shown = refusal === null ? ways.map((way, index) => wayPart(answer, way, because[index], beyond[index]))
      : [element('article', { class: 'card route refused' },
        element('h2', { tabindex: '-1' }, ...(refusal === 'none' ? [texts.noWay] : said(`refused_${refusal}`, {}))),
        because[row].length === 0 ? null : parts.reasons(answer, because[row]))];
    byId('street-answer').replaceChildren(...shown);
    byId('street-closure').hidden = refusal === null;
    byId('street-no-hazards').hidden = refusal !== null || ways.some((way) => way.hazards.length > 0);
    byId('street-result').hidden = false;
    byId('map-box').hidden = refusal !== null || ways.length === 0;
    if (!byId('map-box').hidden) phone.map.load().then((map) => map.drawLine(ways[0].line), () => {});
    parts.bringIntoView(byId('street-answer'));
  }

  function wayPart(answer, way, because, beyond) {
    const minutes = Math.round(way.elapsedS / 60);
    const time = minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
    return element('article', { class: 'card route' },
      element('h2', { tabindex: '-1' }, `${phrases.km(way.lengthM)} · ${way.days > 1 ? parts.days(way) : time}`),
      beyond === null ? null : element('p', { class: 'notice' }, ...said(beyond, {})),
      because.length === 0 ? null : parts.reasons(answer, because),
      parts.hazards(way),
      parts.crossings(answer, way),
      element('h3', {}, texts.streets.along),
      element('ol', { class: 'itinerary' }, ...way.streets.map(({ name, lengthM }) => (
        element('li', {}, `${name ?? texts.streets.unnamed} · ${phrases.km(lengthM)}`)))));
  }

  return {
    async show() {
      if (!loading && !await caches.has('amparo-streets')) return;
      await (await load()).refresh();
    },
  };
}
