// The new phone asks every two seconds whether the owner has confirmed; the button on the page does the same by hand.

const EVERY_MS = 2000;
const address = document.querySelector("[data-pairing]").dataset.pairing;

async function ask() {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    const { paired, waiting } = await answer.json();
    if (paired || !waiting) {
      location.reload();
      return;
    }
  } catch {
    // Without network it is asked again.
  }
  setTimeout(ask, EVERY_MS);
}

setTimeout(ask, EVERY_MS);
