// SoftwareToken: a PKCS#11 token of its own for a test (SoftHSM 2), in a temporary folder.
#pragma once

#include <string>

#include <p11-kit/pkcs11.h>

#include "testing/temporary_folder.h"

// First line of a test (or of SetUp) that needs the emulator.
#define VEDETTE_SKIP_WITHOUT_SOFTWARE_TOKEN()          \
  if (!::vedette::testing::SoftwareToken::available()) \
  GTEST_SKIP() << "SoftHSM is not installed (Debian: softhsm2)"

namespace vedette::testing {

// What a test key shall be; the default is what it should be.
struct TokenKey {
  std::string label = "issuing";
  std::string id = "\x01";
  bool p384 = false;
  bool extractable = false;
  bool sensitive = true;
  bool signs = true;
  bool always_authenticate = false;
};

// One token `vedette test`, user PIN 1234. Only one may live at a time: SoftHSM reads its folder
// from the environment. The module is initialised while this lives; who initialises it too finds it
// so, and leaves it so. Failures throw: set-up that fails is a broken test.
class SoftwareToken {
 public:
  [[nodiscard]] static bool available();

  SoftwareToken();
  SoftwareToken(const SoftwareToken&) = delete;
  SoftwareToken& operator=(const SoftwareToken&) = delete;
  ~SoftwareToken();

  // Makes a key inside the token.
  void generate(const TokenKey& key);
  // Takes the key and its public part out of the token.
  void destroy(const std::string& label);
  // Under every user of the token: their sessions are gone, and nobody is logged in.
  void close_all_sessions();
  // Their sessions stay, but nobody is logged in.
  void log_out();

  // The URI of the key, with module and PIN file.
  [[nodiscard]] std::string uri(const std::string& label) const;
  [[nodiscard]] std::string pin_path() const { return folder_ / "pin"; }
  [[nodiscard]] CK_FUNCTION_LIST& functions() const { return *functions_; }

 private:
  [[nodiscard]] CK_SESSION_HANDLE log_in();

  TemporaryFolder folder_;
  CK_FUNCTION_LIST* functions_ = nullptr;
  CK_SLOT_ID slot_ = 0;
};

}  // namespace vedette::testing
