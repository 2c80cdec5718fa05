// Says on every public page that reports wait, and sends them; silent where none do. What became of
// one that is not taken is told where the link leads.

const link = document.getElementById('waiting');

async function start() {
  const databases = (await indexedDB.databases?.()) ?? [];
  if (!databases.some(({ name }) => name === 'amparo-reports')) return;
  // Only who has reported something loads what sends it.
  const { untoldReports } = await import(link.dataset.outbox);
  const outbox = untoldReports({ onChange: show });
  async function show() {
    const { length } = await outbox.all();
    link.hidden = length === 0;
    link.textContent = link.dataset.text.replace('%(num)s', length);
  }
  show();
  outbox.watch();
}

if (link) start();
