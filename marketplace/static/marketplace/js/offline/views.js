// The views: each returns what stands on the page, and at its foot.

import { now, parcelOf, shelvesOf, state, undecided, unsent, waiting } from "./state.js";
import { made, money } from "./shown.js";
import { moment, say } from "./words.js";

const SUGGESTED = 4; // shelves

const warn = (text) => text && made("warn", { text });
export const bad = (text) => text && made("bad", { text });

// Why the server does not take anything, with the way to go on where there is one.
export function trouble() {
  if (!state.trouble) return null;
  const { error, sentence } = state.trouble;
  const { home, login, pair } = document.getElementById("app").dataset;
  const said = {
    "signed-out": { text: say("signed-out"), address: `${login}?next=${encodeURIComponent(home)}`, action: say("sign-in") },
    unpaired: { text: say("unpaired"), address: pair, action: say("pair") },
    "no-operator": { text: say("no-operator") },
  }[error];
  return made("signin", said ?? { text: sentence || say("refused") });
}

const sentences = { time: "over-time", tries: "over-tries", ended: "over-ended" };

export function none({ error = "", held = false, install = null } = {}) {
  const isBarred = ["signed-out", "unpaired", "no-operator", "other-point"].includes(state.trouble?.error);
  const over = sentences[state.why];
  return made("none", {
    over: [over && warn(say(over)), isBarred && trouble(), bad(error), held && takeOver()].filter(Boolean),
    online: state.network !== "off" && !isBarred,
    offline: state.network === "off",
    outbox: state.items.length ? outboxItems() : null,
    install,
  });
}

// Another phone of the point has the leave: the way to end that.
function takeOver() {
  const { home, takeOver: address } = document.getElementById("app").dataset;
  return made("take-over", { address: `${address}?next=${encodeURIComponent(home)}` });
}

export function locked({ error = "" } = {}) {
  return made("locked", { wrong: [bad(error), trouble()].filter(Boolean), outbox: undecided().length ? outboxItems() : null });
}

export const home = () => made("home");

export function list({ by, filter }) {
  const wanted = filter.trim().toUpperCase();
  const rows = waiting()
    .map(({ order, consignments }) => ({ order, consignments, shelves: shelvesOf(consignments) }))
    .filter(
      ({ order, consignments, shelves }) =>
        !wanted ||
        order.phone_tail.includes(wanted) ||
        shelves.some((shelf) => shelf.includes(wanted)) ||
        consignments.some((each) => each.parcels.some((parcel) => parcel.number.includes(wanted))),
    );
  const due = ({ consignments }) => consignments.map((each) => each.collect_by ?? "~").sort()[0];
  const key = { due, shelf: ({ shelves }) => shelves[0] ?? "~", phone: ({ order }) => order.phone_tail }[by];
  rows.sort((one, other) => (key(one) < key(other) ? -1 : key(one) > key(other) ? 1 : 0));
  if (!rows.length) return [made("empty", { text: say(wanted ? "nothing-fits" : "nothing-waits") })];
  return rows.map(line);
}

function line({ order, consignments, shelves }) {
  const due = consignments.map((each) => each.collect_by).filter(Boolean).sort()[0];
  const collectBy = due && Date.parse(due);
  const lines = consignments.flatMap((each) => each.lines).filter((each) => each.open);
  const fen = lines.reduce((sum, each) => sum + each.open * each.unit_price_fen, 0);
  const freight = consignments.reduce((sum, each) => sum + each.freight_fen, 0);
  return made("line", {
    address: `#order/${order.number}`,
    shelf: shelves[0] ?? "—",
    more: shelves.length > 1 && `+${shelves.length - 1}`,
    tail: say("phone-tail", { tail: order.phone_tail }),
    goods: lines.map((each) => `${each.title} × ${each.open}`).join("、"),
    until: due && say(collectBy <= now() ? "was-due" : "until", { at: moment(collectBy, now()) }),
    parcels: say("parcels", { n: consignments.reduce((sum, each) => sum + each.parcels.length, 0) }),
    due: order.pays_here && money(fen + freight),
  });
}

export function scan({ receiving, error = "", text = "", tail = "" }) {
  const found = tail ? waiting().filter(({ order }) => order.phone_tail === tail) : [];
  const view = made("scan", {
    title: say(receiving ? "title-receive" : "title-hand-over"),
    label: say(receiving ? "label-receive" : "label-hand-over"),
    wrong: bad(error),
    scanner: made("scanner"),
    found: found.map(({ order, consignments }) => line({ order, consignments, shelves: shelvesOf(consignments) })),
  });
  view.querySelector("#q").value = text;
  return view;
}

