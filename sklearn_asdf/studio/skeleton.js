"use strict";

const COLOURS = { left: "#ffc04d", right: "#3d9bd6", middle: "#f2f2f2" };

class Skeleton {
  constructor(player) {
    this.video = player.querySelector("video");
    this.canvas = player.querySelector("canvas");
    this.data = null;
    this.video.addEventListener("play", () => this.run());
    for (const event of ["seeked", "loadeddata", "pause", "timeupdate"]) {
      this.video.addEventListener(event, () => this.draw());
    }
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  run() {
    this.draw();
    if (!this.video.paused) requestAnimationFrame(() => this.run());
  }

  draw() {
    const box = this.canvas.getBoundingClientRect();
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(box.width * ratio);
    this.canvas.height = Math.round(box.height * ratio);
    const pen = this.canvas.getContext("2d");
    const about = this.data;
    if (!about || !$("skeleton").checked || !this.video.videoWidth) return;
    // The video keeps its shape within the box.
    const scale = Math.min(this.canvas.width / about.width, this.canvas.height / about.height);
    pen.translate((this.canvas.width - about.width * scale) / 2, (this.canvas.height - about.height * scale) / 2);
    const frame = Math.min(Math.round(this.video.currentTime * about.fps), about.n_frames - 1);
    const joint = (j) => {
      const at = 2 * (frame * about.n_joints + j);
      return about.poses[at] === -32768 ? null : [about.poses[at] * scale, about.poses[at + 1] * scale];
    };
    const middle = (joints) => {
      const seen = joints.map(joint).filter(Boolean);
      return seen.length ? [0, 1].map((axis) => seen.reduce((sum, p) => sum + p[axis], 0) / seen.length) : null;
    };
    pen.lineCap = "round";
    const width = Math.max(2, (about.head_radius * scale) / 5);
    const line = (a, b, side) => {
      if (!a || !b) return;
      for (const [colour, extra] of [["rgba(0, 0, 0, .55)", 2], [COLOURS[side], 0]]) {
        pen.strokeStyle = colour;
        pen.lineWidth = width + extra * ratio;
        pen.beginPath();
        pen.moveTo(...a);
        pen.lineTo(...b);
        pen.stroke();
      }
    };
    for (const [a, b, side] of about.bones) line(joint(a), joint(b), side);
    const head = about.head.length ? middle(about.head) : null;
    if (about.neck.length && head) line(middle(about.neck), head, "middle");
    if (head) {
      pen.strokeStyle = COLOURS.middle;
      pen.lineWidth = width;
      pen.beginPath();
      pen.arc(...head, about.head_radius * scale, 0, 2 * Math.PI);
      pen.stroke();
    }
  }
}
