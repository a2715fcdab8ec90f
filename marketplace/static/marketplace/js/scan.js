// Reads a QR code with the camera into a text field. Where there is no camera or no reader, the field is typed as before.
//
// <div data-scan data-into="#code" data-denied="…">
//   <button type="button" class="btn btn-line" hidden>…</button>
//   <div class="scanbox" hidden><video playsinline muted></video></div>
//   <p class="small dim" role="status" hidden></p>
// </div>
// The form of the field is sent as soon as a code is read; "scan:read" is dispatched on the field first and may be cancelled.

const EVERY_MS = 200;

class Scanner {
  constructor(root) {
    this.button = root.querySelector("button");
    this.box = root.querySelector(".scanbox");
    this.video = root.querySelector("video");
    this.status = root.querySelector("[role=status]");
    this.field = document.querySelector(root.dataset.into);
    this.denied = root.dataset.denied ?? "";
    this.stream = null;
    this.button.hidden = false;
    this.button.addEventListener("click", () => (this.stream ? this.stop() : this.start()));
    window.addEventListener("pagehide", () => this.stop());
  }

  async start() {
    try {
      this.reader = new BarcodeDetector({ formats: ["qr_code", "code_128"] });
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      this.say(this.denied);
      this.field.focus();
      return;
    }
    this.say("");
    this.video.srcObject = this.stream;
    this.box.hidden = false;
    await this.video.play();
    this.look();
  }

  async look() {
    if (!this.stream) return;
    const [found] = await this.reader.detect(this.video).catch(() => []);
    if (found) this.read(found.rawValue);
    else setTimeout(() => this.look(), EVERY_MS);
  }

  read(text) {
    this.stop();
    navigator.vibrate?.(60);
    this.field.value = text;
    const detail = { text };
    const goOn = this.field.dispatchEvent(new CustomEvent("scan:read", { bubbles: true, cancelable: true, detail }));
    if (goOn) this.field.form?.requestSubmit();
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

if ("BarcodeDetector" in window && navigator.mediaDevices?.getUserMedia) {
  for (const root of document.querySelectorAll("[data-scan]")) new Scanner(root);
}
