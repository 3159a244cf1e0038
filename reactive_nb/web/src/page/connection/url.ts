/** A database's address in SQLAlchemy's form, as the fields that people know it by. Pure. */

export const KINDS = {
  postgresql: { name: "PostgreSQL", port: "5432" },
  mysql: { name: "MySQL", port: "3306" },
  mariadb: { name: "MariaDB", port: "3306" },
  sqlite: { name: "SQLite", port: "" },
  other: { name: "Another, by its address", port: "" },
} as const;

export type Kind = keyof typeof KINDS;

export interface Fields {
  readonly kind: Kind;
  readonly host: string;
  readonly port: string;
  /** Its name; of SQLite the file. */
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** Of `other`: all of it. */
  readonly url: string;
}

export const NOTHING: Fields = {
  kind: "postgresql",
  host: "",
  port: "",
  database: "",
  user: "",
  password: "",
  url: "",
};

/** The address that the fields make. */
export function urlOf(fields: Fields): string {
  const { kind } = fields;
  if (kind === "other") return fields.url.trim();
  if (kind === "sqlite") return `sqlite:///${fields.database.trim()}`;
  const coded = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);
  const password = fields.password === "" ? "" : `:${coded(fields.password)}`;
  const who = fields.user.trim() === "" && password === "" ? "" : `${coded(fields.user.trim())}${password}@`;
  const host = fields.host.trim() === "" ? "localhost" : fields.host.trim();
  const port = fields.port.trim() === "" ? "" : `:${fields.port.trim()}`;
  return `${kind}://${who}${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}${port}/${coded(fields.database.trim())}`;
}

const URL_FORM = /^(\w+):\/\/(?:([^:@/?]*)@)?(\[[^\]]*\]|[^:/?@]*)(?::(\d+))?(?:\/([^?]*))?$/;

/** The fields of an address that is shown without its password; of one that they can't hold, all of it. */
export function fieldsOf(url: string | null): Fields {
  if (url === null) return NOTHING;
  const other: Fields = { ...NOTHING, kind: "other", url };
  if (url.startsWith("sqlite:///") && !url.includes("?")) {
    return { ...NOTHING, kind: "sqlite", database: url.slice("sqlite:///".length) };
  }
  const found = URL_FORM.exec(url);
  const kind = found?.[1] ?? "";
  if (found === null || !(kind === "postgresql" || kind === "mysql" || kind === "mariadb")) return other;
  try {
    const [user, database] = [decodeURIComponent(found[2] ?? ""), decodeURIComponent(found[5] ?? "")];
    return { ...NOTHING, kind, host: found[3] ?? "", port: found[4] ?? "", user, database };
  } catch {
    return other; // what is no percent-encoding
  }
}
