// All that the page knows now. Only lease.js and outbox.js change it; the views read it, and are told when it changes.

import * as store from "./store.js";

const TOLERANCE_MS = 60_000; // clocks are set right by seconds all the time

export const state = {
  frame: null, // of the leave on this phone, to be read without the PIN: {lease, epoch, granted, until, salt, rounds, tries, unsure}
  clock: { offset: 0, seen: 0 }, // what the server's clock is ahead, and the latest moment that was seen (ms)
  lease: null, // what was sealed, after the PIN
  key: null, // of the leave, to seal the next one when it is renewed
  over: [], // consignments of the leave that are over by what the server said last, whoever handed them over
  items: [], // the outbox, the oldest first
  network: "unknown", // "on", "off"
  trouble: null, // {error, sentence}: why the server does not take anything
  why: "", // the leave ended that was here: "time", "tries", "ended"
};

const listeners = new Set();
export const onChange = (listener) => listeners.add(listener);
export const changed = () => listeners.forEach((listener) => listener());

export const now = () => Date.now() + state.clock.offset;
export const clockIsPutBack = () => now() < state.clock.seen - TOLERANCE_MS;

// Remember how late it is: a clock that says less was put back.
export async function tick() {
  if (!state.frame || clockIsPutBack() || now() <= state.clock.seen) return;
  state.clock.seen = now();
  await store.write(({ kept }) => kept.put({ ...state.clock }, "clock"));
}

export async function setClock(serverTime) {
  const at = Date.parse(serverTime);
  if (Number.isNaN(at)) return;
  state.clock = { offset: at - Date.now(), seen: at };
  await store.write(({ kept }) => kept.put({ ...state.clock }, "clock"));
}

export const phase = () => (state.lease ? "open" : state.frame ? "locked" : "none");
export const unsent = () => state.items.filter((each) => each.state === "WAITING");
export const undecided = () => state.items.filter((each) => each.state === "WAITING" || each.state === "PENDING");

// What stands on the shelves as this phone knows it: the leave, and what was done since.

const received = () =>
  new Map(
    state.items
      .filter((each) => each.kind === "RECEIVE" && each.state !== "EXCEPTION")
      .map((each) => [each.said.parcel, each.said.shelf]),
  );

export const handedOver = (consignment) =>
  state.items.find((each) => each.kind === "HAND_OVER" && each.consignments.includes(consignment.id));

// The order's consignments that can be handed over now, their parcels with the shelves on which they stand.
export function ready(order) {
  const shelved = received();
  return order.consignments
    .filter((each) => !handedOver(each) && !state.over.includes(each.id))
    .map((each) => ({
      ...each,
      parcels: each.parcels.map((parcel) =>
        parcel.state !== "AT_POINT" && shelved.has(parcel.number)
          ? { ...parcel, state: "AT_POINT", shelf: shelved.get(parcel.number) }
          : parcel,
      ),
    }))
    .filter((each) => each.parcels.length > 0 && each.parcels.every((parcel) => parcel.state === "AT_POINT"));
}

export const orderOf = (number) => state.lease.orders.find((each) => each.number === number);

// {order, consignment, parcel} of a parcel of the leave, or undefined.
export function parcelOf(number) {
  for (const order of state.lease.orders) {
    for (const consignment of order.consignments) {
      const parcel = consignment.parcels.find((each) => each.number === number);
      if (parcel) {
        const shelf = received().get(number);
        return { order, consignment, parcel: shelf === undefined ? parcel : { ...parcel, state: "AT_POINT", shelf } };
      }
    }
  }
  return undefined;
}

export function waiting() {
  return state.lease.orders
    .map((order) => ({ order, consignments: ready(order) }))
    .filter(({ consignments }) => consignments.length);
}

export const shelvesOf = (consignments) =>
  [...new Set(consignments.flatMap((each) => each.parcels.map((parcel) => parcel.shelf)))].filter(Boolean).sort();

// Cash that the operator may still take in before it has to be counted, after what was taken on this phone (fen).
export const cashRoom = () =>
  state.items
    .filter((each) => each.kind === "HAND_OVER" && each.lease === state.lease.id)
    .reduce((room, each) => room - each.said.shown_fen, state.lease.cash_room_fen);
