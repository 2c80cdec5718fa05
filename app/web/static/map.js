// The map. Everything engine-specific is behind makeMap, so that the page never sees OpenLayers.

const BACKGROUND = ['boundaries', 'roads', 'places'];

// Lets the browser answer a tap or paint between two pieces of work (slow phones, TBT).
const breathe = () => new Promise((resolve) => { setTimeout(resolve); });

/**
 * Make the map.
 *
 * @param {HTMLElement} target where it goes
 * @param {{data: object, ol: object, style: object, isListed: (id: string) => boolean,
 *          describe: (kind: string, features: {id: string, name: string}[]) => Node}} options
 *        the page's data, the engine, the styles, which spaces the list shows, and what a popup says
 * @returns {Promise<{show: (id: string) => boolean, drawRoutes: (collection: object) => void,
 *          choose: (index: number) => void}>} what the page may do with it
 */
export async function makeMap(target, { data, ol, style, isListed, describe }) {
  const styles = style.makeStyles(ol, data.layers);
  const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const duration = isCalm ? 0 : 250;
  const format = new ol.GeoJSON({ featureProjection: 'EPSG:3857' });

  const sources = Object.fromEntries(
    ['spaces', 'crossings', 'hazards', 'routes'].map((name) => [name, new ol.VectorSource()]),
  );
  const clusters = new ol.Cluster({ source: sources.spaces, distance: 34, minDistance: 12 });
  const overlay = (name, source, zIndex, more) =>
    new ol.VectorLayer({ source, style: styles[name], zIndex, properties: { name }, ...more });

  await breathe();
  const map = new ol.Map({
    target,
    layers: [
      ...BACKGROUND.filter((id) => data.layers.some((layer) => layer.id === id)).map(background),
      overlay('hazards', sources.hazards, 4),
      overlay('routes', sources.routes, 5),
      overlay('crossings', sources.crossings, 6),
      overlay('spaces', clusters, 7),
    ],
    view: new ol.View({ center: ol.fromLonLat([-70, -5]), zoom: 3, minZoom: 2, maxZoom: 17 }),
    controls: ol.defaultControls({
      attribution: false, rotate: false,
      zoomOptions: { zoomInTipLabel: data.texts.zoomIn, zoomOutTipLabel: data.texts.zoomOut },
    }).extend([new ol.ScaleLine()]),
    interactions: ol.defaultInteractions({ altShiftDragRotate: false, pinchRotate: false }),
  });

  function background(id) {
    const layer = data.layers.find((one) => one.id === id);
    return new ol.VectorTileLayer({
      source: new ol.VectorTileSource({
        format: new ol.MVT(), url: layer.tiles, minZoom: layer.min_zoom, maxZoom: layer.max_zoom,
      }),
      style: styles[id],
      declutter: id === 'places' ? 'marks' : false,
      // Half a zoom before the first tiles; further out they would be fetched by the hundred.
      minZoom: layer.min_zoom - 0.5,
      zIndex: BACKGROUND.indexOf(id),
      properties: { name: id },
    });
  }

  async function fill(name) {
    const layer = data.layers.find((one) => one.id === name);
    if (!layer) return;
    const answer = await fetch(`${layer.items}?limit=1000`, {
      headers: { Accept: 'application/geo+json' },
    });
    if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
    const collection = await answer.json();
    await breathe();
    const features = format.readFeatures(collection);
    sources[name].addFeatures(
      name === 'spaces' ? features.filter((feature) => isListed(String(feature.getId()))) : features,
    );
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
    })));
    const head = document.createElement('header');
    const title = content.querySelector('h3, h4');
    if (title) head.append(title);
    head.append(close);
    bubble.setAttribute('aria-label', title?.textContent ?? '');
    bubble.replaceChildren(head, content);
    // autoPan measures the last drawn frame: draw first, or the map pans from a stale one.
    map.renderSync();
    popup.setPosition(at);
  }

  function closePopup() {
    popup.setPosition(undefined);
    map.getTargetElement().focus();
  }

  const clickable = (layer) => ['spaces', 'crossings', 'hazards'].includes(layer.get('name'));

  map.on('singleclick', (event) => {
    let hit;
    map.forEachFeatureAtPixel(event.pixel, (feature, layer) => {
      hit = { feature, name: layer.get('name') };
      return true;
    }, { hitTolerance: 12, layerFilter: clickable });
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

  map.on('pointermove', (event) => {
    if (event.dragging) return;
    const isOver = map.hasFeatureAtPixel(event.pixel, { hitTolerance: 4, layerFilter: clickable });
    map.getTargetElement().style.cursor = isOver ? 'pointer' : '';
  });

  target.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') closePopup();
  });

  function look(extent, maxZoom) {
    if (ol.isEmpty(extent)) return;
    map.getView().fit(extent, { padding: [36, 60, 36, 36], maxZoom, duration });
  }

  const loaded = await Promise.allSettled(['spaces', 'crossings', 'hazards'].map(fill));
  await breathe();
  if (loaded.every((one) => one.status === 'rejected')) throw loaded[0].reason;
  look(sources.spaces.getExtent() ?? ol.createEmpty(), 9);

  return {
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
      this.choose(0);
      look(sources.routes.getExtent(), 13);
    },
    choose(index) {
      sources.routes.getFeatures().forEach((feature, i) => feature.set('chosen', i === index));
    },
  };
}
