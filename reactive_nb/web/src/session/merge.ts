/** Two texts made from one: both changes together, or the finding that they meet. */

export interface Change {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

/** The one stretch in which `after` differs from `before`; null if it does not. */
export function changeBetween(before: string, after: string): Change | null {
  if (before === after) return null;
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let end = 0;
  while (end < most - start && before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end))
    end++;
  return { from: start, to: before.length - end, insert: after.slice(start, after.length - end) };
}

/** `mine` with what leads from `base` to `theirs`; null where both have changed the same place. */
export function merged(base: string, mine: string, theirs: string): string | null {
  const [own, other] = [changeBetween(base, mine), changeBetween(base, theirs)];
  if (own === null || mine === theirs) return theirs;
  if (other === null) return mine;
  const apart = own.to < other.from || other.to < own.from;
  if (!apart) return null;
  const [first, second] = own.from < other.from ? [own, other] : [other, own];
  return (
    base.slice(0, first.from) + first.insert + base.slice(first.to, second.from) + second.insert + base.slice(second.to)
  );
}
