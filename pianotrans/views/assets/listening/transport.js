// Where the music is at a time of the sound card's clock: at some speed, straight on or round and round a loop. It never
// changes; another speed or place makes another one.
//
// A place that is `reached` counts on where the loop jumps back: after one round of 2 s it is 2 s more than the place
// in the song. So whatever is scheduled has one order.

export class Transport {
  // At `contextS` of the sound card's clock the music is at `songS`. A loop that it has left behind is none.
  constructor({ contextS, songS, speed = 1, loop = null }) {
    Object.assign(this, { contextS, songS, speed });
    this.loop = loop && songS < loop.endS ? loop : null;
  }

  // The same, a little ahead.
  shifted(byS) { return new Transport({ ...this, songS: this.songS + byS }); }

  reachedAt(contextS) { return this.songS + (contextS - this.contextS) * this.speed; }
  contextAt(reachedS) { return this.contextS + (reachedS - this.songS) / this.speed; }

  songAt(contextS) {
    const reachedS = this.reachedAt(contextS);
    return reachedS - this.shiftOf(this.roundOf(reachedS));
  }

  roundOf(reachedS) {
    if (!this.loop || reachedS < this.loop.endS) return 0;
    return 1 + Math.floor((reachedS - this.loop.endS) / (this.loop.endS - this.loop.startS));
  }

  shiftOf(round) { return round ? round * (this.loop.endS - this.loop.startS) : 0; }

  // The stretches of the song between two places that are reached: `reached` is the place in the song + `shiftS`.
  stretches(fromS, toS) {
    const found = [];
    for (let round = this.roundOf(fromS), atS = fromS; atS < toS; round += 1) {
      const shiftS = this.shiftOf(round);
      const endS = Math.min(toS, this.loop ? this.loop.endS + shiftS : Infinity);
      found.push({ fromS: atS - shiftS, toS: endS - shiftS, shiftS });
      atS = endS;
    }
    return found;
  }
}
