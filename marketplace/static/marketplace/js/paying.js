// The QR on the hand-over page asks every two seconds whether it is paid; the button below it does the same by hand.

const EVERY_MS = 2000;
const form = document.querySelector("form[data-counter]");
const shown = () => document.querySelector("[data-payment]");
const isWaiting = () => shown()?.dataset.state === "OPEN";
let last = "";

async function ask() {
  try {
    const answer = await fetch(`${shown().dataset.payment}&due=${form.elements.shown_fen.value}`);
    const text = answer.ok ? await answer.text() : "";
    if (text && text !== last) {
      const part = document.createElement("template");
      part.innerHTML = text;
      shown().replaceWith(part.content.querySelector("[data-payment]"));
      last = text;
      if (!isWaiting()) document.querySelector(".footbar button").focus();
    }
  } catch {
    // Without network it is asked again.
  }
  if (isWaiting()) setTimeout(ask, EVERY_MS);
}

if (isWaiting()) {
  shown().scrollIntoView({ block: "start" });
  setTimeout(ask, EVERY_MS);
}
