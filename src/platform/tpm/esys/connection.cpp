#include "platform/tpm/esys/connection.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <tss2/tss2_tctildr.h>

#include "platform/tpm/esys/esys_call.h"

namespace vedette::platform::esys {

namespace {

constexpr std::array<std::string_view, 4> kTransports{"device:", "swtpm:", "mssim:", "tabrmd:"};
constexpr UINT32 kMostHandles = 64;

std::unexpected<Error> unreachable(const std::string& tcti, const Error& error) {
  return refuse("TPM-UNREACHABLE", "the TPM does not answer", tcti + ": " + error.cause,
                "check that the TPM is there, that this user may open it and that no other "
                "program holds it");
}

// The first command: a TPM that was not started up, or is no TPM 2.0, is found out here.
Result<void> ask_family(ESYS_CONTEXT* context) {
  TPMI_YES_NO more = TPM2_NO;
  Received<TPMS_CAPABILITY_DATA> data;
  return check(
      "Esys_GetCapability(family)",
      Esys_GetCapability(context, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_TPM_PROPERTIES,
                         TPM2_PT_FAMILY_INDICATOR, 1, &more, data.out()));
}

Result<void> flush_all_from(ESYS_CONTEXT* context, TPM2_HANDLE first) {
  TPMI_YES_NO more = TPM2_NO;
  Received<TPMS_CAPABILITY_DATA> data;
  VEDETTE_CHECK(
      check("Esys_GetCapability(handles)",
            Esys_GetCapability(context, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_HANDLES,
                               first, kMostHandles, &more, data.out())));
  const TPML_HANDLE& handles = data->data.handles;
  for (UINT32 i = 0; i < handles.count; ++i) {
    Transient leftover{context};
    VEDETTE_CHECK(check("Esys_TR_FromTPMPublic(leftover)",
                        Esys_TR_FromTPMPublic(context, handles.handle[i], ESYS_TR_NONE,
                                              ESYS_TR_NONE, ESYS_TR_NONE, leftover.out())));
  }
  return {};
}

}  // namespace

void Connection::FinalizeTcti::operator()(TSS2_TCTI_CONTEXT* tcti) const {
  Tss2_TctiLdr_Finalize(&tcti);
}

void Connection::FinalizeContext::operator()(ESYS_CONTEXT* context) const {
  Esys_Finalize(&context);
}

Result<Connection> Connection::open(const std::string& tcti) {
  if (std::ranges::none_of(kTransports, [&](auto prefix) { return tcti.starts_with(prefix); }))
    return refuse("TPM-TCTI", "not a way to reach a TPM", tcti.substr(0, 80),
                  "use device:/dev/tpmrm0, or swtpm:path=<socket> for a software TPM");
  Connection made;
  TSS2_TCTI_CONTEXT* transport = nullptr;
  const auto reached =
      check("Tss2_TctiLdr_Initialize", Tss2_TctiLdr_Initialize(tcti.c_str(), &transport));
  made.tcti_.reset(transport);
  if (!reached) return unreachable(tcti, reached.error());
  ESYS_CONTEXT* context = nullptr;
  const auto initialized = check("Esys_Initialize", Esys_Initialize(&context, transport, nullptr));
  made.context_.reset(context);
  if (!initialized) return unreachable(tcti, initialized.error());
  if (const auto answer = ask_family(context); !answer) return unreachable(tcti, answer.error());
  if (tcti.starts_with("swtpm:"))
    for (const TPM2_HANDLE first :
         {TPM2_TRANSIENT_FIRST, TPM2_LOADED_SESSION_FIRST, TPM2_ACTIVE_SESSION_FIRST})
      VEDETTE_CHECK(flush_all_from(context, first));
  return made;
}

}  // namespace vedette::platform::esys
