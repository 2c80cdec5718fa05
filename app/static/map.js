// The map. Everything engine-specific is behind makeMap, so that the page never sees OpenLayers.

import { makeScale } from './scale.js';
import { namedCountry } from './spaces.js';
import { breathe, makeTurns, PIECE_MS } from './turns.js';

/** The map's own colours, after the page's. */
function addStyleSheet(href) {
  if (!href || document.querySelector(`link[href="${href}"]`)) return;
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = href;
  document.head.append(link);
}

// Zooms between which the relief fades: its cells of 9 km are a blur then.
const RELIEF_FADES = [5.5, 7.5];

const EVERYWHERE = [-Infinity, -Infinity, Infinity, Infinity];

// Names are drawn over their ground, or this long after it was asked for where a network is slow [A].
const NAMES_AFTER_MS = 2000;

/**
 * Tell what the map begins with: spaces of the country that the reader's language names, as the list
 * does, else of those in the phone's time zone, else all. Neither leaves the phone.
 */
export function beginWith(spaces) {
  const named = namedCountry();
  const own = spaces.filter(({ country }) => country === named);
  if (own.length > 0) return own;
  // Not asked of who need not be: the first calendar of a page takes a slow phone a tenth of a second.
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const inZone = new Set(spaces.filter(({ timezone }) => timezone === timeZone).map(({ country }) => country));
  const near = spaces.filter(({ country }) => inZone.has(country));
  return near.length > 0 ? near : spaces;
}

/**
 * Make the map.
 *
 * @param {HTMLElement} target where it goes
 * @param {{data: object, ol: object, style: object, basemap: ?object,
 *          read: Record<'spaces'|'crossings'|'hazards', () => Promise<object>>, describe: (kind: string, features: {id: string, name: string, space?: object, state?: string}[]) => Node,
 *          chosen: (kind: string, id: ?string) => void}} options
 *        the page's data, the engine, the styles, a basemap on the phone (else tiles are fetched), what
 *        to show (spaces as `readSpaces` gives them, the others as GeoJSON), what a popup says, and what
 *        is told which sign was chosen, or that none is any more
 *        `lookAt` takes the phone's own place with its accuracy, and then no tile is asked for
 * @returns {Promise<{takeButton: (button: HTMLButtonElement) => void, lookAt: (at: number[], about?: {accuracyM?: number, ids?: string[]}) => void, show: (id: string) => boolean, drawRoutes: (collection: object) => void,
 *          drawLine: (line: number[][]) => void, choose: (index: number, isNear?: boolean) => void,
 *          mark: (line: number[][]) => void,
 *          pick: (signal: AbortSignal) => Promise<?{space?: {id: string, name: string}, at?: number[]}>}>}
 *          what the page may do with it
 */
