// Fills the page's templates. What a person or a seller wrote comes in as text only, never as markup.

import { yuan } from "./words.js";

// A copy of <template id="t-name">: data-slot is filled with text, a node or several; it and data-if go where the value is empty.
export function made(name, values = {}) {
  const copy = document.getElementById(`t-${name}`).content.cloneNode(true);
  const each = (attribute, change) => {
    for (const element of copy.querySelectorAll(`[data-${attribute}]`)) {
      const value = values[element.getAttribute(`data-${attribute}`)];
      element.removeAttribute(`data-${attribute}`);
      change(element, value);
    }
  };
  each("if", (element, value) => value || element.remove());
  each("href", (element, value) => value && element.setAttribute("href", value));
  each("value", (element, value) => element.setAttribute("value", value));
  each("label", (element, value) => element.setAttribute("aria-label", value));
  each("slot", (element, value) => {
    if (value === undefined || value === null || value === "" || value === false) element.remove();
    else element.replaceChildren(...(Array.isArray(value) ? value : [value]));
  });
  return copy;
}

// ¥45.00 as the other pages write it.
export function money(fen) {
  const whole = document.createElement("span");
  whole.className = "yuan";
  const sign = document.createElement("i");
  sign.className = "yen";
  sign.textContent = "¥";
  whole.append(sign, yuan(fen));
  return whole;
}

// A field that is wrong says so above itself and takes the focus.
export function mark(field, words) {
  const box = field.closest(".field");
  box.classList.add("bad");
  box.querySelector(".err")?.remove();
  const said = document.createElement("p");
  said.className = "err";
  said.id = `${field.id || field.name}-error`;
  said.textContent = words;
  field.before(said);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", said.id);
  field.focus();
}

export function unmark(form) {
  for (const box of form.querySelectorAll(".field.bad")) box.classList.remove("bad");
  for (const said of form.querySelectorAll(".err")) said.remove();
  for (const field of form.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  }
}
