#include "platform/tpm/esys/esys_call.h"

#include <cstdio>
#include <string>

#include <tss2/tss2_rc.h>

namespace vedette::platform::esys {

namespace {

// TPM 2.0 Part 2, 6.6.3: in format one the error is in bits 0 to 5 and 7; the rest says where.
constexpr TSS2_RC kFormatOneReason = 0x0BF;

std::string explain(const char* call, TSS2_RC code) {
  char number[16];
  std::snprintf(number, sizeof number, "0x%08X", code);
  return std::string(call) + ": " + Tss2_RC_Decode(code) + " (" + number + ")";
}

}  // namespace

Result<void> check(const char* call, TSS2_RC code) {
  if (code == TSS2_RC_SUCCESS) return {};
  if ((code & TSS2_RC_LAYER_MASK) == TSS2_TCTI_RC_LAYER)
    return refuse("TPM-UNREACHABLE", "the TPM does not answer", explain(call, code),
                  "check that the TPM is there and that no other program holds it");
  return refuse("TPM-COMMAND", "the TPM refused a command", explain(call, code));
}

bool tpm_says(TSS2_RC code, TSS2_RC reason) {
  return (code & TSS2_RC_LAYER_MASK) == TSS2_TPM_RC_LAYER && (code & TPM2_RC_FMT1) != 0 &&
         (code & kFormatOneReason) == reason;
}

}  // namespace vedette::platform::esys
