// The list of spaces, drawn from packs: what is near, and what the address or a form narrows it to.
import { element } from './cards.js';
import { locate } from './nearby.js';
import { fill } from './phrases.js';
import { fits, nearest } from './spaces.js';
import { completeTowns, townOf } from './town-field.js';

const byId = (id) => document.getElementById(id);
const say = (text) => { byId('near-status').textContent = text; };

const FIRST_CARDS = 12; // Four screens of a phone; the others come when these are painted.
const PAGE_CARDS = 20; // as app/page_models/home_filling.py
const IN_VIEW = 5; // as nearby.js

/** Begin the page of the list; `show` is called with whatever the packs hold. */
export function startList(phone) {
  const { texts, names, phrases, card, asked } = phone;
  const query = new URLSearchParams(location.search);
  const wanted = {
    services: query.getAll('service'),
    openNow: query.has('open'),
    families: query.has('families'),
    language: query.get('language'),
    country: query.get('country'),
  };
  let page = Math.max(1, Number.parseInt(query.get('page') ?? '', 10) || 1);
  let position = null;
  let country = null;
  let town = null;

  completeTowns(phone, ['near-place']);
  showChips();
  byId('near-place').value = asked.fields?.get('place') ?? '';

  byId('locate').addEventListener('click', async () => {
    say(texts.locating);
    try {
      [position, country, town] = [await locate(), null, null];
      showSpaces();
    } catch (error) {
      say(error.code === 1 ? texts.locationRefused : texts.locationFailed);
    }
  });

  byId('near-form').addEventListener('submit', (event) => {
    event.preventDefault();
    searchPlace();
  });

  byId('near-list').addEventListener('click', ({ target }) => {
    const shown = target.closest('[data-space]');
    if (shown && !target.closest('a, button')) phone.map.whenLoaded((map) => map.show(shown.dataset.space));
  });

  function searchPlace() {
    const { node, hasChoices } = townOf(phone.contents.towns, 'near-place', searchPlace);
    if (node === null) {
      say(hasChoices ? texts.severalPlaces : texts.placeUnknown);
      return;
    }
    const { network } = phone.contents;
    position = network.positionOf(node);
    country = network.nodes.country[node];
    // It may have been found by its sound alone: somebody has to see which one it is.
    town = network.fullLabelOf(node);
    showSpaces();
  }

  /** The chips as the address has them; what it names beyond them gets a chip of its own. */
  function showChips() {
    const box = document.querySelector('#spaces .chips');
    const others = [
      ...wanted.services.filter((code) => !box.querySelector(`[data-service="${CSS.escape(code)}"]`))
        .map((code) => [{ 'data-service': code }, names.services[code] ?? code]),
      ...(wanted.language ? [[{ 'data-only': 'language' }, names.languages[wanted.language] ?? wanted.language]] : []),
      ...(wanted.country ? [[{ 'data-only': 'country' }, names.countries[wanted.country] ?? wanted.country]] : []),
    ];
    box.append(...others.map(([attributes, name]) => element('button', { type: 'button', ...attributes }, name)));
    for (const chip of box.querySelectorAll('button')) {
      const { service, switch: flag, only } = chip.dataset;
      const isOn = service ? wanted.services.includes(service) : Boolean(wanted[flag ?? only]);
      chip.setAttribute('aria-pressed', String(isOn));
      chip.addEventListener('click', () => press(chip));
    }
  }

  function press(chip) {
    const { service, switch: flag, only } = chip.dataset;
    const isOn = chip.getAttribute('aria-pressed') !== 'true';
    page = 1;
    chip.setAttribute('aria-pressed', String(isOn));
    if (only) wanted[only] = isOn ? query.get(only) : null;
    else if (!service) wanted[flag] = isOn;
    else wanted.services = isOn ? [...wanted.services, service] : wanted.services.filter((code) => code !== service);
    showSpaces();
  }

  let drawing;

  async function showSpaces() {
    const { contents } = phone;
    const { spaces } = contents;
    const crossings = contents.newest?.around.crossings ?? [];
    const fitting = position === null ? spaces.filter((space) => fits(space, wanted)) : [];
    const pages = Math.max(1, Math.ceil(fitting.length / PAGE_CARDS));
    page = Math.min(page, pages);
    const sides = position === null
      ? byCountry(fitting.slice((page - 1) * PAGE_CARDS, page * PAGE_CARDS))
      : nearest(spaces, position, wanted, {
        country, crossings, limit: PAGE_CARDS, abroadM: phone.data.nearM ?? Infinity,
      });
    const count = position === null ? fitting.length : sides.reduce((sum, { items }) => sum + items.length, 0);
    byId('near-count').textContent = contents.current.length ? phrases.number(position === null ? count : spaces.length) : '';
    if (spaces.length && (position !== null || count === 0)) {
      const taken = town === null ? '' : `${fill(texts.picked, { name: town })} `;
      say(`${taken}${count ? phrases.plural(texts.found, count) : texts.nothingFits}`);
    } else if (position === null) say('');
    if (position !== null) lookAround(sides);
    byId('near-list').replaceChildren();
    const cards = drawCards(sides);
    drawing = cards;
    for (let drawn = 0; drawn < FIRST_CARDS && !cards.next().done;) drawn += 1;
    await phone.painted();
    // Somebody may have asked for others meanwhile.
    while (drawing === cards && !cards.next().done);
    if (drawing === cards && pages > 1) byId('near-list').append(pager(pages));
  }

  /** Links to the pages of the list before and after this one, as those of the server. */
  function pager(pages) {
    const link = (to, rel, text) => (to < 1 || to > pages ? null : element('a', { href: addressOf(to), rel }, text));
    return element('nav', { class: 'pages', 'aria-label': texts.listPages },
      link(page - 1, 'prev', texts.pageBefore),
      element('span', {}, fill(texts.pageOf, { page: phrases.number(page), pages: phrases.number(pages) })),
      link(page + 1, 'next', texts.pageAfter));
  }

  /** The address of a page of the list as it is narrowed now. */
  function addressOf(to) {
    const { services, openNow, families, language, country: only } = wanted;
    const stated = [['lang', phone.data.lang], ...services.map((code) => ['service', code]), ['open', openNow && '1'],
      ['families', families && '1'], ['language', language], ['country', only], ['page', to > 1 && to]];
    return `/?${new URLSearchParams(stated.filter(([, value]) => value))}#spaces`;
  }

  function lookAround(sides) {
    const ids = (sides[0]?.items ?? []).slice(0, IN_VIEW).map(({ space }) => space.id);
    const at = position;
    phone.map.whenLoaded((map) => map.lookAt(at, { ids }));
  }

  function* drawCards(sides) {
    for (const [index, side] of sides.entries()) {
      const list = element(position === null ? 'ul' : 'ol', { class: 'list' });
      byId('near-list').append(element('h3', {}, names.countries[side.country] ?? side.country), list);
      for (const { space, ...near } of side.items) {
        list.append(card(space, { ...near, isAbroad: position !== null && index > 0 }));
        yield;
      }
    }
  }

  let isFirst = true;
  return {
    show() {
      showSpaces();
      if (isFirst && byId('near-place').value) searchPlace();
      // A list that was shared names its place by a number, which no pack tells.
      else if (isFirst && query.has('place')) say(texts.placeUnknown);
      isFirst = false;
    },
  };
}

function byCountry(listed) {
  const sides = new Map();
  for (const space of listed) {
    if (!sides.has(space.country)) sides.set(space.country, []);
    sides.get(space.country).push({ space });
  }
  return [...sides].map(([side, items]) => ({ country: side, items }));
}
