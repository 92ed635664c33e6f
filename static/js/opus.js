// Ogg Opus by opus-recorder's workers: every browser records it, and Safari plays it as WAV.
// They are loaded on demand and go by a policy of their own, which allows them WebAssembly.

const WORKERS = new URL("../vendor/opus-recorder-8.0.5/", import.meta.url);
const TAP = new URL("./recording-tap.js", import.meta.url);
const RATE = 48000;
export const TYPE = "audio/ogg; codecs=opus";

export function playsOgg() {
  return document.createElement("audio").canPlayType(TYPE) !== "";
}

// {stop(), cancel()}: stop() resolves with the recording; `onLevel` hears 0 to 1 some 20 times a second.
export async function record(onLevel) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true } });
  const context = new AudioContext();
  const worker = new Worker(new URL("encoderWorker.min.js", WORKERS));
  try {
    await context.resume();
    await context.audioWorklet.addModule(TAP);
    await encoderReady(worker, context.sampleRate);
  } catch (error) {
    end(stream, context, worker);
    throw error;
  }
  const pages = [];
  worker.onmessage = ({ data }) => { if (data.message === "page") pages.push(data.page); };
  worker.postMessage({ command: "getHeaderPages" });
  const tap = new AudioWorkletNode(context, "tap", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
  tap.port.onmessage = ({ data }) => {
    onLevel(loudness(data));
    worker.postMessage({ command: "encode", buffers: [data] });
  };
  context.createMediaStreamSource(stream).connect(tap);
  return {
    cancel: () => end(stream, context, worker),
    stop: () => finished(worker, pages, tap).finally(() => end(stream, context, worker)),
  };
}

function encoderReady(worker, originalSampleRate) {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => { if (data.message === "ready") resolve(); };
    worker.onerror = () => reject(new Error("The encoder did not start"));
    worker.postMessage({
      command: "init", originalSampleRate, encoderSampleRate: 24000, numberOfChannels: 1,
      encoderApplication: 2048, encoderBitRate: 32000,
    });
  });
}

function finished(worker, pages, tap) {
  tap.disconnect();
  tap.port.onmessage = null;
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => {
      if (data.message === "page") pages.push(data.page);
      else if (data.message === "done") resolve(new Blob(pages, { type: TYPE }));
    };
    worker.postMessage({ command: "done" });
  });
}

function end(stream, context, worker) {
  for (const track of stream.getTracks()) track.stop();
  if (context.state !== "closed") context.close();
  worker.terminate();
}

function loudness(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.min(1, Math.sqrt(sum / samples.length) * 4);
}

// ── for browsers that cannot play it ──

export function asWav(ogg) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("decoderWorker.min.js", WORKERS));
    const pieces = [];
    worker.onerror = () => { worker.terminate(); reject(new Error("The recording cannot be decoded")); };
    worker.onmessage = ({ data }) => {
      if (data !== null) { pieces.push(data[0]); return; }
      worker.terminate();
      resolve(wav(pieces));
    };
    worker.postMessage({ command: "init", decoderSampleRate: RATE, outputBufferSampleRate: RATE });
    worker.postMessage({ command: "decode", pages: new Uint8Array(ogg) });
    worker.postMessage({ command: "done" });
  });
}

// One channel of 16 bits: a voice needs no more, and every browser plays it.
function wav(pieces) {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const bytes = new DataView(new ArrayBuffer(44 + 2 * length));
  const word = (at, text) => [...text].forEach((sign, i) => bytes.setUint8(at + i, sign.charCodeAt(0)));
  word(0, "RIFF"); bytes.setUint32(4, 36 + 2 * length, true); word(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true); bytes.setUint16(20, 1, true); bytes.setUint16(22, 1, true);
  bytes.setUint32(24, RATE, true); bytes.setUint32(28, 2 * RATE, true);
  bytes.setUint16(32, 2, true); bytes.setUint16(34, 16, true);
  word(36, "data"); bytes.setUint32(40, 2 * length, true);
  let at = 44;
  for (const piece of pieces) {
    for (const sample of piece) { bytes.setInt16(at, Math.max(-1, Math.min(1, sample)) * 32767, true); at += 2; }
  }
  return new Blob([bytes], { type: "audio/wav" });
}
