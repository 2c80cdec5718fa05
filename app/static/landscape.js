// What lies beneath an extract's streets: areas, waters, landmarks. Loaded where a region has them.

// Parks and woods are no green, which would read as "safe" (P46); names read on all of them.
const DAY = { built: '#eae5df', park: '#efe6c3', wood: '#e2dab4', mark: '#5a4a42' };
const NIGHT = { built: '#2a3236', park: '#35321f', wood: '#2e2c1c', mark: '#d5c6bb' };

// Landmarks have their name and a small square; a hospital an H in a larger one.
const MARKS_FROM = { hospital: 13, station: 13.5, bus_station: 13.5, market: 14.5, square: 14.5, church: 15 };
const NAMES_FROM = { park: 14.5, wood: 14, water: 14, waterway: 14 };

/**
 * Make the style of the layer.
 *
 * @param {object} ol the engine
 * @param {{isDark: boolean, tint: object, once: Function, nameOf: Function, named: Function, zoomOf: Function}} kit
 *        of style.js: colours, styles kept by key, names in the reader's language
 */
export function makeLandscape(ol, { isDark, tint, once, nameOf, named, zoomOf }) {
  const own = isDark ? NIGHT : DAY;
  const colours = { built_up: own.built, park: own.park, wood: own.wood, water: tint.water };
  const order = { built_up: 0, wood: 1, park: 2, water: 3 };
  const stroke = (color, width) => new ol.Stroke({ color, width });

  function shapeOf(kind, zoom) {
    if (kind === 'waterway') {
      const width = Math.round(2 * 2 ** Math.max(0, (zoom - 12) / 2)) / 2;
      return once(`waterway ${width}`, () => new ol.Style({ stroke: stroke(tint.river, Math.min(4, width)), zIndex: 4 }));
    }
    return once(`landscape ${kind}`, () => new ol.Style({
      fill: new ol.Fill({ color: colours[kind] }),
      stroke: kind === 'water' ? stroke(tint.river, 0.8) : undefined,
      zIndex: order[kind],
    }));
  }

  function landmark(feature, kind, zoom) {
    if (zoom < MARKS_FROM[kind]) return [];
    const isHospital = kind === 'hospital';
    const size = isHospital ? 8 : 4;
    const square = once(`landmark ${isHospital}`, () => new ol.Style({
      image: new ol.RegularShape({
        points: 4, radius: size * Math.SQRT2, angle: Math.PI / 4, declutterMode: 'declutter',
        fill: new ol.Fill({ color: own.mark }), stroke: stroke(tint.halo, 1.5),
      }),
      zIndex: 30,
    }));
    const letter = isHospital ? [new ol.Style({
      text: new ol.Text({ text: 'H', font: '700 11px system-ui, sans-serif', fill: new ol.Fill({ color: tint.land }), declutterMode: 'none' }),
      zIndex: 31,
    })] : [];
    const name = nameOf(feature);
    if (!name || zoom < MARKS_FROM[kind] + 1) return [square, ...letter];
    return [square, ...letter, new ol.Style({ text: named(name, 11, tint.ink, { offsetY: size + 9, weight: 600 }), zIndex: 32 })];
  }

  return (feature, resolution) => {
    const zoom = zoomOf(resolution);
    const kind = feature.get('kind');
    if (kind in MARKS_FROM) return landmark(feature, kind, zoom);
    const shape = shapeOf(kind, zoom);
    const name = zoom >= NAMES_FROM[kind] && nameOf(feature);
    if (!name) return shape;
    const isLine = kind === 'waterway';
    const isWater = isLine || kind === 'water';
    return [shape, new ol.Style({
      text: named(name, 11, isWater ? tint.waterInk : tint.soft, { slant: 'italic', placement: isLine ? 'line' : 'point', repeat: isLine ? 420 : undefined }),
      zIndex: 12,
    })];
  };
}
