// Writes the types of everything the service says and is told, from its own descriptions of itself.
//
//   node scripts/types.mjs openapi.json asyncapi.json DIRECTORY
//
// The AsyncAPI document's schemas are given to the same tool as an OpenAPI document without paths.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const [openapi, asyncapi, directory] = process.argv.slice(2);
const read = async (path) => JSON.parse(await readFile(path, "utf8"));
const NOTE = "// Made by scripts/types.mjs from the service's own description; not to be edited.\n\n";

function withoutDiscriminators(schema) {
  if (Array.isArray(schema)) return schema.map(withoutDiscriminators);
  if (schema === null || typeof schema !== "object") return schema;
  const kept = Object.entries(schema).filter(([key, value]) => !(key === "discriminator" && typeof value === "string"));
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutDiscriminators(value)]));
}

function messages(document) {
  const all = Object.entries(document.components.messages);
  const union = (chosen) => ({ oneOf: chosen.map(([, message]) => message.payload) });
  const said = all.filter(([name]) => name.startsWith("say."));
  const heard = all.filter(([name]) => !name.startsWith("say.") && name !== "reply");
  return {
    openapi: "3.1.0",
    info: document.info,
    paths: {},
    components: {
      schemas: {
        ...withoutDiscriminators(document.components.schemas),
        ClientCommand: union(said),
        ServerEvent: union(heard),
      },
    },
  };
}

const options = { defaultNonNullable: false, alphabetize: true };
await mkdir(directory, { recursive: true });
const rest = astToString(await openapiTS(await read(openapi), options));
const live = astToString(await openapiTS(messages(await read(asyncapi)), options));
await writeFile(`${directory}/rest.d.ts`, NOTE + rest);
await writeFile(`${directory}/live.d.ts`, NOTE + live);
