// A space as a card, where the phone writes it: the same words as templates/space_card.html.
import { dayNumber, fill } from './phrases.js';
import { openness } from './spaces.js';

/** Make an element: attributes, then children, which are nodes or texts. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** What a phone dials of a number as it is written. */
export const digitsOf = (number) => number.replace(/[^\d+]/g, '');

/** Where a message to a number begins. */
export const messageTo = (number) => `https://wa.me/${digitsOf(number).replace('+', '')}`;

const SVG = 'http://www.w3.org/2000/svg';

/** A pictogram, whose word stands beside it; null where there is none. */
export function iconOf(icons, name) {
  if (!name) return null;
  const [drawing, use] = ['svg', 'use'].map((tag) => document.createElementNS(SVG, tag));
  drawing.setAttribute('class', 'icon');
  drawing.setAttribute('aria-hidden', 'true');
  use.setAttribute('href', `${icons.file}#${name}`);
  drawing.append(use);
  return drawing;
}

/** Offer to read cards aloud (listen.js), once the phone has told that it has a voice of its own. */
export function offerListening() {
  const speech = window.speechSynthesis;
  const start = () => {
    if (!speech.getVoices().some(({ localService }) => localService)) return;
    import(document.getElementById('listen').dataset.script).catch(() => {});
  };
  if (!speech) return;
  start();
  speech.addEventListener?.('voiceschanged', start);
}

/**
 * Make what writes cards.
 *
 * @param {object} texts of the page's language
 * @param {object} phrases what `makePhrases` gives
 * @param {object} names of codes: `services`, `kinds`, `countries`; and their `icons`
 */
export function makeCards(texts, phrases, names) {
  const named = (list, code) => names[list][code] ?? code;
  const icon = (kind, code) => iconOf(names.icons, names.icons[kind][code]);

  function opening(space, nowMs) {
    if (space.isFull || space.status === 'full') return ['shut', texts.full];
    if (space.status === 'temporarily_closed') return ['shut', texts.temporarilyClosed];
    if (space.status === 'closed') return ['shut', texts.closed];
    const known = openness(space, nowMs);
    const time = (ms) => phrases.until(ms, nowMs, space.timezone);
    if (known.state === 'not_known') {
      return ['unknown', known.doubt === 'holiday' ? texts.holidayDoubt : texts.hoursNotKnown];
    }
    if (known.state === 'closed') {
      return ['shut', known.opensMs === null ? texts.shut : fill(texts.shutUntil, { time: time(known.opensMs) })];
    }
    if (known.closesMs === null) return ['open', texts.openAlways];
    const closes = { time: time(known.closesMs) };
    if (known.lastEntryMs === null) return ['open', fill(texts.openUntil, closes)];
    closes.entry = phrases.clock(known.lastEntryMs, space.timezone);
    return known.lastEntryMs < nowMs
      ? ['shut', fill(texts.entryIsOver, closes)] : ['open', fill(texts.openWithEntry, closes)];
  }

  /** How old it is what is known; a demo date is never a confirmation (P35). */
  function age(space, nowMs) {
    if (space.isDemo) return texts.demoDate;
    if (space.confirmed === null) return texts.notConfirmed;
    const today = dayNumber(nowMs, space.timezone);
    const days = Math.max(0, today - space.confirmed);
    if (days === 0) return texts.confirmedToday;
    return phrases.plural(today >= space.callFrom ? texts.confirmedCall : texts.confirmed, days);
  }

  /** A list's item, with how far it is, whether it lies abroad, and by which crossing. */
  function card(space, { distanceM = null, isAbroad = false, crossing = null, nowMs = Date.now() } = {}) {
    const [state, words] = opening(space, nowMs);
    const country = named('countries', space.country);
    const services = names.order.filter((code) => space.services.includes(code));
    return element('li', { class: 'card space', 'data-space': space.id },
      element('h3', {}, element('a', { href: `/spaces/${encodeURIComponent(space.id)}?lang=${texts.lang}` }, space.name)),
      element('p', { class: 'where' }, `${named('kinds', space.kind)} · ${space.locality}, ${country}`),
      !distanceM ? null : element('p', { class: 'far' },
        fill(texts.straight, { km: phrases.km(distanceM) }),
        ...(isAbroad ? ['. ', element('b', {}, fill(texts.abroad, { country }))] : []),
        ...(crossing ? [' ', fill(texts.byCrossing, { names: crossing.name })] : [])),
      element('p', { class: `opening opening-${state}` }, words),
      element('p', { class: `seen${space.isDemo ? ' seen-demo' : ''}` }, age(space, nowMs)),
      space.isReferralOnly ? element('p', { class: 'referral' },
        space.referral ? fill(texts.referralFrom, { name: space.referral }) : texts.referralOnly) : null,
      calls(space),
      element('ul', { class: 'services', 'aria-label': texts.services },
        ...services.map((code) => element('li', {}, icon('services', code), named('services', code)))));
  }

  /** What to do with a space: only what there is a number for, and the way where ways are asked. */
  function calls({ id, name, phone, whatsapp }) {
    const made = element('p', { class: 'calls' },
      phone ? element('a', { class: 'button', href: `tel:${digitsOf(phone)}` }, icon('actions', 'call'), texts.call) : null,
      whatsapp ? element('a', { class: 'button', href: messageTo(whatsapp), rel: 'noreferrer' },
        icon('actions', 'message'), 'WhatsApp') : null,
      document.getElementById('go') ? element('button', { class: 'button', form: 'go', name: 'end_choice', value: `space:${id}` },
        icon('actions', 'way'), texts.goHere, element('span', { class: 'unseen' }, `: ${name}`)) : null);
    return made.hasChildNodes() ? made : null;
  }

  return { card, opening, age };
}
