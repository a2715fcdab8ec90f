// What was done without network: written down at once, sent when there is network again, kept until it is decided.

import * as api from "./api.js";
import * as lease from "./lease.js";
import * as store from "./store.js";
import * as vault from "./vault.js";
import { changed, now, state } from "./state.js";

const AT_ONCE = 50; // items an upload
const NONCE_BYTES = 16;

// Another window of this phone has handed it over already.
export class HandedOver extends Error {}

// Read what is kept; what another window of this phone has added is new here.
export async function load() {
  const { sealing } = await vault.keys();
  const known = new Set(state.items.map((each) => each.nonce));
  const rows = (await store.all("outbox")).filter((each) => !known.has(each.nonce));
  const items = await Promise.all(
    rows.map(async ({ sealed, ...row }) => ({ ...row, said: await vault.unseal(sealed, sealing) })),
  );
  state.items = [...state.items, ...items].sort((one, other) => one.number - other.number);
}

export const receive = (parcel, shelf, damaged) => add("RECEIVE", { parcel, shelf, damaged }, [], null);

// `shown` is what the receipt on the screen says; it stays on the phone.
export const handOver = (said, consignments, shown) => add("HAND_OVER", said, consignments, shown);

async function add(kind, what, consignments, shown) {
  if (!lease.mayAct()) throw new Error("no leave");
  const { sealing } = await vault.keys();
  const at = now();
  const nonce = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(NONCE_BYTES))))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
  const own = { lease: state.frame.lease, epoch: state.frame.epoch };
  const said = { nonce, ...own, kind, at: new Date(at).toISOString(), ...what };
  const row = { nonce, number: at, kind, ...own, consignments, state: "WAITING", sentence: "", receipt: null };
  const sealed = await vault.seal({ ...said, shown }, sealing);
  await store
    .write(({ outbox, handed }) => {
      outbox.add({ ...row, sealed });
      for (const consignment of consignments) handed.add({ consignment, nonce });
    })
    .catch((error) => {
      throw error?.name === "ConstraintError" ? new HandedOver() : error;
    });
  const item = { ...row, said: { ...said, shown } };
  state.items.push(item);
  changed();
  return item;
}

// Forget what is booked; without a leave nothing asks for it any more.
export async function clear() {
  for (const item of state.items.filter((each) => each.state === "APPLIED")) await dismiss(item);
}

let running = null;
let isAskedAgain = false;

// Meet the server: is the leave still this phone's? Then send what waits. One at a time, whoever asks; what is asked for
// meanwhile may be news to the one that runs (the network is back), so it is done once more.
export function sync() {
  isAskedAgain = Boolean(running);
  running ??= meetAgain().finally(() => {
    running = null;
    changed();
  });
  return running;
}

async function meetAgain() {
  do {
    isAskedAgain = false;
    await meet();
  } while (isAskedAgain);
}

async function meet() {
  try {
    const said = await api.held();
    Object.assign(state, { network: "on", trouble: null });
    if (!said.paired) state.trouble = { error: "unpaired", sentence: "" };
    await lease.compare(said);
    if (said.paired) await send();
  } catch (error) {
    if (error instanceof api.NoNetwork) state.network = "off";
    else if (error instanceof api.Refused) await refused(error);
    else throw error;
  }
}

async function refused(error) {
  Object.assign(state, { network: "on", trouble: { error: error.error, sentence: error.message } });
  // Whoever is no operator any more has no leave either.
  if (error.error === "no-operator" && state.frame) await lease.forget("ended");
}

async function send() {
  const { sealing } = await vault.keys();
  await load();
  const todo = state.items.filter((each) => each.state === "WAITING" || each.state === "PENDING");
  for (let start = 0; start < todo.length; start += AT_ONCE) {
    const items = todo.slice(start, start + AT_ONCE).map(({ said: { shown, ...said } }) => said);
    const answer = await api.sync(items);
    for (const result of answer.results) await note(result, sealing);
  }
}

// Write down what became of an item; the proof and who collected are not needed any more once it is booked.
async function note({ nonce, state: decided, sentence, receipt }, sealing) {
  const item = state.items.find((each) => each.nonce === nonce);
  if (!item) return;
  const { code, collector, ...rest } = item.said;
  const said = decided === "APPLIED" ? rest : item.said;
  Object.assign(item, { said, state: decided, sentence, receipt });
  const { said: _, ...row } = item;
  const sealed = await vault.seal(said, sealing);
  await store.write(({ outbox }) => outbox.put({ ...row, sealed }));
}

// Forget an item. One that was not booked stands among the exceptions of the point; the person has seen it.
export async function dismiss(item) {
  await store.write(({ outbox, handed }) => {
    outbox.delete(item.nonce);
    for (const consignment of item.consignments) handed.delete(consignment);
  });
  state.items = state.items.filter((each) => each !== item);
  changed();
}
