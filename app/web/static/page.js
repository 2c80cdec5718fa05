// What the page adds when scripts run: the map, the answer without a reload.
// Nothing is stored, and nothing is asked of another origin.

const data = JSON.parse(document.getElementById('page-data').textContent);
const byId = (id) => document.getElementById(id);

// The map: when the device is idle, or on a tap where data are dear.

let mapPromise;

function loadMap() {
  mapPromise ??= startMap().catch((error) => {
    say(byId('map-wait').querySelector('p'), data.texts.failed);
    byId('map-wait').hidden = false;
    byId('map-show').hidden = true;
    throw error;
  });
  return mapPromise;
}

async function startMap() {
  const wait = byId('map-wait');
  byId('map-show').hidden = true;
  say(wait.querySelector('p'), data.texts.loading);
  const css = document.createElement('link');
  css.rel = 'stylesheet';
  css.href = data.olCss;
  // Before the page's own style, which adapts it.
  document.head.prepend(css);
  const [{ makeMap }, style, ol] = await Promise.all([import(data.map), import(data.style), import(data.ol)]);
  const map = await makeMap(byId('map'), { data, ol, style, isListed, describe });
  byId('map').tabIndex = 0;
  byId('map').dataset.ready = 'true';
  wait.hidden = true;
  return map;
}

const hasList = document.querySelector('[data-space]') !== null;
const cardOf = (kind, id) => byId(`${{ spaces: 'space', crossings: 'crossing', hazards: 'hazard' }[kind]}-${id}`);
const isListed = (id) => !hasList || cardOf('spaces', id) !== null;

// A popup repeats the head of the list's card, so that it speaks the page's language.
function describe(kind, features) {
  const content = document.createElement('div');
  for (const { id, name } of features) {
    const card = cardOf(kind, id);
    const link = document.createElement('a');
    link.href = card ? `#${card.id}` : `/?lang=${data.lang}#${{ spaces: 'space', crossings: 'crossing', hazards: 'hazard' }[kind]}-${id}`;
    if (features.length > 1 || !card) {
      link.textContent = name;
      const line = document.createElement('p');
      line.append(link);
      content.append(line);
      continue;
    }
    const pieces = card.querySelectorAll(':scope > h3, :scope > h4, :scope > .where, :scope > .opening, :scope > .seen, :scope > p > .badge');
    for (const piece of pieces) content.append(piece.cloneNode(true));
    link.textContent = data.texts.inList;
    content.append(link);
  }
  return content;
}

const connection = navigator.connection;
const isDear = Boolean(connection?.saveData) || /2g$/.test(connection?.effectiveType ?? '');
byId('map-show').addEventListener('click', () => loadMap().then(drawPending, () => {}));
if (!isDear) {
  const idle = window.requestIdleCallback ?? ((callback) => setTimeout(callback, 300));
  const whenIdle = () => idle(() => loadMap().then(drawPending, () => {}), { timeout: 4000 });
  if (document.readyState === 'complete') whenIdle();
  else window.addEventListener('load', whenIdle, { once: true });
}

for (const card of document.querySelectorAll('[data-space]')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'link';
  button.textContent = data.texts.onMap;
  const name = document.createElement('span');
  name.className = 'unseen';
  name.textContent = `: ${card.querySelector('h4').textContent}`;
  button.append(name);
  button.addEventListener('click', async () => {
    const map = await loadMap();
    byId('map-box').scrollIntoView({ block: 'nearest' });
    map.show(card.dataset.space);
    byId('map').focus({ preventScroll: true });
  });
  const row = document.createElement('div');
  row.className = 'actions';
  const details = card.querySelector('details');
  details.before(row);
  row.append(button);
}

// The route form: the server's answer is put in place; without scripts the form just works.

const form = byId('plan-form');
const status = byId('status');
let question = readQuestion(document);

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  say(status, data.texts.searching);
  form.setAttribute('aria-busy', 'true');
  try {
    const answer = await fetch('/plan', {
      method: 'POST', body: new URLSearchParams(new FormData(form)), headers: { Accept: 'text/html' },
    });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const result = page.getElementById('result');
    if (!result) throw new Error(`no answer in the page: ${answer.status}`);
    question = readQuestion(page);
    byId('result').replaceChildren(...result.childNodes);
    say(status, data.texts.done);
    const title = byId('result').querySelector('[tabindex="-1"]');
    title?.focus({ preventScroll: true });
    title?.scrollIntoView({ block: 'start' });
    if (mapPromise) await drawPending(await mapPromise);
  } catch (error) {
    console.warn(error);
    say(status, data.texts.unavailable);
  } finally {
    form.removeAttribute('aria-busy');
  }
});

function readQuestion(page) {
  const block = page.getElementById('question');
  return block ? JSON.parse(block.textContent) : null;
}

async function drawPending(map) {
  map ??= await mapPromise;
  if (!question) return;
  const asked = question;
  question = null;
  try {
    const answer = await fetch('/routes', {
      method: 'POST', body: JSON.stringify(asked), headers: { 'Content-Type': 'application/json' },
    });
    if (!answer.ok) throw new Error(`routes: ${answer.status}`);
    map.drawRoutes(await answer.json());
  } catch (error) {
    console.warn(error);
    say(status, data.texts.undrawn);
  }
}

byId('result')?.addEventListener('click', (event) => {
  const card = event.target.closest('[data-route]');
  if (card && mapPromise) mapPromise.then((map) => map.choose(Number(card.dataset.route)), () => {});
});

function say(element, text) {
  element.textContent = text;
}
