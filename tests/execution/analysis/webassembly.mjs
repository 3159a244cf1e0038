// Runs pytest in Pyodide, the newest Python as WebAssembly: `node webassembly.mjs SOURCES SITE TEST…`.
//
// SOURCES is the directory of the project, SITE that of pytest and IPython. The analyser is imported without the
// packages around it, which need what there is no WebAssembly of.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.cwd()}/`);
const { loadPyodide } = await import(pathToFileURL(require.resolve("pyodide/pyodide.mjs")));
const [sources, site, ...tests] = process.argv.slice(2);
const python = await loadPyodide({ env: { HOME: "/home/pyodide", PYTHONDONTWRITEBYTECODE: "1" } });
for (const [path, root] of [["/project", sources], ["/site", site]]) {
  python.FS.mkdirTree(path);
  python.FS.mount(python.FS.filesystems.NODEFS, { root }, path);
}
python.globals.set("tests", python.toPy(tests));
const status = python.runPython(`
import os, sys, types

os.chdir("/project")
sys.path.insert(0, "/project")
sys.path.append("/site")
for name in ("reactive_nb", "reactive_nb.execution"):
    module = sys.modules[name] = types.ModuleType(name)
    module.__path__ = ["/project/" + name.replace(".", "/")]

import pytest

print(sys.version)
int(pytest.main(["-q", "--noconftest", "-p", "no:cacheprovider", "--import-mode=importlib", *tests]))
`);
process.exit(status);
