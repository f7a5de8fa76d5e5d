"use strict";

function drop(step, files) {
  files = [...files];
  if (!files.length) return;
  delete problems[step === "dance" ? "dance" : "music"];
  if ((step === "dance" || step === "model") && files.length > 1) {
    problems[step] = `One ${step === "dance" ? "dance" : "model"} at a time, please: these are ${files.length} files.`;
    showProblems();
    return;
  }
  waiting.push(...files.map((each) => ({ step, file: each })));
  sendNext();
}

async function sendNext() {
  if (sending || !waiting.length) return;
  const { step, file: each } = waiting.shift();
  sending = { step, name: each.name, request: null, share: 0 };
  render();
  try {
    await ask(here("/upload"), { step, name: each.name, size: each.size });
    await send(each);
  } catch (error) {
    problems[step] = sentence(error);
  }
  sending = null;
  await poll();
  sendNext();
}

const send = (each) => new Promise((done, failed) => {
  const request = new XMLHttpRequest();
  sending.request = request;
  request.open("PUT", here("/upload"));
  request.setRequestHeader("x-studio", "1");
  request.upload.onprogress = (event) => {
    if (sending) sending.share = event.loaded / Math.max(event.total, 1);
    render();
  };
  request.onload = () => {
    if (request.status < 400) return done();
    let content = {};
    try { content = JSON.parse(request.responseText); } catch { /* no sentence */ }
    failed(new Refusal(content.sentence || "The file could not be taken: try it again."));
  };
  request.onerror = () => failed(new Error("network"));
  request.onabort = () => done();
  request.send(each);
});

function stop() {
  waiting.length = 0;
  if (sending && sending.request) sending.request.abort();
  act("page", "stop");
}
