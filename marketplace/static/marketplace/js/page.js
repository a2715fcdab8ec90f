// Small comforts of every page. Nothing here is needed: each page works without it.

// A menu closes when something else is touched, or with Escape.
const openMenus = () => document.querySelectorAll("details.menu[open]");
document.addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// <form data-once> is sent once; its button says that it is on its way.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-once]")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  (event.submitter ?? form.querySelector("button"))?.classList.add("busy");
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("form[data-once] .busy")) button.classList.remove("busy");
});

// <span class="qty"><button type="button" data-step="-1" hidden>…<input type="number">…<button type="button" data-step="1" hidden></span>
for (const button of document.querySelectorAll(".qty button[data-step]")) {
  const input = button.parentElement.querySelector("input");
  button.hidden = false;
  button.addEventListener("click", () => {
    if (Number(button.dataset.step) > 0) input.stepUp();
    else input.stepDown();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

// <select data-go> sends its form when it changes.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-go]")) event.target.form?.requestSubmit();
});

// <span class="file"><input type="file">…<span data-file-name>: the name of what is chosen.
for (const input of document.querySelectorAll(".file-input")) {
  const show = () => {
    const names = [...input.files].map((file) => file.name).join(", ");
    input.toggleAttribute("data-chosen", Boolean(names));
    if (names) input.parentElement.querySelector("[data-file-name]").textContent = names;
  };
  input.addEventListener("change", show);
  show();
}

// <button data-print hidden> prints the page.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// <dialog id="x"> is opened by <button data-opens="x"> and closed by <button data-closes>.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
});
