// The QR on the hand-over page asks every two seconds whether it is paid; the button below it does the same by hand.
// Where other goods are chosen, it says what that means for what is asked for, or was paid.

const EVERY_MS = 2000;
const SETTLED_MS = 300; // after the last choice
const form = document.querySelector("form[data-counter]");
const shown = () => document.querySelector("[data-payment]");
const isWaiting = () => shown().dataset.state === "OPEN";
let last = "";
let timer = 0;

function askIn(ms) {
  clearTimeout(timer);
  timer = setTimeout(ask, ms);
}

async function ask() {
  const due = form.elements.shown_fen.value;
  try {
    const answer = await fetch(`${shown().dataset.payment}&due=${due}`);
    const text = answer.ok ? await answer.text() : "";
    if (text && text !== last) {
      const part = document.createElement("template");
      part.innerHTML = text;
      const waited = isWaiting();
      shown().replaceWith(part.content.querySelector("[data-payment]"));
      last = text;
      if (waited && !isWaiting()) settled();
    }
  } catch {
    // Without network it is asked again.
  }
  if (isWaiting() || form.elements.shown_fen.value !== due) askIn(EVERY_MS);
}

// What was said while it was not paid holds no longer.
function settled() {
  for (const refusal of document.querySelectorAll("[data-refused]")) refusal.remove();
  document.querySelector(".footbar button").focus();
}

form.addEventListener("input", () => askIn(SETTLED_MS));
if (isWaiting()) {
  shown().scrollIntoView({ block: "start" });
  askIn(EVERY_MS);
}
