"use strict";

// ---- the beat: found, typed, or tapped -----------------------------------------------------------
let taps = [];           // seconds of the dance
const FEWEST_TAPS = 4;   // fewer have no tempo

function drawBeat(row) {
  $("knobs").append(make("p", { className: "lead", textContent: "Is the music off your beat? Tap it below the video while it plays, or say what you know." }));
  $("tap").onclick = tap;
  $("knobs").addEventListener("toggle", placeTap);
  const bpm = make("input", { type: "number", id: "knob-bpm", min: 40, max: 240, step: "any", placeholder: "found", inputMode: "decimal" });
  bpm.oninput = () => { taps = []; $("taps").textContent = ""; };
  row("Beats per minute, if you know them", bpm);
  const choice = (id, options) => make("select", { id }, ...options.map(([value, textContent]) => make("option", { value, textContent })));
  row("The beat is", choice("knob-beat", [["0", "as found"], ["0.25", "¼ beat later"], ["0.5", "½ beat later"], ["0.75", "¾ beat later"]]));
  row("It is found in", choice("knob-from", [["feet", "the feet"], ["trunk", "the trunk"]]));
}

// The video along with which one taps: the dance with its own sound, if it has one, or the take.
function tapped() {
  return $(chosen === null || state.dance.has_sound ? "dance-player" : "take-player");
}

function placeTap() {
  const ready = Boolean(state && state.dance && state.dance.ready);
  show($("tapping"), ready && (chosen !== null || $("knobs").open));
  if (!ready) return;
  const player = tapped();
  const above = player.closest(".stage") || player;
  if (above.nextElementSibling !== $("tapping")) above.after($("tapping"));
}

function tap() {
  const take = $("take-player").querySelector("video");
  const video = tapped().querySelector("video");
  if (video.paused) {
    if (!video.src) return;
    taps = [];
    // The music of a take may be what is off the beat.
    video.muted = video === take;
    video.onpause = () => { video.muted = false; video.onpause = null; };
    video.play().catch(() => {});
    $("knob-bpm").value = "";
    $("tap").textContent = "Tap on each beat";
    $("taps").textContent = "Press the button on each beat that you see.";
    return;
  }
  const now = video.currentTime;
  if (taps.length && now <= taps[taps.length - 1]) taps = [];
  taps.push(now);
  if (taps.length < FEWEST_TAPS) $("taps").textContent = `${taps.length} of at least ${FEWEST_TAPS} beats`;
  else $("taps").textContent = `${Math.round((60 * (taps.length - 1)) / (now - taps[0]))} BPM, tapped. Now press “${$("make").textContent}”.`;
}
