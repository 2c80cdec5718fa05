// What the console adds when scripts run: small maps beside fields that say the same, and buttons
// that copy a text. Nothing is stored; forms work without any of this.

const block = document.getElementById('map-data');
const data = block ? JSON.parse(block.textContent) : null;
const byId = (id) => document.getElementById(id);

// On a phone the navigation scrolls sideways: show where one is.
document.querySelector('.desk-nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });

for (const button of document.querySelectorAll('[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    const field = byId(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = data?.texts.copied ?? '✓';
    } catch {
      // Without the right to write there, the text stays selected and is copied by hand.
    }
  });
}

// Maps load when they come near the screen: a form is often used without its map.
const boxes = [...document.querySelectorAll('[data-pin], [data-places], [data-box]')];
if (data && boxes.length > 0) {
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((one) => one.isIntersecting)) {
      near.unobserve(entry.target);
      start(entry.target).catch(() => failed(entry.target));
    }
  }, { rootMargin: '300px' });
  for (const box of boxes) {
    box.hidden = false;
    near.observe(box);
  }
}

let enginePromise;
function engine() {
  enginePromise ??= (async () => {
    const css = document.createElement('link');
    css.rel = 'stylesheet';
    css.href = data.olCss;
    document.head.prepend(css);
    const [style, ol] = await Promise.all([import(data.style), import(data.ol)]);
    return { ol, styles: style.makeStyles(ol, data.layers) };
  })();
  return enginePromise;
}

function failed(box) {
  const note = document.createElement('p');
  note.className = 'fine';
  note.textContent = data.texts.failed;
  box.replaceChildren(note);
}

async function start(box) {
  const { ol, styles } = await engine();
  const target = box.querySelector('.canvas');
  const map = new ol.Map({
    target,
    layers: data.layers.map((layer) => new ol.VectorTileLayer({
      source: new ol.VectorTileSource({
        format: new ol.MVT(), url: layer.tiles, minZoom: layer.min_zoom, maxZoom: layer.max_zoom,
      }),
      style: styles[layer.id],
      declutter: layer.id === 'places' ? 'marks' : false,
      minZoom: layer.min_zoom - 0.5,
    })),
    view: new ol.View({ center: ol.fromLonLat([-70, -5]), zoom: 3, minZoom: 2, maxZoom: 18 }),
    controls: ol.defaultControls({
      attribution: false, rotate: false,
      zoomOptions: { zoomInTipLabel: data.texts.zoomIn, zoomOutTipLabel: data.texts.zoomOut },
    }).extend([new ol.ScaleLine()]),
    interactions: ol.defaultInteractions({
      altShiftDragRotate: false, pinchRotate: false, mouseWheelZoom: false,
    }),
  });
  if ('pin' in box.dataset) pinMap(ol, map, box);
  if ('places' in box.dataset) placesMap(ol, map, JSON.parse(box.dataset.places));
  if ('box' in box.dataset) boxMap(ol, map, box);
  box.dataset.ready = 'true';
}

const lonLat = (ol, [x, y]) => ol.transformExtent([x, y, x, y], 'EPSG:3857', 'EPSG:4326').slice(0, 2);

function makePin(ol, map, { isFixed, className, label }) {
  const pin = document.createElement(isFixed ? 'span' : 'button');
  pin.className = `pin ${className ?? ''}`;
  if (isFixed) pin.setAttribute('role', 'img');
  else pin.type = 'button';
  pin.setAttribute('aria-label', label);
  const overlay = new ol.Overlay({ element: pin, positioning: 'bottom-center', stopEvent: true });
  map.addOverlay(overlay);
  return { pin, overlay };
}

