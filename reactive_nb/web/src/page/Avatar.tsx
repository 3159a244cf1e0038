/** Somebody who is here, as a small round sign in a colour of their own. */
import type { Presence } from "../session/types";

const FULL_TURN = 360;

export function Avatar({ person }: { person: Presence }) {
  return (
    <span class="avatar" style={{ background: `hsl(${hueOf(person.user_id)} 55% 30%)` }} aria-hidden="true">
      {initials(person.user_name)}
    </span>
  );
}

function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  return words
    .slice(0, 2)
    .map((word) => Array.from(word)[0])
    .join("")
    .toUpperCase();
}

/** The same person has the same colour everywhere. */
function hueOf(id: string): number {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9_973;
  return (sum * 137) % FULL_TURN;
}
