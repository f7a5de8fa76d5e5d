"use strict";

// ---- small tools --------------------------------------------------------------------------------
const $ = (id) => document.getElementById(id);
const card = (step) => $(step === "model" || step === "pairs" ? "music" : step);
const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
const inMinutes = (s) => `${Math.floor(Math.round(s) / 60)}:${String(Math.round(s) % 60).padStart(2, "0")}`;
const inWords = (s) => {
  const [minutes, seconds] = [Math.floor(Math.round(s) / 60), Math.round(s) % 60];
  return [minutes && `${minutes} min`, (seconds || !minutes) && `${seconds} s`].filter(Boolean).join(" ");
};

let session = null;      // its name
let shipped = [];        // pieces that the package ships
let state = null;        // what the server said last
let sending = null;      // {step, name, request, share}: an upload from this page
const waiting = [];      // files that are uploaded after it
let chosen = null;       // number of the take that is played
let known = 0;           // number of the last take that was seen
let awaited = false;     // whether a take was asked for, which is shown when it is there
let download = null;     // {number, what, tab}: to be fetched, or shown in a tab, as soon as it is made
const problems = {};     // step: sentence
const clock = {};        // when each stage of the work began, to tell how long it will take
let polling = null;

// ---- the server ---------------------------------------------------------------------------------
class Refusal extends Error {}

async function ask(action, body, method = "POST") {
  const options = { method, headers: { "x-studio": "1" } };
  if (body !== undefined) options.body = JSON.stringify(body);
  const answer = await fetch(action, options);
  const content = await answer.json().catch(() => ({}));
  if (answer.status === 410) lost();
  if (!answer.ok) throw new Refusal(content.sentence || "The studio did not understand this page: reload it.");
  return content;
}
const here = (path) => `api/s/${session}${path}`;
const file = (kind, which = "") => here(`/file/${kind}${which === "" ? "" : `/${which}`}`);

async function act(step, action, body = {}) {
  delete problems[step];
  try {
    await ask(here(`/${action}`), body);
  } catch (error) {
    problems[step] = sentence(error);
  }
  await poll();
}

function sentence(error) {
  if (error instanceof Refusal) return error.message;
  return "The studio does not answer. Is it still running? Start it again, and reload this page.";
}

function lost() {
  sessionStorage.removeItem("session");
  session = null;
}

async function enter() {
  const kept = sessionStorage.getItem("session");
  const about = JSON.parse(sessionStorage.getItem("about") || "null");
  if (kept && about) {
    const answer = await fetch(`api/s/${kept}`).catch(() => null);
    if (answer && answer.ok) return begin(about);
  }
  const fresh = await ask("api/sessions", {});
  sessionStorage.setItem("session", fresh.session);
  sessionStorage.setItem("about", JSON.stringify(fresh));
  begin(fresh);
}

function begin(about) {
  session = about.session;
  shipped = about.shipped;
  $("longest").textContent = about.longest;
  $("footer").textContent = `sklearn_asdf ${about.version}`;
  drawShipped();
  poll();
}

async function poll() {
  clearTimeout(polling);
  let pause = 1500;
  try {
    if (session === null) throw new Refusal("This page was away for too long, and its files were removed. Reload it to start again.");
    state = await ask(here(""), undefined, "GET");
    delete problems.page;
    render();
    if (state.job || state.upload || state.checking || sending) pause = 350;
  } catch (error) {
    problems.page = sentence(error);
    showProblems();
    pause = 3000;
  }
  clearTimeout(polling);
  if (session !== null) polling = setTimeout(poll, pause);
}

// ---- what the page shows -------------------------------------------------------------------------
async function loadSkeleton(there) {
  const answer = there ? await fetch(file("skeleton")) : null;
  let data = null;
  if (answer && answer.ok) {
    data = await answer.json();
    const bytes = Uint8Array.from(atob(data.poses), (c) => c.charCodeAt(0));
    data.poses = new Int16Array(bytes.buffer);
  }
  for (const each of skeletons) {
    each.data = data;
    each.draw();
  }
}

// ---- what the page shows ------------------------------------------------------------------------
function show(element, visible) {
  element.hidden = !visible;
}

