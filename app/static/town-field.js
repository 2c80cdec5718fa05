// A field in which somebody types a town: what it means, or those to choose from, each to be tapped.
import { element } from './cards.js';

const byId = (id) => document.getElementById(id);

/**
 * The town that a field means.
 *
 * @param {?object} towns of contents.js
 * @param {string} field id of the input; its choices are shown in the list `${field}-choices`
 * @param {() => void} goOn searches again, once one of several was chosen
 * @returns {{node: number|null, hasChoices: boolean}}
 */
export function townOf(towns, field, goOn) {
  const { node, choices } = towns?.find(byId(field).value) ?? { node: null, choices: [] };
  const list = byId(`${field}-choices`);
  list.hidden = node !== null || choices.length === 0;
  list.replaceChildren(...choices.map((choice) => {
    const button = element('button', { type: 'button', class: 'button quiet' }, choice.label);
    button.addEventListener('click', () => {
      byId(field).value = choice.label;
      goOn();
    });
    return element('li', {}, button);
  }));
  return { node, hasChoices: !list.hidden };
}

/** Complete what is typed from the towns of the packs: made when somebody begins to type. */
export function completeTowns(phone, fields) {
  for (const field of fields) {
    byId(field).addEventListener('focus', () => {
      if (byId('towns').childElementCount > 0 || !phone.contents.network) return;
      const names = [...phone.contents.network.towns.keys()].sort();
      byId('towns').replaceChildren(...names.map((name) => element('option', { value: name })));
    });
  }
}
