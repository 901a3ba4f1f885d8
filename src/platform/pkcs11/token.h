// Token and Session: the way to one token, with its PIN.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "base/secret.h"
#include "platform/pkcs11/module.h"
#include "platform/pkcs11/uri.h"

namespace vedette::platform::pkcs11 {

// An open session; closes itself, in the process that opened it.
class Session {
 public:
  Session(std::shared_ptr<const Module> module, CK_SESSION_HANDLE handle)
      : module_(std::move(module)), handle_(handle) {}
  Session(Session&& other) noexcept = default;
  Session& operator=(Session&&) = delete;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  [[nodiscard]] const CK_FUNCTION_LIST& functions() const { return module_->functions(); }
  [[nodiscard]] CK_SESSION_HANDLE handle() const { return handle_; }

 private:
  std::shared_ptr<const Module> module_;
  CK_SESSION_HANDLE handle_;
};

// One token, found anew for each session, since it may be unplugged and come back in another slot.
// Thread-safe.
class Token {
 public:
  // `pin` may be empty: then the token asks for none, or has a key pad of its own.
  Token(std::shared_ptr<const Module> module, Pkcs11Uri uri, SecretBytes pin)
      : module_(std::move(module)), uri_(std::move(uri)), pin_(std::move(pin)) {}

  // A session whose user is logged in. Refuses PKCS11-TOKEN, PKCS11-AMBIGUOUS (more than one token
  // of that name), PKCS11-PIN and PKCS11-FORK. A PIN that was refused once is not tried again, nor
  // one whose refusal would lock the token.
  [[nodiscard]] Result<Session> open_session();

  [[nodiscard]] const Pkcs11Uri& uri() const { return uri_; }
  [[nodiscard]] const Module& module() const { return *module_; }

 private:
  struct Place;
  [[nodiscard]] Result<Place> find() const;
  [[nodiscard]] Result<void> log_in(const Session& session, const CK_TOKEN_INFO& info);

  std::shared_ptr<const Module> module_;
  Pkcs11Uri uri_;
  SecretBytes pin_;
  std::mutex login_mutex_;
  bool pin_was_refused_ = false;
};

}  // namespace vedette::platform::pkcs11
