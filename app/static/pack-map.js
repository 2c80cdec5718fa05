// The map of a page that is drawn from packs: with the basemap that was taken along, and the spaces,
// crossings and hazards of the packs. It loads when it is asked for or the page is done.
import { element } from './cards.js';
import { basemapFile } from './packs.js';
import { demoMark, wordOf } from './reviewed.js';
import { holdsAt, stateAt } from './states.js';

const byId = (id) => document.getElementById(id);

/**
 * Prepare the map.
 *
 * @param {object} phone the page's data, words and contents of packs (offline.js)
 * @returns {{load: () => Promise<object>, whenLoaded: (act: (map: object) => void) => void,
 *          drawWhenIdle: () => void}} `whenLoaded` acts now or once somebody has the map loaded
 */
export function preparePackMap(phone) {
  const { data, texts, card } = phone;
  let loading = null;
  let shown = null;
  const waiting = [];

  function load() {
    loading ??= start().catch((error) => {
      console.warn(error);
      byId('map-wait').querySelector('p').textContent = texts.failed;
      byId('map-wait').hidden = false;
      loading = null;
      throw error;
    });
    return loading;
  }

  async function start() {
    byId('map-show').hidden = true;
    document.head.prepend(element('link', { rel: 'stylesheet', href: data.olCss }));
    const [{ makeMap }, style, ol, file] = await Promise.all([
      import(data.map), import(data.style), import(data.ol), basemapFile(),
    ]);
    const { newest: pack } = phone.contents;
    const rows = (kind) => pack?.around[kind] ?? [];
    const map = await makeMap(byId('map'), {
      data, ol, style, basemap: file ? await readBasemap(file) : null,
      read: {
        spaces: async () => phone.contents.spaces,
        crossings: async () => collection(rows('crossings'), (one) => ({ type: 'Point', coordinates: [one.lon, one.lat] }), (one) => ({ ...one, state: stateAt(one, pack, Date.now()) })),
        hazards: async () => collection(rows('hazards').filter((one) => holdsAt(one, pack, Date.now())), (one) => one.geometry, (one) => one),
      },
      describe: (kind, features) => element('div', {}, ...features.flatMap(({ id, space }) => (space
        ? card(space).firstElementChild : saidOf(kind, id, pack)))),
    });
    byId('map').tabIndex = 0;
    byId('map').dataset.ready = 'true';
    byId('map-wait').hidden = true;
    shown = map;
    for (const act of waiting.splice(0)) act(map);
    return map;
  }

  /** What a sign of the map stands for, now. */
  function saidOf(kind, id, pack) {
    const one = pack.around[kind].find((row) => String(row.id) === id);
    const [name, words] = kind === 'hazards'
      ? [wordOf('hazard', one.kind), [element('span', { lang: 'es' }, one.title), demoMark(one.demo)]]
      : [phone.crossingName(one), [wordOf('crossing', stateAt(one, pack, Date.now()))]];
    return [element('h3', {}, name), element('p', {}, ...words)];
  }

  async function readBasemap(file) {
    const { FileSource, PMTiles } = await import(data.pmtiles);
    const archive = new PMTiles(new FileSource(file));
    const { maxZoom } = await archive.getHeader();
    return { maxZoom, tile: async (z, x, y) => (await archive.getZxy(z, x, y))?.data };
  }

  byId('map-show').addEventListener('click', () => load().catch(() => {}));

  const idle = window.requestIdleCallback ?? ((callback) => setTimeout(callback, 300));
  return {
    load,
    whenLoaded(act) {
      if (shown) act(shown);
      else waiting.push(act);
    },
    drawWhenIdle: () => idle(() => { load().catch(() => {}); }, { timeout: 2000 }),
  };
}

// A property of that name would take the place of what OpenLayers has read of the geometry.
const collection = (rows, geometryOf, propertiesOf) => ({
  type: 'FeatureCollection',
  features: rows.map((row) => {
    const { geometry, ...properties } = propertiesOf(row);
    return { type: 'Feature', id: row.id, geometry: geometryOf(row), properties };
  }),
});