function showProblems() {
  const told = { ...problems };
  if (state && state.problem) told[state.problem.step] ??= state.problem.sentence;
  for (const step of ["dance", "music", "soundtrack"]) {
    const own = step === "music" ? told.music || told.model || told.pairs : told[step];
    const text = own || (step === "dance" ? told.page : "") || "";
    const place = card(step).querySelector(".problem");
    if (place.textContent !== text) place.textContent = text;
    show(place, Boolean(text));
  }
}

function showWork(step) {
  const place = card(step).querySelector(".work");
  const job = state.job && state.job.step === step ? state.job : null;
  const upload = sending && card(sending.step) === card(step) ? sending : null;
  if (!job && !upload) {
    show(place, false);
    return;
  }
  if (!place.firstChild) {
    place.append(
      make("div", { className: "line" },
        make("span", { className: "doing" }),
        make("button", { type: "button", textContent: "Stop", className: "stop", onclick: stop })),
      make("progress", { max: 1 }),
      make("div", { className: "left" }));
    place.querySelector(".doing").setAttribute("role", "status");
  }
  show(place, true);
  let text, share = null, more = "";
  if (upload) {
    const whole = upload.share >= 1;
    text = whole ? `Looking at ${upload.name}` : `Copying ${upload.name}`;
    share = whole ? null : upload.share;
  } else if (job.waiting) {
    text = `${job.title}: waiting`;
    more = job.waiting === 1 ? "Another piece of work comes first." : `${job.waiting} pieces of work come first.`;
  } else {
    text = job.doing || job.title;
    share = job.share;
    more = timeLeft(job);
  }
  const doing = place.querySelector(".doing");
  if (doing.textContent !== text) doing.textContent = text;
  const bar = place.querySelector("progress");
  if (share === null) bar.removeAttribute("value");
  else bar.value = share;
  bar.setAttribute("aria-label", text);
  place.querySelector(".left").textContent = more;
}

function timeLeft(job) {
  const now = performance.now() / 1000;
  if (clock.doing !== job.doing) Object.assign(clock, { doing: job.doing, began: now, share: job.share ?? 0 });
  const done = (job.share ?? 0) - clock.share;
  const passed = now - clock.began;
  if (job.share === null || done < 0.03 || passed < 2) return job.seconds >= 2 ? `${inWords(job.seconds)} so far` : "";
  return `about ${inWords(Math.max(1, (passed * (1 - job.share)) / done))} left`;
}

function showDance() {
  const { dance, job } = state;
  const looking = Boolean(dance && !dance.ready);
  const ready = Boolean(dance && dance.ready);
  const place = card("dance");
  show(place.querySelector(".ask"), !dance);
  const picture = job && job.step === "dance" ? job.picture : null;
  show($("looking"), looking && picture !== null);
  if (looking && picture !== null && $("looking").dataset.at !== String(picture)) {
    $("looking").dataset.at = String(picture);
    $("looking").src = `${file("looking")}?at=${picture}`;
  }
  show($("dance-player"), ready);
  show(place.querySelector(".stage"), ready || (looking && picture !== null));
  show(place.querySelector(".facts"), ready);
  if (!ready) {
    const video = $("dance-player").querySelector("video");
    if (video.dataset.of) {
      video.removeAttribute("src");
      video.load();
      delete video.dataset.of;
    }
    return;
  }
  const video = $("dance-player").querySelector("video");
  if (video.dataset.of !== dance.id) {
    video.dataset.of = dance.id;
    video.src = `${file("dance")}?of=${dance.id}`;
    loadSkeleton(dance.is_video);
  }
  show($("skeleton").parentElement, dance.is_video);
  const seen = dance.is_video && dance.seen < 0.995 ? `, the dancer is seen in ${Math.floor(100 * dance.seen)} % of it` : "";
  place.querySelector(".name").textContent = `${dance.name.replace(/^example dance.*/, "Example dance")}, ${inWords(dance.duration)}${seen}`;
}

function player(address) {
  const sound = new Audio(address);
  const button = make("button", { type: "button", className: "round", textContent: "▶" });
  button.setAttribute("aria-label", "listen");
  button.onclick = () => {
    if (sound.paused) {
      for (const each of document.querySelectorAll("video")) each.pause();
      sound.play().catch(() => { button.disabled = true; });
    } else sound.pause();
  };
  sound.preload = "none";
  sound.onplay = () => { button.textContent = "❚❚"; };
  sound.onpause = () => { button.textContent = "▶"; };
  return button;
}

