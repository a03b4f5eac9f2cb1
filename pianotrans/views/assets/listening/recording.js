// The recording, in a media element: it keeps the pitch at every speed. Times are those of the song.

const LONGEST_LAG_S = 0.15;

export class Recording {
  constructor(blob, startS) {
    this.startS = startS;
    this.lagS = 0.03; // from asking for it to hearing it, as it was the last time
    this.media = new Audio(URL.createObjectURL(blob));
    this.media.preservesPitch = true;
  }

  get nowS() { return this.startS + this.media.currentTime; }
  get isAtEnd() { return this.media.ended; }

  setLevel(level) { this.media.volume = level; }

  setSpeed(speed) { this.media.playbackRate = speed; }

  seek(timeS) { this.media.currentTime = timeS - this.startS; }

  // Resolves when it is heard from where it was sent.
  async play() {
    const { media } = this;
    const [askedMs, fromS] = [performance.now(), media.currentTime];
    await media.play();
    if (media.seeking) await new Promise((done) => { media.addEventListener("seeked", done, { once: true }); });
    const heardS = (media.currentTime - fromS) / media.playbackRate;
    this.lagS = Math.min(Math.max((performance.now() - askedMs) / 1000 - heardS, 0), LONGEST_LAG_S);
  }

  pause() { this.media.pause(); }

  onEnd(act) { this.media.addEventListener("ended", act); }
}
