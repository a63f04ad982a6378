/**
 * An event as JSON text. The function's thread parses the text itself, so that a large event is not parsed in this
 * thread and then cloned into the other one. A runner that serializes the event as JSON gets the event itself.
 */
export class EventText {
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }

  toJSON(): unknown {
    return JSON.parse(this.json);
  }
}
