#include "platform/pkcs11/key_search.h"

#include <algorithm>
#include <array>
#include <vector>

#include "platform/pkcs11/return_value.h"

namespace vedette::platform::pkcs11 {

namespace {

constexpr std::size_t kMaxId = 255;
constexpr std::size_t kFieldBytes = 32;
// OBJECT IDENTIFIER prime256v1 (RFC 5480, 2.1.1.1)
constexpr std::array<std::uint8_t, 10> kP256{0x06, 0x08, 0x2a, 0x86, 0x48,
                                             0xce, 0x3d, 0x03, 0x01, 0x07};
// OCTET STRING of 65 octets: an uncompressed point (PKCS#11 2.40, 2.3.3; SEC 1, 2.3.3)
constexpr std::array<std::uint8_t, 3> kPointHeader{0x04, 0x41, 0x04};

std::unexpected<Error> unusable(std::string cause, std::string hint = {}) {
  return refuse("PKCS11-KEY", "the key in the token cannot be used", std::move(cause),
                std::move(hint));
}

// Attributes to look for; owns what the C interface points to.
class Template {
 public:
  void add(CK_ATTRIBUTE_TYPE type, Bytes value) { values_.emplace_back(type, std::move(value)); }
  void add(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
    const auto* const octets = reinterpret_cast<const std::uint8_t*>(&value);
    add(type, Bytes(octets, octets + sizeof value));
  }

  std::vector<CK_ATTRIBUTE> attributes() {
    std::vector<CK_ATTRIBUTE> list;
    list.reserve(values_.size());
    for (auto& [type, value] : values_)
      list.push_back({type, value.data(), value.size()});
    return list;
  }