function drawShipped() {
  show($("shipped-box"), shipped.length > 0);
  $("shipped").replaceChildren(...shipped.map((piece) => {
    const box = make("input", { type: "checkbox", name: "shipped", value: piece.name });
    box.onchange = () => act("music", "shipped", {
      names: [...document.querySelectorAll("input[name=shipped]:checked")].map((each) => each.value),
    });
    return make("li", {},
      player(`api/shipped/${piece.name}`),
      make("label", {},
        box,
        make("span", { className: "name" }, piece.title, make("small", { textContent: piece.character }))));
  }));
}

function list(place, entries, draw) {
  const key = JSON.stringify(entries);
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  place.replaceChildren(...entries.map(draw));
}

function remover(step, which, name) {
  const button = make("button", { type: "button", className: "round", textContent: "×" });
  button.setAttribute("aria-label", `remove ${name}`);
  button.onclick = () => act(step === "take" ? "soundtrack" : step, "remove", { step, which: String(which) });
  return button;
}

function showMusic() {
  const { music, model, pairs } = state;
  const place = card("music");
  show(place.querySelector(".ask"), !model);
  show(place.querySelector(".chosen"), Boolean(model));
  if (model) place.querySelector(".chosen .name").textContent = model.name;
  for (const box of document.querySelectorAll("input[name=shipped]")) box.checked = state.shipped.includes(box.value);
  list($("pieces"), music, (piece) => make("li", {},
    player(file("music", piece.id)),
    make("span", { className: "name", textContent: piece.name }),
    make("small", { textContent: inMinutes(piece.duration) }),
    remover("music", piece.id, piece.name)));
  list($("pairs"), pairs, (name) => make("li", {},
    make("span", { className: "name", textContent: name }), remover("pairs", name, name)));
  // A model of pairs has no such settings.
  for (const knob of document.querySelectorAll(".knob.slider")) {
    show(knob, !model || model.adjustable || knob.querySelector("input").id === "knob-variety");
  }
  $("learn").disabled = !pairs.length || Boolean(state.job);
}

function showTakes() {
  const { takes, dance } = state;
  show($("takes-box"), takes.length > 0);
  // The first of the takes that are new is shown.
  const fresh = takes.find((take) => take.number > known);
  if (fresh) chosen = fresh.number;
  else if (takes.length && !takes.some((take) => take.number === chosen)) chosen = takes[takes.length - 1].number;
  if (!takes.length) chosen = null;
  known = takes.length ? takes[takes.length - 1].number : 0;
  const rows = takes.map((take) => [take.number, describe(take), take.number === chosen, take.verdict || null, Boolean(state.job)]);
  list($("takes"), rows, ([number, text, current, verdict, busy]) => {
    const said = verdict ? verdict.sentence : "Does it follow the dance? Being found …";
    const pick = make("button", { type: "button", className: "pick" }, `Take ${number}`,
      make("small", { className: "verdict", textContent: said }), make("small", { textContent: text }));
    pick.setAttribute("aria-pressed", String(current));
    pick.onclick = () => { chosen = number; render(); $("take-player").querySelector("video").play().catch(() => {}); };
    const row = make("li", { className: current ? "chosen" : "" }, pick, remover("take", number, `take ${number}`));
    if (verdict && verdict.between) {
      const half = make("button", { type: "button", className: "half quiet", textContent: "Again, half a beat later", disabled: busy });
      half.onclick = () => { awaited = true; act("soundtrack", "later", { number }); };
      row.append(half);
    }
    return row;
  });
  const video = $("take-player").querySelector("video");
  show($("take-player"), chosen !== null);
  if (fresh && awaited) {
    awaited = false;
    requestAnimationFrame(() => $("take-player").scrollIntoView({ block: "nearest", behavior: "smooth" }));
  }
  show($("empty"), chosen === null);
  show($("downloads"), chosen !== null);
  document.querySelector(".result").classList.toggle("made", chosen !== null);
  const of = chosen === null ? "" : `${dance.id}-${chosen}`;
  if (video.dataset.of !== of) {
    video.dataset.of = of;
    if (of) video.src = `${file("shown", chosen)}?of=${of}`;
    else {
      video.removeAttribute("src");
      video.load();
    }
  }
  for (const button of $("downloads").querySelectorAll("button")) {
    button.disabled = Boolean(state.job) && button.dataset.what !== "sound";
  }
}

