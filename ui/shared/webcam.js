// A camera for one class: hold the button, and about eight images a second go to Python.
// An image is let go only when Python has said that it is on disk; until then its batch is sent again.
const SIDE = 448,
  QUALITY = 0.9,
  EVERY = 125,
  AT_ONCE = 16,
  AGAIN = 4000;
const WORDS = {
  insecure:
    "The browser lends a camera only to pages from this machine or over https. Open Graft as http://localhost, or have it served over https.",
  NotAllowedError:
    "The browser was not allowed to use the camera. Click the sign beside the page's address, allow the camera, then try again.",
  NotFoundError: "No camera was found. Plug one in, then try again.",
  NotReadableError: "The camera is in use elsewhere. Close the other program or tab, then try again.",
  ended: "The camera was switched off or unplugged. Plug it in, then try again.",
};

const cameras = new WeakMap();
const waiting = new Map(); // images that are not on disk yet, by class; they outlive the camera's card
let open = null; // only one camera runs at a time
let chosen = ""; // the camera that was chosen last

window.addEventListener("beforeunload", (event) => {
  if ([...waiting.values()].some((queue) => queue.length)) event.preventDefault();
});

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

class Camera {
  constructor(root) {
    this.root = make("div", "webcam");
    this.view = make("div", "view");
    this.video = make("video");
    this.video.muted = this.video.playsInline = true;
    this.count = make("span", "count");
    this.view.append(this.video, this.count);
    this.hold = make("button", "hold", "Hold to record");
    this.hold.type = "button";
    this.which = make("select");
    this.which.setAttribute("aria-label", "Camera");
    this.said = make("p", "said");
    this.said.setAttribute("role", "status");
    this.retry = make("button", "", "Try again");
    this.retry.type = "button";
    this.root.append(this.view, this.hold, this.which, this.said, this.retry);
    root.append(this.root);
    this.canvas = make("canvas");
    this.canvas.width = this.canvas.height = SIDE;
    this.recorded = 0;
    this.listen();
    this.start();
  }

  listen() {
    const begin = (event) => {
      event.preventDefault();
      this.hold.focus();
      this.begin();
    };
    const end = () => this.end();
    this.hold.onpointerdown = (event) => {
      if (event.button) return;
      this.hold.setPointerCapture(event.pointerId);
      begin(event);
    };
    this.hold.onpointerup = this.hold.onpointercancel = this.hold.onlostpointercapture = this.hold.onblur = end;
    this.hold.oncontextmenu = (event) => event.preventDefault(); // of a long touch
    this.hold.onkeydown = (event) => {
      if (event.key === " " || event.key === "Enter") begin(event);
    };
    this.hold.onkeyup = (event) => {
      if (event.key === " " || event.key === "Enter") {
        event.preventDefault();
        end();
      }
    };
    this.which.onchange = () => {
      chosen = this.which.value;
      this.start();
    };
    this.retry.onclick = () => {
      this.refused = false;
      this.stream ? this.sayAll() : this.start();
      this.send();
    };
    this.gone = () => this.close();
    window.addEventListener("pagehide", this.gone);
  }

  // The camera ---------------------------------------------------------------------------------------------------

