// What was scanned or typed, and which order or parcel of this phone's list it stands for.

import { digitsOf, CODE, isSound, ORDER, PARCEL, TAIL } from "./digits.js";
import { isLabel, isPickup, readLabel, readPickup } from "./proof.js";
import { handedOver, orderOf, parcelOf, ready, state, waiting } from "./state.js";
import { say } from "./words.js";

// Nothing can be done with it; the message says why.
export class Unable extends Error {}

// {number, qr} of an order, or {tail} where several orders have it.
export async function findOrder(text) {
  if (isPickup(text)) return { number: see(orderOf(await orderOfQr(text))).number, qr: text.trim() };
  if (isLabel(text)) return { number: orderOfParcel(await parcelOfLabel(text)) };
  const digits = digitsOf(text);
  if (!/^[0-9]+$/.test(digits)) throw new Unable(say("type-digits"));
  if (digits.length === TAIL) return byTail(digits);
  if (digits.length === CODE) throw new Unable(say("code-first-find"));
  if (![ORDER, PARCEL].includes(digits.length)) throw new Unable(say("how-many-digits", { count: digits.length }));
  if (!isSound(digits)) throw new Unable(say("mistyped"));
  if (digits.length === PARCEL) return { number: orderOfParcel(digits) };
  const order = orderOf(digits) ?? state.lease.orders.find((each) => each.consignments.some((c) => c.number === digits));
  return { number: see(order).number };
}

// The QR as the proof for an order: its number, or why it proves nothing here.
export async function orderOfQr(text) {
  const said = await readPickup(text, state.lease.keys);
  if (!said) throw new Unable(say("no-pickup-qr"));
  if (said.point !== state.lease.point.id) throw new Unable(say("other-point"));
  const order = orderOf(said.order);
  if (!order) throw new Unable(say("not-in-list"));
  if (order.epoch !== said.epoch) throw new Unable(say("qr-is-void"));
  return order.number;
}

// The number of a parcel that is received: from its label, or typed.
export async function findParcel(text) {
  if (isLabel(text)) return parcelOfLabel(text);
  const digits = digitsOf(text);
  if (/^[0-9]{6}$/.test(digits)) {
    const fitting = state.lease.orders
      .flatMap((order) => order.consignments.flatMap((each) => each.parcels))
      .filter((each) => each.number.endsWith(digits));
    if (fitting.length === 1) return fitting[0].number;
    throw new Unable(say("not-in-list-whole-number"));
  }
  if (!/^[0-9]{13}$/.test(digits)) throw new Unable(say("parcel-digits"));
  if (!isSound(digits)) throw new Unable(say("mistyped"));
  return digits;
}

async function parcelOfLabel(text) {
  const number = await readLabel(text, state.lease.keys);
  if (!number) throw new Unable(say("no-label"));
  return number;
}

const orderOfParcel = (number) => see(parcelOf(number)?.order).number;

function byTail(tail) {
  const found = waiting().filter(({ order }) => order.phone_tail === tail);
  if (!found.length) throw new Unable(say("no-tail", { tail }));
  return found.length === 1 ? { number: found[0].order.number } : { tail };
}

function see(order) {
  if (!order) throw new Unable(say("not-in-list"));
  if (!ready(order).length && !order.consignments.some(handedOver)) throw new Unable(say("not-all-here"));
  return order;
}
