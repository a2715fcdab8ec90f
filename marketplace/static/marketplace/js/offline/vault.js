// What is kept is sealed: the leave under the PIN and a key that never leaves this phone, the outbox under such a key alone,
// so that it can be sent without the PIN and survives a forgotten one.
//
// PIN --PBKDF2-SHA-256--> bits --HMAC with the phone's own key--> secret --HKDF--> key of the leave (AES-GCM)

import * as store from "./store.js";

export const ROUNDS = 600_000; // OWASP's figure for PBKDF2-HMAC-SHA-256
const text = new TextEncoder();
let own;

// The phone's own two keys: made once, not to be read out by any script.
export async function keys() {
  if (own) return own;
  own = await store.get("device");
  if (own) return own;
  const made = {
    mixing: await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]),
    sealing: await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]),
  };
  // Another window may have made them in the meantime: the first ones stay.
  await store.write(({ kept }) => kept.add(made, "device")).catch((error) => {
    if (error?.name !== "ConstraintError") throw error;
  });
  own = await store.get("device");
  return own;
}

export const newSalt = () => crypto.getRandomValues(new Uint8Array(16));

// The key of the leave, from the PIN, on this phone only.
export async function keyOf(pin, salt, rounds = ROUNDS) {
  const typed = await crypto.subtle.importKey("raw", text.encode(pin), "PBKDF2", false, ["deriveBits"]);
  const stretched = await crypto.subtle.deriveBits(
    { name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds },
    typed,
    256,
  );
  const mixed = await crypto.subtle.sign("HMAC", (await keys()).mixing, stretched);
  const secret = await crypto.subtle.importKey("raw", mixed, "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt, info: text.encode("offline lease") },
    secret,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

export async function seal(value, key) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, text.encode(JSON.stringify(value))) };
}

// Raises OperationError where the key is another one or the data were changed.
export async function unseal({ iv, data }, key) {
  return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, data)));
}
