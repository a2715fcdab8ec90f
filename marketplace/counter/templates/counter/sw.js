// The service worker of the counter. It keeps the shell and the files that the shell is made of, and nothing else: no page
// with anybody's data and no answer of the server ever comes into its cache.

const { version, home, pages, files } = {{ said|safe }};
const CACHE = `counter-${version}`;
const PATIENCE_MS = 4000; // for the shell, on a network that is there but carries nothing

self.addEventListener("install", (event) => {
  event.waitUntil(keep().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOthers().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (address.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request, address));
  else if (request.method === "GET" && files.includes(address.pathname)) event.respondWith(file(request));
});

async function keep() {
  const cache = await caches.open(CACHE);
  await cache.addAll(files.map((address) => new Request(address, { cache: "no-cache" })));
  for (const address of pages) {
    const answer = await fetch(address, { credentials: "same-origin", cache: "no-cache", redirect: "error" });
    if (!answer.ok) throw new Error(`the shell was answered ${answer.status}`);
    await cache.put(address, answer);
  }
}

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("counter-") && name !== CACHE).map((name) => caches.delete(name)));
}

async function file(request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(request)) ?? fetch(request);
}

// The network's page; without network the shell, whichever page of the counter was asked for.
async function page(request, address) {
  const isShell = address.pathname === home && request.method === "GET";
  try {
    const answer = isShell ? await inTime(fetch(request)) : await fetch(request);
    if (isShell && answer.status >= 500) throw new Error("the server is down");
    return answer;
  } catch (error) {
    const cache = await caches.open(CACHE);
    const kept = (isShell && (await cache.match(address.href))) || (await cache.match(home));
    if (!kept) throw error;
    return kept;
  }
}

function inTime(answer) {
  return Promise.race([
    answer,
    new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), PATIENCE_MS)),
  ]);
}