// One pin bound to two fields: typing moves the pin, moving the pin types.
function pinMap(ol, map, box) {
  const lat = byId(box.dataset.lat);
  const lon = byId(box.dataset.lon);
  const { pin, overlay } = makePin(ol, map, { label: data.texts.pin });
  const typed = () => {
    const at = [lon, lat].map((field) => Number.parseFloat(field.value.replace(',', '.')));
    const isPlace = at.every(Number.isFinite) && Math.abs(at[0]) <= 180 && Math.abs(at[1]) <= 85;
    return isPlace ? ol.fromLonLat(at) : undefined;
  };
  const write = (at) => {
    const [x, y] = lonLat(ol, at);
    // Five decimals are a metre: finer says nothing of a door.
    lon.value = x.toFixed(5);
    lat.value = y.toFixed(5);
    overlay.setPosition(at);
  };
  const follow = () => overlay.setPosition(typed());
  lat.addEventListener('input', follow);
  lon.addEventListener('input', follow);
  const first = typed();
  if (first) {
    overlay.setPosition(first);
    map.getView().setCenter(first);
    map.getView().setZoom(13);
  }
  map.on('singleclick', (event) => write(event.coordinate));
  pin.addEventListener('pointerdown', (event) => {
    event.preventDefault();
    pin.focus();
    pin.setPointerCapture(event.pointerId);
  });
  pin.addEventListener('pointermove', (event) => {
    if (pin.hasPointerCapture(event.pointerId)) write(map.getEventCoordinate(event));
  });
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  pin.addEventListener('keydown', (event) => {
    const step = steps[event.key];
    const at = overlay.getPosition();
    if (!step || !at) return;
    event.preventDefault();
    const pixels = (event.shiftKey ? 40 : 4) * map.getView().getResolution();
    write([at[0] + step[0] * pixels, at[1] + step[1] * pixels]);
  });
}

// Two places to compare: where a record is, and where it would be.
function placesMap(ol, map, { before, after }) {
  const places = [[before, 'before', data.texts.before], [after, '', data.texts.after]];
  const seen = places.filter(([at]) => at).map(([at, className, label]) => {
    const { overlay } = makePin(ol, map, { isFixed: true, className, label });
    overlay.setPosition(ol.fromLonLat(at));
    return ol.fromLonLat(at);
  });
  const extent = seen.reduce((all, at) => ol.extend(all, [...at, ...at]), ol.createEmpty());
  map.getView().fit(extent, { padding: [60, 50, 30, 50], maxZoom: 14 });
}

// A rectangle by two of its corners, bound to the four fields of its sides.
function boxMap(ol, map, box) {
  const fields = ['west', 'south', 'east', 'north'].map((side) => byId(`side-${side}`));
  const source = new ol.VectorSource();
  map.addLayer(new ol.VectorLayer({
    source,
    style: new ol.Style({
      fill: new ol.Fill({ color: 'rgba(143, 29, 29, 0.18)' }),
      stroke: new ol.Stroke({ color: '#8f1d1d', width: 3 }),
    }),
  }));
  const format = new ol.GeoJSON({ featureProjection: 'EPSG:3857' });
  const note = box.querySelector('p');
  const invitation = note.textContent;
  const draw = () => {
    source.clear();
    const [west, south, east, north] = fields.map((f) => Number.parseFloat(f.value.replace(',', '.')));
    if (![west, south, east, north].every(Number.isFinite)) return;
    source.addFeature(format.readFeature({
      type: 'Feature',
      properties: {},
      geometry: {
        type: 'Polygon',
        coordinates: [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
      },
    }));
  };
  fields.forEach((field) => field.addEventListener('input', draw));
  let corner;
  map.on('singleclick', (event) => {
    const at = lonLat(ol, event.coordinate);
    if (!corner) {
      corner = at;
      note.textContent = data.texts.corner;
      return;
    }
    const sides = [
      Math.min(corner[0], at[0]), Math.min(corner[1], at[1]),
      Math.max(corner[0], at[0]), Math.max(corner[1], at[1]),
    ];
    fields.forEach((field, index) => { field.value = sides[index].toFixed(5); });
    corner = undefined;
    note.textContent = invitation;
    draw();
  });
  draw();
}
