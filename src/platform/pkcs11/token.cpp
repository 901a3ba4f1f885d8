#include "platform/pkcs11/token.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "platform/pkcs11/return_value.h"

namespace vedette::platform::pkcs11 {

namespace {

constexpr CK_ULONG kMaxSlots = 256;

std::unexpected<Error> no_token(std::string cause, std::string hint = {}) {
  return refuse("PKCS11-TOKEN", "the token cannot be used", std::move(cause), std::move(hint));
}

std::unexpected<Error> pin_refused(std::string cause, std::string hint = {}) {
  return refuse("PKCS11-PIN", "the token does not open with this PIN", std::move(cause),
                std::move(hint));
}

// It is not tried again: a second start is a second try of the few that a token grants.
std::string pin_hint(CK_RV value) {
  if (value == CKR_PIN_LOCKED)
    return "unlock it with the maker's tool, by the security officer's PIN";
  return "write the token's user PIN into the file that pin-source names, then start this anew; a "
         "token locks itself after a few wrong ones";
}

// Fixed fields, padded with blanks (PKCS#11 2.40, 3.2).
bool matches(const std::optional<std::string>& wanted, std::span<const CK_UTF8CHAR> field) {
  if (!wanted) return true;
  std::size_t size = field.size();
  while (size > 0 && field[size - 1] == ' ')
    --size;
  return std::ranges::equal(*wanted, field.first(size),
                            [](char a, CK_UTF8CHAR b) { return static_cast<CK_UTF8CHAR>(a) == b; });
}

Result<std::vector<CK_SLOT_ID>> slots_with_tokens(const CK_FUNCTION_LIST& functions) {
  std::vector<CK_SLOT_ID> slots(kMaxSlots);
  CK_ULONG count = kMaxSlots;
  const CK_RV value = functions.C_GetSlotList(CK_TRUE, slots.data(), &count);
  if (value != CKR_OK || count > kMaxSlots) return no_token(call_text("C_GetSlotList", value));
  slots.resize(count);
  return slots;
}

Result<void> check_signs(const CK_FUNCTION_LIST& functions, CK_SLOT_ID slot) {
  CK_MECHANISM_INFO info{};
  const CK_RV value = functions.C_GetMechanismInfo(slot, CKM_ECDSA, &info);
  if (value != CKR_OK) return no_token(call_text("C_GetMechanismInfo(CKM_ECDSA)", value));
  if ((info.flags & CKF_SIGN) == 0) return no_token("it does not sign by ECDSA");
  return {};
}

}  // namespace

struct Token::Place {
  CK_SLOT_ID slot = 0;
  CK_TOKEN_INFO info{};
};

Session::~Session() {
  if (module_ != nullptr && module_->check_process())
    (void)module_->functions().C_CloseSession(handle_);
}

Result<Token::Place> Token::find() const {
  const CK_FUNCTION_LIST& functions = module_->functions();
  VEDETTE_TRY(const auto slots, slots_with_tokens(functions));
  std::optional<Place> found;
  for (const CK_SLOT_ID slot : slots) {
    Place place{slot, {}};
    CK_TOKEN_INFO& info = place.info;
    if (functions.C_GetTokenInfo(slot, &info) != CKR_OK) continue;  // pulled out meanwhile
    if ((info.flags & CKF_TOKEN_INITIALIZED) == 0 || !matches(uri_.token, info.label) ||
        !matches(uri_.manufacturer, info.manufacturerID) || !matches(uri_.model, info.model) ||
        !matches(uri_.serial, info.serialNumber))
      continue;
    if (found)
      return refuse("PKCS11-AMBIGUOUS", "more than one token is called like that", {},
                    "name its serial number too: serial=...");
    found = place;
  }
  if (!found)
    return no_token("there is none of this name in " + std::to_string(slots.size()) + " slots",
                    "is it plugged in, and does its label fit?");
  VEDETTE_CHECK(check_signs(functions, found->slot));
  return *found;
}

Result<void> Token::log_in(const Session& session, const CK_TOKEN_INFO& info) {
  if ((info.flags & CKF_LOGIN_REQUIRED) == 0) return {};
  const bool has_key_pad = (info.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
  if (pin_.empty() && !has_key_pad)
    return pin_refused("it wants one and none was named",
                       "write it into a file of mode 0400 and add pin-source=/path to the name");
  const std::scoped_lock lock(login_mutex_);
  if (pin_was_refused_)
    return pin_refused("it was refused before and is not tried again", pin_hint(CKR_PIN_INCORRECT));
  if ((info.flags & (CKF_USER_PIN_LOCKED | CKF_USER_PIN_FINAL_TRY)) != 0)
    return pin_refused("one more wrong PIN would lock the token, if it is not locked already",
                       "log in by hand with the maker's tool, which resets the count");
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): PKCS#11 has no const; it only reads
  auto* const pin = pin_.empty() ? nullptr : const_cast<CK_UTF8CHAR*>(pin_.expose().data());
  const CK_RV value = session.functions().C_Login(session.handle(), CKU_USER, pin, pin_.size());
  if (value == CKR_OK || value == CKR_USER_ALREADY_LOGGED_IN) return {};
  pin_was_refused_ = value == CKR_PIN_INCORRECT || value == CKR_PIN_LOCKED;
  return pin_refused(call_text("C_Login", value), pin_hint(value));
}

Result<Session> Token::open_session() {
  VEDETTE_CHECK(module_->check_process());
  VEDETTE_TRY(const Place place, find());
  CK_SESSION_HANDLE handle = CK_INVALID_HANDLE;
  const CK_RV value =
      module_->functions().C_OpenSession(place.slot, CKF_SERIAL_SESSION, nullptr, nullptr, &handle);
  if (value != CKR_OK) return no_token(call_text("C_OpenSession", value));
  Session session(module_, handle);
  VEDETTE_CHECK(log_in(session, place.info));
  return session;
}

}  // namespace vedette::platform::pkcs11
