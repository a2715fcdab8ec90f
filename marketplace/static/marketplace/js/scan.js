// Reads labels into a text field: with the camera, or with a scanner that types. Without any of it the field is typed.
//
// <div data-scan data-into="#code" data-denied="…" data-decoder="…/jsQR.js" data-again>
//   <button type="button" class="btn btn-line" hidden>…</button>
//   <div class="scanbox" hidden><video playsinline muted></video></div>
//   <p class="small dim" role="status" hidden></p>
// </div>
// The form of the field is sent as soon as a code is read; "scan:read" is dispatched on the field first and may be cancelled.
// With data-again one label follows another: the field has the focus on each new page, what a scanner types goes into it
// wherever the finger was last, and the camera looks on where it was looking before.

const EVERY_MS = 200;
const WIDTH = 640; // of the picture in which the decoder looks
const LOOKING = "scan:looking"; // in sessionStorage: the page on which the camera looks on
const LAST = "scan:last"; // and what it read there: still before the camera, it is no second reading

// The browser's own reader, where there is one; else a decoder of QR codes, fetched when the camera is first used.
async function makeReader(decoder) {
  if ("BarcodeDetector" in window) {
    const reader = new BarcodeDetector({ formats: ["qr_code", "code_128"] });
    return async (video) => (await reader.detect(video).catch(() => []))[0]?.rawValue;
  }
  if (!window.jsQR) await import(decoder);
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return (video) => {
    if (!video.videoWidth) return undefined;
    canvas.width = WIDTH;
    canvas.height = Math.round((WIDTH * video.videoHeight) / video.videoWidth);
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const picture = context.getImageData(0, 0, canvas.width, canvas.height);
    return window.jsQR(picture.data, picture.width, picture.height)?.data;
  };
}

class Scanner {
  constructor(root) {
    this.button = root.querySelector("button");
    this.box = root.querySelector(".scanbox");
    this.video = root.querySelector("video");
    this.status = root.querySelector("[role=status]");
    this.field = document.querySelector(root.dataset.into);
    this.denied = root.dataset.denied ?? "";
    this.decoder = root.dataset.decoder;
    this.again = "again" in root.dataset;
    this.stream = null;
    this.button.hidden = false;
    this.button.addEventListener("click", () => {
      sessionStorage.removeItem(LAST);
      if (this.stream) this.end();
      else this.start();
    });
    window.addEventListener("pagehide", () => this.stop());
    if (this.again && sessionStorage.getItem(LOOKING) === location.pathname) this.start();
  }

  async start() {
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      this.look = await makeReader(this.decoder);
    } catch {
      this.end();
      this.say(this.denied);
      this.field.focus();
      return;
    }
    this.say("");
    if (this.again) sessionStorage.setItem(LOOKING, location.pathname);
    this.video.srcObject = this.stream;
    this.box.hidden = false;
    await this.video.play();
    this.next();
  }

  async next() {
    if (!this.stream) return;
    const text = await this.look(this.video);
    if (text && !(this.again && text === sessionStorage.getItem(LAST))) this.read(text);
    else setTimeout(() => this.next(), EVERY_MS);
  }

  read(text) {
    this.stop();
    navigator.vibrate?.(60);
    sessionStorage.setItem(LAST, text);
    this.field.value = text;
    const detail = { text };
    const goOn = this.field.dispatchEvent(new CustomEvent("scan:read", { bubbles: true, cancelable: true, detail }));
    if (goOn) this.field.form?.requestSubmit();
  }

  // The person has had enough of the camera.
  end() {
    sessionStorage.removeItem(LOOKING);
    this.stop();
  }

  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.box.hidden = true;
  }

  say(words) {
    this.status.textContent = words;
    this.status.hidden = !words;
  }
}

// A scanner that is plugged in types digits and capitals, then Enter, at whatever has the focus: that is to be the field.
function keepAtHand(field) {
  field.focus({ preventScroll: true });
  field.select();
  document.addEventListener("keydown", (event) => {
    const elsewhere = document.activeElement?.closest("input, select, textarea, button, a, summary, dialog");
    if (!elsewhere && /^[0-9A-Z]$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      field.focus({ preventScroll: true });
      field.select();
    }
  });
}

for (const root of document.querySelectorAll("[data-scan]")) {
  if ("again" in root.dataset) keepAtHand(document.querySelector(root.dataset.into));
  if (navigator.mediaDevices?.getUserMedia) new Scanner(root);
}