export function shelve(number) {
  const found = parcelOf(number);
  const siblings = found ? shelvesOf(found.consignment ? [found.consignment] : []) : [];
  const used = state.items.filter((each) => each.kind === "RECEIVE").map((each) => each.said.shelf).reverse();
  const shelves = [...new Set([...siblings, ...used])].filter(Boolean).slice(0, SUGGESTED);
  const note = !found
    ? warn(say("receive-not-in-list"))
    : found.parcel.state === "AT_POINT" && made("note", { text: say("received-before", { shelf: found.parcel.shelf || "—" }) });
  const view = made("shelve", {
    number: number.replace(/(\d{4})(\d{4})(\d{5})/, "$1 $2 $3"),
    note,
    label: say(shelves.length ? "another-shelf" : "shelf"),
    shelves: shelves.length > 0 && shelves.map((shelf) => made("shelf", { shelf })),
  });
  const first = view.querySelector(".shelves input");
  if (first) first.checked = true;
  return view;
}

export function receipt(item) {
  const { said } = item;
  return made("receipt", {
    badge: badge(item),
    title: say("handed-over-at", { at: moment(item.number, now()) }),
    tail: say("phone-tail", { tail: said.shown.tail }),
    number: said.order,
    proof: say(said.proof === "QR" ? "by-qr" : "by-code"),
    lines: said.lines.map((each, place) =>
      made("fact", {
        term: said.shown.titles[place],
        taken: each.taken > 0 && say("taken", { n: each.taken }),
        short: each.short > 0 && say("short", { n: each.short }),
        rejected: each.rejected > 0 && say("rejected", { n: each.rejected }),
      }),
    ),
    paid: say(said.paid_by === "CASH" || !said.shown_fen ? "cash" : "operator-scan"),
    cash: said.shown.pays ? money(said.shown_fen) : say("none-paid-online"),
    sentence: item.state === "EXCEPTION" ? item.sentence : item.state === "APPLIED" ? "" : say("sent-later"),
    receipt: state.network === "on" && item.receipt,
  });
}

function badge(item) {
  const isUnproved = item.state === "WAITING" && item.said.proof === "CODE";
  return made(`badge-${isUnproved ? "UNPROVED" : item.state}`);
}

export function outbox() {
  const count = (...states) => String(state.items.filter((each) => states.includes(each.state)).length);
  return made("outbox", {
    trouble: trouble(),
    waiting: count("WAITING", "PENDING"),
    applied: count("APPLIED"),
    exceptions: count("EXCEPTION"),
    items: outboxItems(),
    open: state.lease,
    until: state.frame && say("lasts-until", { at: moment(state.frame.until, now()) }),
  });
}

function outboxItems() {
  if (!state.items.length) return [made("empty", { text: say("nothing-done") })];
  return [...state.items].reverse().map((item) => {
    const isReceived = item.kind === "RECEIVE";
    const row = made("item", {
      title: isReceived
        ? say("item-received", { number: item.said.parcel })
        : say("item-handed-over", { tail: item.said.shown.tail }),
      about: `${moment(item.number, now())}${isReceived && item.said.shelf ? ` · ${item.said.shelf}` : ""}`,
      sentence: item.state === "EXCEPTION" ? item.sentence : "",
      badge: badge(item),
      receipt: `#receipt/${item.nonce}`,
      link: !isReceived && state.lease && say("receipt"),
      dismissable: item.state === "EXCEPTION",
    });
    row.querySelector(".line").dataset.nonce = item.nonce;
    return row;
  });
}

export function banner() {
  const waits = unsent().length;
  const isLive = Boolean(state.frame);
  if (!isLive && !waits) return null;
  const { error } = state.trouble ?? {};
  const first =
    state.network === "off"
      ? say("no-network")
      : error === "signed-out"
        ? say("signed-out")
        : waits
          ? say("not-all-sent")
          : say("all-sent");
  const until = isLive ? say("lasts-until", { at: moment(state.frame.until, now()) }) : "";
  const count = waits ? say("waits-here", { n: waits }) : "";
  return made(state.network === "off" || waits ? "banner-off" : "banner-ok", {
    first,
    second: [count, until].filter(Boolean).join(say("and")),
    link: waits && isLive,
  });
}
