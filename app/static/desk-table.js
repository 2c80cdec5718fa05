// What the desk's tables add when scripts run: ticks counted, filters at a choice, small forms in
// their cells, and the map of the rows. Without any of it links and buttons do the same.
import { parsed } from './answers.js';

// On a phone the filters fold, unless they hold something: rows are what one came for.
const filters = document.querySelector('.filters');
if (filters && matchMedia('(max-width: 799px)').matches) {
  filters.open = [...filters.querySelectorAll('select')].some((one) => one.value !== one.options[0].value);
}

// Rows are ticked all at once, and counted.
const all = document.querySelector('[data-all]');
if (all) {
  const ticks = [...document.querySelectorAll('input[form=bulk]')];
  const box = all.querySelector('input');
  const note = document.querySelector('[data-ticked]');
  const words = note.textContent;
  const count = () => {
    const ticked = ticks.filter((one) => one.checked).length;
    box.checked = ticked === ticks.length;
    box.indeterminate = ticked > 0 && ticked < ticks.length;
    note.textContent = ticked ? `${words} ${ticked}` : words;
    for (const button of document.querySelectorAll('#bulk button')) button.disabled = ticked === 0;
  };
  all.hidden = ticks.length === 0;
  box.addEventListener('change', () => {
    for (const one of ticks) one.checked = box.checked;
    count();
  });
  for (const one of ticks) one.addEventListener('change', count);
  count();
}

// A choice of a filter filters; words wait for Enter.
for (const choice of document.querySelectorAll('form[role=search] select')) {
  choice.addEventListener('change', () => {
    // Keys step through the choices of a list: only a choice that was made with a pointer, or left,
    // is meant.
    if (choice.dataset.byKey) return;
    choice.form.requestSubmit();
  });
  choice.addEventListener('keydown', () => { choice.dataset.byKey = 'true'; });
  choice.addEventListener('pointerdown', () => { delete choice.dataset.byKey; });
}

// The small form of a cell comes into the cell; its page is for browsers without scripts.
for (const link of document.querySelectorAll('.cell-edit')) {
  link.addEventListener('click', async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const form = await cellForm(link.href);
    if (!form) {
      location.assign(link.href);
      return;
    }
    const cell = link.parentElement;
    const was = [...cell.childNodes];
    cell.closest('table').querySelector('[data-cancel]')?.click();
    const back = () => {
      cell.replaceChildren(...was);
      link.focus();
    };
    cell.replaceChildren(form);
    form.querySelector('[data-cancel]').addEventListener('click', (press) => {
      press.preventDefault();
      back();
    });
    form.addEventListener('keydown', (press) => {
      if (press.key !== 'Escape') return;
      press.stopPropagation();
      back();
    });
    form.querySelector('select, input:not([type=hidden])').focus();
  });
}

async function cellForm(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: 'text/html' } });
    if (!answer.ok) return null;
    const page = parsed(await answer.text());
    const form = page.querySelector('.cell-form');
    form?.classList.remove('card');
    return form && document.adoptNode(form);
  } catch {
    return null;
  }
}

// The map of a page's rows: a row and its sign light up together.
export function rowsMap({ ol }, map, points) {
  const source = new ol.VectorSource();
  const format = new ol.GeoJSON({ featureProjection: 'EPSG:3857' });
  for (const { key, name, lon, lat } of points) {
    const feature = format.readFeature({
      type: 'Feature', id: key, properties: { name }, geometry: { type: 'Point', coordinates: [lon, lat] },
    });
    source.addFeature(feature);
  }
  const sign = (radius, colour) => new ol.Style({
    image: new ol.CircleStyle({
      radius, fill: new ol.Fill({ color: colour }), stroke: new ol.Stroke({ color: '#fff', width: 2 }),
    }),
  });
  const [plain, lit] = [sign(7, '#0b5c6b'), sign(11, '#9c4500')];
  map.addLayer(new ol.VectorLayer({ source, style: plain }));
  map.getView().fit(source.getExtent(), { padding: [30, 30, 30, 30], maxZoom: 12 });
  const rowOf = (key) => document.getElementById(`row-${key}`);
  let now;
  const light = (key) => {
    if (now === key) return;
    for (const [one, style] of [[now, undefined], [key, lit]]) {
      if (one === undefined) continue;
      source.getFeatureById(one)?.setStyle(style);
      rowOf(one)?.classList.toggle('lit', style !== undefined);
    }
    now = key;
  };
  for (const { key } of points) {
    const row = rowOf(key);
    for (const event of ['pointerenter', 'focusin']) row.addEventListener(event, () => light(key));
    for (const event of ['pointerleave', 'focusout']) row.addEventListener(event, () => light(undefined));
  }
  const under = (event) => map.forEachFeatureAtPixel(event.pixel, (feature) => feature.getId(), { hitTolerance: 6 });
  map.on('pointermove', (event) => { if (!event.dragging) light(under(event)); });
  map.on('singleclick', (event) => {
    const key = under(event);
    if (key === undefined) return;
    rowOf(key).scrollIntoView({ block: 'center' });
    rowOf(key).querySelector('a').focus();
  });
}
