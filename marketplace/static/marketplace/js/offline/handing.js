// The hand-over of one order: its lines, the amount that follows the choices, and what is written down.

import { Scanner } from "../scan.js";
import { CODE, digitsOf, isCode } from "./digits.js";
import { orderOfQr, Unable } from "./finding.js";
import * as outbox from "./outbox.js";
import { isPickup } from "./proof.js";
import { made, mark, money, unmark } from "./shown.js";
import { cashRoom, ready, shelvesOf } from "./state.js";
import { say } from "./words.js";

const MOBILE = /^(?:\+?86)?1[3-9]\d{9}$/;

export class HandOver {
  // `qr` has been read for this order, or is empty.
  constructor(order, qr) {
    this.order = order;
    this.qr = qr;
    this.consignments = ready(order);
    this.lines = this.consignments.flatMap((consignment) => consignment.lines.map((line) => ({ line, consignment })));
  }

  view() {
    const { order, consignments } = this;
    const coming = order.consignments.length - consignments.length;
    return made("order", {
      number: order.number,
      tail: order.phone_tail,
      shelves: shelvesOf(consignments).join(" ") || "—",
      parcels: String(consignments.reduce((sum, each) => sum + each.parcels.length, 0)),
      coming: coming > 0 && this.stillComing(coming),
      lines: this.lines.map(({ line }) => this.outcome(line)),
      pays: order.pays_here,
      paid: !order.pays_here,
      proven: this.qr,
      asks: !this.qr,
      scanner: this.qr ? null : made("scanner-code"),
    });
  }

  foot() {
    return made("foot-order", { pays: this.order.pays_here });
  }

  stillComing(n) {
    const other = this.order.consignments.filter((each) => !this.consignments.some((c) => c.id === each.id));
    const on = other.filter((each) => each.state !== "AT_POINT").length;
    return on ? made("note", { text: say("still-coming", { n: on }) }) : n && null;
  }

  outcome(line) {
    const section = made("outcome", {
      title: line.title,
      open: String(line.open),
      value: money(line.open * line.unit_price_fen),
      label: say("what-becomes-of", { name: line.title }),
      several: line.open > 1,
      ask: say("how-many-not-taken", { open: line.open }),
    });
    for (const field of section.querySelectorAll("[data-name]")) {
      field.name = `l${line.id}-${field.dataset.name}`;
      field.id = field.type === "radio" ? `${field.name}-${field.value}` : field.name;
    }
    if (line.open > 1) section.querySelector("[type=number]").max = line.open;
    return section;
  }

  // Watch the form once it stands on the page.
  begin(form) {
    this.form = form;
    form.addEventListener("input", () => this.reckon());
    const root = form.querySelector("[data-scan]");
    if (root) {
      new Scanner(root);
      form.addEventListener("scan:read", (event) => {
        event.preventDefault();
        unmark(form);
        document.querySelector(".footbar button").focus();
      });
    }
    this.reckon();
  }

  // What became of a line, as it is chosen now.
  said({ line }) {
    const what = this.form.elements[`l${line.id}-what`].value;
    const reason = this.form.elements[`l${line.id}-reason`].value;
    const typed = this.form.elements[`l${line.id}-units`]?.value;
    const units = what === "TAKEN" ? 0 : line.open > 1 ? Number(typed || NaN) : line.open;
    return {
      id: line.id,
      taken: line.open - units,
      short: what === "SHORT" ? units : 0,
      rejected: what === "REJECTED" ? units : 0,
      reason: what === "TAKEN" ? "" : reason,
    };
  }

  sums() {
    let goods = 0;
    let freight = 0;
    for (const consignment of this.consignments) {
      const fen = this.lines
        .filter((each) => each.consignment === consignment)
        .reduce((sum, each) => sum + Math.max(0, this.said(each).taken || 0) * each.line.unit_price_fen, 0);
      goods += fen;
      freight += fen ? consignment.freight_fen : 0;
    }
    return this.order.pays_here ? { goods, freight, total: goods + freight } : { goods: 0, freight: 0, total: 0 };
  }

  reckon() {
    const sums = this.sums();
    for (const [name, fen] of Object.entries(sums)) {
      for (const place of document.querySelectorAll(`[data-sum=${name}]`)) place.replaceChildren(money(fen));
    }
    for (const { line } of this.lines) {
      const reason = this.form.elements[`l${line.id}-reason`];
      const later = reason.closest(".why").querySelector(".later");
      later.hidden = !this.said({ line }).rejected;
    }
    const room = this.form.querySelector("[data-room]");
    if (room && sums.total > cashRoom()) room.replaceChildren(made("warn", { text: say("cash-room") }));
    else room?.replaceChildren();
  }

  // Write the hand-over down, or mark what stands in the way; returns the item, or null.
  async done() {
    const { form } = this;
    unmark(form);
    const lines = this.lines.map((each) => this.said(each));
    for (const [place, { line }] of this.lines.entries()) {
      const { taken, reason } = lines[place];
      const units = form.elements[`l${line.id}-units`];
      if (!Number.isInteger(taken) || taken < 0 || (taken === line.open && this.whatOf(line) !== "TAKEN")) {
        return mark(units, say("only-so-many", { open: line.open }));
      }
      const why = form.elements[`l${line.id}-reason`];
      if (taken < line.open && !reason) return mark(why, say("choose-why"));
      if (lines[place].rejected && reason === "MISSING") return mark(why, say("missing-is-short"));
    }
    const collector = this.collector();
    if (collector === undefined) return null;
    const proof = await this.proof();
    if (!proof) return null;
    const sums = this.sums();
    const what = {
      order: this.order.number,
      ...proof,
      lines,
      collector,
      paid_by: form.elements.paid_by?.value ?? "CASH",
      shown_fen: sums.total,
    };
    const shown = {
      tail: this.order.phone_tail,
      pays: this.order.pays_here,
      titles: this.lines.map(({ line }) => line.title),
    };
    const ids = this.consignments.map((each) => each.id);
    return outbox.handOver(what, ids, shown);
  }

  whatOf(line) {
    return this.form.elements[`l${line.id}-what`].value;
  }

  // Who collects for the buyer: null for the buyer; undefined where what was typed is marked as wrong.
  collector() {
    const { collector_name: name, collector_phone: phone } = this.form.elements;
    const [typed, digits] = [name.value.trim(), digitsOf(phone.value)];
    if (!typed && !digits) return null;
    name.closest("details").open = true;
    if (!typed) return void mark(name, say("both-name-and-phone"));
    if (!MOBILE.test(digits)) return void mark(phone, say("no-mobile"));
    return { name: typed, phone: digits };
  }

  // {proof, code}, or null where what was typed is marked as wrong.
  async proof() {
    if (this.qr) return { proof: "QR", code: this.qr };
    const field = this.form.elements.code;
    const text = field.value.trim();
    if (isPickup(text)) {
      try {
        if ((await orderOfQr(text)) !== this.order.number) throw new Unable(say("qr-of-other-order"));
      } catch (error) {
        if (!(error instanceof Unable)) throw error;
        mark(field, error.message);
        return null;
      }
      return { proof: "QR", code: text };
    }
    const digits = digitsOf(text);
    if (!isCode(digits)) {
      mark(field, digits.length === CODE ? say("code-mistyped") : say("code-digits"));
      return null;
    }
    return { proof: "CODE", code: digits };
  }
}
