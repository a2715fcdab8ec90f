// Keeps the counter without network on the phone: on any page of the counter, before it is needed.

const { worker, scope } = document.querySelector("script[data-worker]").dataset;

navigator.serviceWorker?.register(worker, { scope }).catch(() => {
  // In a private window there is none; the counter works on without it.
});
