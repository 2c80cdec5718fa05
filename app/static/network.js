// What the console adds when scripts run: small maps beside fields that say the same, and buttons
// that copy a text. Nothing is stored; forms work without any of this.

const block = document.getElementById('map-data');
const data = block ? JSON.parse(block.textContent) : null;
const byId = (id) => document.getElementById(id);

// One group of the menu at a time, in browsers that do not know `details name`; Escape and a press
// elsewhere shut it.
const menus = [...document.querySelectorAll('.desk-nav details')];
for (const menu of menus) {
  menu.addEventListener('toggle', () => {
    if (menu.open) menus.filter((one) => one !== menu).forEach((one) => { one.open = false; });
  });
}
document.addEventListener('keydown', (event) => {
  const open = menus.find((one) => one.open);
  if (event.key !== 'Escape' || !open) return;
  open.open = false;
  open.querySelector('summary').focus();
});
document.addEventListener('click', (event) => {
  menus.filter((one) => one.open && !one.contains(event.target)).forEach((one) => { one.open = false; });
});

// Moments stand in UTC on the page, since a server does not know where its reader is.
const local = new Intl.DateTimeFormat(document.documentElement.lang || 'es', {
  weekday: 'short', day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit',
});
for (const time of document.querySelectorAll('time[data-local]')) {
  time.title = time.textContent;
  time.textContent = local.format(new Date(time.dateTime));
}

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
const boxes = [...document.querySelectorAll('[data-pin], [data-places], [data-box], [data-rows]')];
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

function failed(box) {
  const note = document.createElement('p');
  note.className = 'fine';
  note.textContent = data.texts.failed;
  box.replaceChildren(note);
}

async function start(box) {
  const shared = await import(data.pinMap);
  const engine = await shared.loadEngine(data);
  const map = shared.baseMap(box.querySelector('.canvas'), engine, data);
  if ('pin' in box.dataset) pinMap(shared, engine, map, box);
  if ('places' in box.dataset) placesMap(shared, engine, map, JSON.parse(box.dataset.places));
  if ('box' in box.dataset) boxMap(shared, engine, map, box);
  if ('rows' in box.dataset) (await import(data.deskTable)).rowsMap(engine, map, JSON.parse(box.dataset.rows));
  box.dataset.ready = 'true';
}

// One pin bound to two fields: typing moves the pin, moving the pin types.
function pinMap({ pinOn }, engine, map, box) {
  const lat = byId(box.dataset.lat);
  const lon = byId(box.dataset.lon);
  const pin = pinOn(map, engine, {
    label: data.texts.pin,
    onMove: ([x, y]) => {
      // Five decimals are a metre: finer says nothing of a door.
      lon.value = x.toFixed(5);
      lat.value = y.toFixed(5);
    },
  });
  const typed = () => {
    const at = [lon, lat].map((field) => Number.parseFloat(field.value.replace(',', '.')));
    const isPlace = at.every(Number.isFinite) && Math.abs(at[0]) <= 180 && Math.abs(at[1]) <= 85;
    return isPlace ? at : undefined;
  };
  const follow = () => {
    const at = typed();
    if (at) pin.show(at, false);
    else pin.hide();
  };
  lat.addEventListener('input', follow);
  lon.addEventListener('input', follow);
  const first = typed();
  if (first) pin.show(first);
}

// Two places to compare: where a record is, and where it would be.
function placesMap({ makePin }, { ol }, map, { before, after }) {
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
function boxMap({ lonLat }, { ol }, map, box) {
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
