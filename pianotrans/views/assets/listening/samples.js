// The recorded notes that the piano plays, from every sixth key or so.

import { bytesOf } from "../shared/base64.js";

const SILENCE = 0.01;

// By key: the sound, and where its attack begins.
export async function decodeSamples(context, samples) {
  const decoded = Object.entries(samples).map(async ([key, base64]) => {
    const buffer = await context.decodeAudioData(bytesOf(base64).buffer);
    const attack = buffer.getChannelData(0).findIndex((sample) => Math.abs(sample) > SILENCE);
    return [Number(key), { buffer, startS: Math.max(0, attack) / buffer.sampleRate }];
  });
  return new Map(await Promise.all(decoded));
}
