// Full screen with large type, for a talk.

const CLASS = "rk-present";

export class Presenting {
  constructor(root) {
    this.root = root;
    // The browser's own way out of full screen ends it too.
    document.addEventListener("fullscreenchange", () => {
      if (!document.fullscreenElement) root.classList.remove(CLASS);
    });
  }

  get isOn() {
    return this.root.classList.contains(CLASS);
  }

  toggle() {
    const on = this.root.classList.toggle(CLASS);
    // A browser may refuse the full screen; the type is large all the same.
    if (on && this.root.requestFullscreen) this.root.requestFullscreen().catch(() => {});
    else if (document.fullscreenElement) document.exitFullscreen();
  }
}
