const ROOT = "belfry.events.";

/**
 * The pattern that a person means: `instance` are all events of instances, `instance.<id>` those of one, `instance.*.failed` one kind of them. A
 * full pattern stays as it is.
 */
export function subjectPattern(words: string): string {
  const pattern = words.startsWith(ROOT) || words === ">" ? words : `${ROOT}${words}`;
  const parts = pattern.slice(ROOT.length).split(".").length;
  // A subject is resource, id and event: what ends before the event means all that follows.
  return pattern.endsWith(">") || parts > 2 ? pattern : `${pattern}.>`;
}
