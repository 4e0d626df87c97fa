/**
 * How the nodes of a cluster talk to each other. Transport, never the record: a message arrives at most once, or not at all, or late, or (after
 * a network's hiccup) once more; whoever needs an answer asks again, and whoever hears something twice does it once.
 */
export interface Bus {
  /** Whether messages reach anybody right now. While they do not, what is sent is dropped. */
  readonly connected: boolean;
  /** Sends to one node, any length up to {@link MAX_MESSAGE_CHARACTERS}. Never throws. */
  send(node: string, message: string): void;
  /** Sends to all other nodes of the cluster. Never throws. */
  broadcast(message: string): void;
  /** Messages for this node, one at a time, in the order in which they arrive. One listener; called once, before the first message. */
  listen(listener: BusListener): void;
  /** Says goodbye to the network. Nothing is heard or sent after it. */
  close(): Promise<void>;
}

export interface BusListener {
  heard(message: string): void;
  /** The network came back, or went away. */
  changed(connected: boolean): void;
}

/** Longer messages are refused by an error in the log: the bounds of the API keep everything well below. */
export const MAX_MESSAGE_CHARACTERS = 64 * 1024 * 1024;
