// What every call into libtss2 shares: the checked response code, owned memory and owned handles.
#pragma once

#include <utility>

#include <tss2/tss2_esys.h>

#include "base/error.h"

namespace vedette::platform::esys {

// Names the call and decodes its response code. Refuses TPM-UNREACHABLE when the transport failed
// and TPM-COMMAND when the TPM, or the library on its behalf, said no.
[[nodiscard]] Result<void> check(const char* call, TSS2_RC code);

// Whether the TPM itself gave `reason`, a format-one code (TPM2_RC_INTEGRITY and the like), for
// whichever handle, session or parameter.
[[nodiscard]] bool tpm_says(TSS2_RC code, TSS2_RC reason);

// Receives, for the length of one call, what ESYS allocates; frees it.
template <class T>
class Received {
 public:
  Received() = default;
  Received(const Received&) = delete;
  Received& operator=(const Received&) = delete;
  ~Received() { Esys_Free(pointer_); }

  [[nodiscard]] T** out() { return &pointer_; }
  [[nodiscard]] T* operator->() const { return pointer_; }
  [[nodiscard]] T& operator*() const { return *pointer_; }

 private:
  T* pointer_ = nullptr;
};

// How a handle is given back: a transient object or session is flushed from the TPM; a reference to
// an NV index or persistent object only leaves the library.
struct Flush {
  void operator()(ESYS_CONTEXT* context, ESYS_TR handle) const {
    // When the TPM is gone, so is what was loaded in it; the library's own record goes with it.
    if (Esys_FlushContext(context, handle) != TSS2_RC_SUCCESS) Esys_TR_Close(context, &handle);
  }
};
struct Close {
  void operator()(ESYS_CONTEXT* context, ESYS_TR handle) const { Esys_TR_Close(context, &handle); }
};

// One owner of an ESYS_TR. Must not outlive its context.
template <class GiveBack>
class Handle {
 public:
  explicit Handle(ESYS_CONTEXT* context) : context_(context) {}
  Handle(Handle&& other) noexcept
      : context_(other.context_), handle_(std::exchange(other.handle_, ESYS_TR_NONE)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(context_, other.context_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (handle_ != ESYS_TR_NONE) GiveBack{}(context_, handle_);
  }

  [[nodiscard]] ESYS_TR* out() { return &handle_; }
  [[nodiscard]] ESYS_TR get() const { return handle_; }

 private:
  ESYS_CONTEXT* context_;
  ESYS_TR handle_ = ESYS_TR_NONE;
};

using Transient = Handle<Flush>;
using Reference = Handle<Close>;

}  // namespace vedette::platform::esys
