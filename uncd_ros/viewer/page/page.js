// Copyright 2026 The uncd_ros authors
// SPDX-License-Identifier: Apache-2.0
// Shows what /live sends: reports and decisions as JSON; pictures as a byte, which view it is, and a JPEG.
'use strict';

const VIEWS = ['overlay', 'camera', 'uncertainty'];
const TITLES = {
  overlay: 'class colours, grey where uncertain',
  camera: 'as the camera sends it',
  uncertainty: 'black is certain',
};
const SPAN = 60; // seconds in the chart
const STALE_AFTER = 3; // seconds without a decision after which the page no longer says how the flag is
const RETRY = 1000; // milliseconds

const select = (query) => document.querySelector(query);
const page = {
  camera: null, // its name; '' for the only one, null before any is known
  view: 'overlay',
  socket: null,
  decisions: [],
  heard: -Infinity, // when the latest decision came, in seconds of this page
  decoding: {}, // by view: whether a picture is being decoded
  waiting: {}, // by view: the newest picture that came meanwhile
};

// ---- the connection

function connect() {
  if (page.socket) {
    page.socket.onclose = page.socket.onmessage = null;
    page.socket.close();
  }
  const query = new URLSearchParams({ view: page.view });
  if (page.camera !== null) query.set('camera', page.camera);
  const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/live?${query}`);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => connected(true);
  socket.onmessage = (event) => (typeof event.data === 'string' ? hear(JSON.parse(event.data)) : see(event.data));
  socket.onclose = () => {
    connected(false);
    if (!document.hidden) setTimeout(() => page.socket === socket && connect(), RETRY);
  };
  page.socket = socket;
}

function connected(isConnected) {
  document.body.toggleAttribute('data-connected', isConnected);
  select('#connection').textContent = isConnected ? 'live' : 'not connected: has the viewer ended?';
}

function hear(message) {
  if (message.report) report(message.report);
  if (message.decisions) decide(message.decisions);
}

// ---- pictures

async function see(data) {
  const view = VIEWS[new Uint8Array(data, 0, 1)[0]];
  if (page.decoding[view]) {
    page.waiting[view] = data; // takes the place of one that is older
    return;
  }
  page.decoding[view] = true;
  try {
    draw(view, await createImageBitmap(new Blob([new Uint8Array(data, 1)], { type: 'image/jpeg' })));
  } finally {
    page.decoding[view] = false;
  }
  const next = page.waiting[view];
  delete page.waiting[view];
  if (next) see(next);
}

function draw(view, bitmap) {
  if (view !== page.view && view !== 'camera') return; // it came while another one was chosen
  const canvas = select(view === page.view ? '#large canvas' : '#small canvas');
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
  }
  canvas.getContext('2d').drawImage(bitmap, 0, 0);
  bitmap.close();
  if (view === page.view) document.body.dataset.seen = '';
}

function enlarge(view) {
  page.view = view;
  select('#small').hidden = view === 'camera';
  select('#views').replaceChildren(...choices(VIEWS, view, enlarge, TITLES));
  connect();
}

// ---- the flag

function decide(decisions) {
  page.decisions.push(...decisions);
  page.heard = performance.now() / 1000;
  refresh();
}

function refresh() {
  const latest = page.decisions.at(-1);
  if (!latest) return;
  const age = performance.now() / 1000 - page.heard;
  const state = age > STALE_AFTER ? 'stale' : latest.is_ood ? 'alarm' : 'nominal';
  document.body.dataset.state = state;
  const words = {
    stale: `no news for ${age.toFixed(0)} s`,
    alarm: '▲ out of distribution',
    nominal: '● in distribution',
  };
  text('#flag h2', words[state]);
  text('#reason', state === 'stale' ? 'The node says nothing: do not rely on what is shown.' : latest.reason);
  text('#fault', state === 'stale' || !latest.fault ? '' : `camera: ${latest.fault}`);
  document.title = state === 'alarm' ? '▲ out of distribution' : 'uncd_ros';
  const scored = page.decisions.findLast((each) => each.score !== null);
  text('#score', scored ? scored.score.toPrecision(3) : '');
  text('#threshold', latest.threshold === null ? '' : `threshold ${latest.threshold.toPrecision(3)}`);
  const end = latest.time + age;
  while (page.decisions.length > 1 && page.decisions[0].time < end - SPAN - 5) page.decisions.shift();
  chart(select('#chart canvas'), page.decisions, end);
}

function chart(canvas, decisions, end) {
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const brush = canvas.getContext('2d');
  brush.setTransform(scale, 0, 0, scale, 0, 0);
  brush.clearRect(0, 0, width, height);
  const colours = getComputedStyle(document.documentElement);
  const colour = (name) => colours.getPropertyValue(`--${name}`);
  const [left, bottom] = [52, height - 18];
  const x = (time) => left + (width - left) * (1 - (end - time) / SPAN);
  const values = decisions.flatMap((each) => [each.score, each.threshold]).filter((each) => each !== null);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = (high - low) * 0.12 || 1;
  const y = (value) => bottom - (bottom - 4) * (value - low + margin) / (high - low + 2 * margin);

  brush.save();
  brush.beginPath();
  brush.rect(left, 0, width - left, bottom);
  brush.clip();
  brush.fillStyle = colour('alarm-ground');
  let start = null; // of a stretch in which the flag was up
  for (const { time, is_ood: isUp } of [...decisions, { time: end, is_ood: false }]) {
    if (isUp) start ??= time;
    else if (start !== null) {
      brush.fillRect(x(start), 0, x(time) - x(start), bottom);
      start = null;
    }
  }
  line(brush, decisions, x, y, 'threshold', colour('text'), 1, [6, 4]);
  line(brush, decisions, x, y, 'score', colour('score'), 2, []);
  brush.restore();

  brush.fillStyle = colour('quiet');
  brush.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  brush.textBaseline = 'middle';
  if (values.length) [low, high].forEach((value) => brush.fillText(value.toPrecision(3), 0, y(value)));
  for (let ago = 0; ago <= SPAN; ago += 15) {
    brush.textAlign = ago === 0 ? 'right' : 'center';
    if (ago < SPAN) brush.fillText(ago ? `${ago} s ago` : 'now', x(end - ago), height - 7);
  }
  brush.textAlign = 'left';
}

function line(brush, decisions, x, y, key, colour, width, dash) {
  brush.strokeStyle = colour;
  brush.lineWidth = width;
  brush.lineJoin = 'round';
  brush.setLineDash(dash);
  brush.beginPath();
  decisions.filter((each) => each[key] !== null).forEach((each) => brush.lineTo(x(each.time), y(each[key])));
  brush.stroke();
  brush.setLineDash([]);
}

// ---- how the node is doing

function report({ node, cameras, model }) {
  text('#node', node);
  text('#model', model.model ? `${model.model} on ${Object.values(cameras)[0]?.device ?? '?'}` : '');
  const names = Object.keys(cameras);
  if (names.length && !names.includes(page.camera)) choose(names[0]);
  select('#cameras').replaceChildren(...(names.length < 2 ? [] : choices(names, page.camera, choose)));
  const values = cameras[page.camera];
  if (!values) return;
  const number = (key, unit = '') => (isNaN(values[key]) ? '–' : `${+(+values[key]).toFixed(1)}${unit}`);
  const facts = [
    ['images per s', `${number('fps')} of ${number('fps_in')}`],
    ['latency, median', number('latency_ms_p50', ' ms')],
    ['latency, 95 %', number('latency_ms_p95', ' ms')],
    ['dropped', number('dropped')],
    ['lost on the way', number('lost'), values.lost > 0],
    ['faulty', number('faults'), values.faults > 0],
  ];
  select('#facts').replaceChildren(...facts.map(([name, value, isBad]) => {
    const entry = element('div', '');
    entry.append(element('dt', name), element('dd', value, isBad ? { class: 'bad' } : {}));
    return entry;
  }));
  text('#trouble', [values, model].filter((each) => each.level !== 'ok').map((each) => each.message ?? '').join(' · '));
}

function choose(camera) {
  page.camera = camera;
  page.decisions = [];
  document.body.dataset.state = 'waiting';
  delete document.body.dataset.seen;
  document.querySelectorAll('main canvas').forEach((canvas) => { canvas.width = 0; }); // the other camera's picture
  connect();
}

// ---- small things

function element(tag, content, attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = content;
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  return made;
}

function choices(names, chosen, choose, titles = {}) {
  return names.map((name) => {
    const button = element('button', name, { 'aria-pressed': name === chosen, title: titles[name] ?? name });
    button.onclick = () => choose(name);
    return button;
  });
}

function text(query, content) {
  const target = select(query);
  if (target.textContent !== content) target.textContent = content;
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) page.socket?.close(); // a page that nobody sees costs nothing
  else connect();
});
enlarge('overlay');
setInterval(refresh, 100);
