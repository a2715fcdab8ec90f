// The leave to work without network: taken, unlocked with the PIN, renewed, handed back, and erased at its end.

import * as api from "./api.js";
import * as store from "./store.js";
import * as vault from "./vault.js";
import { changed, clockIsPutBack, now, setClock, state, undecided, unsent } from "./state.js";

export const TRIES = 5;

// The PIN does not fit; `left` more tries before the leave is erased.
export class WrongPin extends Error {
  constructor(left) {
    super();
    this.left = left;
  }
}

export async function load() {
  state.frame = (await store.get("frame")) ?? null;
  state.clock = (await store.get("clock")) ?? state.clock;
  state.over = (await store.get("over")) ?? [];
  await seeTime();
}

// Erase what is held once its time is over.
export async function seeTime() {
  if (state.frame && !clockIsPutBack() && now() >= state.frame.until) await forget("time");
}

// The phone may act under its leave: it is unlocked, in its time, and known to be its own.
export const mayAct = () =>
  Boolean(state.lease) && !state.frame.unsure && !clockIsPutBack() && now() < state.frame.until;

export async function take(hours, pin) {
  const salt = vault.newSalt();
  const key = await vault.keyOf(pin, salt);
  let answer;
  try {
    answer = await api.take({ hours });
  } catch (error) {
    // The answer of the first time was lost: what the server holds for this phone is given anew.
    if (error.error !== "own" || unsent().length) throw error;
    answer = await api.take({ hours, renew: true });
  }
  await keep(answer.lease, key, { salt, rounds: vault.ROUNDS });
}

export async function renew(hours) {
  if (undecided().length) throw new Error("what was done is uploaded first");
  const { salt, rounds } = state.frame;
  await unsure(true);
  let answer;
  try {
    answer = await api.take({ hours, renew: true });
  } catch (error) {
    if (error instanceof api.Refused) await unsure(false);
    throw error;
  }
  await keep(answer.lease, state.key, { salt, rounds });
}

export async function handBack() {
  await unsure(true);
  try {
    await api.end();
  } catch (error) {
    if (!(error instanceof api.Refused)) throw error;
    if (error.error !== "none") {
      await unsure(false);
      throw error;
    }
  }
  await forget("");
}

export async function unlock(pin) {
  const { frame } = state;
  // Counted first: closing the page does not give the try back.
  await put({ ...frame, tries: frame.tries - 1 });
  const key = await vault.keyOf(pin, frame.salt, frame.rounds);
  try {
    state.lease = await vault.unseal(await store.get("sealed"), key);
  } catch {
    if (state.frame.tries <= 0) await forget("tries");
    throw new WrongPin(state.frame?.tries ?? 0);
  }
  state.key = key;
  await put({ ...frame, tries: TRIES });
  changed();
}

export function lock() {
  state.lease = state.key = null;
  changed();
}

// Compare with what the server says of this phone; what it does not know as its own leave is erased.
export async function compare(said) {
  if (said.server_time) await setClock(said.server_time);
  if (state.frame && said.lease?.id !== state.frame.lease) await forget("ended");
  else if (state.frame) {
    state.over = said.lease.over;
    await store.write(({ kept }) => kept.put(state.over, "over"));
    if (state.frame.unsure) await unsure(false);
  }
}

// Erase the leave; the outbox stays until all of it is sent, what is booked goes.
export async function forget(why) {
  const done = state.items.filter((each) => each.state === "APPLIED");
  await store.write(({ kept, outbox: sent, handed }) => {
    kept.delete("frame");
    kept.delete("sealed");
    kept.delete("over");
    drop(done, sent, handed);
  });
  state.items = state.items.filter((each) => each.state !== "APPLIED");
  state.frame = state.lease = state.key = null;
  state.over = [];
  state.why = why;
  changed();
}

async function keep(lease, key, { salt, rounds }) {
  await setClock(lease.server_time);
  const frame = {
    lease: lease.id,
    epoch: lease.epoch,
    granted: Date.parse(lease.granted_at),
    until: Date.parse(lease.until),
    salt,
    rounds,
    tries: TRIES,
    unsure: false,
  };
  const sealed = await vault.seal(lease, key);
  const done = state.items.filter((each) => each.state === "APPLIED");
  await store.write(({ kept, outbox: sent, handed }) => {
    kept.put(frame, "frame");
    kept.put(sealed, "sealed");
    kept.delete("over");
    drop(done, sent, handed);
  });
  state.items = state.items.filter((each) => each.state !== "APPLIED");
  Object.assign(state, { frame, lease, key, over: [], why: "", trouble: null });
  navigator.storage?.persist?.();
  changed();
}

function drop(items, sent, handed) {
  for (const item of items) {
    sent.delete(item.nonce);
    for (const consignment of item.consignments) handed.delete(consignment);
  }
}

// Until the answer is here nobody knows whether the leave is still this phone's.
const unsure = (is) => put({ ...state.frame, unsure: is });

async function put(frame) {
  await store.write(({ kept }) => kept.put(frame, "frame"));
  state.frame = frame;
}
