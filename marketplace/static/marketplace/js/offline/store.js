// What the phone keeps, in IndexedDB. Each write is one transaction: all of it is there after a crash, or none.
//
// kept: the device's keys, the sealed leave, its plain frame. outbox: what was done, sealed, by its nonce.
// handed: which consignments this phone has handed over, so that two windows cannot both do it.

const NAME = "counter";
const VERSION = 1;
let opened;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("kept");
      request.result.createObjectStore("outbox", { keyPath: "nonce" });
      request.result.createObjectStore("handed", { keyPath: "consignment" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

const answer = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

export async function get(key) {
  return answer((await open()).transaction("kept").objectStore("kept").get(key));
}

export async function all(store) {
  return answer((await open()).transaction(store).objectStore(store).getAll());
}

// Do some writes together; `change` gets the stores and must not wait for anything but them.
export async function write(change) {
  const names = ["kept", "outbox", "handed"];
  const transaction = (await open()).transaction(names, "readwrite", { durability: "strict" });
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
  change(Object.fromEntries(names.map((name) => [name, transaction.objectStore(name)])));
  return done;
}
