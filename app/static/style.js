// How layers look: the catalogue's signs (tiles/catalogue, in the page's data) made into OpenLayers
// styles. Colours and forms of what is known live there; the ground's are in palette.js.
import { inLines, placeOfName, placesWithin, REACH_PX } from './label-places.js';
import { paletteOf } from './palette.js';
import { makeSigns, pictureOfMany } from './signs.js';
import { openness } from './spaces.js';
import { breathe, PIECE_MS } from './turns.js';

const ROUTE = '#0072b2';
const OTHER_ROUTE = '#5b7f99';
const HERE = ['#7b2d8b', '#d08ae0']; // by day, by night: no colour of a sign, of a way or of "open"
const HERE_PX = 23;
const CLUSTER_CLOSED = '#33434a';

// A boundary of the 1:10 million scale is off by kilometres, and so are rivers and lakes: they fade
// from this zoom on.
const COARSE_UNTIL = 10;

// Below this zoom only cities have their name, and first-level units neither line nor name.
const CITIES_ALONE = 4.5;
const UNITS_FROM = 5;
const UNIT_NAMES = [6.2, 9];
const COUNTRY_NAMES = [3.2, 7.5];

// Below this zoom many crossings share a few pixels, so their signs shrink and have no name.
const NEAR = 7;
// Up to this zoom one whose sign touches others gives way to the name of its town.
const CROSSING_NAMES = 8.5;
const TOUCHING_PX = 40;

// From these on streets have casings, names, and arrows where vehicles go one way.
const CASED_FROM = 9;
const STREET_NAMES_FROM = 15;
const MAIN_NAMES_FROM = 13;
const ARROWS_FROM = 16.5;

// The region of the shipped sketch (app/setup.py), whose straight lines are no roads.
const SKETCH = 'sketch';

// Classes of roads from the least to the most important: how wide each is at zoom 14, pixels, and
// the colour of its surface and casing in the palette. Paths have no casing.
const ROADS = [
  [/^(steps|footway|path|bridleway|corridor|cycleway|track|platform)/, { width: 1.6, path: true }],
  [/^(service|pedestrian|living_street)/, { width: 2, surface: 'street', casing: 'streetCasing' }],
  [/^(residential|unclassified|road|tertiary)/, { width: 3.4, surface: 'street', casing: 'streetCasing' }],
  [/^secondary/, { width: 4.6, surface: 'road', casing: 'roadCasing' }],
  [/^primary/, { width: 5.4, surface: 'road', casing: 'roadCasing' }],
  [/^(trunk|motorway)/, { width: 6.2, surface: 'main', casing: 'mainCasing' }],
].map(([pattern, look], rank) => ({ pattern, rank, ...look }));

// Padding, halo and leading of a name.
const NAME_ROOM_PX = 6;

// Names of the ground stand above ways (4) and below signs (5 and more) and what lies over the map (4.94,
// map.js), which they keep clear of.
const [NAMES_ABOVE, NAMES_BELOW] = [4.1, 4.93];

/**
 * Make what draws one source of the ground: its shapes at the bottom, its names above ways.
 *
 * @param {object} ol the engine
 * @param {object} source of vector tiles
 * @param {(feature: object, resolution: number, isNames: boolean) => ?(object|object[])} styleOf gives the
 *        styles of either; those of the other are left out
 * @param {{name: string, place?: number, hasShapes?: boolean, hasNames?: boolean}} what the name of the
 *        layer, its place from the bottom, which of both it has, and options of the engine
 */
export function groundLayers(ol, source, styleOf, { name, place = 0, hasShapes = true, hasNames = true, ...options }) {
  const part = (isNames) => {
    const of = (feature, resolution) =>
      [styleOf(feature, resolution, isNames) ?? []].flat().filter((one) => !one.getText() !== isNames);
    const [style, prepare] = isNames ? ahead(of) : [of];
    return new ol.VectorTileLayer({
      source,
      style,
      declutter: isNames && 'marks',
      // Of names no picture of a tile is drawn.
      renderMode: isNames ? 'vector' : 'hybrid',
      zIndex: place / 10 + (isNames ? NAMES_ABOVE : 0),
      properties: { name, isGround: true, prepare },
      ...options,
    });
  };
  return [...(hasShapes ? [part(false)] : []), ...(hasNames ? [part(true)] : [])];
}

