// The recording, in a media element: it keeps the pitch at every speed. Times are those of the song.

export class Recording {
  constructor(blob, startS) {
    this.startS = startS;
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
    await this.media.play();
    if (this.media.seeking) await new Promise((done) => { this.media.addEventListener("seeked", done, { once: true }); });
  }

  pause() { this.media.pause(); }

  onEnd(act) { this.media.addEventListener("ended", act); }
}
