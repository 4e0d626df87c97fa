/** @throws RangeError when the text is not `host:port`. */
export function parseListenAddress(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<host>[^:[\]]+)):(?<port>\d{1,5})$/.exec(text);
  const port = Number(match?.groups?.["port"]);
  const host = match?.groups?.["v6"] ?? match?.groups?.["host"];
  if (host === undefined || !(port <= 65_535)) {
    throw new RangeError(`"${text}" is not an address to listen on, such as 127.0.0.1:8980 or [::1]:8980`);
  }
  return { host, port };
}
