// The workbench's map: the corridor, its gaps, its spaces and trial spaces, and what is looked at.
import { between, placeAt } from './answers.js';
import { baseMap, loadEngine, lonLat } from './pin-map.js';

const LINE = '#0b3d63';
const GAP = '#8a1c1c';
const TRIAL = '#9c4500';

/**
 * Make the map.
 *
 * @param {HTMLElement} target where it goes
 * @param {object} data the page's data
 * @param {(at: [number, number]) => void} onTap gets lon, lat in degrees
 * @returns {Promise<{draw: (view: object) => void, mark: (atM: number, gap: ?number[]) => void}>}
 *          what draws an answer, and what marks a place and a gap of it, metres along its own line
 */
export async function makeBenchMap(target, data, onTap) {
  const engine = await loadEngine(data);
  const { ol, styles } = engine;
  const map = baseMap(target, engine, { ...data, layers: data.layers.filter(({ is_base: isBase }) => isBase) });
  const format = new ol.GeoJSON({ featureProjection: 'EPSG:3857' });
  const stroke = (color, width, lineDash) => new ol.Stroke({ color, width, lineDash });
  const dot = (color, radius, points) => new ol.Style({
    image: points
      ? new ol.RegularShape({ points, radius: radius + 2, fill: new ol.Fill({ color }), stroke: stroke('#fff', 2) })
      : new ol.CircleStyle({ radius, fill: new ol.Fill({ color }), stroke: stroke('#fff', 2) }),
  });
  const looks = {
    corridor: [new ol.Style({ stroke: stroke('#fff', 8) }), new ol.Style({ stroke: stroke(LINE, 4) })],
    gap: [new ol.Style({ stroke: stroke('#fff', 9) }), new ol.Style({ stroke: stroke(GAP, 7, [3, 9]) })],
    space: dot(LINE, 7),
    trial: dot(TRIAL, 8, 4),
  };
  const drawn = new ol.VectorSource();
  const marks = new ol.VectorSource();
  map.addLayer(new ol.VectorLayer({ source: drawn, style: (feature) => looks[feature.get('kind')], zIndex: 3 }));
  map.addLayer(new ol.VectorLayer({ source: marks, style: styles.marks, zIndex: 6 }));
  map.on('singleclick', ({ coordinate }) => onTap(lonLat(ol, coordinate)));

  let line = [];
  const feature = (kind, type, coordinates) => ({
    type: 'Feature', properties: { kind }, geometry: { type, coordinates },
  });
  const read = (features) => format.readFeatures({ type: 'FeatureCollection', features });
  let shown = '';

  return {
    draw(view) {
      ({ line } = view);
      drawn.clear();
      marks.clear();
      drawn.addFeatures(read([
        feature('corridor', 'LineString', line.map(([lon, lat]) => [lon, lat])),
        ...view.gaps.map(([from, to]) => feature('gap', 'LineString', between(line, from, to))),
        ...view.spaces.map(([lon, lat]) => feature('space', 'Point', [lon, lat])),
        ...view.pins.map((at) => feature('trial', 'Point', placeAt(line, at))),
      ]));
      // Who looks at a part of a corridor keeps it in view when its figures change.
      const of = `${line[0]} ${line[line.length - 1]}`;
      if (of !== shown) map.getView().fit(drawn.getExtent(), { padding: [36, 36, 36, 36], maxZoom: 11 });
      shown = of;
    },
    mark(atM, gap) {
      marks.clear();
      const there = feature('mark', 'Point', placeAt(line, atM));
      marks.addFeatures(read(gap ? [feature('mark', 'LineString', between(line, ...gap)), there] : [there]));
    },
  };
}
