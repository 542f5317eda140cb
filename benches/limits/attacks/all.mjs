// All attacks, one list a kind.

import bodies from "./bodies.mjs";
import connections from "./connections.mjs";
import documents from "./documents.mjs";
import fields from "./fields.mjs";
import givenArguments from "./arguments.mjs";
import headers from "./headers.mjs";
import limits from "./limits.mjs";
import reload from "./reload.mjs";
import runs from "./runs.mjs";
import sockets from "./sockets.mjs";
import variables from "./variables.mjs";

export default [limits, fields, givenArguments, variables, headers, bodies, documents, connections, sockets, runs, reload].flat();
