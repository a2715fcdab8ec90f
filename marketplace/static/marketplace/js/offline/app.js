// The counter without network: which view is shown, and what the person does on it.

import { makeReader, Scanner } from "../scan.js";
import { digitsOf } from "./digits.js";
import { findOrder, findParcel, Unable } from "./finding.js";
import { HandOver } from "./handing.js";
import * as api from "./api.js";
import * as lease from "./lease.js";
import * as outbox from "./outbox.js";
import * as views from "./views.js";
import { made, mark, unmark } from "./shown.js";
import { clockIsPutBack, handedOver, onChange, orderOf, phase, ready, state, tick, undecided, unsent } from "./state.js";
import { say } from "./words.js";

const EVERY_MS = 60_000; // it is sent by itself
const TICK_MS = 15_000;
const IDLE_MS = 30 * 60_000; // then the PIN is asked for again
const SHELF = /^[A-Z0-9]{1,4}(-?[A-Z0-9]{1,6})?$/;
const WEAK = /^(\d)\1{5}$|^012345$|^123456$|^654321$|^543210$/;

const app = document.getElementById("app").dataset;
const view = document.getElementById("view");
const foot = document.getElementById("foot");
const banner = document.getElementById("banner");
const list = { by: "due", filter: "" };
let proof = { number: "", qr: "" }; // the QR that was read for an order just now
let by = "hand"; // "camera" where the last code came from it: the next one is looked for at once
let handOver = null;
let scanner = null;
let asked = null; // the browser's offer to put the page on the home screen
let touched = Date.now();
let isRefused = false;

const place = () => location.hash.slice(1).split("/");
const go = (to) => {
  if (location.hash === `#${to}`) show();
  else location.hash = to;
};

// Show what the address and the state of the leave ask for.
function show(more = {}) {
  scanner?.end();
  scanner = handOver = null;
  const is = phase();
  const [name, which] = place();
  document.getElementById("tabs").hidden = is !== "open";
  document.getElementById("lock").hidden = is !== "open";
  document.getElementById("where").textContent = state.lease?.point.name ?? "";
  const page = is === "none" ? showNone(more) : is === "locked" ? showLocked(more) : showOpen(name, which, more);
  document.getElementById("close").hidden = !page.closes;
  view.replaceChildren(page.view);
  foot.replaceChildren(...(page.foot ? [page.foot] : []));
  page.begin?.();
  showFrame();
  for (const tab of document.querySelectorAll("#tabs a")) {
    tab.toggleAttribute("aria-current", tab.hash === `#${name || "home"}`);
  }
}

function showFrame() {
  const said = views.banner();
  banner.hidden = !said;
  banner.classList.toggle("well", state.network !== "off" && !unsent().length);
  banner.firstElementChild.replaceChildren(...(said ? [said] : []));
}

function showNone(more) {
  return { view: views.none({ ...more, install: install() }) };
}

function showLocked(more) {
  const error = clockIsPutBack() ? say("clock-put-back") : more.error;
  return { view: views.locked({ error }), begin: () => document.getElementById("pin").focus() };
}

function showOpen(name, which, more) {
  isRefused = !lease.mayAct();
  if (isRefused) return { view: views.outbox(), begin: refuse };
  if (name === "scan" || name === "receive") return which ? showShelf(which) : showScan(name === "receive", more);
  if (name === "order") return showOrder(which);
  if (name === "outbox") return { view: views.outbox() };
  const done = name === "receipt" && state.items.find((each) => each.nonce === which);
  if (done) return { view: views.receipt(done), foot: made("foot-receipt"), closes: true };
  return { view: views.home(), foot: null, begin: showList };
}

// Past its end, with the clock put back, or with a leave of which nobody knows whether it is still this phone's.
function refuse() {
  const why = clockIsPutBack() ? "clock-put-back" : state.frame?.unsure ? "unsure" : "over-time";
  view.prepend(made("warn", { text: say(why) }));
}

function showList() {
  const filter = document.getElementById("filter");
  filter.value = list.filter;
  document.getElementById("list").replaceChildren(...views.list(list));
  for (const chip of view.querySelectorAll("[data-by]")) chip.setAttribute("aria-pressed", chip.dataset.by === list.by);
}

