"use strict";
// The active sound is the clock: picture, playhead and slider follow it.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const bytes = Uint8Array.from(atob(data.poses), (c) => c.charCodeAt(0));
  const poses = new Int16Array(bytes.buffer);
  const UNSEEN = -32768;
  const byId = (id) => document.getElementById(id);
  const canvas = byId("figure"), pen = canvas.getContext("2d");
  const play = byId("play"), seek = byId("seek"), clock = byId("clock");
  const playhead = byId("playhead"), scroller = byId("scroller"), timeline = byId("timeline");
  const players = [...document.querySelectorAll("audio")];
  const marks = [...document.querySelectorAll(".keyframe")];
  const times = marks.map((mark) => Number(mark.dataset.time));
  let active = players[0], shown = -1;

  function labelWidth() {
    return document.querySelector(".label").getBoundingClientRect().width;
  }

  function drawFigure(frame) {
    if (frame === shown) return;
    shown = frame;
    const style = getComputedStyle(document.documentElement);
    const start = frame * data.n_joints * 2;
    const at = (joint) => [poses[start + 2 * joint] / data.scale, poses[start + 2 * joint + 1] / data.scale];
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.lineWidth = canvas.width / 80;
    pen.lineCap = "round";
    data.bones.forEach(([a, b, side]) => {
      if (poses[start + 2 * a] === UNSEEN || poses[start + 2 * b] === UNSEEN) return;
      pen.strokeStyle = data.colours[side][isDark() ? 1 : 0];
      pen.beginPath();
      pen.moveTo(...at(a));
      pen.lineTo(...at(b));
      pen.stroke();
    });
    if (!data.bones.length) {
      pen.fillStyle = style.getPropertyValue("--accent");
      for (let joint = 0; joint < data.n_joints; joint++) {
        if (poses[start + 2 * joint] === UNSEEN) continue;
        pen.beginPath();
        pen.arc(...at(joint), canvas.width / 90, 0, 2 * Math.PI);
        pen.fill();
      }
    }
  }

  function isDark() {
    return matchMedia("(prefers-color-scheme: dark)").matches;
  }

  function show(time) {
    drawFigure(Math.min(data.n_frames - 1, Math.max(0, Math.floor(time * data.fps + 1e-6))));
    const share = Math.min(1, time / data.duration);
    playhead.style.left = `calc(var(--label) + (100% - var(--label)) * ${share})`;
    seek.value = time;
    clock.textContent = `${time.toFixed(1)} / ${data.duration.toFixed(1)} s`;
    const near = times.findLastIndex((t) => t <= time + 1e-3);
    marks.forEach((mark, i) => mark.classList.toggle("now", i === near));
    document.body.dataset.time = time.toFixed(3);
    document.body.dataset.frame = shown;
  }

  function follow() {
    const label = labelWidth();
    const x = label + (timeline.clientWidth - label) * (active.currentTime / data.duration);
    const left = scroller.scrollLeft + label, right = scroller.scrollLeft + scroller.clientWidth;
    if (x < left || x > right - 60) scroller.scrollLeft = x - label - 60;
  }

  function go(time) {
    active.currentTime = Math.max(0, Math.min(data.duration - 1e-3, time));
    show(active.currentTime);
  }

  function tick() {
    show(active.currentTime);
    if (active.paused) return;
    follow();
    requestAnimationFrame(tick);
  }

  function toggle() {
    if (active.paused) active.play();
    else active.pause();
  }

  players.forEach((player) => {
    player.addEventListener("play", () => {
      play.innerHTML = "&#10074;&#10074;";
      play.setAttribute("aria-label", "pause");
      tick();
    });
    for (const event of ["pause", "ended"]) {
      player.addEventListener(event, () => {
        if (player !== active) return;
        play.innerHTML = "&#9654;";
        play.setAttribute("aria-label", "play");
      });
    }
    player.addEventListener("seeked", () => player === active && show(player.currentTime));
  });
  document.querySelectorAll(".tracks input").forEach((choice, i) => {
    choice.addEventListener("change", () => {
      const was = active, playing = !was.paused;
      active = players[i];
      active.currentTime = was.currentTime;
      was.pause();
      if (playing) active.play();
    });
  });
  play.addEventListener("click", toggle);
  seek.addEventListener("input", () => go(Number(seek.value)));
  marks.forEach((mark, i) => mark.addEventListener("click", (event) => {
    event.stopPropagation();
    go(times[i]);
  }));
  timeline.addEventListener("click", (event) => {
    const box = timeline.getBoundingClientRect(), label = labelWidth();
    const x = event.clientX - box.left - label;
    if (event.clientX > scroller.getBoundingClientRect().left + label) {
      go((x / (box.width - label)) * data.duration);
    }
  });
  addEventListener("keydown", (event) => {
    if (event.target.matches("input[type=radio]")) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === " ") {
      event.preventDefault();
      toggle();
    } else if (step) {
      event.preventDefault();
      const now = active.currentTime;
      const next = step > 0 ? times.find((t) => t > now + 0.02) : times.findLast((t) => t < now - 0.02);
      if (next !== undefined) {
        go(next);
        follow();
      }
    }
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    shown = -1;
    show(active.currentTime);
  });
  show(0);
})();
