// What may be true of a key in a token although it weakens it.
#pragma once

namespace vedette::platform::pkcs11 {

struct KeyRules {
  // The named power for a key that its token would hand out: CKA_EXTRACTABLE, or not
  // CKA_SENSITIVE.
  bool insecure_extractable = false;
};

}  // namespace vedette::platform::pkcs11