 private:
  std::vector<std::pair<CK_ATTRIBUTE_TYPE, Bytes>> values_;
};

// At most two: the second one is enough to refuse.
Result<std::vector<CK_OBJECT_HANDLE>> find_two(const Session& session, Template wanted) {
  const CK_FUNCTION_LIST& functions = session.functions();
  auto attributes = wanted.attributes();
  CK_RV value = functions.C_FindObjectsInit(session.handle(), attributes.data(), attributes.size());
  if (value != CKR_OK) return unusable(call_text("C_FindObjectsInit", value));
  std::vector<CK_OBJECT_HANDLE> found(2);
  CK_ULONG count = 0;
  value = functions.C_FindObjects(session.handle(), found.data(), found.size(), &count);
  (void)functions.C_FindObjectsFinal(session.handle());
  if (value != CKR_OK || count > found.size()) return unusable(call_text("C_FindObjects", value));
  found.resize(count);
  return found;
}

Result<CK_OBJECT_HANDLE> find_one(const Session& session, Template wanted, const char* what) {
  VEDETTE_TRY(const auto found, find_two(session, std::move(wanted)));
  if (found.empty())
    return unusable(std::string("the token holds no ") + what + " of this name",
                    "compare with what 'pkcs11-tool --list-objects --login' shows");
  if (found.size() > 1)
    return refuse("PKCS11-AMBIGUOUS",
                  std::string("the token holds more than one ") + what + " of this name", {},
                  "name both its label and its id: object=...;id=%01");
  return found.front();
}

Result<Bytes> read(const Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                   std::size_t most) {
  CK_ATTRIBUTE attribute{type, nullptr, 0};
  CK_RV value = session.functions().C_GetAttributeValue(session.handle(), object, &attribute, 1);
  if (value != CKR_OK) return unusable(call_text("C_GetAttributeValue", value));
  if (attribute.ulValueLen > most) return unusable("an attribute of impossible length");
  Bytes content(attribute.ulValueLen);
  attribute.pValue = content.data();
  value = session.functions().C_GetAttributeValue(session.handle(), object, &attribute, 1);
  if (value != CKR_OK || attribute.ulValueLen != content.size())
    return unusable(call_text("C_GetAttributeValue", value));
  return content;
}

// An attribute that is not told is none that can be relied on.
Result<bool> read_flag(const Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  VEDETTE_TRY(const Bytes value, read(session, object, type, sizeof(CK_BBOOL)));
  if (value.size() != sizeof(CK_BBOOL) || value.front() > CK_TRUE)
    return unusable("a truth value that is neither");
  return value.front() == CK_TRUE;
}

// CKA_ALWAYS_AUTHENTICATE is false where a token does not know it.
bool wants_pin_each_time(const Session& session, CK_OBJECT_HANDLE key) {
  return read_flag(session, key, CKA_ALWAYS_AUTHENTICATE).value_or(false);
}

Result<void> check_rules(const Session& session, CK_OBJECT_HANDLE key, const KeyRules& rules) {
  VEDETTE_TRY(const bool signs, read_flag(session, key, CKA_SIGN));
  VEDETTE_TRY(const bool sensitive, read_flag(session, key, CKA_SENSITIVE));
  VEDETTE_TRY(const bool extractable, read_flag(session, key, CKA_EXTRACTABLE));
  if (!signs) return unusable("CKA_SIGN is false: it is not for signing");
  if (wants_pin_each_time(session, key))
    return unusable("CKA_ALWAYS_AUTHENTICATE: it wants its PIN for every signature",
                    "make a key for programs, without this attribute");
  if ((sensitive && !extractable) || rules.insecure_extractable) return {};
  return refuse("PKCS11-EXTRACTABLE", "the token would hand this key out",
                extractable ? "CKA_EXTRACTABLE is true" : "CKA_SENSITIVE is false",
                "make the key inside the token, sensitive and not extractable");
}

Result<crypto::PublicKey> read_point(const Session& session, CK_OBJECT_HANDLE object) {
  constexpr std::size_t kSize = kPointHeader.size() + 2 * kFieldBytes;
  VEDETTE_TRY(const Bytes point, read(session, object, CKA_EC_POINT, 2 * kSize));
  if (point.size() != kSize || !std::ranges::equal(kPointHeader, ByteView(point).first(3)))
    return unusable("CKA_EC_POINT is not an OCTET STRING in DER with an uncompressed point");
  const ByteView coordinates = ByteView(point).subspan(kPointHeader.size());
  auto key = crypto::PublicKey::from_ec_point(
      crypto::KeyType::ec_p256, coordinates.first(kFieldBytes), coordinates.last(kFieldBytes));
  if (!key) return unusable(describe(key.error()));
  return key;
}

// The public object of the same CKA_ID, or, without one, of the same label.
Result<crypto::PublicKey> find_public(const Session& session, CK_OBJECT_HANDLE key,
                                      const Pkcs11Uri& uri) {
  VEDETTE_TRY(Bytes id, read(session, key, CKA_ID, kMaxId));
  Template wanted;
  wanted.add(CKA_CLASS, CK_ULONG{CKO_PUBLIC_KEY});
  wanted.add(CKA_KEY_TYPE, CK_ULONG{CKK_EC});
  if (id.empty() && !uri.object) return unusable("its public part cannot be found without a name");
  if (id.empty())
    wanted.add(CKA_LABEL, to_bytes(*uri.object));
  else
    wanted.add(CKA_ID, std::move(id));
  VEDETTE_TRY(const CK_OBJECT_HANDLE object, find_one(session, std::move(wanted), "public key"));
  return read_point(session, object);
}

}  // namespace

Result<FoundKey> find_key(const Session& session, const Pkcs11Uri& uri, const KeyRules& rules) {
  Template wanted;
  wanted.add(CKA_CLASS, CK_ULONG{CKO_PRIVATE_KEY});
  wanted.add(CKA_KEY_TYPE, CK_ULONG{CKK_EC});
  if (uri.object) wanted.add(CKA_LABEL, to_bytes(*uri.object));
  if (uri.id) wanted.add(CKA_ID, *uri.id);
  VEDETTE_TRY(const CK_OBJECT_HANDLE key, find_one(session, std::move(wanted), "private EC key"));
  VEDETTE_TRY(const Bytes curve, read(session, key, CKA_EC_PARAMS, 1024));
  if (!std::ranges::equal(curve, kP256)) return unusable("it is not on the curve P-256");
  VEDETTE_CHECK(check_rules(session, key, rules));
  VEDETTE_TRY(crypto::PublicKey public_key, find_public(session, key, uri));
  return FoundKey{key, std::move(public_key)};
}

}  // namespace vedette::platform::pkcs11
