// The part of a roll's picture that stays while the present, the selection and what is dragged move over it. It remembers
// which events are in it, so that only those that have changed are painted over it while one drags.

export class StillPicture {
  constructor() {
    this.canvas = document.createElement("canvas");
    this.events = new Set(); // that are in it
    this.loose = []; // events in view that are not
    this.isStale = true;
  }

  // These events are in view now. One that is in the picture and no longer there makes it stale, without those that came
  // since: they are likely to move on.
  setEvents(events) {
    if (this.isStale) this.events = new Set(events);
    this.loose = events.filter((event) => !this.events.has(event));
    if (events.length - this.loose.length === this.events.size) return;
    this.events = new Set(events.filter((event) => this.events.has(event)));
    this.isStale = true;
  }
}
