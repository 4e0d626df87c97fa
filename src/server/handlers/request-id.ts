/** An empty id is none. */
export function requestIdOf(request: { readonly requestId: string }): { readonly requestId?: string } {
  return request.requestId === "" ? {} : { requestId: request.requestId };
}

/** Of one of the many commands that a bulk command stands for. */
export function requestIdFor(request: { readonly requestId: string }, id: string): { readonly requestId?: string } {
  return request.requestId === "" ? {} : { requestId: `${request.requestId}:${id}` };
}