/**
 * Let styles be made before the frame that draws them, some at a time.
 *
 * @returns {[Function, (features: object[], resolution: number) => Promise<void>]} the layer's style, and
 *          what makes those of features for a resolution
 */
function ahead(styleOf) {
  const made = new WeakMap();
  // The browser looks up the form of a letter once for each font.
  const pen = document.createElement('canvas').getContext('2d');
  const take = (feature, resolution) => {
    const known = made.get(feature);
    made.delete(feature);
    return known && known.at === resolution ? known.styles : styleOf(feature, resolution);
  };
  const prepare = async (features, at) => {
    let began = performance.now();
    for (const feature of features) {
      const styles = styleOf(feature, at);
      made.set(feature, { at, styles });
      for (const text of styles.map((one) => one.getText())) {
        pen.font = text.getFont();
        pen.measureText(text.getText());
      }
      if (performance.now() - began < PIECE_MS) continue;
      await breathe();
      began = performance.now();
    }
  };
  return [take, prepare];
}

/** Let names of countries stand before those of cities while no name of a department is drawn. */
export function putCountriesFirst(view, layers) {
  const names = layers.find((layer) => layer.getDeclutter());
  const put = () => names.setZIndex(view.getZoom() < UNIT_NAMES[0] ? NAMES_BELOW : NAMES_ABOVE);
  view.on('change:resolution', put);
  put();
}

/**
 * Make the style of what is not drawn and keeps names away: a box of some pixels (`sizePx`), but for its
 * edge, to which the room around a name's letters may come.
 */
export const makeClearing = (ol) => (feature) => new ol.Style({
  image: new ol.RegularShape({
    points: 4, radius: 5, scale: feature.get('sizePx').map((px) => (px - 2 * NAME_ROOM_PX) / 10), declutterMode: 'obstacle',
  }),
});

/**
 * Make what loads vector tiles.
 *
 * @param {object} format of the engine
 * @param {(tile: object, address: string) => Promise<?(ArrayBuffer|Uint8Array)>} read gives the bytes of
 *        a tile, or none where nothing is
 * @param {(work: () => void) => Promise<void>} turn does a piece of work in its turn (turns.js)
 */
export function tileLoader(format, read, turn) {
  return (tile, address) => tile.setLoader(async (extent, _resolution, featureProjection) => {
    try {
      const bytes = await read(tile, address);
      await turn(() => tile.setFeatures(bytes ? format.readFeatures(bytes, { extent, featureProjection }) : []));
    } catch {
      tile.onError();
    }
  });
}

async function fetchedTile(_tile, address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`tile: ${answer.status}`);
  return answer.arrayBuffer();
}

/** Make what draws a layer of the catalogue's ground, by its tiles of the server, each in its turn. */
export function catalogueGround(ol, layer, place, styleOf, turn = async (work) => work()) {
  const { id, tiles: url, min_zoom: minZoom, max_zoom: maxZoom } = layer;
  const format = new ol.MVT();
  const source = new ol.VectorTileSource({
    format, url, minZoom, maxZoom, tileLoadFunction: tileLoader(format, fetchedTile, turn),
  });
  return groundLayers(ol, source, styleOf, {
    name: id, place, hasShapes: layer.has_shapes, hasNames: layer.has_names,
    // Half a zoom before the first tiles; further out they would be fetched by the hundred.
    minZoom: minZoom - 0.5,
  });
}