export async function makeMap(target, { data, ol, style, basemap = null, read, describe, chosen = () => {} }) {
  // After the engine, which has just been read.
  await breathe();
  addStyleSheet(data.mapCss);
  const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const duration = isCalm ? 0 : 250;
  const format = new ol.GeoJSON({ featureProjection: 'EPSG:3857' });
  const middle = ([west, south, east, north]) => [(west + east) / 2, (south + north) / 2];

  const sources = Object.fromEntries(
    ['spaces', 'crossings', 'hazards', 'routes', 'marks', 'here', 'asked'].map((name) => [name, new ol.VectorSource()]),
  );
  const clusters = new ol.Cluster({ source: sources.spaces, distance: 34, minDistance: 12 });

  /** Where signs stand in an extent, in the map's projection. */
  function signsIn(extent, resolution) {
    const view = map.getView();
    // Names are placed before the layer of clusters is drawn, which else joins them for this resolution.
    const isAtRest = resolution === view.getResolution() && !view.getAnimating() && !view.getInteracting();
    if (isAtRest) clusters.loadFeatures(extent, resolution, view.getProjection());
    return [clusters, sources.crossings, sources.hazards]
      .flatMap((source) => source.getFeaturesInExtent(extent))
      .map((feature) => middle(feature.getGeometry().getExtent()));
  }

  const night = matchMedia('(prefers-color-scheme: dark)');
  const landscape = data.landscape ? await import(data.landscape) : null;
  const stylesNow = () => style.makeStyles(ol, data.layers, {
    isDark: night.matches, lang: data.lang, texts: data.texts, countries: data.names?.countries, landscape, signsIn,
  });
  let styles = stylesNow();
  const ground = data.layers.filter(({ id, is_base: isBase }) => isBase && styles[id]);
  const overlay = (name, source, zIndex, more) =>
    new ol.VectorLayer({ source, style: styles[name], zIndex, properties: { name }, ...more });
  // Signs are drawn whatever is there, and keep names of the ground away from them.
  const signs = (name, source, zIndex) => overlay(name, source, zIndex, { declutter: 'marks' });

  await breathe();
  const view = new ol.View({ center: ol.fromLonLat([-70, -5]), zoom: 3, minZoom: 2, maxZoom: 17 });
  const controls = ol.defaultControls({
    attribution: false, rotate: false,
    zoomOptions: { zoomInTipLabel: data.texts.zoomIn, zoomOutTipLabel: data.texts.zoomOut },
  }).extend([makeScale(ol)]);
  await breathe();
  // Without a target nothing is drawn: not before it is known what, and where to look.
  const map = new ol.Map({
    view, controls, interactions: ol.defaultInteractions({ altShiftDragRotate: false, pinchRotate: false }),
  });
  // Names keep clear of what lies over the map: a country has several places for its own (label-places.js).
  const over = new ol.VectorSource();
  map.addLayer(new ol.VectorLayer({ source: over, style: style.makeClearing(ol), zIndex: 4.94, declutter: 'marks' }));

  // Each frame draws every layer there is: those of what somebody asks for come with it.
  for (const [name, zIndex] of Object.entries({ routes: 4, here: 4.9, asked: 4.99, marks: 8 })) {
    sources[name].once('addfeature', () => map.addLayer((name === 'asked' ? signs : overlay)(name, sources[name], zIndex)));
  }
  const turn = makeTurns(map);

  function drawnGround(layer, place) {
    const made = style.catalogueGround(ol, layer, place, (...drawn) => styles[layer.id](...drawn), turn);
    if (layer.id === 'boundaries') style.putCountriesFirst(map.getView(), made);
    return made;
  }

  // Shadows of mountains, a picture of a continent: between the land and what is on it.
  function relief() {
    const [west, south, east, north] = data.relief.box;
    const [from, until] = RELIEF_FADES;
    const opacity = () => Math.min(1, Math.max(0, (until - map.getView().getZoom()) / (until - from)));
    const layer = new ol.ImageLayer({
      source: new ol.ImageStatic({
        url: data.relief.url, imageExtent: ol.transformExtent([west, south, east, north], 'EPSG:4326', 'EPSG:3857'),
      }),
      maxZoom: until, zIndex: 0.05, opacity: opacity(), properties: { name: 'relief', isGround: true },
    });
    map.getView().on('change:resolution', () => layer.setOpacity(opacity()));
    return layer;
  }

  // One file with every layer, read on the phone (PMTiles).
  function keptBackground() {
    const format_ = new ol.MVT({ layerName: 'layer' });
    const source = new ol.VectorTileSource({
      format: format_,
      url: '{z}/{x}/{y}',
      maxZoom: basemap.maxZoom,
      tileLoadFunction: style.tileLoader(format_, (tile) => basemap.tile(...tile.getTileCoord()), turn),
    });
    return style.groundLayers(
      ol, source, (feature, ...drawn) => styles[feature.get('layer')]?.(feature, ...drawn), { name: 'basemap' },
    );
  }

  // Night falls, or the reader changes the phone's colours, while the map is open.
  night.addEventListener('change', () => {
    styles = stylesNow();
    for (const layer of map.getLayers().getArray()) {
      const kept = styles[layer.get('name')];
      if (layer.get('isGround')) layer.changed();
      else if (kept) layer.setStyle(kept);
    }
  });

  let firstSeen = [];

  async function fillSpaces() {
    const known = await read.spaces();
    firstSeen = beginWith(known).map(({ lon, lat }) => ol.fromLonLat([lon, lat]));
    await breathe();
    sources.spaces.addFeatures(known.map((space) => {
      const feature = new ol.Feature({
        geometry: new ol.Point(ol.fromLonLat([space.lon, space.lat])), name: space.name, space,
      });
      feature.setId(space.id);
      return feature;
    }));
  }

  async function fill(name) {
    const collection = await read[name]();
    await breathe();
    sources[name].addFeatures(format.readFeatures(collection));
  }

  /** Draw the pictures of signs, a few at a time, before the frame that shows them all. */
  async function prepareSigns() {
    const view = map.getView();
    const resolution = view.getResolution();
    clusters.loadFeatures(view.calculateExtent(), resolution, view.getProjection());
    let began = performance.now();
    for (const [name, source] of Object.entries({ ...sources, spaces: clusters })) {
      for (const feature of source.getFeatures()) {
        for (const drawn of [styles[name](feature, resolution) ?? []].flat()) drawn.getImage()?.getImage(1);
        if (performance.now() - began < PIECE_MS) continue;
        await breathe();
        began = performance.now();
      }
    }
  }

  // Popup: what it says comes from the page, in the page's language.
  const bubble = document.createElement('div');
  bubble.className = 'popup';
  bubble.setAttribute('role', 'dialog');
  const popup = new ol.Overlay({
    element: bubble, positioning: 'bottom-center', offset: [0, -14],
    autoPan: { margin: 12, animation: { duration } },
  });
  map.addOverlay(popup);

  function openPopup(kind, features, at) {
    const close = document.createElement('button');
    close.className = 'close';
    close.type = 'button';
    close.textContent = '×';
    close.setAttribute('aria-label', data.texts.close);
    close.addEventListener('click', closePopup);
    const content = describe(kind, features.map((feature) => ({
      id: String(feature.getId()), name: feature.get('name') ?? feature.get('title') ?? '',
      space: feature.get('space'), state: feature.get('state'),
    })));
    chosen(kind, features.length === 1 ? String(features[0].getId()) : null);
    const head = document.createElement('header');
    const title = content.querySelector('h2, h3, h4');
    if (title) head.append(title);
    head.append(close);
    bubble.setAttribute('aria-label', title?.textContent ?? '');
    bubble.replaceChildren(head, content);
    // autoPan measures the last drawn frame: draw first, or the map pans from a stale one.
    map.renderSync();
    popup.setPosition(at);
    target.parentElement.classList.add('has-popup');
  }

  function closePopup() {
    popup.setPosition(undefined);
    target.parentElement.classList.remove('has-popup');
    chosen('spaces', null);
    map.getTargetElement().focus();
  }

  const clickable = (layer) => ['spaces', 'crossings', 'hazards'].includes(layer.get('name'));

  map.on('singleclick', (event) => {
    let hit;
    map.forEachFeatureAtPixel(event.pixel, (feature, layer) => {
      hit = { feature, name: layer.get('name') };
      return true;
    }, { hitTolerance: 12, layerFilter: clickable });
    if (picked) return picked(pickedBy(hit, event.coordinate));
    if (!hit) return closePopup();
    const { feature, name } = hit;
    const members = feature.get('features') ?? [feature];
    const extent = members.reduce(
      (all, member) => ol.extend(all, member.getGeometry().getExtent()), ol.createEmpty(),
    );
    const isSpread = Math.max(extent[2] - extent[0], extent[3] - extent[1]) > 50;
    if (name === 'spaces' && members.length > 1 && isSpread) {
      closePopup();
      return look(extent, 13);
    }
    return openPopup(name, members, name === 'hazards' ? event.coordinate : feature.getGeometry().getCoordinates());
  });

  // A finger has no cursor, and a press may become a drag: looking takes as long as ten frames.
  map.on('pointermove', ({ dragging, originalEvent, pixel }) => {
    if (dragging || originalEvent.buttons !== 0 || originalEvent.pointerType === 'touch') return;
    const isOver = map.hasFeatureAtPixel(pixel, { hitTolerance: 4, layerFilter: clickable });
    map.getTargetElement().style.cursor = isOver ? 'pointer' : '';
  });

  target.addEventListener('keydown', (event) => {
    if (picked && ['Enter', 'Escape'].includes(event.key)) {
      event.preventDefault();
      picked(event.key === 'Enter' ? pickedBy(null, map.getView().getCenter()) : null);
    } else if (event.key === 'Escape') closePopup();
  });

  // A place that a person points at: a tap, or the middle of the map for a keyboard.
  let picked = null;

  function pickedBy(hit, at) {
    const members = hit?.name === 'spaces' ? hit.feature.get('features') ?? [] : [];
    if (members.length === 1) return { space: members[0].get('space') };
    return { at: new ol.Point(at).transform('EPSG:3857', 'EPSG:4326').getCoordinates() };
  }

  function sayIncomplete(reasons) {
    console.warn(...reasons);
    const note = document.createElement('p');
    note.className = 'map-note';
    note.setAttribute('role', 'status');
    note.textContent = data.texts.incomplete;
    target.after(note);
  }

  function look(extent, maxZoom, inMs = duration) {
    if (ol.isEmpty(extent)) return;
    // Clear of the map's own buttons, and at the bottom of what tells its signs.
    const top = document.getElementById('map-ask') ? 80 : 36;
    map.getView().fit(extent, { padding: [top, 60, 84, 60], maxZoom, duration: inMs });
  }

  // Where the map comes to rest signs join anew, and the name has to stand beside them and within the map.
  map.on('moveend', () => {
    const [west, south, east, north] = map.getView().calculateExtent(map.getSize());
    for (const feature of sources.asked.getFeatures()) {
      const [x, y] = feature.getGeometry().getCoordinates();
      feature.set('edges', [[west, y], [east, y], [x, south], [x, north]]);
    }
    const box = target.getBoundingClientRect();
    const pieces = target.parentElement.querySelectorAll('.ol-zoom, .locate, .legend summary, .scale');
    over.clear(true);
    over.addFeatures([...pieces].filter(({ offsetWidth }) => offsetWidth > 0).map((piece) => {
      const { left, top, width, height } = piece.getBoundingClientRect();
      const middleOf = [left - box.left + width / 2, top - box.top + height / 2];
      return new ol.Feature({ geometry: new ol.Point(map.getCoordinateFromPixel(middleOf)), sizePx: [width, height] });
    }));
  });

  /** Name the places that somebody asked for, before any other of the ground. */
  function nameAsked(places) {
    sources.asked.clear();
    sources.asked.addFeatures(places.filter(([name]) => name).map(([name, at]) => (
      new ol.Feature({ name, geometry: new ol.Point(ol.fromLonLat(at)) }))));
  }

  await breathe();
  const loaded = await Promise.allSettled([fillSpaces(), fill('crossings'), fill('hazards')]);
  await breathe();
  const failed = loaded.filter((one) => one.status === 'rejected');
  if (failed.length === loaded.length) throw failed[0].reason;
  // No sign is no promise: who sees no hazard has to know that none was loaded.
  if (failed.length > 0) sayIncomplete(failed.map(({ reason }) => reason));
  map.setTarget(target);
  look(firstSeen.reduce((all, at) => ol.extend(all, [...at, ...at]), ol.createEmpty()), 9, 0);
  await breathe();
  await prepareSigns();

  // Tiles of where the phone is would tell it: there they are drawn when the person says so (P9, P48).
  let mayAsk = basemap !== null;
  let isPlain = false;
  const showGround = () => {
    for (const layer of map.getLayers().getArray()) if (layer.get('isGround')) layer.setVisible(!isPlain);
  };

  // One after the other, what matters most first, and names at last, which keep clear of signs: all at
  // once would leave the phone deaf.
  const names = [];
  const withoutNames = (make) => () => {
    const made = make();
    names.push(...made.filter((layer) => layer.getDeclutter()));
    return made.filter((layer) => !names.includes(layer));
  };
  await add([
    () => signs('spaces', clusters, 7),
    () => signs('crossings', sources.crossings, 6),
    // Above the way: its line must not cover the sign of what lies on it.
    () => signs('hazards', sources.hazards, 5),
    ...(basemap ? [keptBackground] : ground.map((layer, place) => () => drawnGround(layer, place))).map(withoutNames),
    relief,
  ]);
  const isDrawn = new Promise((resolve) => { map.once('rendercomplete', resolve); });
  Promise.race([isDrawn, breathe(NAMES_AFTER_MS)]).then(async () => {
    for (const layer of names) {
      const shapes = map.getLayers().getArray().find((one) => one.getSource() === layer.getSource());
      await layer.get('prepare')(shapes?.getFeaturesInExtent(EVERYWHERE) ?? [], map.getView().getResolution());
      await add([() => layer]);
    }
  });

  function hideGround() {
    if (mayAsk || isPlain) return;
    isPlain = true;
    showGround();
    target.parentElement.classList.add('plain');
    const button = document.createElement('button');
    button.id = 'map-ask';
    button.type = 'button';
    button.className = 'button quiet';
    button.textContent = data.texts.mapOfHere;
    button.addEventListener('click', () => {
      [mayAsk, isPlain] = [true, false];
      button.remove();
      target.parentElement.classList.remove('plain');
      showGround();
      map.getTargetElement().focus({ preventScroll: true });
    });
    // Below what signs say.
    map.getOverlayContainerStopEvent().prepend(button);
  }

  async function add(makers) {
    for (const make of makers) {
      await turn(() => {
        for (const layer of [make()].flat()) map.addLayer(layer);
        showGround();
      });
    }
  }

  return {
    takeButton(button) { map.getOverlayContainerStopEvent().prepend(button); },
    drawLine(line) {
      this.drawRoutes({
        type: 'FeatureCollection',
        features: [{ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: line } }],
      });
    },
    lookAt(at, { accuracyM = null, ids = [], name = '' } = {}) {
      if (accuracyM !== null) hideGround();
      sources.here.clear();
      const here = new ol.Feature({ geometry: new ol.Point(ol.fromLonLat(at)), accuracyM });
      sources.here.addFeature(here);
      nameAsked([[name, at]]);
      const near = ids.map((id) => sources.spaces.getFeatureById(id)).filter(Boolean);
      const extent = [here, ...near].reduce(
        (all, feature) => ol.extend(all, feature.getGeometry().getExtent()), ol.createEmpty(),
      );
      look(extent, 12);
    },
    show(id) {
      const feature = sources.spaces.getFeatureById(id);
      if (!feature) return false;
      const at = feature.getGeometry().getCoordinates();
      map.getView().cancelAnimations();
      map.getView().setZoom(Math.max(map.getView().getZoom() ?? 0, 12));
      map.getView().setCenter(at);
      openPopup('spaces', [feature], at);
      return true;
    },
    drawRoutes(collection) {
      sources.routes.clear();
      sources.routes.addFeatures(format.readFeatures(collection));
      const [first] = collection.features;
      if (first?.properties.ends) {
        const line = first.geometry.coordinates;
        nameAsked([[first.properties.ends[0], line[0]], [first.properties.ends[1], line[line.length - 1]]]);
      }
      this.choose(0);
      look(sources.routes.getExtent(), 13);
    },
    choose(index, isNear = false) {
      const features = sources.routes.getFeatures();
      features.forEach((feature, i) => feature.set('chosen', i === index));
      sources.marks.clear();
      if (isNear && features[index]) look(features[index].getGeometry().getExtent(), 13);
    },
    mark(line) {
      sources.marks.clear();
      if (line.length === 0) return;
      const geometry = line.length === 1 ? { type: 'Point', coordinates: line[0] } : { type: 'LineString', coordinates: line };
      sources.marks.addFeatures(format.readFeatures({ type: 'Feature', properties: {}, geometry }));
      const extent = sources.marks.getExtent();
      const seen = map.getView().calculateExtent(map.getSize());
      const isInView = extent[0] >= seen[0] && extent[1] >= seen[1] && extent[2] <= seen[2] && extent[3] <= seen[3];
      if (!isInView) look(extent, Math.max(map.getView().getZoom() ?? 0, 9));
    },
    pick(signal) {
      picked?.(null);
      signal.addEventListener('abort', () => picked?.(null));
      target.classList.add('picking');
      target.focus({ preventScroll: true });
      return new Promise((resolve) => {
        picked = (found) => {
          picked = null;
          target.classList.remove('picking');
          resolve(found);
        };
      });
    },
  };
}
