/** The page's icons, drawn on a grid of 16 by 16; words stand beside them or in a label of what holds them. */

const PATHS = {
  add: "M8 3v10M3 8h10",
  back: "M10 3 5 8l5 5",
  blocked: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M4.2 4.2l7.6 7.6",
  chat: "M3 3.500h10v7.500H8l-3 2.500v-2.500H3zM5.500 6h5M5.500 8.300h3.500",
  check: "M3.5 8.5 6.5 11.5 12.5 4.5",
  close: "M4 4l8 8M12 4l-8 8",
  copy: "M6 6h7v7H6zM3 10V3h7",
  down: "M8 3v10M4 9l4 4 4-4",
  error: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 5v3.5M8 10.6v.6",
  eye: "M1.500 8s2.500-4.500 6.500-4.500S14.500 8 14.500 8 12 12.500 8 12.500 1.500 8 1.500 8M8 6.200a1.800 1.800 0 1 0 0 3.600 1.800 1.800 0 0 0 0-3.600",
  file: "M4 2.500h5l3 3v8H4zM9 2.500v3h3",
  graph: "M4 4.5h.01M12 8h.01M4 11.5h.01M5.5 5l5 2.4M5.5 11l5-2.4",
  keyboard: "M2 4.5h12v7H2zM4.5 7h.01M7 7h.01M9.5 7h.01M11.8 7h.01M5 9.3h6",
  list: "M3 4h10M3 8h10M3 12h6",
  menu: "M8 3.5h.01M8 8h.01M8 12.5h.01",
  moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.500 6.500",
  notebook: "M4 2.500h8.500v11H4zM6.500 2.500v11M2.500 5.500H4M2.500 8H4M2.500 10.500H4",
  restart: "M13 8a5 5 0 1 1-1.600-3.700M13 2.500v2.500h-2.500",
  run: "M5 3.500v9l7-4.500z",
  runAll: "M3 4v8l5-4zM8.500 4v8l5-4z",
  search: "M7 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8M10 10l3.500 3.500",
  stale: "M8 2.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11M8 5v3l2 1.500",
  stop: "M4.500 4.500h7v7h-7z",
  sun: "M8 5.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5M8 1.500v1.500M8 13v1.500M1.500 8H3M13 8h1.500M3.400 3.400l1 1M11.600 11.600l1 1M12.600 3.400l-1 1M4.400 11.600l-1 1",
  table: "M2.500 3.500h11v9h-11zM2.500 6.500h11M6.500 6.500v6M10 6.500v6",
  trash: "M3 4.500h10M6 4.500V3h4v1.500M4.500 4.500l.5 8.500h6l.5-8.500",
  up: "M8 13V3M4 7l4-4 4 4",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
