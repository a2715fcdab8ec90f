// What the page asks of the server. A CSRF token comes with each answer: the page itself may have been kept for days.

const PATIENCE_MS = 20_000;
const paths = document.getElementById("app").dataset;
let token = "";

export class NoNetwork extends Error {}

// The server said no; `error` is its code, the message its sentence.
export class Refused extends Error {
  constructor(status, { error = "", sentence = "" } = {}) {
    super(sentence);
    this.status = status;
    this.error = status === 401 ? "signed-out" : status === 404 && !error ? "no-operator" : error;
  }
}

export const held = () => ask(paths.lease);
export const take = (body) => post(paths.lease, body);
export const end = () => post(paths.leaseEnd, {});
export const sync = (items) => post(paths.sync, { items });

async function post(path, body) {
  if (!token) await held();
  try {
    return await ask(path, body);
  } catch (error) {
    // Without a code of ours it is Django's refusal of the token: another window has signed in meanwhile.
    if (!(error instanceof Refused) || error.status !== 403 || error.error) throw error;
    await held();
    return ask(path, body);
  }
}

async function ask(path, body) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  let answer;
  let said;
  try {
    answer = await fetch(path, {
      method: body ? "POST" : "GET",
      headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json", "X-CSRFToken": token }) },
      body: body && JSON.stringify(body),
      signal: patience.signal,
      cache: "no-store",
    });
    said = await answer.json().catch(() => ({}));
  } catch {
    throw new NoNetwork();
  } finally {
    clearTimeout(timer);
  }
  if (answer.status >= 500) throw new NoNetwork();
  if (!answer.ok) throw new Refused(answer.status, said);
  if (typeof said.csrf !== "string") throw new NoNetwork(); // a page that a hotspot put in between
  token = said.csrf;
  return said;
}
