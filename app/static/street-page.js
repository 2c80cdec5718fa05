// The part of the page without a network that takes streets along and finds ways over them.
import { fill } from './phrases.js';
import { forgetStreets, offeredStreets, takeStreets, takenStreets } from './street-packs.js';
import { headOf } from './streets.js';

/**
 * Fill the part of streets.
 *
 * @param {object} page what the page has: `texts`, `phrases`, `names`, `element`, `byId`,
 *        `day`, `size`, `spaces()`, `locate`, `startWorker`, and `show`, which shows a found way
 */
export function startStreets(page) {
  const { texts, phrases, names, element, byId } = page;
  const words = texts.streets;
  const say = (text) => { byId('street-status').textContent = text; };
  let search = null;

  async function refresh() {
    const taken = await takenStreets();
    byId('street-list').replaceChildren(...taken.map(item));
    byId('street-way').replaceChildren(...(taken.length > 0 ? [form(taken)] : []));
    document.documentElement.dataset.streets = String(taken.length);
  }

  /** Streets by their number in the list: what is shown over a shoulder names no place. */
  function item({ code, size_bytes: bytes, expires_on: ends, known }, index) {
    const name = fill(words.numbered, { number: phrases.number(index + 1) });
    const status = element('p', { class: 'fine', role: 'status' },
      fill(words.valid, { size: page.size(bytes), date: page.day(ends) }), ' ',
      known === null ? words.notKnown : fill(words.known, { date: page.day(known.start) }));
    const action = (text, work) => {
      const button = element('button', { type: 'button', class: 'button quiet' }, text, element('span', { class: 'unseen' }, `: ${name}`));
      button.addEventListener('click', () => busy(button, work, status));
      return button;
    };
    return element('li', { class: 'card pack', 'data-streets': String(index + 1) },
      element('h3', {}, name), status,
      element('p', { class: 'need' },
        action(texts.renew, () => take(code)), action(texts.forget, () => forgetStreets(code))));
  }

  const take = (code) => takeStreets(code, { files: texts.streetCode.files, headOf });

  async function busy(button, work, status) {
    button.disabled = true;
    try {
      await work();
      await refresh();
    } catch (error) {
      console.warn(error);
      (status ?? byId('street-status')).textContent = texts.notTaken;
    } finally {
      button.disabled = false;
    }
  }

  async function offer() {
    const offered = await offeredStreets();
    if (offered.length === 0) {
      say(words.none);
      return;
    }
    const option = ({ code, name, country, size_bytes: bytes }) => element('option', { value: code },
      `${[name, names.countries[country] ?? country].filter(Boolean).join(', ')} (${fill(words.most, { size: page.size(bytes) })})`);
    const group = (label, kind) => {
      const places = offered.filter((one) => one.kind === kind);
      return places.length === 0 ? null : element('optgroup', { label }, ...places.map(option));
    };
    const select = element('select', { id: 'street-town' }, group(words.towns, 'town'), group(words.corridors, 'corridor'));
    const get = element('button', { type: 'button', class: 'button quiet' }, texts.take);
    get.addEventListener('click', () => busy(get, async () => {
      await take(select.value);
      byId('street-offer').replaceChildren(); // the name of the place goes with the list
      byId('streets-show').hidden = false;
    }));
    byId('street-offer').replaceChildren(
      element('p', { class: 'field' }, element('label', { for: 'street-town' }, words.town), select),
      element('p', { class: 'need' }, get),
    );
    byId('streets-show').hidden = true;
  }

  /** The question: from a space or where somebody is, to a space. */
  function form(taken) {
    const options = () => page.spaces().map((space, index) => element('option', { value: String(index) }, `${space.locality}: ${space.name}`));
    const field = (id, label, ...choices) => element('p', { class: 'field' },
      element('label', { for: id }, label), element('select', { id }, ...choices));
    const countries = [...new Set(page.spaces().map(({ country }) => country))];
    const made = element('form', { class: 'card plan' },
      taken.length < 2 ? null : field('street-code', words.town, ...taken.map(({ code }, index) => (
        element('option', { value: code }, fill(words.numbered, { number: phrases.number(index + 1) }))))),
      field('street-from', words.start, element('option', { value: 'here' }, words.here), ...options()),
      field('street-country', words.country, ...countries.map((code) => element('option', { value: code }, names.countries[code] ?? code))),
      field('street-to', words.end, ...options()),
      element('p', { class: 'field field-go' }, element('button', { type: 'submit', class: 'button' }, words.find)));
    const toggle = () => { byId('street-country').closest('p').hidden = byId('street-from').value !== 'here'; };
    made.addEventListener('change', toggle);
    made.addEventListener('submit', (event) => {
      event.preventDefault();
      ask(byId('street-code')?.value ?? taken[0].code).catch((error) => {
        console.warn(error);
        say(error.code === 1 ? texts.locationRefused : texts.locationFailed);
      });
    });
    return made;
  }

  async function ask(code) {
    const placeOf = ({ lon, lat, country }) => ({ at: [lon, lat], country });
    const chosen = byId('street-from').value;
    const to = page.spaces()[Number(byId('street-to').value)];
    if (!to) return;
    say(texts.searching);
    const from = chosen === 'here'
      ? { at: await page.locate(), country: byId('street-country').value || null } : placeOf(page.spaces()[Number(chosen)]);
    const nowMs = Date.now();
    search ??= makeAsker(page.startWorker(texts.streetCode.worker));
    const found = await search({ code, from, to: placeOf(to), startMs: nowMs });
    if (found.refusal === 'gone') await refresh();
    say({ far: words.far, gone: texts.noWay, none: texts.noWay }[found.refusal] ?? texts.done);
    if (found.ways) page.show(found, nowMs);
  }

  return { refresh, offer: () => busy(byId('streets-show'), offer) };
}

/** Ask a worker, one question after the other; the answer of each comes by its number. */
function makeAsker(worker) {
  const waiting = new Map();
  worker.addEventListener('message', ({ data: { id, found, error } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(new Error(error));
    else resolve(found);
  });
  worker.addEventListener('error', () => {
    for (const { reject } of waiting.values()) reject(new Error('streets: the worker failed'));
    waiting.clear();
  });
  let last = 0;
  return (question) => new Promise((resolve, reject) => {
    last += 1;
    waiting.set(last, { resolve, reject });
    worker.postMessage({ id: last, question });
  });
}