function showScan(receiving, more) {
  return {
    view: views.scan({ receiving, ...more }),
    begin() {
      scanner = new Scanner(view.querySelector("[data-scan]"));
      document.getElementById("q").addEventListener("scan:read", () => (by = "camera"));
      const camera = navigator.mediaDevices?.getUserMedia;
      if (camera && !more.error && !more.tail && (by === "camera" || !receiving)) scanner.start();
      else document.getElementById("q").focus();
    },
  };
}

function showOrder(number) {
  const order = orderOf(number);
  const done = order?.consignments.map(handedOver).find(Boolean);
  if (!order || !ready(order).length) {
    if (done) return { view: [made("warn", { text: say("handed-over-before") }), views.receipt(done)].reduce(both), foot: made("foot-receipt"), closes: true };
    return { view: views.home(), begin: showList };
  }
  handOver = new HandOver(order, proof.number === number ? proof.qr : "");
  return {
    view: handOver.view(),
    foot: handOver.foot(),
    closes: true,
    begin: () => handOver.begin(document.getElementById("handover")),
  };
}

function both(one, other) {
  one.append(other);
  return one;
}

const showShelf = (number) => ({ view: views.shelve(number), foot: made("foot-shelve"), closes: true });

// What each form of the page does.
const forms = {
  async take(form) {
    const { pin, again, hours } = form.elements;
    if (!/^[0-9]{6}$/.test(pin.value)) return mark(pin, say("pin-digits"));
    if (WEAK.test(pin.value)) return mark(pin, say("pin-weak"));
    if (again.value !== pin.value) return mark(again, say("pin-differs"));
    await told(() => lease.take(Number(hours.value), pin.value));
  },
  async unlock(form) {
    const pin = form.elements.pin.value;
    if (!/^[0-9]{6}$/.test(pin)) return mark(form.elements.pin, say("pin-digits"));
    if (clockIsPutBack()) return show();
    try {
      await lease.unlock(pin);
      show();
      warmUp();
    } catch (error) {
      if (!(error instanceof lease.WrongPin)) throw error;
      show({ error: error.left ? say("pin-wrong", { n: error.left }) : "" });
    }
  },
  async search(form) {
    const text = form.elements.q.value;
    const receiving = place()[0] === "receive";
    try {
      if (receiving) return go(`receive/${await findParcel(text)}`);
      const found = await findOrder(text);
      if (found.tail) return show({ tail: found.tail, text });
      if (found.qr) proof = found;
      go(`order/${found.number}`);
    } catch (error) {
      if (!(error instanceof Unable)) throw error;
      show({ error: error.message, text: /^[0-9]/.test(digitsOf(text)) ? text : "" });
    }
  },
  async handover() {
    if (!lease.mayAct()) return show();
    try {
      const item = await handOver.done();
      if (!item) return;
      proof = { number: "", qr: "" };
      location.replace(`#receipt/${item.nonce}`);
      send();
    } catch (error) {
      if (!(error instanceof outbox.HandedOver)) throw error;
      await outbox.load();
      show();
    }
  },
  async shelve(form) {
    const typed = form.elements.shelf.value.normalize("NFKC").trim().toUpperCase();
    const shelf = typed || (form.elements.choice?.value ?? "");
    if (!SHELF.test(shelf)) return mark(form.elements.shelf, say("which-shelf"));
    if (!lease.mayAct()) return show();
    await outbox.receive(place()[1], shelf, form.elements.damaged.checked);
    location.replace("#receive");
    send();
  },
  async renew(form) {
    await outbox.sync();
    if (undecided().length) return show();
    await told(() => lease.renew(Number(form.elements.hours.value)));
  },
};

// What each button does that stands in no form.
const buttons = {
  again: () => outbox.sync().then(show),
  sync: () => outbox.sync().then(show),
  async "hand-back"() {
    await outbox.sync();
    if (unsent().length || !state.frame) return show();
    await told(() => lease.handBack());
  },
  async dismiss(button) {
    const { nonce } = button.closest("[data-nonce]").dataset;
    await outbox.dismiss(state.items.find((each) => each.nonce === nonce));
    show();
  },
  async install() {
    await asked?.prompt();
    asked = null;
    show();
  },
};