function fetchDownload() {
  if (!download || state.job) return;
  const { number, what, tab } = download;
  const take = state.takes.find((each) => each.number === number);
  const ready = what === "model" ? state.model_saved : what === "sound" || (take && take[what]);
  download = null;
  if (ready) fetchOrShow(what, number, tab);
  else if (tab) tab.close();
}

function fetchOrShow(what, number, tab) {
  if (tab) tab.location.replace(new URL(file(what, number), location.href).href);
  else save(what, number);
}

function save(what, number) {
  const link = make("a", { href: `${file(what, number)}?download`, download: "" });
  document.body.append(link);
  link.click();
  link.remove();
}

function showSteps() {
  const dance = Boolean(state.dance && state.dance.ready);
  const music = Boolean(state.model || state.music.length || state.shipped.length);
  const made = state.takes.length > 0;
  const now = !dance ? "dance" : !music ? "music" : "soundtrack";
  for (const [step, done] of [["dance", dance], ["music", music], ["soundtrack", made]]) {
    $(step).classList.toggle("done", done);
    $(step).classList.toggle("now", step === now && !done);
  }
  $("make").disabled = !dance || !music || Boolean(state.job);
  $("make").textContent = made ? "Make another take" : "Make the soundtrack";
  const missing = [!state.dance && "a dance", !music && "some music"].filter(Boolean).join(" and ");
  const why = missing ? `First choose ${missing}.` : !dance ? "As soon as the dancer is found." : "";
  $("why").textContent = why;
  show($("why"), Boolean(why));
  $("another").disabled = Boolean(state.job);
}

function showNotes() {
  for (const step of ["dance", "music", "soundtrack"]) {
    const place = card(step).querySelector(".note");
    place.textContent = step === state.notes_step ? state.notes.join(" ") : "";
    show(place, Boolean(place.textContent));
  }
}

function render() {
  if (!state) return;
  showDance();
  showMusic();
  showTakes();
  placeTap();
  showSteps();
  showNotes();
  for (const step of ["dance", "music", "soundtrack"]) showWork(step);
  showProblems();
  fetchDownload();
}

// ---- knobs --------------------------------------------------------------------------------------
const KNOBS = [
  { name: "follow", label: "How closely does the music follow the dance?", low: "loosely", high: "very closely", value: 50 },
  { name: "wild", label: "Calm or wild?", low: "calm", high: "wild", value: 50 },
  { name: "jumps", label: "How often may the music jump?", low: "hardly ever", high: "often", value: 50 },
  { name: "variety", label: "How much do takes differ?", low: "not at all", high: "much", value: 30 },
];

function drawKnobs() {
  const row = (label, input) => $("knobs").append(make("label", { className: "knob row" }, make("span", { textContent: label }), input));
  drawBeat(row);
  for (const knob of KNOBS) {
    $("knobs").append(make("label", { className: "knob slider" },
      make("span", { textContent: knob.label }),
      make("input", { type: "range", id: `knob-${knob.name}`, min: 0, max: 100, step: 5, value: knob.value }),
      make("span", { className: "ends" }, make("span", { textContent: knob.low }), make("span", { textContent: knob.high }))));
  }
  const seconds = (id, hint) => make("input", { type: "number", id, min: 0, step: "any", placeholder: hint, inputMode: "decimal" });
  row("Music begins at (s)", seconds("knob-start", "0"));
  row("Music ends at (s)", seconds("knob-end", "the end"));
  row("Takes at once", make("select", { id: "knob-takes" }, ...[1, 2, 3, 4].map((n) => make("option", { value: n, textContent: n }))));
  row("Seed: the same one, the same take", make("input", { type: "number", id: "knob-seed", min: 0, step: 1, placeholder: "next" }));
}

