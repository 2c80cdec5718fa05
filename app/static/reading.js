// Reads the packs of this phone as soon as the browser has this file, while the page is still being
// put together: what takes longest is done when the list is to be shown.
import { taken } from './packs.js';

export const reading = 'caches' in window ? taken() : Promise.resolve([]);
// Whoever asks hears of a failure; nobody has asked yet.
reading.catch(() => {});