/**
 * Make the styles.
 *
 * @param {object} ol the engine
 * @param {object[]} layers the catalogue's, of the page's data
 * @param {{isDark?: boolean, lang?: string, texts?: object, countries?: Record<string, string>, landscape?: ?object,
 *          signsIn?: (extent: number[], resolution: number) => number[][]}} [reader]
 *        whether the page is dark, its language, its texts and its names of countries; the module of
 *        what lies beneath streets, where there is any; `signsIn` gives where signs stand in an extent
 *        at a resolution, which names keep clear of
 * @returns {Record<string, Function>} a style function for each layer
 */
export function makeStyles(ol, layers, {
  isDark = false, lang = 'es', texts = {}, countries = {}, landscape = null, signsIn = () => [],
} = {}) {
  const given = Object.fromEntries(layers.map((layer) => [layer.id, layer.style]));
  const tint = paletteOf(isDark);
  const style = (options) => new ol.Style(options);
  const stroke = (color, width, lineDash, lineCap) => new ol.Stroke({ color, width, lineDash, lineCap });
  const fill = (color) => new ol.Fill({ color });
  const font = (size, weight = 500, slant = '') => `${slant} ${weight} ${size}px system-ui, "Noto Sans", sans-serif`;
  const halo = stroke(tint.halo, 3);
  const sign = given.spaces?.glyphs ? makeSigns(given.spaces) : null;
  const cache = {};
  const once = (key, make) => (cache[key] ??= make());

  const signOf = (id, feature) => {
    const whole = given[id];
    return whole.values?.[feature.get(whole.by)] ?? whole;
  };

  /** A name in the reader's language, else as it is there; who reads Creole mostly reads French. */
  const spoken = `name_${lang === 'ht' ? 'fr' : lang}`;
  const nameOf = (feature) => feature.get(spoken) ?? feature.get('name') ?? '';

  // A style with text belongs to its feature, hence no cache by name.
  const named = (text, size, color, more = {}) => new ol.Text({
    text, font: font(size, more.weight, more.slant), fill: fill(color), stroke: halo, padding: [2, 4, 2, 4], ...more,
  });

  /** Where signs are around a point, in pixels right of it and down. */
  function signsAround([east, north], resolution) {
    const reach = REACH_PX * resolution;
    return fromPoint([east, north], signsIn([east - reach, north - reach, east + reach, north + reach], resolution), resolution);
  }

  const fromPoint = ([east, north], places, resolution) =>
    places.map(([x, y]) => [(x - east) / resolution, (north - y) / resolution]);

  function boundaries(feature, resolution, isNames) {
    const zoom = zoomOf(resolution);
    const isCountry = Number(feature.get('level') ?? 0) === 0;
    if (!isCountry && zoom < UNITS_FROM) return undefined;
    if (isNames) return areaName(feature, zoom, isCountry, resolution);
    const isFaded = zoom > COARSE_UNTIL;
    return once(`boundary ${isCountry} ${isFaded}`, () => (isCountry ? [
      // Most of this outline is a coast: the lines between two countries are the layer ground's.
      style({ fill: fill(tint.land), stroke: stroke(withOpacity(tint.coast, isFaded ? 0.3 : 1), 0.8), zIndex: 0 }),
    ] : [style({ stroke: stroke(withOpacity(tint.unit, isFaded ? 0.3 : 1), 0.8, [3, 4]), zIndex: 1 })]));
  }

  /** The name of a country or first-level unit, at the place that the tiles tell, or beside it. */
  function areaName(feature, zoom, isCountry, resolution) {
    const [from, until] = isCountry ? COUNTRY_NAMES : UNIT_NAMES;
    const at = feature.get('label_lon');
    if (zoom < from || zoom >= until || at === undefined) return [];
    const name = (isCountry && countries[feature.get('country')]) || nameOf(feature);
    if (!name) return [];
    const place = ol.fromLonLat([at, feature.get('label_lat')]);
    // Each tile has a part of the area, and would cut a name that stands in another's.
    const [west, south, east, north] = feature.getExtent();
    if (place[0] < west || place[0] > east || place[1] < south || place[1] > north) return [];
    const text = isCountry ? name.toLocaleUpperCase(lang) : name;
    const [size, weight, slant] = isCountry ? [12, 700, ''] : [11, 500, 'italic'];
    const places = isCountry ? placesWithin(text, size, signsAround(place, resolution)) : [{}];
    const geometry = new ol.Point(place);
    return places.map((beside) => style({
      geometry, text: named(text, size, tint.soft, { weight, slant, ...beside }), zIndex: isCountry ? 2e8 : 10,
    }));
  }

  function rivers(feature, resolution) {
    const zoom = zoomOf(resolution);
    if (zoom > COARSE_UNTIL) return undefined;
    const rank = Number(feature.get('rank'));
    const isSeasonal = rank >= 5;
    const width = Math.max(0.5, (isSeasonal ? 0.6 : 1.7 - rank * 0.35) * (0.5 + zoom / 12));
    const step = Math.round(width * 4) / 4;
    return once(`river ${isSeasonal} ${step}`, () => style({
      stroke: stroke(tint.river, step, isSeasonal ? [5, 4] : undefined), zIndex: 3,
    }));
  }

  function ground(feature, resolution) {
    const zoom = zoomOf(resolution);
    if (feature.get('kind') === 'border') return border(zoom > COARSE_UNTIL);
    if (zoom > COARSE_UNTIL) return undefined;
    const shore = once('lake', () => style({ fill: fill(tint.water), stroke: stroke(tint.river, 0.8), zIndex: 3 }));
    if (zoom < 6) return shore;
    return [shore, style({ text: named(nameOf(feature), 11, tint.waterInk, { slant: 'italic' }), zIndex: 5 })];
  }

  const border = (isFaded) => once(`border ${isFaded}`, () => [
    style({ stroke: stroke(withOpacity(tint.border, isFaded ? 0.06 : 0.15), 7), zIndex: 6 }),
    style({ stroke: stroke(withOpacity(tint.border, isFaded ? 0.4 : 1), 1.5, [12, 4, 2, 4]), zIndex: 7 }),
  ]);

  function roads(feature, resolution) {
    const zoom = zoomOf(resolution);
    const highway = feature.get('highway') ?? '';
    if (feature.get('region') === SKETCH) return sketch(highway, zoom);
    if (highway === 'ferry') return once('ferry', () => style({ stroke: stroke(tint.ferry, 1.8, [9, 6]), zIndex: 5 }));
    const look = ROADS.find(({ pattern }) => pattern.test(highway)) ?? ROADS[1];
    const lines = look.path ? pathLines(highway, zoom) : roadLines(look, zoom, /_link$/.test(highway));
    const words = [...streetName(feature, look, zoom), ...arrow(feature, look, zoom)];
    return words.length > 0 ? [...lines, ...words] : lines;
  }

  // Opaque, and every casing below every surface: where pieces meet nothing darkens.
  function roadLines({ rank, width, surface, casing }, zoom, isLink) {
    const grown = width * (isLink ? 0.7 : 1) * 2 ** ((zoom - 14) * (zoom > 14 ? 0.75 : 0.32));
    const step = Math.max(0.75, Math.round(grown * 4) / 4);
    return once(`road ${rank} ${zoom < CASED_FROM} ${step}`, () => (zoom < CASED_FROM
      ? [style({ stroke: stroke(tint[casing], Math.max(1, step * 0.7), undefined, 'round'), zIndex: 20 + rank })]
      : [
        style({ stroke: stroke(tint[casing], step + (step < 3 ? 1 : 2), undefined, 'round'), zIndex: 10 }),
        style({ stroke: stroke(tint[surface], step, undefined, 'round'), zIndex: 20 + rank }),
      ]));
  }

  // Steps are bars across the way; a path is dashed.
  function pathLines(highway, zoom) {
    if (zoom < 13) return once('path far', () => [style({ stroke: stroke(tint.path, 0.8, [2, 3]), zIndex: 12 })]);
    const isSteps = highway === 'steps';
    const isTrack = highway === 'track';
    const isNear = zoom >= STREET_NAMES_FROM;
    const width = (isSteps ? 5 : isTrack ? 2.2 : 1.6) * (isNear ? 1 : 0.6);
    const dash = isSteps ? [1.5, 2.5] : isTrack ? [9, 4] : [4, 3];
    return once(`path ${isSteps} ${isTrack} ${isNear}`, () => [
      style({ stroke: stroke(tint.halo, width + 2), zIndex: 11 }),
      style({ stroke: stroke(tint.path, width, dash, 'butt'), zIndex: 12 }),
    ]);
  }

  // Lines from town to town, which say of themselves that they are drawn by hand.
  function sketch(highway, zoom) {
    const isMain = /^(motorway|trunk|primary)/.test(highway);
    const width = (isMain ? 1.8 : 1.2) + Math.max(0, zoom - 7) * 0.2;
    const step = Math.round(width * 4) / 4;
    const line = once(`sketch ${step}`, () => style({ stroke: stroke(tint.sketch, step, [step * 5, step * 3]), zIndex: 4 }));
    if (zoom < NEAR) return line;
    return [line, style({
      text: named(texts.sketch ?? 'esquema', 11, tint.sketch, { placement: 'line', repeat: 320, slant: 'italic', weight: 600 }),
      zIndex: 0,
    })];
  }

  function streetName(feature, { rank, path }, zoom) {
    const text = feature.get('name');
    if (!text || zoom < (rank >= 3 ? MAIN_NAMES_FROM : path ? ARROWS_FROM : STREET_NAMES_FROM)) return [];
    return [style({
      text: named(text, rank >= 3 ? 12 : 11, tint.ink, { placement: 'line', weight: rank >= 3 ? 600 : 500, maxAngle: 0.7, repeat: 420 }),
      zIndex: 20 + rank,
    })];
  }

  function arrow(feature, { path }, zoom) {
    if (path || zoom < ARROWS_FROM || !feature.get('oneway')) return [];
    return [style({
      text: new ol.Text({
        text: '→', font: font(12, 700), fill: fill(tint.soft), placement: 'line', keepUpright: false, repeat: 160,
      }),
      zIndex: 1,
    })];
  }

  function places(feature, resolution) {
    const people = Number(feature.get('population') ?? 0);
    const isCity = people >= 1e6;
    // Of a continent there is room for a few names, and each of them is measured to find that out.
    if (!isCity && zoomOf(resolution) < CITIES_ALONE) return undefined;
    const name = nameOf(feature);
    const size = isCity ? 13 : people >= 1e5 ? 12 : 11;
    return style({
      text: named(name, size, tint.ink, {
        weight: isCity ? 600 : 400, ...placeOfName(name, size, signsAround(feature.getExtent(), resolution)),
      }),
      zIndex: Math.min(people, 1e8),
    });
  }

  function spaces(cluster) {
    const members = cluster.get('features');
    const states = members.map((member) => stateOf(member.get('space')));
    if (members.length === 1) return one(members[0].get('space'), states[0]);
    const isOpen = states.includes('open');
    const { colour } = given.spaces;
    return once(`cluster ${members.length} ${isOpen}`, () => pictured(pictureOfMany(members.length, {
      radius: Math.min(18, 11 + Math.sqrt(members.length)),
      ...(isOpen
        ? { fill: colour, rim: '#fff', rimWidth: 3, ink: inkOn(colour) }
        : { fill: '#fff', rim: CLUSTER_CLOSED, rimWidth: 2.5, ink: CLUSTER_CLOSED }),
    })));
  }

  const pictured = ({ img, sizePx }) =>
    style({ image: new ol.Icon({ img, scale: sizePx / img.width, declutterMode: 'obstacle' }) });

  function one(space, state) {
    const { key, draw } = sign(space, state);
    return once(`space ${key}`, () => pictured(draw()));
  }

  /** What the schedule says now; what is full or closed for a time takes nobody. */
  const stateOf = (space) => (space.isFull || space.status !== 'active' ? 'closed' : openness(space).state);

  function crossings(feature, resolution) {
    const drawn = signOf('crossings', feature);
    const zoom = zoomOf(resolution);
    const radius = zoom < NEAR ? 7 : 11;
    const marks = once(`crossing ${drawn.form} ${drawn.colour} ${radius}`, () => point(drawn, radius));
    if (zoom < NEAR) return marks;
    const name = inLines(shortName(feature));
    const around = signsAround(feature.getGeometry().getExtent(), resolution);
    const isTouched = around.filter(([right, down]) => Math.hypot(right, down) < TOUCHING_PX).length > 1;
    if (isTouched && zoom < CROSSING_NAMES) return marks;
    return [...marks, style({ text: named(name, 12, tint.ink, { weight: 700, ...placeOfName(name, 12, around) }), zIndex: 1 })];
  }

  /** Of a crossing the name alone: the towns in brackets have their own, and all of them are international. */
  const shortName = (feature) => (feature.get('name') ?? '').split(' (')[0].replace(' Internacional ', ' ');

  function hazards(feature) {
    const drawn = signOf('hazards', feature);
    const { opacity, width_px: width } = given.hazards;
    const isArea = feature.getGeometry().getType().endsWith('Polygon');
    const isBarred = drawn.form.endsWith('-barred');
    const marks = once(`hazard ${drawn.form} ${drawn.colour}`, () => point(drawn, 11));
    return [
      once(`hazard area ${drawn.colour} ${isArea}`, () => style({
        fill: fill(withOpacity(drawn.colour, opacity * 0.6)),
        stroke: stroke(drawn.colour, isArea ? width : width * 2.5, isBarred ? undefined : [6, 5]),
      })),
      // The mark's place depends on the feature, the mark does not.
      ...marks.map((mark) => {
        const placed = mark.clone();
        placed.setGeometry(middle(feature.getGeometry()));
        return placed;
      }),
    ];
  }

  function middle(geometry) {
    switch (geometry.getType()) {
      case 'Polygon': return geometry.getInteriorPoint();
      case 'MultiPolygon': return geometry.getInteriorPoints();
      case 'LineString': return new ol.Point(geometry.getCoordinateAt(0.5));
      case 'MultiLineString': return middle(geometry.getLineString(0));
      default: return geometry;
    }
  }

  function routes(feature) {
    const isChosen = feature.get('chosen');
    return once(`route ${isChosen}`, () => (isChosen
      ? [
        style({ stroke: stroke('#fff', 9), zIndex: 2 }), style({ stroke: stroke(ROUTE, 5), zIndex: 3 }),
        routeEnd('getFirstCoordinate'), routeEnd('getLastCoordinate'),
      ]
      : [style({ stroke: stroke(isDark ? tint.land : '#fff', 6), zIndex: 0 }), style({ stroke: stroke(OTHER_ROUTE, 3.5, [10, 8]), zIndex: 1 })]));
  }

  // As in the list of what lies along it.
  const routeEnd = (coordinate) => style({
    geometry: (feature) => new ol.Point(feature.getGeometry()[coordinate]()),
    image: new ol.RegularShape({ points: 4, radius: 9, angle: Math.PI / 4, fill: fill('#16262b'), stroke: stroke('#fff', 2) }),
    zIndex: 4,
  });

  // What a person looks at of a route: a place on it, or a stretch.
  function marks(feature) {
    const isPoint = feature.getGeometry().getType() === 'Point';
    const ink = '#16262b';
    return once(`mark ${isPoint}`, () => (isPoint
      ? [style({ image: new ol.CircleStyle({ radius: 9, fill: fill(ink), stroke: stroke('#fff', 3) }) })]
      : [style({ stroke: stroke('#fff', 11), zIndex: 4 }), style({ stroke: stroke(ink, 7), zIndex: 5 })]));
  }

  // Where somebody is, or has said to look: a dot, and around it as far as the phone may be wrong, or as
  // far as is to be seen round a sign that stands there.
  function here(feature, resolution) {
    const accuracyM = feature.get('accuracyM');
    const [, latitude] = feature.getGeometry().clone().transform('EPSG:3857', 'EPSG:4326').getCoordinates();
    const radius = Math.max(HERE_PX, Math.min(400, (accuracyM ?? 0) / (resolution * Math.cos(latitude * Math.PI / 180))));
    const colour = HERE[Number(isDark)];
    return [
      style({ image: new ol.CircleStyle({ radius, fill: fill(withOpacity(colour, 0.12)), stroke: stroke(colour, 2.5) }) }),
      style({ image: new ol.CircleStyle({ radius: 7, fill: fill(colour), stroke: stroke('#fff', 3) }), zIndex: 1 }),
    ];
  }

  // The name of what somebody asked for is drawn whatever is there, where the map does not cut it. Its
  // mark stands at the point itself.
  function asked(feature, resolution) {
    const at = feature.getGeometry().getCoordinates();
    const edges = fromPoint(at, feature.get('edges') ?? [], resolution);
    const around = [[0, 0], ...signsAround(at, resolution), ...edges];
    const name = feature.get('name');
    return style({ text: named(name, 13, tint.ink, { weight: 700, declutterMode: 'obstacle', ...placeOfName(name, 13, around) }) });
  }

  // The forms of the catalogue for points; templates/parts.html draws the same ones.
  function point({ colour, form }, radius) {
    const [base, detail] = form.split('-');
    const common = { radius, fill: fill(colour), stroke: stroke('#fff', 2), declutterMode: 'obstacle' };
    const shapes = {
      circle: () => new ol.CircleStyle(common),
      diamond: () => new ol.RegularShape({ ...common, points: 4 }),
      triangle: () => new ol.RegularShape({ ...common, points: 3 }),
    };
    if (!shapes[base]) throw new Error(`the catalogue has a form the map cannot draw: ${form}`);
    const styles = [style({ image: shapes[base]() })];
    const thin = stroke(inkOn(colour), Math.max(1.5, radius / 5));
    const mark = (options) => style({ image: new ol.RegularShape({ stroke: thin, declutterMode: 'none', ...options }) });
    if (detail === 'crossed') styles.push(mark({ points: 4, radius: radius * 0.42, radius2: 0, angle: Math.PI / 4 }));
    if (detail === 'barred') styles.push(mark({ points: 2, radius: radius * 0.4, angle: Math.PI / 2 }));
    if (detail === 'question') styles.push(style({ text: label('?', radius * 1.3, inkOn(colour)) }));
    return styles;
  }

  function label(text, size, colour) {
    return new ol.Text({ text, font: font(size, 700), fill: fill(colour), declutterMode: 'none' });
  }

  return {
    boundaries, rivers, ground, roads, places, spaces, crossings, hazards, routes, marks, here, asked,
    landscape: landscape?.makeLandscape(ol, { isDark, tint, once, nameOf, named, zoomOf }),
  };
}

const channels = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));

function withOpacity(colour, opacity) {
  return `rgba(${channels(colour).join(',')},${opacity})`;
}

// Black or white, whichever reads better: perceived brightness, W3C AERT 2.2 (weights 299, 587, 114).
function inkOn(colour) {
  const [red, green, blue] = channels(colour);
  return red * 0.299 + green * 0.587 + blue * 0.114 > 130 ? '#000' : '#fff';
}

// Web Mercator: 156,543 m a pixel at zoom 0 with 256-pixel tiles (OGC well-known scale set).
function zoomOf(resolution) {
  return Math.log2(156543.03392804097 / resolution);
}