// Do what needs the server, and say in words why it could not be done.
async function told(what) {
  try {
    await what();
    show();
  } catch (error) {
    if (error instanceof api.NoNetwork) state.network = "off";
    else if (!(error instanceof api.Refused)) throw error;
    const words = error instanceof api.NoNetwork ? say("no-network") : error.message || say("refused");
    show(phase() === "none" ? { error: words, held: error.error === "held" } : {});
    if (phase() !== "none") view.prepend(views.bad(words));
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const does = forms[form.id];
  if (!does) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  const button = document.querySelector(`button[form="${form.id}"]`) ?? form.querySelector(".btn-go, .btn:not([type])");
  button?.classList.add("busy");
  unmark(form);
  try {
    await does(form);
  } finally {
    delete form.dataset.busy;
    button?.classList.remove("busy");
  }
});

document.addEventListener("click", async (event) => {
  touched = Date.now();
  const chip = event.target.closest("[data-by]");
  if (chip) {
    list.by = chip.dataset.by;
    showList();
  }
  const button = event.target.closest("[data-do]");
  if (!button || button.classList.contains("busy")) return;
  button.classList.add("busy");
  await buttons[button.dataset.do](button);
  button.classList.remove("busy");
});

document.addEventListener("input", (event) => {
  touched = Date.now();
  if (event.target.id !== "filter") return;
  list.filter = event.target.value;
  document.getElementById("list").replaceChildren(...views.list(list));
});

document.getElementById("lock").addEventListener("click", () => {
  lease.lock();
  show();
});

window.addEventListener("hashchange", () => show());
window.addEventListener("online", () => send());
window.addEventListener("offline", () => {
  state.network = "off";
  showFrame();
});
window.addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  asked = event;
  if (phase() === "none" && !document.activeElement?.closest("form")) show();
});

function install() {
  if (matchMedia("(display-mode: standalone)").matches) return null;
  return made("install", { how: say(asked ? "install" : "install-by-menu"), button: asked });
}

// Send in the background; a form that is being filled in is left alone.
async function send() {
  if (!navigator.onLine && state.network === "off") return;
  const before = phase();
  await outbox.sync();
  const [name] = place();
  const is = phase();
  const isStale = is === "open" ? ["outbox", "receipt"].includes(name) || lease.mayAct() === isRefused : !isTyping();
  if (is !== before || isStale) show();
  else showFrame();
}

const isTyping = () => [...view.querySelectorAll("[type=password]")].some((field) => field.value);

async function everyTick() {
  await tick();
  const before = phase();
  await lease.seeTime();
  if (phase() === "open" && Date.now() - touched > IDLE_MS) lease.lock();
  if (phase() !== before || (phase() === "open" && lease.mayAct() === isRefused)) show();
}

// Fetch the decoder of QR codes before the network is gone, or out of the kept files.
function warmUp() {
  makeReader(app.decoder).catch(() => {});
}

// Without network the page comes as it was kept: in the usual language, and beside it in the others.
function inOtherLanguage() {
  const [, chosen] = document.cookie.match(new RegExp(`(?:^|; )${app.languageCookie}=([\\w-]+)`)) ?? [];
  if (!chosen || chosen === document.documentElement.lang || location.search) return false;
  location.replace(`${app.home}?language=${chosen}${location.hash}`);
  return true;
}

async function begin() {
  if (!window.isSecureContext || !window.indexedDB || !crypto.subtle) {
    view.replaceChildren(made("unsupported"));
    return;
  }
  if (inOtherLanguage()) return;
  navigator.serviceWorker?.register(app.worker, { scope: app.scope }).catch(() => {}); // in a private window there is none
  await lease.load();
  await outbox.load();
  if (!state.frame) await outbox.clear();
  onChange(showFrame);
  if (phase() === "none") {
    await outbox.sync();
    show();
  } else {
    show();
    send();
  }
  setInterval(everyTick, TICK_MS);
  setInterval(send, EVERY_MS);
}

begin();
