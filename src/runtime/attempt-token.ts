/** The token of an attempt: unguessable, and it says which instance it is for, so that any node can route what comes with it. */

export function attemptToken(instanceId: string, attempt: number, secret: string): string {
  return `${secret}.${attempt}.${instanceId}`;
}

/** The instance a token is for; null when it is not one of ours. */
export function instanceOfToken(token: string): string | null {
  const match = /^[\w-]{16,}\.\d+\.(.+)$/su.exec(token);
  return match?.[1] ?? null;
}
