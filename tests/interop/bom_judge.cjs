// Judges a bill of materials by CycloneDX's own schema: exit code 0 if it fits, 3 if not.
// usage: node bom_judge.cjs NODE_MODULES BOM
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const [modules, bom] = process.argv.slice(2);
const { Spec, Validation } = require(path.join(modules, '@cyclonedx/cyclonedx-library'));

new Validation.JsonStrictValidator(Spec.Version.v1dot6)
  .validate(fs.readFileSync(bom, 'utf8'))
  .then((faults) => {
    if (faults === null) return;
    console.error(JSON.stringify(faults));
    process.exit(3);
  });
