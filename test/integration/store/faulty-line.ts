import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { Client } from "pg";

/** A way to the database that a test can break. */
export interface FaultyLine {
  /** The database's URL by this way. */
  readonly url: string;
  /** The next answer gets lost: the line breaks instead. What was asked has been done by then. */
  loseNextAnswer(): void;
  /** All connections break, and no new ones come about until `mend`. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

/** Passes on what comes, byte by byte, between a port of this machine and the server of a database. */
export async function faultyLine(databaseUrl: string): Promise<FaultyLine> {
  const { host, port, user, database, password } = new Client({ connectionString: databaseUrl });
  const target = host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
  const sockets = new Set<Socket>();
  let losing = false;
  let whole = true;

  const server = createServer((near) => {
    if (!whole) {
      near.destroy();
      return;
    }
    const far = connect(target);
    const breakDown = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", breakDown);
      socket.on("close", () => {
        sockets.delete(socket);
        breakDown();
      });
    }
    near.on("data", (bytes) => far.write(bytes));
    far.on("data", (bytes) => {
      if (losing) {
        losing = false;
        breakDown();
      } else {
        near.write(bytes);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  const url = new URL(`postgres://127.0.0.1/${database ?? ""}`);
  url.port = String((server.address() as AddressInfo).port);
  url.username = user ?? "";
  url.password = password ?? "";
  return {
    url: url.href,
    loseNextAnswer() {
      losing = true;
    },
    cut() {
      whole = false;
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      whole = true;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
