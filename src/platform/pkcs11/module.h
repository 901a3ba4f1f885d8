// Module: a PKCS#11 library, loaded and initialised once in the process.
#pragma once

#include <memory>
#include <string>

#include <p11-kit/pkcs11.h>
#include <sys/types.h>

#include "base/error.h"

namespace vedette::platform::pkcs11 {

// A module is code that runs as we do: who may write its file owns us. So the file must belong to
// root or to us and be writable by nobody else.
class Module {
 public:
  // Whoever asks for the same path shares it; the last one to go finalises it. Refuses
  // PKCS11-MODULE.
  [[nodiscard]] static Result<std::shared_ptr<const Module>> load(const std::string& path);

  // Refuses PKCS11-FORK in a process that inherited it: sessions are not inherited, and a child
  // that used its parent's could sign with another's answer (PKCS#11 2.40, 2.5.4).
  [[nodiscard]] Result<void> check_process() const;
  [[nodiscard]] const CK_FUNCTION_LIST& functions() const { return *functions_; }

  Module(CK_FUNCTION_LIST* functions, bool initialised_here);
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;
  ~Module();

 private:
  CK_FUNCTION_LIST* functions_;
  bool initialised_here_;
  pid_t owner_;
};

}  // namespace vedette::platform::pkcs11
