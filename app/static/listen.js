// "Escuchar": the phone reads a card, or the page of a space, aloud by its own voice. Only voices that
// work on the phone itself are used: others send what they read to somebody's server. Without one for
// the page's language there is no button.

const BLOCKS = 'h1, h2, h3, h4, p, li, dt, dd, th, td';
// What is pressed or seen is not read; nor is the label "ES", for the voice changes instead.
const SKIPPED = 'summary, button, .calls, .actions, .icon, .unseen, .no-print, abbr, svg, [hidden]';
const speech = window.speechSynthesis;
const pattern = document.getElementById('listen');
const lang = document.documentElement.lang;

const languageOf = (tag) => tag.toLowerCase().split(/[-_]/)[0];
const voiceFor = (wanted) => speech.getVoices()
  .find((voice) => voice.localService === true && languageOf(voice.lang) === wanted);

/** What is read of an element: texts with their language, one for each piece of a block. */
export function piecesOf(root) {
  const pieces = [];
  for (const block of root.querySelectorAll(BLOCKS)) {
    if (block.closest(SKIPPED) || block.querySelector(BLOCKS)) continue;
    const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
    let last = null;
    while (walker.nextNode()) {
      const { parentElement: at, data } = walker.currentNode;
      if (at.closest(SKIPPED)) continue;
      const spoken = at.closest('[lang]').lang;
      if (last?.lang === spoken) last.text += data;
      else pieces.push(last = { lang: spoken, text: data });
    }
  }
  return pieces.map((piece) => ({ ...piece, text: piece.text.replace(/\s+/g, ' ').trim() }))
    .filter(({ text }) => /[\p{L}\p{N}]/u.test(text));
}

let reading = null; // the button of what is read

function stop() {
  if (reading) show(reading, false);
  reading = null;
  speech.cancel();
}

function show(button, isReading) {
  button.setAttribute('aria-pressed', isReading);
}

function read(button, root) {
  const again = reading === button;
  stop();
  if (again) return;
  const said = piecesOf(root).map(({ text, lang: spoken }) => [text, voiceFor(languageOf(spoken))])
    .filter(([, voice]) => voice !== undefined);
  if (said.length === 0) return;
  reading = button;
  show(button, true);
  for (const [index, [text, voice]] of said.entries()) {
    const utterance = new SpeechSynthesisUtterance(text);
    Object.assign(utterance, { voice, lang: voice.lang });
    if (index === said.length - 1) utterance.addEventListener('end', () => { if (reading === button) stop(); });
    speech.speak(utterance);
  }
}

function offer(root) {
  if (root.querySelector('.listen')) return;
  const button = pattern.content.firstElementChild.cloneNode(true);
  button.addEventListener('click', () => read(button, root));
  (root.querySelector('.actions') ?? root.querySelector('.calls') ?? root).append(button);
}

function offerAll() {
  if (!voiceFor(lang)) return;
  for (const root of document.querySelectorAll('article.place, .card.space')) offer(root);
}

if (speech && pattern) {
  offerAll();
  // Voices, and cards that the phone writes, come later.
  speech.addEventListener?.('voiceschanged', offerAll);
  new MutationObserver(offerAll).observe(document.getElementById('main'), { childList: true, subtree: true });
  addEventListener('pagehide', stop);
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden') stop(); });
}
