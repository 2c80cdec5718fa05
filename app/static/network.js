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

// What the position says: asked when the pin rests or a field is left, shown below, and typed into
// fields that are empty or still hold what an earlier position said. Doubtful values wait for a tap.
const RESTS_MS = 500;

// Level below which a tap looks closer instead: from farther away a finger covers a whole town.
const STREET_ZOOM = 12;

function placeNote(lat, lon) {
  const box = byId('position-note');
  const form = lat.form;
  const button = byId('place-button');
  button.hidden = true;
  const said = {};
  let timer;
  let asked;
  const take = (fills, isTaken) => {
    for (const [name, value] of Object.entries(fills)) {
      const field = byId(`f-${name}`);
      if (!isTaken && field.value !== '' && field.value !== said[name]) continue;
      if (field.tagName === 'SELECT' && ![...field.options].some((one) => one.value === value)) field.add(new Option(value, value));
      field.value = value;
      said[name] = value;
    }
  };
  const show = ({ fills, said: line, questions, take: label }) => {
    const note = document.createElement('div');
    note.className = questions.length > 0 ? 'note problem' : 'note';
    const add = (tag, text) => note.appendChild(document.createElement(tag)).append(text);
    if (line) add('p', line);
    questions.forEach((question) => add('p', question));
    if (label) {
      const yes = document.createElement('button');
      yes.type = 'button';
      yes.className = 'button quiet small';
      yes.textContent = label;
      yes.addEventListener('click', () => {
        take(fills, true);
        yes.remove();
      });
      note.append(yes);
    }
    box.replaceChildren(...(line || questions.length > 0 ? [note] : []));
    if (questions.length === 0) take(fills, false);
  };
  const ask = async () => {
    asked?.abort();
    asked = new AbortController();
    const body = new URLSearchParams({ csrf: form.elements.csrf.value, lat: lat.value, lon: lon.value });
    for (const name of ['country', 'admin1', 'locality', 'timezone']) body.set(name, byId(`f-${name}`).value);
    try {
      const answer = await fetch(box.dataset.position, { method: 'POST', body, signal: asked.signal, headers: { Accept: 'application/json' } });
      if (answer.ok) show(await answer.json());
    } catch (error) {
      // Without a network the button does the same once it is back.
      button.hidden = error.name === 'AbortError';
    }
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, RESTS_MS);
  };
  lat.addEventListener('change', later);
  lon.addEventListener('change', later);
  return later;
}

// Fields are looked up whether or not the map has loaded.
const moved = byId('position-note') ? placeNote(byId('f-lat'), byId('f-lon')) : () => {};

// One pin bound to two fields: typing moves the pin, moving the pin types.
function pinMap({ pinOn }, engine, map, box) {
  const lat = byId(box.dataset.lat);
  const lon = byId(box.dataset.lon);
  const pin = pinOn(map, engine, {
    label: data.texts.pin,
    nearEnough: STREET_ZOOM,
    onMove: ([x, y]) => {
      // Five decimals are a metre: finer says nothing of a door.
      lon.value = x.toFixed(5);
      lat.value = y.toFixed(5);
      moved();
    },
  });
  const typed = () => {
    const at = [lon, lat].map((field) => Number.parseFloat(field.value.replace(',', '.')));
    const isPlace = at.every(Number.isFinite) && Math.abs(at[0]) <= 180 && Math.abs(at[1]) <= 85;
    return isPlace ? at : undefined;
  };
  const follow = (looks) => {
    const at = typed();
    if (at) pin.show(at, looks);
    else pin.hide();
  };
  for (const field of [lat, lon]) {
    field.addEventListener('input', () => follow(false));
    field.addEventListener('change', () => follow(true));
  }
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
