// Words that a person has to review stay as the server wrote them into the page (P47): the page picks
// from its block `#words`, and puts values in.
import { digitsOf, element, messageTo } from './cards.js';
import { fill } from './phrases.js';

const DAY_S = 86_400;

/** A reviewed word for a code, or the code where the page has none. */
export function wordOf(kind, code) {
  const found = document.querySelector(`#words [data-${kind}="${CSS.escape(code)}"]`);
  const made = element('b');
  made.append(...(found ? [...found.cloneNode(true).childNodes] : [code]));
  return made;
}

/** A kind of hazard within a sentence. */
export function hazardWord(kind) {
  const word = document.querySelector(`#words [data-hazard="${CSS.escape(kind)}"]`);
  const text = (word?.querySelector('[lang=es]') ?? word)?.textContent.trim() ?? kind;
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/**
 * A reviewed sentence with values in it, as nodes; spans of time, in seconds, are worded in the
 * sentence's own language.
 */
export function saidBy(phrases) {
  return (code, values) => {
    const found = document.querySelector(`#words [data-said="${CSS.escape(code)}"]`);
    const made = found.cloneNode(true);
    const time = typeof values.time === 'number' ? spanOf(values.time, found.dataset, phrases) : values.time;
    // A translation that nobody reviewed has its original behind it, with the same values.
    const texted = document.createTreeWalker(made, NodeFilter.SHOW_TEXT);
    let isFirst = true;
    for (let node = texted.nextNode(); node; node = texted.nextNode()) {
      if (node.data.trim() === '') continue;
      const text = fill(node.data.trim(), { ...values, time });
      const isSentence = isFirst || node.data.includes('%(');
      isFirst = false;
      if (isSentence) node.data = `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'} `;
    }
    return [...made.childNodes];
  };
}

/** A span of time: days from one day on, never hours then (P46). */
function spanOf(seconds, { day, days }, phrases) {
  const count = Math.round(seconds / DAY_S);
  if (seconds >= DAY_S) return fill(count === 1 ? day : days, { num: phrases.number(count) });
  return seconds >= 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.max(1, Math.round(seconds / 60))} min`;
}

/** The mark of a row of the demonstration (P35). */
export const demoMark = (isDemo) => (isDemo ? element('span', {}, ' ', element('b', { class: 'demo-mark' }, 'DEMO')) : null);

/** A number to tap. */
export function callLink({ phone, whatsapp }) {
  return phone ? element('a', { class: 'phone', href: `tel:${digitsOf(phone)}` }, phone)
    : element('a', { class: 'phone', href: messageTo(whatsapp), rel: 'noreferrer' }, `WhatsApp ${whatsapp}`);
}

/** Lines to call; of whom each is where they are of several countries, or of a part of one. */
export function lineItems(lines, countries) {
  const areMixed = new Set(lines.map((line) => line.country)).size > 1;
  return lines.map((line) => element('li', {},
    wordOf('contact', line.kind), areMixed || line.admin1 ? ` (${areaOf(line, countries)})` : null, demoMark(line.demo), element('br'),
    element('span', { lang: 'es' }, line.name), ' ',
    line.phone || line.whatsapp ? callLink(line) : null, ' ',
    line.hours ? element('small', { lang: 'es' }, line.hours) : null));
}

/** Lines within a sentence. */
export const numberParts = (lines, countries) => lines.flatMap((line) => [
  `${areaOf(line, countries)}, `, wordOf('contact', line.kind), demoMark(line.demo), ' ', callLink(line), '. ',
]);

/** The unit of which a line is, where it is none of the whole country, and the country's name. */
const areaOf = (line, countries) => [line.admin1, countries[line.country] ?? line.country].filter(Boolean).join(', ');
