#include "testing/software_token.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <sys/stat.h>

namespace vedette::testing {

namespace {

constexpr const char* kModule = "/usr/lib/softhsm/libsofthsm2.so";
constexpr std::string_view kPin = "1234";
constexpr const char* kLabel = "vedette test";

void check(CK_RV value, const char* what) {
  if (value != CKR_OK) throw std::runtime_error(what + (": " + std::to_string(value)));
}

std::vector<CK_UTF8CHAR> octets(std::string_view text) {
  return {text.begin(), text.end()};
}

std::vector<CK_UTF8CHAR> padded_label() {
  auto label = octets(kLabel);
  label.resize(32, ' ');
  return label;
}

CK_FUNCTION_LIST* load() {
  void* const library = ::dlopen(kModule, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) throw std::runtime_error(::dlerror());
  CK_FUNCTION_LIST* functions = nullptr;
  check(reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"))(&functions),
        "C_GetFunctionList");
  return functions;
}

}  // namespace

bool SoftwareToken::available() {
  return std::filesystem::exists(kModule);
}

SoftwareToken::SoftwareToken() : functions_(load()) {
  std::filesystem::create_directory(folder_ / "tokens");
  std::ofstream(folder_ / "softhsm2.conf")
      << "directories.tokendir = " << folder_ / "tokens" << "\nlog.level = ERROR\n";
  std::ofstream(pin_path()) << kPin << '\n';
  ::chmod(pin_path().c_str(), 0400);
  ::setenv("SOFTHSM2_CONF", (folder_ / "softhsm2.conf").c_str(), 1);
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  check(functions_->C_Initialize(&arguments), "C_Initialize");
  CK_ULONG count = 1;
  check(functions_->C_GetSlotList(CK_TRUE, &slot_, &count), "C_GetSlotList");
  auto pin = octets(kPin);
  auto label = padded_label();
  check(functions_->C_InitToken(slot_, pin.data(), pin.size(), label.data()), "C_InitToken");
  CK_SESSION_HANDLE session = 0;
  check(functions_->C_OpenSession(slot_, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr,
                                  &session),
        "C_OpenSession");
  check(functions_->C_Login(session, CKU_SO, pin.data(), pin.size()), "C_Login");
  check(functions_->C_InitPIN(session, pin.data(), pin.size()), "C_InitPIN");
  check(functions_->C_Logout(session), "C_Logout");
  check(functions_->C_CloseSession(session), "C_CloseSession");
}

SoftwareToken::~SoftwareToken() {
  (void)functions_->C_Finalize(nullptr);
}

CK_SESSION_HANDLE SoftwareToken::log_in() {
  CK_SESSION_HANDLE session = 0;
  check(functions_->C_OpenSession(slot_, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr,
                                  &session),
        "C_OpenSession");
  auto pin = octets(kPin);
  const CK_RV value = functions_->C_Login(session, CKU_USER, pin.data(), pin.size());
  if (value != CKR_USER_ALREADY_LOGGED_IN) check(value, "C_Login");
  return session;
}

void SoftwareToken::generate(const TokenKey& key) {
  const CK_SESSION_HANDLE session = log_in();
  const auto flag = [](bool set) { return static_cast<CK_BBOOL>(set ? CK_TRUE : CK_FALSE); };
  CK_BBOOL yes = CK_TRUE;
  CK_BBOOL sensitive = flag(key.sensitive);
  CK_BBOOL extractable = flag(key.extractable);
  CK_BBOOL signs = flag(key.signs);
  CK_BBOOL always = flag(key.always_authenticate);
  std::array<CK_BYTE, 10> p256{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
  std::array<CK_BYTE, 7> p384{0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
  auto label = octets(key.label);
  auto id = octets(key.id);
  std::vector<CK_ATTRIBUTE> common{{CKA_TOKEN, &yes, sizeof yes},
                                   {CKA_LABEL, label.data(), label.size()},
                                   {CKA_ID, id.data(), id.size()}};
  auto public_part = common;
  public_part.push_back(key.p384 ? CK_ATTRIBUTE{CKA_EC_PARAMS, p384.data(), p384.size()}
                                 : CK_ATTRIBUTE{CKA_EC_PARAMS, p256.data(), p256.size()});
  auto private_part = common;
  private_part.insert(private_part.end(), {{CKA_PRIVATE, &yes, sizeof yes},
                                           {CKA_SENSITIVE, &sensitive, sizeof sensitive},
                                           {CKA_EXTRACTABLE, &extractable, sizeof extractable},
                                           {CKA_SIGN, &signs, sizeof signs},
                                           {CKA_ALWAYS_AUTHENTICATE, &always, sizeof always}});
  CK_MECHANISM mechanism{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
  CK_OBJECT_HANDLE public_handle = 0;
  CK_OBJECT_HANDLE private_handle = 0;
  check(functions_->C_GenerateKeyPair(session, &mechanism, public_part.data(), public_part.size(),
                                      private_part.data(), private_part.size(), &public_handle,
                                      &private_handle),
        "C_GenerateKeyPair");
  check(functions_->C_CloseSession(session), "C_CloseSession");
}

void SoftwareToken::destroy(const std::string& label) {
  const CK_SESSION_HANDLE session = log_in();
  auto text = octets(label);
  CK_ATTRIBUTE wanted{CKA_LABEL, text.data(), text.size()};
  check(functions_->C_FindObjectsInit(session, &wanted, 1), "C_FindObjectsInit");
  std::array<CK_OBJECT_HANDLE, 16> found{};
  CK_ULONG count = 0;
  check(functions_->C_FindObjects(session, found.data(), found.size(), &count), "C_FindObjects");
  check(functions_->C_FindObjectsFinal(session), "C_FindObjectsFinal");
  for (CK_ULONG i = 0; i < count; ++i)
    check(functions_->C_DestroyObject(session, found.at(i)), "C_DestroyObject");
  check(functions_->C_CloseSession(session), "C_CloseSession");
}

void SoftwareToken::close_all_sessions() {
  check(functions_->C_CloseAllSessions(slot_), "C_CloseAllSessions");
}

void SoftwareToken::log_out() {
  const CK_SESSION_HANDLE session = log_in();
  check(functions_->C_Logout(session), "C_Logout");
  check(functions_->C_CloseSession(session), "C_CloseSession");
}

std::string SoftwareToken::uri(const std::string& label) const {
  return "pkcs11:token=vedette%20test;object=" + label + "?module-path=" + kModule +
         "&pin-source=" + pin_path();
}

}  // namespace vedette::testing
