// Keeps a page true while it is looked at: one stream of events, rows that come and go in place.
"use strict";
(() => {
  const live = document.getElementById("live");
  const words = JSON.parse(live.dataset.words);
  const FADE = 2000;
  const QUIET = 5000; // A screen reader is told at most so often.
  const SETTLED = 700; // After an answer the agent may have left without a further event of theirs.
  const LATE = 7500; // No sign of life for so long: the picture may be of the past.
  let ahead = Number(live.dataset.now) * 1000 - Date.now();
  let heard = Date.now();
  let isOpen = false;
  let isReached = true;
  const seconds = () => (Date.now() + ahead) / 1000;

  function span(total) {
    const whole = Math.max(0, Math.floor(total));
    const two = (n) => String(n).padStart(2, "0");
    const minutes = Math.floor(whole / 60);
    return whole < 3600
      ? `${two(minutes)}:${two(whole % 60)}`
      : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
  }

  function put(element, text) {
    if (element && element.textContent !== text) element.textContent = text;
  }

  function field(item, name, text) {
    for (const element of item.querySelectorAll(`[data-field="${name}"]`)) put(element, text);
  }

  // A call whose domain is not known yet may be another's; a block without one is for all.
  const chosen = live.dataset.domain;
  const isMine = (call) => !chosen || call.domain === chosen;
  const isForUs = (block) => !chosen || !block.domain || block.domain === chosen;

  const shown = (thing) => thing.shown || words.hidden;

  function blank(name) {
    return document.getElementById(`${name}-blank`).content.firstElementChild.cloneNode(true);
  }

  // Calls

  const keyOf = (call) => `call-${call.node}-${call.id}`; // Two PBXs may have the same id.

  function putCall(call, change) {
    if (!isMine(call)) return;
    let row = document.getElementById(keyOf(call));
    if (call.state === "ended" || change === "lost") {
      if (row) fade(row, change === "lost" ? words.lost : outcomeOf(call), call);
      return;
    }
    const isNew = !row;
    if (isNew) {
      row = blank("call");
      row.id = keyOf(call);
      const link = row.querySelector("a.act");
      if (link) link.href = live.dataset.calls + call.id + (call.node && `?node=${encodeURIComponent(call.node)}`);
    }
    row.dataset.number = call.number;
    field(row, "number", shown(call));
    put(row.querySelector("a.act .unseen"), ` ${shown(call)}`);
    field(row, "agent", call.agent || "–");
    field(row, "group", call.group || "–");
    field(row, "direction", words[`direction-${call.direction}`] || call.direction);
    field(row, "domain", call.domain || "–");
    field(row, "node", call.node || "–");
    row.querySelector("time").dataset.since = call.bridged || call.started;
    row.classList.toggle("ringing", !call.talking);
    if (isNew) document.getElementById("calls").append(row);
  }

  // What became of a call on another PBX is not told; its block may be.
  function outcomeOf(call) {
    const known = call.outcome || (blockedUntil(call.number) ? "prank" : call.bridged ? "answered" : "unanswered");
    return words[`outcome-${known}`] || known;
  }

  function fade(row, told, call) {
    if (row.classList.contains("gone")) return;
    row.classList.add("gone");
    row.dataset.number = call.number;
    for (const popup of row.querySelectorAll(".popup")) popup.hidden = true;
    const last = row.lastElementChild;
    const until = blockedUntil(call.number);
    last.textContent = until && told === words["outcome-prank"] ? `${told} · ${until}` : told;
    last.className = "became";
    setTimeout(() => {
      row.remove();
      empties();
    }, FADE);
  }

  function blockedUntil(number) {
    const item = document.querySelector(`#blocks [data-number="${CSS.escape(number)}"] time`);
    if (!item) return "";
    const moment = new Date(Number(item.dataset.until) * 1000);
    const clock = moment.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    return `${words["blocked-until"]} ${clock}`;
  }

  // Blocks

  const blocks = new Map(); // Every live one; the page has the newest.
  const most = Number(live.dataset.most);

  function putBlock(block) {
    if (!isForUs(block)) return;
    if (block.state === "live") blocks.set(block.id, block);
    else blocks.delete(block.id);
    drawBlocks((each) => each === block);
  }

  function drawBlocks(isChanged) {
    const list = document.getElementById("blocks");
    const newest = [...blocks.values()].sort((one, other) => other.since - one.since).slice(0, most);
    const kept = new Set(newest.map((block) => `block-${block.id}`));
    for (const item of [...list.children]) if (!kept.has(item.id)) item.remove();
    newest.forEach((block, place) => {
      let item = document.getElementById(`block-${block.id}`);
      const isNew = !item;
      if (isNew) {
        item = blank("block");
        item.id = `block-${block.id}`;
      }
      if (isNew || isChanged(block)) fillBlock(item, block);
      if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
      if (isNew) begun(item, block);
    });
    document.getElementById("more-blocks").toggleAttribute("hidden", blocks.size <= most);
  }

  function fillBlock(item, block) {
    item.dataset.number = block.number;
    field(item, "number", shown(block));
    field(item, "domain", block.domain);
    const [role, name] = block.by.replace(/ via web$/, "").split(":");
    const by = name ? `${name} (${words[`role-${role}`] || role})` : role;
    field(item, "note", [by, block.reason, block.attempts ? `${block.attempts}×` : ""].filter(Boolean).join(" · "));
    const time = item.querySelector("time");
    time.dataset.until = block.until;
    item.querySelector("progress").max = Math.max(1, block.until - block.since);
    const form = item.querySelector("form");
    if (form) {
      form.elements.number.value = block.number.startsWith("+") ? block.number : block.name;
      form.elements.domain.value = block.domain;
    }
  }

  function begun(item, block) {
    htmx.process(item);
    for (const row of document.querySelectorAll("#calls .gone")) {
      if (row.dataset.number === block.number) row.lastElementChild.textContent = `${words["outcome-prank"]} · ${blockedUntil(block.number)}`;
    }
  }

  // All of it

  function begin(snapshot) {
    const calls = new Set(snapshot.calls.filter(isMine).map(keyOf));
    for (const row of document.querySelectorAll("#calls tr:not(.gone)")) if (!calls.has(row.id)) row.remove();
    for (const call of snapshot.calls) putCall(call);
    blocks.clear();
    for (const block of snapshot.blocks.filter(isForUs)) blocks.set(block.id, block);
    drawBlocks(() => true);
    putStatus(snapshot.status);
  }

  function putStatus(status) {
    isReached = status.reached;
    if (status.clock) ahead = status.clock * 1000 - Date.now();
    document.getElementById("pbx-up")?.toggleAttribute("hidden", !status.connected);
    document.getElementById("pbx-down")?.toggleAttribute("hidden", status.connected);
    const silent = status.silent_nodes.length ? words.silent?.replace("{nodes}", status.silent_nodes.join(", ")) : "";
    const trouble = document.getElementById("trouble");
    put(trouble, (status.site_failure && words.unreached) || silent);
    trouble?.toggleAttribute("hidden", !trouble.textContent);
  }

  let wasTold = "";
  let toldAt = 0;
  function empties() {
    const calls = document.querySelectorAll("#calls tr:not(.gone)").length;
    put(document.querySelector('[data-count="calls"]'), String(calls));
    put(document.querySelector('[data-count="blocks"]'), String(blocks.size));
    document.getElementById("no-calls")?.toggleAttribute("hidden", document.querySelector("#calls tr") !== null);
    document.getElementById("no-blocks")?.toggleAttribute("hidden", blocks.size > 0);
    const now = live.dataset.changed?.replace("{calls}", calls).replace("{blocks}", blocks.size);
    if (now && now !== wasTold && Date.now() - toldAt >= QUIET) {
      if (wasTold) put(document.getElementById("said"), now);
      wasTold = now;
      toldAt = Date.now();
    }
  }

  // An agent's page: the server draws it anew; an open step of the same call is left alone.

  let isAsking = false;
  let isWanted = false;
  async function drawOwn() {
    if (isAsking) {
      isWanted = true;
      return;
    }
    isAsking = true;
    do {
      isWanted = false;
      try {
        const answer = await fetch(live.dataset.own, { headers: { "HX-Request": "true" } });
        if (answer.ok && !answer.redirected) replaceOwn(await answer.text());
      } catch {
        // The stream is broken, too, and says so.
      }
    } while (isWanted);
    isAsking = false;
  }

  function replaceOwn(html) {
    const drawn = document.createElement("template");
    drawn.innerHTML = html;
    const before = document.getElementById("own");
    const after = drawn.content.getElementById("own");
    const isSame = before.dataset.key === after.dataset.key && before.querySelector("details[open]");
    if (isSame) document.getElementById("own-line").replaceWith(after.querySelector("#own-line"));
    else before.replaceWith(after);
    document.getElementById("own-answers").replaceWith(drawn.content.getElementById("own-answers"));
    if (!isSame) htmx.process(document.getElementById("own"));
    const line = document.getElementById("own-line").cloneNode(true);
    line.querySelector("time")?.remove();
    put(document.getElementById("said"), line.textContent.trim());
    tick();
  }

  // The stream

  const handlers = live.dataset.own
    ? { reset: (told) => { putStatus(told.status); drawOwn(); }, call: drawOwn, reply: () => { drawOwn(); setTimeout(drawOwn, SETTLED); }, status: (told) => { putStatus(told.status); drawOwn(); } }
    : {
        reset: begin,
        call: (told) => putCall(told.call, told.change),
        block: (told) => putBlock(told.block),
        attempt: (told) => putBlock(told.block),
        status: (told) => putStatus(told.status),
      };
  function listen() {
    const stream = new EventSource(live.dataset.stream);
    stream.onopen = () => { isOpen = true; heard = Date.now(); };
    stream.onerror = () => {
      isOpen = false;
      // A refusal (the session ended) is final for the browser; the page says so after a load.
      if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
    };
    stream.addEventListener("beat", (event) => {
      heard = Date.now();
      const at = JSON.parse(event.data).at;
      if (at) ahead = at * 1000 - Date.now();
    });
    for (const [name, handle] of Object.entries(handlers)) {
      stream.addEventListener(name, (event) => {
        heard = Date.now();
        handle(JSON.parse(event.data));
        empties();
        tick();
      });
    }
  }

  let trueAt = Date.now();
  function tick() {
    const now = seconds();
    for (const time of document.querySelectorAll("time[data-since]")) put(time, span(now - Number(time.dataset.since)));
    for (const time of document.querySelectorAll("time[data-until]")) {
      const left = Number(time.dataset.until) - now;
      put(time, span(left));
      const progress = time.parentElement.querySelector("progress");
      if (progress) progress.value = Math.max(0, left);
    }
    const isLive = isOpen && isReached && Date.now() - heard < LATE;
    if (isLive) trueAt = heard;
    live.classList.toggle("stale", !isLive);
    live.inert = !isLive;
    document.getElementById("pulse").classList.toggle("beating", isLive);
    document.getElementById("pulse-as-of").hidden = true;
    document.getElementById("pulse-live").hidden = !isLive;
    document.getElementById("pulse-stopped").hidden = isLive;
    put(document.querySelector("#pulse-stopped b"), String(Math.round((Date.now() - trueAt) / 1000)));
  }

  listen();
  setInterval(tick, 1000);
})();