  async start() {
    if (open && open !== this) open.release("Another camera was opened. Try again to come back to this one.");
    open = this;
    this.release();
    if (!window.isSecureContext || !navigator.mediaDevices) return this.trouble(WORDS.insecure, false);
    this.say("Opening the camera");
    const attempt = (this.attempt = {});
    try {
      const device = chosen ? { deviceId: chosen } : {};
      const stream = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: 640 }, height: { ideal: 480 }, ...device },
      });
      if (this.closed || this.attempt !== attempt || open !== this) {
        for (const track of stream.getTracks()) track.stop();
        return;
      }
      this.stream = stream;
      stream.getVideoTracks()[0].onended = () => {
        this.release();
        this.trouble(WORDS.ended);
      };
      this.video.srcObject = stream;
      this.video.className = stream.getVideoTracks()[0].getSettings().facingMode === "environment" ? "" : "mirrored";
      await this.video.play();
      await this.list(stream);
      this.show(true);
      this.sayAll();
    } catch (error) {
      if (this.closed || this.attempt !== attempt) return;
      this.release();
      this.trouble(WORDS[error.name] ?? "The camera could not be opened. Try again, or use another one.");
    }
  }

  async list(stream) {
    const all = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
    const now = stream.getVideoTracks()[0].getSettings().deviceId;
    this.which.replaceChildren(
      ...all.map((device, i) => {
        const option = make("option", "", device.label || "Camera " + (i + 1));
        option.value = device.deviceId;
        option.selected = device.deviceId === now;
        return option;
      }),
    );
    this.which.hidden = all.length < 2;
  }

  release(why) {
    this.end();
    this.stream?.getTracks().forEach((track) => {
      track.onended = null;
      track.stop();
    });
    this.stream = this.video.srcObject = null;
    this.show(false);
    if (why) this.trouble(why);
  }

  close() {
    this.closed = true;
    this.release();
    clearTimeout(this.timer);
    window.removeEventListener("pagehide", this.gone);
    if (open === this) open = null;
  }

  // Recording ----------------------------------------------------------------------------------------------------

  begin() {
    if (this.recording || !this.stream || this.refused) return;
    this.recorded = 0;
    this.root.classList.add("recording");
    this.hold.textContent = "Recording, let go to stop";
    this.recording = setInterval(() => this.take(), EVERY);
    this.take();
  }

  end() {
    if (!this.recording) return;
    clearInterval(this.recording);
    this.recording = null;
    this.root.classList.remove("recording");
    this.hold.textContent = "Hold to record";
    this.sayAll();
  }

  take() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width) return;
    const side = Math.min(width, height);
    this.canvas
      .getContext("2d")
      .drawImage(this.video, (width - side) / 2, (height - side) / 2, side, side, 0, 0, SIDE, SIDE);
    const data = this.canvas.toDataURL("image/jpeg", QUALITY).split(",")[1];
    if (data === this.last) return; // the camera has no new image yet
    this.last = data;
    this.queue.push({ name: "webcam-" + new Date().toISOString().replace(/[-:.TZ]/g, "") + ".jpg", data });
    this.recorded += 1;
    this.count.textContent = this.recorded;
    this.send();
  }

  // To Python ----------------------------------------------------------------------------------------------------

  get queue() {
    if (!waiting.has(this.target)) waiting.set(this.target, []);
    return waiting.get(this.target);
  }

  update({ data, setTriggerValue }) {
    this.trigger = setTriggerValue;
    this.target = data.target;
    if (this.sent && data.answer.id === this.sent.id) this.answered(data.answer.error);
    this.send();
  }

  answered(error) {
    clearTimeout(this.timer);
    if (error) {
      this.refused = true;
      this.end();
      this.trouble(error + " What was recorded is kept in this tab until then.");
    } else {
      this.queue.splice(0, this.sent.images.length);
    }
    this.sent = null;
    if (!error && !this.recording && !this.queue.length) this.sayAll();
  }

  send() {
    if (this.sent || this.closed || this.refused || !this.queue.length) return;
    this.sent = { id: crypto.randomUUID?.() ?? String(Math.random()), images: this.queue.slice(0, AT_ONCE) };
    this.post();
  }

  post() {
    this.trigger("images", this.sent);
    this.timer = setTimeout(() => this.post(), AGAIN);
  }

  // Words --------------------------------------------------------------------------------------------------------

  show(running) {
    this.view.hidden = this.hold.hidden = !running;
    if (!running) this.which.hidden = true;
    this.hold.style.display = running ? "" : "none";
    this.retry.style.display = running ? "none" : "";
  }

  sayAll() {
    const left = this.queue.length;
    this.say(
      !this.recorded
        ? "Hold the button, the space bar or Enter."
        : left
          ? `${this.recorded} recorded, ${left} being saved`
          : `${this.recorded} recorded and saved`,
    );
  }

  say(words) {
    this.said.className = "said";
    this.said.textContent = words;
    this.retry.style.display = "none";
  }

  trouble(words, again = true) {
    this.said.className = "said trouble";
    this.said.textContent = words;
    this.retry.style.display = again ? "" : "none";
  }
}

export default function (component) {
  const known = cameras.get(component.parentElement);
  const camera = known && !known.closed ? known : new Camera(component.parentElement);
  cameras.set(component.parentElement, camera);
  camera.update(component);
  return () => {
    camera.close();
    camera.root.remove();
  };
}
