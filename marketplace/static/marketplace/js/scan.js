// Reads labels into a text field: with the camera, from a photo, or with a scanner that types. Without any of it the field
// is typed.
//
// <div data-scan data-into="#code" data-denied="…" data-unread="…" data-decoder="…/jsQR.js" data-again>
//   <button type="button" class="btn btn-line" hidden>…</button>
//   <div class="scanbox" hidden><video playsinline muted></video></div>
//   <label class="btn btn-line" hidden>…<input type="file" accept="image/*" class="sr"></label>
//   <p class="small dim" role="status" hidden></p>
// </div>
// The form of the field is sent as soon as a code is read; "scan:read" is dispatched on the field first and may be cancelled.
// With data-again one label follows another: the field has the focus on each new page, what a scanner types goes into it
// wherever the finger was last, and the camera looks on where it was looking before.

const EVERY_MS = 200;
const WIDTH = 640; // of the picture in which the decoder looks
const PHOTO_WIDTHS = [WIDTH, 1024, 1600];
const LOOKING = "scan:looking"; // in sessionStorage: the page on which the camera looks on
const LAST = "scan:last"; // and what it read there: still before the camera, it is no second reading

// The browser's own reader, where there is one; else a decoder of QR codes, fetched when something is first read.
export async function makeReader(decoder) {
  if ("BarcodeDetector" in window) {
    const reader = new BarcodeDetector({ formats: ["qr_code", "code_128"] });
    return async (picture) => (await reader.detect(picture).catch(() => []))[0]?.rawValue;
  }
  if (!window.jsQR) await import(decoder);
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return (picture, width = WIDTH) => {
    const [across, down] = [picture.videoWidth ?? picture.width, picture.videoHeight ?? picture.height];
    if (!across) return undefined;
    canvas.width = width;
    canvas.height = Math.round((width * down) / across);
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    return window.jsQR(data, canvas.width, canvas.height)?.data;
  };
}

// The code on a photo: a small code is lost when the picture is made small, a big one in the grain of a large picture.
async function readPhoto(file, look) {
  const picture = await createImageBitmap(file);
  for (const width of PHOTO_WIDTHS) {
    const text = await look(picture, width);
    if (text) return text;
  }
  return undefined;
}

export class Scanner {
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
    this.photo = root.querySelector("input[type=file]");
    this.unread = root.dataset.unread ?? "";
    this.photo.parentElement.hidden = false;
    this.photo.addEventListener("change", () => this.readPhoto());
    this.button.hidden = !navigator.mediaDevices?.getUserMedia;
    this.button.addEventListener("click", () => {
      sessionStorage.removeItem(LAST);
      if (this.stream) this.end();
      else this.start();
    });
    window.addEventListener("pagehide", () => this.stop());
    if (this.again && sessionStorage.getItem(LOOKING) === location.pathname) this.start();
  }

  async readPhoto() {
    const [file] = this.photo.files;
    if (!file) return;
    this.stop();
    let text;
    try {
      this.look ??= await makeReader(this.decoder);
      text = await readPhoto(file, this.look);
    } catch {
      // It is no picture that this browser knows: the same words as for one without a code.
    }
    this.photo.value = ""; // the same photo may be chosen again
    this.say(text ? "" : this.unread);
    if (text) this.read(text);
    else this.field.focus();
  }

  async start() {
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      this.look ??= await makeReader(this.decoder);
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
    await this.video.play().catch(() => {}); // the view may be gone by now
    this.next();
  }

  async next() {
    if (!this.stream) return;
    const text = await this.look(this.video);
    if (!this.stream) return;
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
  new Scanner(root);
}
