// What a QR proves without network: signed by one of the keys that came with the leave, as logistics/signing.py signs.

import * as ed25519 from "../../../npm/noble-ed25519/index.js";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SIGNATURE_CHARACTERS = 103; // of 64 bytes in base32

export const isPickup = (text) => text.trim().startsWith("XP2.");
export const isLabel = (text) => text.trim().startsWith("XL1.");

// {order, point, epoch} of a buyer's QR, or null where none of the keys has signed just that.
export async function readPickup(text, keys) {
  const [order, point, epoch, nonce] = (await read("XP2", text, 4, keys)) ?? [];
  if (!nonce || ![point, epoch].every((each) => /^\d{1,15}$/.test(each))) return null;
  return { order, point: Number(point), epoch: Number(epoch) };
}

// The number of the parcel that a label is of, or null.
export async function readLabel(text, keys) {
  return (await read("XL1", text, 1, keys))?.[0] ?? null;
}

async function read(kind, text, parts, keys) {
  const whole = text.trim();
  const end = whole.lastIndexOf(".");
  const statement = whole.slice(0, end);
  const said = statement.split(".");
  const key = Object.hasOwn(keys, said[1]) ? keys[said[1]] : null;
  if (said.length !== parts + 2 || said[0] !== kind || !/^[\x21-\x7e]+$/.test(statement) || !key) return null;
  const signature = unbase32(whole.slice(end + 1));
  if (!signature) return null;
  const raw = Uint8Array.from(atob(key), (character) => character.charCodeAt(0));
  const holds = await ed25519
    .verifyAsync(signature, new TextEncoder().encode(statement), raw, { zip215: false })
    .catch(() => false);
  return holds ? said.slice(2) : null;
}

function unbase32(text) {
  if (text.length !== SIGNATURE_CHARACTERS) return null;
  const bytes = [];
  let bits = 0;
  let held = 0;
  for (const character of text) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return null;
    held = (held << 5) | value;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push(held >> bits);
    held &= (1 << bits) - 1;
  }
  return held === 0 ? Uint8Array.from(bytes) : null; // spare bits that are set are another writing of the same bytes
}
