/* Browsers start no worker for pages opened from a folder; an inner frame runs the script of the search instead. */
if (location.protocol === "file:") {
  window.Worker = class {
    constructor(url) {
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.worker = this;
      frame.srcdoc =
        "<script>self.postMessage = (data) => frameElement.worker.onmessage?.({ data })</" +
        `script><script src="${url}"></` + "script>";
      this.loaded = new Promise((done) => frame.addEventListener("load", done));
      this.frame = document.documentElement.appendChild(frame);
    }
    async postMessage(data) {
      await this.loaded;
      this.frame.contentWindow?.onmessage({ data });
    }
    terminate() {
      this.frame.remove();
    }
  };
}
