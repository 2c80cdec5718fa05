// The route form and its answers, beyond what they do without scripts: ends from the map or from the
// phone's position, the answer without a reload, routes on the map, the profile to walk along.
// No position leaves the phone before the person agreed, and then rounded and by POST (P9, P48).
import { between, parsed, placeAt, unpacked } from './answers.js';
import { recalledRoute, rememberRoute } from './asked-route.js';
import { element } from './cards.js';
import { locate } from './nearby.js';
import { fill } from './phrases.js';

const byId = (id) => document.getElementById(id);

/**
 * Start what the form and its answers do with scripts.
 *
 * @param {{data: object, phrases: object, loadMap: () => Promise<object>, shownMap: () => ?object,
 *          reveal: () => void}} page
 *        the page's data and words; what loads the map, what gives it once it is there, and what
 *        brings it into view
 */
export function startPlanner({ data, phrases, loadMap, shownMap, reveal }) {
  const { texts } = data;
  const form = byId('plan-form');
  const result = byId('result');
  const say = (text) => { byId('status').textContent = text; };

  const css = document.createElement('link');
  css.rel = 'stylesheet';
  css.href = data.planCss;
  if (!document.querySelector(`link[href="${data.planCss}"]`)) document.head.append(css);

  // The ends.

  for (const side of ['start', 'end']) {
    // Who writes something else means that: what was chosen before is sent to nobody.
    byId(side).addEventListener('input', () => { byId(`${side}-ref`).value = ''; });
  }

  function setEnd(side, { label, ref }) {
    byId(side).maxLength = Math.max(120, label.length);
    byId(side).value = label;
    byId(`${side}-ref`).value = ref;
    byId(side).removeAttribute('aria-invalid');
  }

  /** Take what a list's button leads to; a card's says the name behind its words. */
  function go(button) {
    const side = button.name.replace('_choice', '');
    const label = button.dataset.label ?? button.querySelector('.unseen').textContent.replace(/^: /, '');
    setEnd(side, { ref: button.value, label });
    say(fill(texts.picked, { name: byId(side).value }));
    byId('plan').scrollIntoView({ block: 'start' });
    const other = byId(side === 'start' ? 'end' : 'start');
    (other.value ? form.querySelector('[type=submit]') : other).focus({ preventScroll: true });
  }

  function swap() {
    for (const suffix of ['', '-ref']) {
      const [start, end] = [byId(`start${suffix}`), byId(`end${suffix}`)];
      [start.value, end.value] = [end.value, start.value];
    }
    say(fill(texts.swapped, { start: byId('start').value, end: byId('end').value }));
  }

  let answered = null;

  /** Ask once whether a position may be sent. */
  function consent() {
    if (byId('consent-given').value === 'yes') return Promise.resolve(true);
    const box = byId('consent');
    box.hidden = false;
    box.focus({ preventScroll: true });
    box.scrollIntoView({ block: 'nearest' });
    answered?.(false);
    return new Promise((resolve) => {
      answered = (isYes) => {
        answered = null;
        box.hidden = true;
        byId('consent-given').value = isYes ? 'yes' : '';
        resolve(isYes);
      };
    });
  }

  async function here(side) {
    if (!await consent()) return byId(side).focus();
    say(texts.locating);
    try {
      setEnd(side, { ref: `here:${(await locate()).join(',')}`, label: texts.myPlace });
      say(texts.consented);
    } catch (error) {
      say(error.code === 1 ? texts.locationRefused : texts.locationFailed);
      byId(side).focus();
    }
    return undefined;
  }

  async function pick(side) {
    if (!await consent()) return byId(side).focus();
    const map = await loadMap();
    const asked = side === 'start' ? texts.pickStart : texts.pickEnd;
    say(`${asked} ${texts.pickByKeys}`);
    reveal();
    const stop = new AbortController();
    const hint = hintOf(asked, stop);
    const picked = await map.pick(stop.signal);
    hint.remove();
    if (picked === null) say(texts.pickedNone);
    else if (picked.space) setEnd(side, { ref: `space:${picked.space.id}`, label: picked.space.name });
    else setEnd(side, { ref: `point:${picked.at.map((v) => v.toFixed(3)).join(',')}`, label: texts.mapPoint });
    if (picked) say(fill(texts.picked, { name: byId(side).value }));
    byId('plan').scrollIntoView({ block: 'start' });
    return byId(side).focus({ preventScroll: true });
  }

  /** What to do, where it is done, and the way out for a finger. */
  function hintOf(asked, stop) {
    const cancel = element('button', { type: 'button', class: 'button quiet' }, texts.cancel);
    cancel.addEventListener('click', () => stop.abort());
    const hint = element('div', { id: 'pick-hint' }, element('p', {}, asked), cancel);
    byId('map-box').append(hint);
    return hint;
  }

  // The question and its answer.

  async function ask(submitter) {
    const body = new URLSearchParams(new FormData(form));
    if (submitter?.name) body.set(submitter.name, submitter.value);
    await askFor(body);
  }

  async function askFor(body) {
    say(texts.searching);
    form.setAttribute('aria-busy', 'true');
    try {
      const answer = await fetch('/plan', { method: 'POST', body, headers: { Accept: 'text/html' } });
      const page = parsed(await answer.text());
      const found = page.getElementById('result');
      if (!found) throw new Error(`no answer in the page: ${answer.status}`);
      result.replaceChildren(...found.childNodes);
      takeEnds(page);
      rememberRoute(body);
      say(texts.done);
      const title = result.querySelector('[tabindex="-1"]');
      title?.focus({ preventScroll: true });
      title?.scrollIntoView({ block: 'start' });
      read();
    } catch (error) {
      console.warn(error);
      say(texts.unavailable);
    } finally {
      form.removeAttribute('aria-busy');
    }
  }

  /** Ask again what was asked last in this tab, if that is not long ago. */
  async function recall() {
    const asked = recalledRoute();
    if (asked) await askFor(asked);
  }

  /** The ends as the server understood them, and which of them it did not. */
  function takeEnds(page) {
    for (const side of ['start', 'end']) {
      const [own, theirs] = [byId(side), page.getElementById(side)];
      setEnd(side, { label: theirs.value, ref: page.getElementById(`${side}-ref`).value });
      for (const name of ['aria-invalid', 'aria-describedby']) {
        if (theirs.hasAttribute(name)) own.setAttribute(name, theirs.getAttribute(name));
        else own.removeAttribute(name);
      }
    }
  }

  // The routes of an answer.

  let routes = [];
  let chosen = 0;

  function read() {
    const block = result.querySelector('#lines');
    routes = block ? JSON.parse(block.textContent).map((route) => ({ ...route, vertices: unpacked(route.line) })) : [];
    chosen = 0;
    draw();
  }

  function draw() {
    const map = shownMap();
    if (!map || routes.length === 0) return;
    map.drawRoutes({
      type: 'FeatureCollection',
      features: routes.map(({ vertices, ends }) => ({
        type: 'Feature', properties: { ends },
        geometry: { type: 'LineString', coordinates: vertices.map(([lon, lat]) => [lon, lat]) },
      })),
    });
    choose(chosen);
  }

  function choose(index, { isNear = false } = {}) {
    chosen = index;
    for (const card of result.querySelectorAll('[data-route]')) {
      const isChosen = Number(card.dataset.route) === index;
      card.classList.toggle('chosen', isChosen);
      card.querySelector('[data-plan=show]').setAttribute('aria-pressed', String(isChosen));
    }
    shownMap()?.choose(index, isNear);
  }

  const cardOf = (element) => element.closest('[data-route]');

  /** Take the route of a card as the chosen one; its line is the one that marks lie on. */
  function routeOf(element) {
    const index = Number(cardOf(element).dataset.route);
    if (index !== chosen) choose(index);
    return routes[index];
  }

  async function show(card) {
    try {
      await loadMap();
    } catch {
      return;
    }
    const index = Number(card.dataset.route);
    choose(index, { isNear: true });
    reveal();
    say(fill(texts.drawn, { number: index + 1 }));
  }

  // The profile: a slider for every hand, and a finger on the drawing.

  function walk(slider) {
    const route = routeOf(slider);
    if (!route) return;
    const share = slider.value / slider.max;
    const atM = share * route.vertices[route.vertices.length - 1][2];
    const height = route.heights[slider.value];
    const before = route.places.filter(([placeM]) => placeM <= atM).pop();
    const words = [
      fill(texts.at, { km: atM > 0 ? phrases.km(atM) : '0 km' }),
      height === null ? texts.heightUnknown : fill(texts.heightAt, { metres: phrases.number(height) }),
      ...(before ? [fill(texts.passedPlace, { name: before[1] })] : []),
    ].join(', ');
    slider.setAttribute('aria-valuetext', words);
    slider.parentElement.querySelector('output').textContent = words;
    const drawing = cardOf(slider).querySelector('.profile');
    const { left, right } = drawing.dataset;
    const cursor = drawing.querySelector('.cursor');
    cursor.setAttribute('visibility', 'visible');
    cursor.setAttribute('transform', `translate(${Number(left) + share * (right - left)} 0)`);
    shownMap()?.mark([placeAt(route.vertices, atM)]);
  }

  function pointed(event) {
    const drawing = event.target.closest?.('.profile');
    if (!drawing || (event.type === 'pointermove' && event.pointerType === 'touch' && event.buttons === 0)) return;
    const box = drawing.getBoundingClientRect();
    const { left, right } = drawing.dataset;
    const x = (event.clientX - box.left) / box.width * drawing.viewBox.baseVal.width;
    const slider = cardOf(drawing).querySelector('[data-along]');
    slider.value = Math.round(Math.min(1, Math.max(0, (x - left) / (right - left))) * slider.max);
    walk(slider);
  }

  result.addEventListener('input', (event) => { if (event.target.matches('[data-along]')) walk(event.target); });
  result.addEventListener('pointermove', pointed);
  result.addEventListener('pointerdown', pointed);

  // The stretches: each becomes a button when their list is opened, and is shown on the map.

  result.addEventListener('toggle', ({ target }) => {
    if (!target.matches('.stretches[open]')) return;
    for (const item of target.querySelectorAll('li[data-from]')) {
      if (item.querySelector('button')) continue;
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'stretch';
      button.title = texts.stretch;
      button.append(...item.childNodes);
      item.append(button);
    }
  }, true);

  function mark(button) {
    const route = routeOf(button);
    const { from, to } = button.parentElement.dataset;
    if (route) shownMap()?.mark(between(route.vertices, Number(from), Number(to)));
  }

  result.addEventListener('focusin', ({ target }) => { if (target.matches('.stretch')) mark(target); });
  result.addEventListener('click', ({ target }) => {
    const button = target.closest('.stretch');
    const card = cardOf(target);
    if (button) {
      mark(button);
    } else if (card && !target.closest('a, button, summary, input')) choose(Number(card.dataset.route));
  });

  function print(card) {
    choose(Number(card.dataset.route));
    // Browsers that cannot open them for the paper alone.
    for (const closed of card.querySelectorAll('details:not([open], .take)')) closed.open = true;
    document.documentElement.classList.add('one-route');
    window.print();
    document.documentElement.classList.remove('one-route');
  }

  const pressed = {
    here: ({ dataset }) => here(dataset.side),
    pick: ({ dataset }) => pick(dataset.side),
    agree: () => answered?.(true),
    refuse: () => answered?.(false),
    show: (button) => show(cardOf(button)),
    print: (button) => print(cardOf(button)),
  };

  read();
  return {
    draw,
    recall,
    pressed: (button) => pressed[button.dataset.plan](button),
    submitted(target, submitter) {
      if (target !== form) return go(submitter);
      return submitter?.name === 'swap' ? swap() : ask(submitter);
    },
  };
}