function knobs() {
  const values = Object.fromEntries(KNOBS.map((knob) => [knob.name, Number($(`knob-${knob.name}`).value)]));
  const typed = (name, otherwise) => ($(`knob-${name}`).value === "" ? otherwise : Number($(`knob-${name}`).value));
  // Without a wish, each take has another seed.
  const next = Math.max(0, ...state.takes.map((take) => take.seed + 1));
  return {
    ...values, start: typed("start", 0), end: typed("end", 0), seed: typed("seed", next), takes: typed("takes", 1),
    bpm: taps.length ? 0 : typed("bpm", 0), taps, shift: Number($("knob-beat").value), trunk: $("knob-from").value === "trunk",
  };
}

function describe(take) {
  const words = [];
  const set = take.knobs;
  if (set.follow !== 50) words.push(set.follow > 50 ? "follows closely" : "follows loosely");
  if (set.wild !== 50) words.push(set.wild > 50 ? "wild" : "calm");
  if (set.jumps !== 50) words.push(set.jumps > 50 ? "jumps often" : "jumps little");
  if (set.start || set.end) words.push(`from ${set.start} s${set.end ? ` to ${set.end} s` : ""}`);
  if (set.shift) words.push(`${set.shift} beats later`);
  if (take.bpm) words.push(`beat: ${Math.round(take.bpm)} BPM${set.taps.length ? ", tapped" : set.bpm ? ", as you say" : ""}`);
  return [...words, `seed ${take.seed}`].join(", ");
}

// ---- buttons ------------------------------------------------------------------------------------
const skeletons = [new Skeleton($("dance-player")), new Skeleton($("take-player"))];
drawKnobs();
for (const zone of document.querySelectorAll(".drop")) {
  const input = zone.querySelector("input");
  const { step } = input.dataset;
  input.onchange = () => {
    drop(step, input.files);
    input.value = "";
  };
  zone.addEventListener("dragover", () => zone.classList.add("over"));
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    zone.classList.remove("over");
    drop(step, event.dataTransfer.files);
  });
}
// A file that misses its place must not take the place of the page.
for (const event of ["dragover", "drop"]) window.addEventListener(event, (e) => e.preventDefault());
$("example").onclick = () => act("dance", "example");
$("another").onclick = () => {
  const lost = "The takes for this dance go with it. Have you downloaded what you want to keep?";
  if (!state.takes.length || confirm(lost)) act("dance", "remove", { step: "dance" });
};
$("no-model").onclick = () => act("music", "remove", { step: "model" });
$("learn").onclick = () => act("music", "learn");
$("make").onclick = () => {
  awaited = true;
  act("soundtrack", "make", { knobs: knobs() });
};
$("skeleton").onchange = () => skeletons.forEach((each) => each.draw());
for (const button of $("downloads").querySelectorAll("button")) {
  button.onclick = async () => {
    const { what } = button.dataset;
    if (what === "sound") return save(what, chosen);
    const take = state.takes.find((each) => each.number === chosen);
    // At once, since browsers open tabs only for a click; where they refuse, the file is downloaded.
    const tab = button.dataset.open ? window.open("", "_blank") : null;
    if (tab) {
      tab.document.title = "Report";
      tab.document.body.textContent = "The report is being written …";
    }
    if (take[what]) return fetchOrShow(what, chosen, tab);
    await act("soundtrack", what === "model" ? "save" : "prepare",
      what === "model" ? { number: chosen } : { number: chosen, what });
    if (!problems.soundtrack) download = { number: chosen, what, tab };
    else if (tab) tab.close();
    fetchDownload();
  };
}
// Of several videos on the page one is heard.
for (const video of document.querySelectorAll("video")) {
  video.addEventListener("play", () => {
    for (const other of document.querySelectorAll("video")) if (other !== video) other.pause();
  });
}
window.addEventListener("pagehide", () => {
  if (session) fetch(here("/leave"), { method: "POST", keepalive: true, headers: { "x-studio": "1" } });
  clearTimeout(polling);
});
window.addEventListener("pageshow", (event) => { if (event.persisted) poll(); });
document.addEventListener("visibilitychange", () => { if (!document.hidden && session) poll(); });
enter().catch((error) => {
  problems.page = sentence(error);
  showProblems();
});
