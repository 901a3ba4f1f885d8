// Judges a bundle in key mode with Sigstore's own verifier: exit code 0 if it accepts, 3 if not.
// usage: node sigstore_verify.cjs NODE_MODULES BUNDLE PUBLIC_KEY
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const [modules, bundlePath, keyPath] = process.argv.slice(2);
const { bundleFromJSON } = require(path.join(modules, '@sigstore/bundle'));
const { toSignedEntity, Verifier } = require(path.join(modules, '@sigstore/verify'));

const publicKey = crypto.createPublicKey(fs.readFileSync(keyPath));
const pem = publicKey.export({ type: 'spki', format: 'pem' });
const expectedHint = crypto.createHash('sha256').update(pem).digest('hex');

const trustMaterial = {
  certificateAuthorities: [],
  timestampAuthorities: [],
  tlogs: [],
  ctlogs: [],
  publicKey: (hint) => {
    if (hint !== expectedHint) throw new Error(`no key for the hint ${hint}`);
    return { publicKey, validFor: () => true };
  },
};

try {
  const bundle = bundleFromJSON(JSON.parse(fs.readFileSync(bundlePath, 'utf8')));
  const thresholds = { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 };
  new Verifier(trustMaterial, thresholds).verify(toSignedEntity(bundle));
} catch (error) {
  console.error(`${error.name}: ${error.message}`);
  process.exit(3);
}
