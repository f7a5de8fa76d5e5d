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
  // Without music, silence is the clock.
  if (!players.length) {
    players.push(new Audio(wave(new Int16Array(Math.ceil(8000 * data.duration)), 8000)));
    document.body.append(players[0]);
  }
  const marks = [...document.querySelectorAll(".keyframe")];
  const lines = [...document.querySelectorAll(".mark")];
  const times = marks.map((mark) => Number(mark.dataset.time));
  const video = byId("video"), zoom = byId("zoom"), cursor = byId("cursor");
  const numbers = (text) => text.split(",").map((word) => (word === "" ? null : Number(word)));
  const curves = [...document.querySelectorAll(".steps[data-values]")].map((path) => ({
    starts: numbers(path.dataset.starts), stops: numbers(path.dataset.stops),
    unit: path.dataset.unit, values: numbers(path.dataset.values),
    out: path.closest(".row").querySelector(path.classList.contains("over") ? ".value.over" : ".value"),
  }));
  const beatsOf = (path) => (path && path.dataset.times ? numbers(path.dataset.times) : []);
  const danceBeats = beatsOf(document.querySelector(".beat.dance"));
  const musicPaths = [...document.querySelectorAll(".beat.music")];
  const musicBeats = musicPaths.map(beatsOf);
  let pointed = null;
  let active = players[0], shown = -1, colours = readColours();

  // Of the scheme, light or dark, that is on.
  function readColours() {
    const sample = document.createElement("i");
    document.body.append(sample);
    const found = {};
    for (const side of ["left", "right", "middle"]) {
      sample.style.color = `var(--${side})`;
      found[side] = getComputedStyle(sample).color;
    }
    sample.remove();
    return found;
  }

  // The values of all curves at a time: that of the cursor, or else that of the sound.
  function showValues(time) {
    const at = pointed === null ? time : pointed;
    for (const { starts, stops, unit, values, out } of curves) {
      const i = starts.findLastIndex((start) => start <= at + 1e-6);
      const value = i < 0 || at > stops[i] + 1e-6 ? null : values[i];
      out.textContent = value === null ? "–" : `${value} ${unit}`.trim().replace("-", "−");
    }
  }

  // Samples of 16 bits as a WAV file, at an address.
  function wave(samples, rate) {
    const head = new DataView(new ArrayBuffer(44)), size = 2 * samples.length;
    const words = [[0, "RIFF"], [8, "WAVEfmt "], [36, "data"]];
    words.forEach(([at, text]) => [...text].forEach((c, i) => head.setUint8(at + i, c.charCodeAt(0))));
    [[4, 36 + size], [16, 16], [24, rate], [28, 2 * rate], [40, size]].forEach(
      ([at, value]) => head.setUint32(at, value, true));
    [[20, 1], [22, 1], [32, 2], [34, 16]].forEach(([at, value]) => head.setUint16(at, value, true));
    return URL.createObjectURL(new Blob([head, samples], { type: "audio/wav" }));
  }

  // A FLAC of the page as a WAV file.
  async function asWave(address) {
    const content = Uint8Array.from(atob(address.split(",")[1]), (c) => c.charCodeAt(0));
    const decoded = await new OfflineAudioContext(1, 1, data.sr).decodeAudioData(content.buffer);
    const samples = decoded.getChannelData(0);
    return wave(Int16Array.from(samples, (x) => Math.max(-32768, Math.min(32767, Math.round(32768 * x)))), data.sr);
  }

  // On for a tenth of a second from each beat.
  function flash(lamp, beats, time) {
    if (!lamp) return;
    const last = beats.findLast((beat) => beat <= time + 0.01);
    lamp.classList.toggle("on", last !== undefined && time - last < 0.1);
  }

  function showTrack() {
    musicPaths.forEach((path, i) => path.classList.toggle("off", players[i] !== active));
  }

  // Where the lanes begin: beside their labels, or below them on a narrow screen.
  function labelWidth() {
    const lane = document.querySelector(".lane").getBoundingClientRect();
    return lane.left - timeline.getBoundingClientRect().left;
  }

  function drawFigure(frame) {
    if (frame === shown) return;
    shown = frame;
    const start = frame * data.n_joints * 2;
    const colour = (side) => colours[side];
    const at = (joint) => {
      const [x, y] = [poses[start + 2 * joint], poses[start + 2 * joint + 1]];
      return x === UNSEEN || y === UNSEEN ? null : [x / data.scale, y / data.scale];
    };
    const mean = (joints) => {
      const seen = joints.map(at).filter((point) => point);
      if (!seen.length) return null;
      return [0, 1].map((axis) => seen.reduce((sum, p) => sum + p[axis], 0) / seen.length);
    };
    const line = (a, b, side) => {
      if (!a || !b) return;
      pen.strokeStyle = colour(side);
      pen.beginPath();
      pen.moveTo(...a);
      pen.lineTo(...b);
      pen.stroke();
    };
    const disc = (center, radius) => {
      if (!center) return;
      pen.fillStyle = colour("middle");
      pen.beginPath();
      pen.arc(...center, radius, 0, 2 * Math.PI);
      pen.fill();
    };
    pen.setTransform(2, 0, 0, 2, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.lineWidth = canvas.width / 160;
    pen.lineCap = "round";
    data.bones.forEach(([a, b, side]) => line(at(a), at(b), side));
    if (data.neck.length) line(mean(data.neck), mean(data.head), "middle");
    data.loose.forEach((joint) => disc(at(joint), canvas.width / 200));
    disc(mean(data.head), data.head_radius);
  }

  function show(time) {
    drawFigure(Math.min(data.n_frames - 1, Math.max(0, Math.floor(time * data.fps + 1e-6))));
    const share = Math.min(1, time / data.duration);
    playhead.style.left = `calc(var(--label) + (100% - var(--label)) * ${share})`;
    seek.value = time;
    clock.textContent = `${time.toFixed(1)} / ${data.duration.toFixed(1)} s`;
    const near = times.findLastIndex((t) => t <= time + 1e-3);
    marks.forEach((mark, i) => mark.classList.toggle("now", i === near));
    showValues(time);
    flash(byId("lamp-dance"), danceBeats, time);
    flash(byId("lamp-music"), musicBeats[players.indexOf(active)] || [], time);
    document.body.dataset.time = time.toFixed(3);
    document.body.dataset.frame = shown;
  }

  // Poses that would cover each other are hidden; their marks stay.
  function thin() {
    let free = -Infinity;
    marks.forEach((mark) => mark.classList.remove("crowded"));
    const boxes = marks.map((mark) => mark.getBoundingClientRect());
    marks.forEach((mark, i) => {
      const crowded = boxes[i].left < free;
      mark.classList.toggle("crowded", crowded);
      lines[i].classList.toggle("crowded", crowded);
      if (!crowded) free = boxes[i].right - 6;
    });
    const n = marks.filter((mark) => !mark.classList.contains("crowded")).length;
    byId("poses").textContent = `${n} of ${marks.length} poses shown`;
    zoom.hidden = data.duration * 84 <= scroller.clientWidth - labelWidth();
  }

  // The video keeps its own frame rate; it is moved only where it has drifted.
  function followWithVideo(time, always) {
    if (!video) return;
    if (always || Math.abs(video.currentTime - time) > 0.1) video.currentTime = time;
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
    followWithVideo(active.currentTime, true);
  }

  function tick() {
    show(active.currentTime);
    followWithVideo(active.currentTime, false);
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
      // A pause that comes before the video has begun is no error.
      if (video) video.play().catch(() => {});
      tick();
    });
    for (const event of ["pause", "ended"]) {
      player.addEventListener(event, () => {
        if (player !== active) return;
        if (video) video.pause();
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
      showTrack();
    });
  });
  // The sounds are in the page once; a link gets its own where it is used.
  document.querySelectorAll(".save a[data-player]").forEach((link) => {
    const source = () => players[Number(link.dataset.player)].src;
    link.addEventListener("click", async (event) => {
      if (link.dataset.format === "flac") {
        link.href = source();
      } else if (link.href.endsWith("#")) {
        event.preventDefault();
        link.href = await asWave(source());
        link.click();
      }
    });
  });
  const saved = byId("save-video");
  if (saved) {
    const size = () => { byId("video-size").textContent = `, ${video.videoWidth} × ${video.videoHeight}`; };
    saved.addEventListener("click", () => { saved.href = video.src; });
    if (video.readyState) size();
    else video.addEventListener("loadedmetadata", size);
  }
  const volume = byId("volume"), why = byId("why");
  if (volume) volume.addEventListener("input", (event) => {
    players.forEach((player) => { player.volume = Number(event.target.value); });
  });
  const laban = byId("laban");
  if (laban) laban.addEventListener("click", (event) => {
    event.stopPropagation();
    laban.setAttribute("aria-expanded", String(timeline.classList.toggle("open")));
  });
  if (why) why.addEventListener("click", () => { byId("evidence").open = true; });
  timeline.addEventListener("pointermove", (event) => {
    const box = timeline.getBoundingClientRect(), label = labelWidth();
    const share = (event.clientX - box.left - label) / (box.width - label);
    pointed = share < 0 || share >= 1 ? null : share * data.duration;
    cursor.hidden = pointed === null;
    cursor.style.left = `calc(var(--label) + (100% - var(--label)) * ${share})`;
    cursor.firstElementChild.textContent = `${(pointed || 0).toFixed(2)} s`;
    cursor.classList.toggle("late", share > 0.9);
    showValues(active.currentTime);
  });
  timeline.addEventListener("pointerleave", () => {
    pointed = null;
    cursor.hidden = true;
    showValues(active.currentTime);
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
    if (event.target.matches("input[type=radio], #volume, summary, a, button:not(#play)")) return;
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
    colours = readColours();
    show(active.currentTime);
  });
  zoom.addEventListener("click", () => {
    const near = timeline.classList.toggle("near");
    zoom.textContent = near ? "Whole dance" : "Zoom in";
    thin();
    if (near) follow();
  });
  addEventListener("resize", thin);
  thin();
  showTrack();
  show(0);
})();
