// Connection: one ESYS context over one TCTI, to a TPM that has answered once.
#pragma once

#include <memory>
#include <string>

#include <tss2/tss2_esys.h>

#include "base/error.h"

namespace vedette::platform::esys {

class Connection {
 public:
  // Refuses TPM-TCTI for any string but `device:`, `swtpm:`, `mssim:` and `tabrmd:`, since the
  // loader behind it would run code from whichever library a string names; TPM-UNREACHABLE when
  // nothing answers.
  //
  // A software TPM keeps what a program that was killed had loaded, until its three slots are full;
  // so they are emptied here. It must therefore have one user at a time. A kernel or daemon
  // resource manager does this itself and may hold other programs' objects: nothing is flushed
  // there.
  [[nodiscard]] static Result<Connection> open(const std::string& tcti);

  [[nodiscard]] ESYS_CONTEXT* context() const { return context_.get(); }

 private:
  struct FinalizeTcti {
    void operator()(TSS2_TCTI_CONTEXT* tcti) const;
  };
  struct FinalizeContext {
    void operator()(ESYS_CONTEXT* context) const;
  };

  Connection() = default;

  std::unique_ptr<TSS2_TCTI_CONTEXT, FinalizeTcti> tcti_;  // outlives the context
  std::unique_ptr<ESYS_CONTEXT, FinalizeContext> context_;
};

}  // namespace vedette::platform::esys
