// A small map with a pin: what the console's forms and the report of a hazard have in common.
import { makeScale } from './scale.js';

// Levels that a tap looks closer: three taps lead from a continent to a town.
const ZOOM_STEP = 4;

let loading;

/** Load the map engine and its styles once. */
export function loadEngine(data) {
  loading ??= (async () => {
    const css = document.createElement('link');
    css.rel = 'stylesheet';
    css.href = data.olCss;
    document.head.prepend(css);
    const [style, ol] = await Promise.all([import(data.style), import(data.ol)]);
    return { ol, style, styles: style.makeStyles(ol, data.layers, {
      isDark: matchMedia('(prefers-color-scheme: dark)').matches, lang: document.documentElement.lang || 'es', texts: data.texts,
    }) };
  })();
  return loading;
}

/** Make a map of the background alone. */
export function baseMap(target, { ol, style, styles }, data) {
  return new ol.Map({
    target,
    layers: data.layers.filter(({ id }) => styles[id]).flatMap((layer, place) => style.catalogueGround(ol, layer, place, styles[layer.id])),
    view: new ol.View({ center: ol.fromLonLat([-70, -5]), zoom: 3, minZoom: 2, maxZoom: 18 }),
    controls: ol.defaultControls({
      attribution: false, rotate: false,
      zoomOptions: { zoomInTipLabel: data.texts.zoomIn, zoomOutTipLabel: data.texts.zoomOut },
    }).extend([makeScale(ol)]),
    interactions: ol.defaultInteractions({
      altShiftDragRotate: false, pinchRotate: false, mouseWheelZoom: false,
    }),
  });
}

/** Return longitude and latitude of a point of the map. */
export const lonLat = (ol, [x, y]) => ol.transformExtent([x, y, x, y], 'EPSG:3857', 'EPSG:4326').slice(0, 2);

/** Make the sign of a place; a fixed one is a picture, the other a button that can be moved. */
export function makePin(ol, map, { isFixed, className, label }) {
  const pin = document.createElement(isFixed ? 'span' : 'button');
  pin.className = `pin ${className ?? ''}`;
  if (isFixed) pin.setAttribute('role', 'img');
  else pin.type = 'button';
  pin.setAttribute('aria-label', label);
  const overlay = new ol.Overlay({ element: pin, positioning: 'bottom-center', stopEvent: true });
  map.addOverlay(overlay);
  return { pin, overlay };
}

/**
 * Put a pin on a map that a tap, a drag or the arrow keys move.
 *
 * @param {(at: [number, number]) => void} options.onMove gets lon, lat in degrees
 * @param {number} [options.nearEnough] zoom below which a tap looks closer instead
 * @returns {{show: (at: [number, number], look?: boolean) => void, hide: () => void}}
 */
export function pinOn(map, { ol }, { label, onMove, nearEnough = 0 }) {
  const { pin, overlay } = makePin(ol, map, { label });
  const move = (at) => {
    overlay.setPosition(at);
    onMove(lonLat(ol, at));
  };
  map.on('singleclick', (event) => {
    const view = map.getView();
    if (view.getZoom() >= nearEnough) return move(event.coordinate);
    view.setCenter(event.coordinate);
    view.setZoom(Math.min(view.getZoom() + ZOOM_STEP, nearEnough));
  });
  pin.addEventListener('pointerdown', (event) => {
    event.preventDefault();
    pin.focus();
    pin.setPointerCapture(event.pointerId);
  });
  pin.addEventListener('pointermove', (event) => {
    if (pin.hasPointerCapture(event.pointerId)) move(map.getEventCoordinate(event));
  });
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  pin.addEventListener('keydown', (event) => {
    const step = steps[event.key];
    const at = overlay.getPosition();
    if (!step || !at) return;
    event.preventDefault();
    const pixels = (event.shiftKey ? 40 : 4) * map.getView().getResolution();
    move([at[0] + step[0] * pixels, at[1] + step[1] * pixels]);
  });
  return {
    show(at, look = true) {
      const there = ol.fromLonLat(at);
      overlay.setPosition(there);
      if (!look) return;
      map.getView().setCenter(there);
      map.getView().setZoom(13);
    },
    hide: () => overlay.setPosition(undefined),
  };
}
