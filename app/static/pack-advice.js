// What people are told, drawn from packs: texts, how help is found, channels, good practice.
import { element } from './cards.js';

const byId = (id) => document.getElementById(id);
const KINDS = ['self_care', 'campaign', 'information']; // as advice.html
const demoMark = (is) => (is ? element('b', { class: 'demo-mark' }, 'DEMO') : null);

/** Begin the page of advice; `show` is called with whatever the packs hold. */
export function startAdvice(phone) {
  const { data, texts: said, names } = phone;
  const today = () => new Date().toISOString().slice(0, 10);
  const holds = ({ until }) => !until || until >= today(); // what is over is not shown (P49)
  const place = (one, country) => [one.admin1, names.countries[country] ?? country].filter(Boolean).join(', ');

  /** One text of each key, in the reader's language or else in Spanish, labelled (P47). */
  function chosen(all) {
    const byKey = new Map();
    for (const text of all.filter(holds)) {
      if (text.language !== data.lang && text.language !== 'es') continue;
      if (!byKey.has(text.key) || text.language === data.lang) byKey.set(text.key, text);
    }
    return [...byKey.values()];
  }

  const words = (text) => element('li', { class: 'card' },
    element('p', { lang: text.language }, text.body, text.language === data.lang ? null : element('abbr', { class: 'es', title: said.original }, ' ES')),
    demoMark(text.demo));

  const steps = ({ instruction, call, space }) => element('li', {}, instruction, call ? ` ${call} ` : ' ',
    space ? element('a', { href: phone.spaceAddress(space) }, said.seeSpace) : null);

  const part = (id, items) => {
    byId(id).replaceChildren(...items);
    byId(id).parentElement.hidden = items.length === 0;
  };

  return {
    show() {
      const { current } = phone.contents;
      const of = (name) => current.flatMap(({ advice, country }) => (advice?.[name] ?? []).map((one) => ({ ...one, country })));
      const bank = chosen(of('texts'));
      for (const kind of KINDS) part(`advice-${kind}`, bank.filter((text) => text.kind === kind).map(words));
      part('advice-pathways', of('pathways').filter(holds).map((one) => element('li', { class: 'card' },
        element('h3', { lang: 'es' }, one.title), demoMark(one.demo),
        element('p', { class: 'where' }, place(one, one.country)),
        element('ol', { lang: 'es' }, ...one.steps.map(steps)))));
      part('advice-channels', of('channels').filter(holds).map((one) => element('li', { class: 'card' },
        element('h3', { lang: 'es' }, one.name), demoMark(one.demo),
        element('p', { lang: 'es' }, [one.address, one.status === 'paused' ? said.paused : null].filter(Boolean).join(' · ')),
        element('p', { class: 'where' }, `${place(one, one.country)} · ${one.operator}`))));
      part('advice-practices', of('practices').map((one) => element('li', { class: 'card' },
        element('h3', { lang: one.language }, one.title), demoMark(one.demo),
        element('p', { class: 'where' }, one.space),
        element('p', { lang: one.language }, one.body))));
    },
  };
}
