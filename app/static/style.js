// How layers look: the catalogue's signs (tiles/catalogue/layers.py, in the page's data) made into
// OpenLayers styles. Colours and forms live there; only paper, halos and sizes live here.

const PAPER = '#f7f5ef';
const INK = '#16262b';
const ROUTE = '#0072b2';
const OTHER_ROUTE = '#5b7f99';
const HERE = '#7b2d8b'; // no colour of a sign, of a way or of "open"

// A boundary of the 1:10 million scale is off by kilometres: it fades from this zoom on.
const BORDER_FADES_AT = 10;

// Below this zoom only cities have their name.
const CITIES_ALONE = 4.5;

// Below this zoom many crossings share a few pixels, so their signs shrink.
const NEAR = 7;

// How far below a town its name stands: what helps there is mostly in its middle, and its sign would
// cover the name.
const BESIDE_PX = 22;

export function makeStyles(ol, layers) {
  const given = Object.fromEntries(layers.map((layer) => [layer.id, layer.style]));
  const style = (options) => new ol.Style(options);
  const stroke = (color, width, lineDash) => new ol.Stroke({ color, width, lineDash });
  const fill = (color) => new ol.Fill({ color });
  const font = (size, weight = 500) => `${weight} ${size}px system-ui, "Noto Sans", sans-serif`;
  const halo = stroke('rgba(255,255,255,0.9)', 3);
  const cache = {};
  const once = (key, make) => (cache[key] ??= make());

  const signOf = (id, feature) => {
    const whole = given[id];
    return whole.values?.[feature.get(whole.by)] ?? whole;
  };

  function boundaries(feature, resolution) {
    const zoom = zoomOf(resolution);
    const isCountry = Number(feature.get('level') ?? 0) === 0;
    if (!isCountry && zoom < 5) return undefined;
    const isFaded = zoom > BORDER_FADES_AT;
    const { colour, opacity, width_px: width } = given.boundaries;
    return once(`boundary ${isCountry} ${isFaded}`, () => style({
      fill: isCountry ? fill(PAPER) : undefined,
      stroke: stroke(
        withOpacity(colour, isFaded ? opacity / 3 : opacity),
        isCountry ? width * 1.6 : width * 0.7,
        isCountry ? undefined : [4, 4],
      ),
      zIndex: isCountry ? 0 : 1,
    }));
  }

  function roads(feature, resolution) {
    const isMain = /^(motorway|trunk|primary)/.test(feature.get('highway') ?? '');
    const { colour, opacity, width_px: width } = given.roads;
    const grown = width * (isMain ? 1 : 0.6) + Math.max(0, zoomOf(resolution) - 7) * 0.3;
    const step = Math.round(grown * 4) / 4;
    return once(`road ${isMain} ${step}`, () => style({
      stroke: stroke(withOpacity(colour, isMain ? opacity : opacity * 0.7), step),
    }));
  }

  function places(feature, resolution) {
    const people = Number(feature.get('population') ?? 0);
    const isCity = people >= 1e6;
    // Of a continent there is room for a few names, and each of them is measured to find that out.
    if (!isCity && zoomOf(resolution) < CITIES_ALONE) return undefined;
    // A style with text belongs to its feature, hence no cache by name.
    return style({
      text: new ol.Text({
        text: feature.get('name') ?? '', font: font(isCity ? 13 : people >= 1e5 ? 12 : 11, isCity ? 600 : 400),
        fill: fill(withOpacity(given.places.colour, 0.75)), stroke: halo, padding: [2, 4, 2, 4],
        offsetY: BESIDE_PX,
      }),
      zIndex: Math.min(people, 1e8),
    });
  }

  function spaces(cluster) {
    const members = cluster.get('features');
    const { colour } = given.spaces;
    if (members.length === 1) return once('space', () => point({ colour, form: 'circle' }, 9));
    return once(`cluster ${members.length}`, () => style({
      image: new ol.CircleStyle({
        radius: Math.min(22, 12 + Math.sqrt(members.length) * 1.4),
        fill: fill(colour), stroke: stroke('rgba(255,255,255,0.95)', 3), declutterMode: 'obstacle',
      }),
      text: label(String(members.length), 13, inkOn(colour)),
    }));
  }

  function crossings(feature, resolution) {
    const sign = signOf('crossings', feature);
    const radius = zoomOf(resolution) < NEAR ? 7 : 11;
    return once(`crossing ${sign.form} ${sign.colour} ${radius}`, () => point(sign, radius));
  }

  function hazards(feature) {
    const sign = signOf('hazards', feature);
    const { opacity, width_px: width } = given.hazards;
    const isArea = feature.getGeometry().getType().endsWith('Polygon');
    const isBarred = sign.form.endsWith('-barred');
    const marks = once(`hazard ${sign.form} ${sign.colour}`, () => point(sign, 11));
    return [
      once(`hazard area ${sign.colour} ${isArea}`, () => style({
        fill: fill(withOpacity(sign.colour, opacity * 0.6)),
        stroke: stroke(sign.colour, isArea ? width : width * 2.5, isBarred ? undefined : [6, 5]),
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
      ? [style({ stroke: stroke('#fff', 9), zIndex: 2 }), style({ stroke: stroke(ROUTE, 5), zIndex: 3 })]
      : [style({ stroke: stroke('#fff', 6), zIndex: 0 }), style({ stroke: stroke(OTHER_ROUTE, 3.5, [10, 8]), zIndex: 1 })]));
  }

  // What a person looks at of a route: a place on it, or a stretch.
  function marks(feature) {
    const isPoint = feature.getGeometry().getType() === 'Point';
    return once(`mark ${isPoint}`, () => (isPoint
      ? [style({ image: new ol.CircleStyle({ radius: 9, fill: fill(INK), stroke: stroke('#fff', 3) }) })]
      : [style({ stroke: stroke('#fff', 11), zIndex: 4 }), style({ stroke: stroke(INK, 7), zIndex: 5 })]));
  }

  // Where somebody is, or has said to look: a dot, and around it as far as the phone may be wrong.
  function here(feature, resolution) {
    const accuracyM = feature.get('accuracyM');
    const [, latitude] = feature.getGeometry().clone().transform('EPSG:3857', 'EPSG:4326').getCoordinates();
    const radius = Math.min(400, (accuracyM ?? 0) / (resolution * Math.cos(latitude * Math.PI / 180)));
    const dot = style({ image: new ol.CircleStyle({ radius: 7, fill: fill(HERE), stroke: stroke('#fff', 3) }), zIndex: 1 });
    if (radius <= 8) return [dot];
    return [style({ image: new ol.CircleStyle({ radius, fill: fill(withOpacity(HERE, 0.12)), stroke: stroke(withOpacity(HERE, 0.6), 1.5) }) }), dot];
  }

  // The forms of the catalogue for points; templates/parts.html draws the same ones.
  function point({ colour, form }, radius) {
    const [base, detail] = form.split('-');
    const edge = stroke(base === 'circle' ? '#fff' : INK, base === 'circle' ? 2.5 : 1.2);
    const common = { radius, fill: fill(colour), stroke: edge, declutterMode: base === 'circle' ? 'obstacle' : 'none' };
    const shapes = {
      circle: () => new ol.CircleStyle(common),
      diamond: () => new ol.RegularShape({ ...common, points: 4 }),
      triangle: () => new ol.RegularShape({ ...common, points: 3 }),
    };
    if (!shapes[base]) throw new Error(`the catalogue has a form the map cannot draw: ${form}`);
    const styles = [style({ image: shapes[base]() })];
    const thin = stroke(inkOn(colour), Math.max(1.5, radius / 5));
    const mark = (options) => style({ image: new ol.RegularShape({ stroke: thin, declutterMode: 'none', ...options }) });
    if (detail === 'crossed') styles.push(mark({ points: 4, radius: radius * 0.5, radius2: 0, angle: Math.PI / 4 }));
    if (detail === 'barred') styles.push(mark({ points: 2, radius: radius * 0.4, angle: Math.PI / 2 }));
    if (detail === 'question') styles.push(style({ text: label('?', radius * 1.3, inkOn(colour)) }));
    return styles;
  }

  function label(text, size, colour) {
    return new ol.Text({ text, font: font(size, 700), fill: fill(colour), declutterMode: 'none' });
  }

  return { boundaries, roads, places, spaces, crossings, hazards, routes, marks, here };
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
