// The hand-over: the amount follows the choices at once. Without this, the button "recalculate" asks the server.
// A QR that is read here proves who collects; what is handed over is still decided by the button.

const form = document.querySelector("form[data-counter]");
const lines = [...form.querySelectorAll(".outcome")];

const yuan = (fen) => (fen / 100).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

function taken(line) {
  const open = Number(line.dataset.open);
  if (line.querySelector("input[type=radio]:checked")?.value === "TAKEN") return open;
  const units = Number(line.querySelector("[name$='-units']").value || open);
  return Math.max(0, open - units);
}

function show() {
  const freight = new Map();
  let goods = 0;
  for (const line of lines) {
    const units = taken(line);
    goods += units * Number(line.dataset.fen);
    if (units > 0) freight.set(line.dataset.consignment, Number(line.dataset.freight));
  }
  const sums = { goods, freight: [...freight.values()].reduce((sum, fen) => sum + fen, 0) };
  sums.total = sums.goods + sums.freight;
  for (const [name, fen] of Object.entries(sums)) {
    for (const place of document.querySelectorAll(`[data-sum=${name}] .yuan`)) place.lastChild.data = yuan(fen);
  }
  form.elements.shown_fen.value = sums.total;
}

const recalculate = form.querySelector("[data-recalculate]");
if (recalculate) {
  recalculate.remove();
  form.addEventListener("input", show);
  show();
}

form.addEventListener("scan:read", (event) => {
  event.preventDefault();
  document.querySelector(".footbar button").focus();
});

document.querySelector("[aria-invalid]")?.focus();
